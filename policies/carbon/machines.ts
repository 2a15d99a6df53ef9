/** The machine types of the tables: a measured curve where there is one, else watts per vCPU and GiB. */
import { AWS_INSTANCE_LINES } from "../../factors/aws-instances";
import { AWS_POWER_CURVE_LINES } from "../../factors/aws-power-curves";
import { AZURE_INSTANCE_LINES } from "../../factors/azure-instances";
import { GCP_INSTANCE_LINES } from "../../factors/gcp-instances";
import {
  MEAN_WATTS_PER_VCPU,
  MODEL_ERROR_SHARE,
  SUSPECT_ARCHITECTURE,
  WATTS_PER_GIB,
  WATTS_PER_VCPU,
} from "../../factors/power";
import { POWER_CURVE_TABLE, POWER_TABLE } from "../../factors/tables";
import type { Machine, Provider } from "./factors";

interface InstanceType {
  architecture: string;
  vcpus: number;
  memoryGib: number;
}

const CURVE_LOADS = [0, 0.1, 0.5, 1] as const;
/** Google sells any size of some families: `custom-4-8192`, `n2-custom-4-8192` (vCPUs, MiB). */
const CUSTOM_TYPE = /^(?:[a-z0-9]+-)?custom-(\d+)-(\d+)(?:-ext)?$/;

/** Read when first asked: a stack without such machines never pays for the table. */
const CURVES = once(() => new Map(fields(AWS_POWER_CURVE_LINES, (family, size) => `${family}.${size}`)));
const TYPES: Readonly<Record<Provider, () => ReadonlyMap<string, InstanceType>>> = {
  aws: once(() => instanceTypes(AWS_INSTANCE_LINES, ".")),
  gcp: once(() => instanceTypes(GCP_INSTANCE_LINES, "-")),
  azure: once(() => instanceTypes(AZURE_INSTANCE_LINES, "_")),
};

export function publishedMachine(provider: Provider, type: string): Machine | undefined {
  const name = provider === "azure" ? type.toLowerCase() : type;
  const curve = provider === "aws" ? CURVES().get(name) : undefined;
  if (curve) return curveMachine(curve);
  const custom = provider === "gcp" ? CUSTOM_TYPE.exec(name) : null;
  if (custom) return customMachine(Number(custom[1]), Number(custom[2]) / 1024);
  const instance = TYPES[provider]().get(name);
  const range = instance && WATTS_PER_VCPU[instance.architecture];
  if (!instance || !range) return undefined;
  const caveat = instance.architecture === SUSPECT_ARCHITECTURE ? ", coefficient likely too high" : "";
  return {
    watts: (utilisation) => instance.vcpus * between(range, utilisation) + instance.memoryGib * WATTS_PER_GIB,
    method: `${instance.architecture}, ${POWER_TABLE.source} ${POWER_TABLE.asOf}${caveat}`,
    errorShare: MODEL_ERROR_SHARE.perVcpu,
  };
}

function curveMachine(figures: readonly number[]): Machine {
  return {
    watts: (utilisation) => alongCurve(figures, utilisation),
    method: `measured curve, ${POWER_CURVE_TABLE.source} ${POWER_CURVE_TABLE.asOf}`,
    errorShare: MODEL_ERROR_SHARE.curve,
    embodiedGramsPerMonth: figures[CURVE_LOADS.length]!,
  };
}

function customMachine(vcpus: number, memoryGib: number): Machine {
  return {
    watts: (utilisation) => vcpus * between(MEAN_WATTS_PER_VCPU, utilisation) + memoryGib * WATTS_PER_GIB,
    method: `custom size, mean of ${POWER_TABLE.source} ${POWER_TABLE.asOf}`,
    errorShare: MODEL_ERROR_SHARE.unknown,
  };
}

function alongCurve(watts: readonly number[], utilisation: number): number {
  const upper = Math.max(
    1,
    CURVE_LOADS.findIndex((load) => load >= utilisation),
  );
  const [from, to] = [CURVE_LOADS[upper - 1]!, CURVE_LOADS[upper]!];
  return watts[upper - 1]! + ((utilisation - from) / (to - from)) * (watts[upper]! - watts[upper - 1]!);
}

function between([idle, full]: readonly [number, number], utilisation: number): number {
  return idle + utilisation * (full - idle);
}

/** `head|...|size number number...,size ...` as names with their numbers. */
function fields(lines: string, nameOf: (head: string, size: string) => string): [string, number[]][] {
  return lines
    .trim()
    .split("\n")
    .flatMap((line) => {
      const columns = line.split("|");
      return columns
        .at(-1)!
        .split(",")
        .map((entry): [string, number[]] => {
          const [size = "", ...figures] = entry.split(" ");
          return [nameOf(columns[0]!, size), figures.map(Number)];
        });
    });
}

function instanceTypes(lines: string, joint: string): ReadonlyMap<string, InstanceType> {
  return new Map(
    lines
      .trim()
      .split("\n")
      .flatMap((line) =>
        fields(line, (family, size) => `${family}${joint}${size}`).map(
          ([name, [vcpus = 0, memoryGib = 0]]): [string, InstanceType] => [
            name,
            { architecture: line.split("|")[1]!, vcpus, memoryGib },
          ],
        ),
      ),
  );
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
