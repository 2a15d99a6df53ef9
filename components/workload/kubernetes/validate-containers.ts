/** What can be wrong with the containers of a pod. */
import { keysOf, known } from "../inputs";
import type {
  KubernetesContainerArgs,
  KubernetesPortArgs,
  KubernetesProbeArgs,
  ResourceLimitsArgs,
} from "./container-types";
import { containerPort } from "./containers";
import type { Faults } from "./faults";
import type { KubernetesWorkloadArgs } from "./types";

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const PORT_NAME = /^(?=.*[a-z])[a-z0-9](?!.*--)([-a-z0-9]{0,13}[a-z0-9])?$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_CORES = 1024;
const MAX_BYTES = 2 ** 50;

type Resourceful = Pick<KubernetesContainerArgs, "image" | "requests" | "limits">;

export function checkContainers(faults: Faults, name: string, args: KubernetesWorkloadArgs): void {
  const others = [...(args.initContainers ?? []), ...(args.sidecars ?? [])];
  faults.unique([name, ...others.map((other) => other.name)], "containers", "the container");
  checkContainer(faults, "", args);
  checkPorts(faults, args);
  const volumes = [...(args.files ?? []), ...(args.scratch ?? []), ...(args.storage ?? [])].map(
    (volume) => volume.name,
  );
  for (const group of ["initContainers", "sidecars"] as const) {
    for (const [index, other] of (args[group] ?? []).entries()) {
      const field = `${group}[${String(index)}].`;
      faults.check(LABEL.test(other.name), `${field}name`, `is "${other.name}"; it must be a DNS label`);
      checkContainer(faults, field, other);
      for (const { volume, mountPath } of other.mounts ?? []) {
        faults.check(
          volumes.includes(volume),
          `${field}mounts`,
          `name ${volume}; the volumes are ${volumes.join(", ") || "none"}`,
        );
        faults.check(mountPath.startsWith("/"), `${field}mounts`, `has ${mountPath}, which is no absolute folder`);
      }
      const probed = other.readiness !== undefined || other.liveness !== undefined;
      faults.check(
        group === "sidecars" || !probed,
        `${field}readiness`,
        "and liveness are for containers that go on running",
      );
    }
  }
}

function checkContainer(faults: Faults, field: string, args: KubernetesContainerArgs | KubernetesWorkloadArgs): void {
  faults.check(known(args.image) !== "", `${field}image`, "is required");
  checkResources(faults, field, args);
  const ports = args.ports ?? [];
  checkProbe(faults, `${field}readiness`, known(args.readiness), ports);
  checkProbe(faults, `${field}liveness`, known(args.liveness), ports);
  if ("startup" in args) checkProbe(faults, `${field}startup`, known(args.startup), ports);
  checkEnvironment(faults, field, args);
}

function checkResources(faults: Faults, field: string, { requests, limits }: Resourceful): void {
  const asked = known(requests);
  const most: Partial<Record<keyof ResourceLimitsArgs, number>> = known(limits) ?? {};
  faults.range(asked?.cpuCores, `${field}requests.cpuCores`, { from: 0.001, to: MAX_CORES });
  faults.range(asked?.memoryBytes, `${field}requests.memoryBytes`, { from: 1, to: MAX_BYTES });
  faults.range(most.ephemeralStorageBytes, `${field}limits.ephemeralStorageBytes`, {
    from: 64 * 2 ** 20,
    to: MAX_BYTES,
  });
  for (const key of ["cpuCores", "memoryBytes"] as const) {
    const [limit, request] = [most[key], asked?.[key]];
    if (limit === undefined) continue;
    faults.check(
      Number.isFinite(limit) && (request === undefined || limit >= request),
      `${field}limits.${key}`,
      `is ${String(limit)}; it must be at least the request, ${String(request)}`,
    );
  }
}

/** All containers of a pod share one network: numbers must differ among all of them. */
function checkPorts(faults: Faults, args: KubernetesWorkloadArgs): void {
  const all = [args, ...(args.initContainers ?? []), ...(args.sidecars ?? [])].flatMap(({ ports }) => ports ?? []);
  for (const port of all) {
    faults.check(
      PORT_NAME.test(port.name),
      "ports",
      `has the name "${port.name}"; it must hold a letter and at most 15 of a-z, 0-9 and "-"`,
    );
    faults.range(port.port, `ports.${port.name}.port`, { from: 1, to: 65535, whole: true });
    faults.range(port.containerPort, `ports.${port.name}.containerPort`, { from: 1, to: 65535, whole: true });
  }
  faults.unique(
    all.map((port) => port.name),
    "ports",
    "the port",
  );
  faults.unique(all.map(containerPort), "ports", "the container port");
  faults.unique(
    (args.ports ?? []).map(({ port }) => port),
    "ports",
    "the Service's port",
  );
}

function checkProbe(
  faults: Faults,
  field: string,
  probe: Partial<KubernetesProbeArgs> | undefined,
  ports: readonly KubernetesPortArgs[],
): void {
  if (probe === undefined) return;
  const ways = [probe.path !== undefined, probe.command !== undefined, probe.tcp === true].filter(Boolean).length;
  faults.check(ways === 1, field, "must have exactly one of path, command and tcp");
  const { port, path, command } = probe as { port?: string; path?: string; command?: string[] };
  const names = ports.map(({ name }) => name);
  if (command === undefined) {
    const there = port === undefined ? names.length > 0 : names.includes(port);
    faults.check(
      there,
      `${field}.port`,
      `is ${port ?? "not given"}; the container's ports are ${names.join(", ") || "none"}`,
    );
  }
  faults.check(path?.startsWith("/") !== false, `${field}.path`, `is "${path ?? ""}"; it must begin with "/"`);
  faults.check(command?.length !== 0, `${field}.command`, "must name a program");
}

/** Values are not repeated, for they may be secret. Of maps that are still to come, not even the names are known. */
function checkEnvironment(faults: Faults, field: string, args: KubernetesContainerArgs | KubernetesWorkloadArgs): void {
  const secret = "secretEnvironment" in args ? args.secretEnvironment : undefined;
  const names = [
    ...[args.environment, args.fieldEnvironment, secret].flatMap(keysOf),
    ...(known(args.secretReferences) ?? []).map(({ variable }) => variable),
  ];
  for (const name of names) {
    faults.check(
      VARIABLE.test(name),
      `${field}environment`,
      `has ${name}, which is no name of an environment variable`,
    );
  }
  faults.unique(names, `${field}environment`, "the variable");
}
