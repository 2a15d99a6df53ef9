import { isAbsolute } from "node:path";
import type { FieldFault } from "./errors";
import { KUBERNETES_ANNOTATIONS } from "./kubernetes";
import type { WorkloadSpec } from "./workload-spec";

const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const PORT_NAME = /^[a-z][a-z0-9-]{0,14}$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Variables that the cluster sets in every replica. */
const RESERVED = /^(PORT|PORT_.*|MNO_REPLICA|MNO_WORKLOAD|MNO_CLUSTER_URL)$/;

/** The most replicas one workload may have; more is a mistake on every cluster this library knows. */
export const MAX_REPLICAS = 500;

/**
 * Everything that is wrong with a workload, each fault with its path (`ports[0].name`); empty when it is valid. Values of
 * variables are not repeated, for they may be secret. Pure: the component's constructor, the provider, the cluster's API and
 * the policy packs call this one function.
 */
export function validateWorkload(spec: WorkloadSpec): FieldFault[] {
  const faults: FieldFault[] = [];
  const check = (ok: boolean, field: string, message: string): void => {
    if (!ok) faults.push({ field, message });
  };
  check(
    NAME.test(spec.name),
    "name",
    `is ${show(spec.name)}; it must be a DNS label: lower-case letters, digits and "-", at most 63`,
  );
  check(
    spec.command.length > 0 && spec.command.every((part) => part !== ""),
    "command",
    "must name a program and hold no empty part",
  );
  check(
    inRange(spec.requests.cpuCores, 0, 1024),
    "requests.cpuCores",
    `is ${show(spec.requests.cpuCores)}; it must be over 0 and at most 1024 cores`,
  );
  check(
    inRange(spec.requests.memoryBytes, 0, 2 ** 50),
    "requests.memoryBytes",
    `is ${show(spec.requests.memoryBytes)}; it must be over 0 and at most 2^50 bytes`,
  );
  check(
    isWhole(spec.replicas, 0, MAX_REPLICAS),
    "replicas",
    `is ${show(spec.replicas)}; it must be a whole number from 0 to ${String(MAX_REPLICAS)}`,
  );
  check(
    spec.kind === "job" || spec.annotations?.[KUBERNETES_ANNOTATIONS.admission] === undefined,
    "admission",
    "is for jobs; a service is not held until its capacity is granted",
  );
  if (spec.gracePeriodSeconds !== undefined) {
    check(
      inRange(spec.gracePeriodSeconds, -1, 3600),
      "gracePeriodSeconds",
      `is ${show(spec.gracePeriodSeconds)}; it must be from 0 to 3600`,
    );
  }
  check(spec.cwd === undefined || isAbsolute(spec.cwd), "cwd", "must be an absolute path");
  for (const kind of ["environment", "secretEnvironment"] as const) {
    for (const [name, value] of Object.entries(spec[kind] ?? {})) {
      const field = `${kind}.${name}`;
      check(VARIABLE.test(name), field, "is not the name of an environment variable");
      check(!RESERVED.test(name), field, "is set by the cluster itself");
      check(!value.includes("\0"), field, "must not contain a NUL character");
      check(
        kind === "environment" || !(name in (spec.environment ?? {})),
        field,
        "is in environment too; give it once",
      );
    }
  }
  const names = new Set<string>();
  const numbers = new Set<number>();
  for (const [index, port] of (spec.ports ?? []).entries()) {
    const field = `ports[${String(index)}]`;
    check(
      PORT_NAME.test(port.name),
      `${field}.name`,
      `is ${show(port.name)}; it must begin with a letter and hold at most 15 of a-z, 0-9 and "-"`,
    );
    check(!names.has(port.name), `${field}.name`, `is ${show(port.name)}, as another port's; names are unique`);
    check(isWhole(port.port, 0, 65535), `${field}.port`, `is ${show(port.port)}; it must be from 0 to 65535`);
    check(port.port === 0 || !numbers.has(port.port), `${field}.port`, `is ${show(port.port)}, as another port's`);
    check(
      !port.direct || spec.replicas <= 1,
      `${field}.direct`,
      "allows one replica at most, for it listens on the port itself",
    );
    names.add(port.name);
    numbers.add(port.port);
  }
  for (const kind of ["readiness", "liveness"] as const) {
    const probe = spec[kind];
    if (!probe) continue;
    check(
      names.has(probe.port),
      `${kind}.port`,
      `is ${show(probe.port)}; the workload's ports are ${[...names].join(", ") || "none"}`,
    );
    check(probe.path.startsWith("/"), `${kind}.path`, `is ${show(probe.path)}; it must begin with "/"`);
  }
  return faults;
}

function inRange(value: number, over: number, to: number): boolean {
  return Number.isFinite(value) && value > over && value <= to;
}

function isWhole(value: number, from: number, to: number): boolean {
  return Number.isInteger(value) && value >= from && value <= to;
}

function show(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : String(value);
}
