import { AWS_INSTANCE_LINES } from "../../../factors/aws-instances";
import { AWS_POWER_CURVE_LINES } from "../../../factors/aws-power-curves";
import { AZURE_INSTANCE_LINES } from "../../../factors/azure-instances";
import { GCP_INSTANCE_LINES } from "../../../factors/gcp-instances";

/** What a cloud's machine type tells of the machine behind it. */
export interface InstanceType {
  name: string;
  /** As the table of power usage effectiveness has them. */
  provider: "aws" | "azure" | "gcp";
  architecture: string;
  vcpus: number;
  /** W of the whole instance at 0, 10, 50 and 100 % of load, where it was measured. */
  curveWatts?: readonly number[];
  /** Its share of its server's making; of a type without a figure of its own, the usual one of its vCPUs. */
  embodiedGramsPerMonth: number;
}

interface Entry {
  name: string;
  architecture: string;
  figures: readonly number[];
}

/** The type by its name, as the label node.kubernetes.io/instance-type has it; undefined where no table does. */
export function instanceType(name: string | undefined): InstanceType | undefined {
  return name === undefined ? undefined : (types ??= readTypes()).get(name.toLowerCase());
}

/** Read when first asked: a thousand lines that this machine never needs. */
let types: ReadonlyMap<string, InstanceType> | undefined;

function readTypes(): Map<string, InstanceType> {
  const curves = new Map(
    entries(AWS_POWER_CURVE_LINES, ".").map(({ name, figures }) => [
      name,
      { curveWatts: figures.slice(0, 4), embodied: figures[4]! },
    ]),
  );
  const all = new Map<string, InstanceType>();
  const add = (provider: InstanceType["provider"], lines: string, joint: string): void => {
    for (const { name, architecture, figures } of entries(lines, joint)) {
      const vcpus = figures[0]!;
      const curve = provider === "aws" ? curves.get(name) : undefined;
      const embodiedGramsPerMonth = curve?.embodied ?? NaN;
      const measured = curve ? { curveWatts: curve.curveWatts } : {};
      all.set(name, { name, provider, architecture, vcpus, embodiedGramsPerMonth, ...measured });
    }
  };
  add("aws", AWS_INSTANCE_LINES, ".");
  add("gcp", GCP_INSTANCE_LINES, "-");
  add("azure", AZURE_INSTANCE_LINES, "_");
  const perVcpu = [...all.values()]
    .map(({ embodiedGramsPerMonth, vcpus }) => embodiedGramsPerMonth / vcpus)
    .filter((grams) => !Number.isNaN(grams))
    .sort((a, b) => a - b);
  const usual = perVcpu[perVcpu.length >> 1]!;
  for (const type of all.values()) {
    if (Number.isNaN(type.embodiedGramsPerMonth)) type.embodiedGramsPerMonth = usual * type.vcpus;
  }
  return all;
}

/** `head|architecture|size number number,size ...`; of power curves the architecture is left out. */
function entries(lines: string, joint: string): Entry[] {
  return lines
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [head = "", ...rest] = line.split("|");
      const architecture = rest.length > 1 ? rest[0]! : "";
      return rest
        .at(-1)!
        .split(",")
        .map((entry): Entry => {
          const [size = "", ...figures] = entry.split(" ");
          return { name: `${head}${joint}${size}`, architecture, figures: figures.map(Number) };
        });
    });
}
