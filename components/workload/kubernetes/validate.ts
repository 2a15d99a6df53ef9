import type { FieldFault } from "../../../runtime/exports";
import { greenFaults } from "../green";
import { keysOf, known } from "../inputs";
import { Scaler } from "./autoscaling-types";
import { Faults } from "./faults";
import { OptOutSetting } from "./operation-types";
import { canHaveSeveral, isLasting, kindOf, optedOut } from "./shape";
import { KubernetesWorkloadKind, type KubernetesWorkloadArgs } from "./types";
import { checkContainers } from "./validate-containers";

/** Kubernetes and this component add up to eleven characters to a name, and 63 is the most a label holds. */
const NAME = /^[a-z]([-a-z0-9]{0,50}[a-z0-9])?$/;
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const MAX_REPLICAS = 500;

/**
 * Everything that is wrong with a workload's arguments, as far as they are known: an Output passes until the API server sees
 * its value. Pure. Values that may be secret are not repeated.
 */
export function validateKubernetesWorkload(name: string, args: KubernetesWorkloadArgs): FieldFault[] {
  const faults = new Faults();
  faults.check(
    NAME.test(name),
    "name",
    `is "${name}"; it must begin with a letter and hold at most 52 lower-case letters, digits and "-"`,
  );
  faults.check(known(args.namespace) !== "", "namespace", "is required");
  checkKind(faults, args);
  checkScale(faults, args);
  checkContainers(faults, name, args);
  checkVolumes(faults, args);
  checkOperation(faults, args);
  checkOptOuts(faults, args);
  const user = known(args.runAsUser);
  const root = optedOut(args, OptOutSetting.RunAsNonRoot);
  faults.range(user, "runAsUser", { from: root ? 0 : 1, to: 2 ** 31 - 1, whole: true });
  faults.range(known(args.fsGroup), "fsGroup", { from: 1, to: 2 ** 31 - 1, whole: true });
  faults.range(known(args.gracePeriodSeconds), "gracePeriodSeconds", { from: 0, to: 3600, whole: true });
  return faults.list;
}

/** Arguments that only some kinds have. */
function checkKind(faults: Faults, args: KubernetesWorkloadArgs): void {
  const { Service, Stateful, Job, ScheduledJob } = KubernetesWorkloadKind;
  const kind = kindOf(args);
  const only = (fields: readonly (keyof KubernetesWorkloadArgs)[], ...kinds: KubernetesWorkloadKind[]): void => {
    for (const field of fields) {
      faults.check(
        args[field] === undefined || kinds.includes(kind),
        field,
        `is for ${kinds.join(" and ")}, not ${kind}`,
      );
    }
  };
  only(["replicas", "autoscaling"], Service, Stateful);
  only(["storage", "protect"], Stateful);
  only(["parallelism", "completions", "backoffLimit", "suspended"], Job, ScheduledJob);
  only(["schedule", "timeZone"], ScheduledJob);
  only(["admission"], Job);
  only(["green"], Job, ScheduledJob);
  faults.list.push(...greenFaults(args.green, args.admission));
  faults.check(
    args.green?.schedule === undefined,
    "green.schedule",
    "is of local clusters; here kind is scheduled-job, with schedule",
  );
  const schedule = known(args.schedule);
  if (kind === ScheduledJob) {
    faults.check(args.schedule !== undefined, "schedule", "is required by a scheduled job");
    faults.check(
      schedule === undefined || schedule.startsWith("@") || schedule.trim().split(/\s+/).length === 5,
      "schedule",
      `is "${schedule ?? ""}"; it must have five fields, as "0 3 * * *"`,
    );
  }
  faults.check(
    (kind !== Stateful && kind !== Service) || args.ports?.length !== 0,
    "ports",
    "must not be empty; leave it out",
  );
  faults.range(known(args.parallelism), "parallelism", { from: 1, to: MAX_REPLICAS, whole: true });
  faults.range(known(args.completions), "completions", { from: 1, to: 100_000, whole: true });
  faults.range(known(args.backoffLimit), "backoffLimit", { from: 0, to: 1000, whole: true });
  faults.check(args.admission !== "", "admission", "must name an engine");
}

function checkScale(faults: Faults, args: KubernetesWorkloadArgs): void {
  faults.range(known(args.replicas), "replicas", { from: 0, to: MAX_REPLICAS, whole: true });
  const scaling = args.autoscaling;
  if (!scaling) return;
  const keda = scaling.scaler === Scaler.Keda;
  const engine = scaling.scaler === Scaler.MachineNativeOps;
  const check = (ok: boolean, field: string, message: string): void =>
    faults.check(ok, `autoscaling.${field}`, message);
  faults.check(args.replicas === undefined, "replicas", "is the autoscaler's to decide; leave it out");
  check(Object.values(Scaler).includes(scaling.scaler), "scaler", `must be one of ${Object.values(Scaler).join(", ")}`);
  const sleeps = keda && (scaling.triggers ?? []).length > 0;
  faults.range(scaling.minReplicas, "autoscaling.minReplicas", { from: sleeps ? 0 : 1, to: MAX_REPLICAS, whole: true });
  faults.range(scaling.maxReplicas, "autoscaling.maxReplicas", { from: 1, to: MAX_REPLICAS, whole: true });
  check(
    scaling.maxReplicas >= scaling.minReplicas,
    "maxReplicas",
    `is below minReplicas, ${String(scaling.minReplicas)}`,
  );
  for (const field of ["cpuPercent", "memoryPercent"] as const) {
    faults.range(scaling[field], `autoscaling.${field}`, { from: 1, to: 1000, whole: true });
    check(
      !engine || scaling[field] === undefined,
      field,
      "is for hpa and keda; the engine's scalers are its configuration's",
    );
  }
  check(keda || scaling.triggers === undefined, "triggers", "are for keda");
}

function checkVolumes(faults: Faults, args: KubernetesWorkloadArgs): void {
  const volumes = [...(args.files ?? []), ...(args.scratch ?? []), ...(args.storage ?? [])];
  faults.unique(
    volumes.map(({ name }) => name),
    "volumes",
    "the volume",
  );
  faults.unique(
    volumes.flatMap(({ mountPath }) => mountPath ?? []),
    "volumes",
    "the folder",
  );
  for (const { name, mountPath } of volumes) {
    faults.check(LABEL.test(name), "volumes", `has the name "${name}"; it must be a DNS label`);
    faults.check(
      mountPath?.startsWith("/") !== false,
      `volumes.${name}.mountPath`,
      `is "${mountPath ?? ""}"; it must be absolute`,
    );
  }
  for (const { name, contents, secretContents, secretName, keys } of args.files ?? []) {
    const sources = [contents, secretContents, secretName].filter((source) => source !== undefined);
    faults.check(
      sources.length === 1,
      `files.${name}`,
      "must have exactly one of contents, secretContents and secretName",
    );
    faults.check(
      keys === undefined || (secretName !== undefined && keys.length > 0),
      `files.${name}.keys`,
      "are for secretName, and must name at least one",
    );
    const wrong = [contents, secretContents].flatMap(keysOf).filter((file) => !/^[-._a-zA-Z0-9]{1,253}$/.test(file));
    faults.check(
      wrong.length === 0,
      `files.${name}`,
      `has the file names ${wrong.join(", ")}; they hold letters, digits, "-", "_" and "."`,
    );
  }
  for (const { name, sizeBytes } of [...(args.scratch ?? []), ...(args.storage ?? [])]) {
    faults.range(known(sizeBytes), `volumes.${name}.sizeBytes`, { from: 1, to: 2 ** 50 });
  }
}

function checkOperation(faults: Faults, args: KubernetesWorkloadArgs): void {
  for (const field of ["permissions", "clusterPermissions"] as const) {
    for (const { apiGroups, resources, verbs, resourceNames } of args[field] ?? []) {
      const complete = [apiGroups, resources, verbs].every((list) => list.length > 0) && resourceNames?.length !== 0;
      faults.check(complete, field, "must name API groups, resources and verbs; an empty list of names means none");
      const wide = [apiGroups, resources, verbs].some((list) => list.some((each) => each.includes("*")));
      faults.check(!wide, field, 'hold "*"; name each API group, resource and verb that is needed');
    }
  }
  const ports = [...(args.ports ?? []), ...(args.sidecars ?? []).flatMap((sidecar) => sidecar.ports ?? [])];
  const names = ports.map(({ name }) => name);
  const { metrics } = args;
  if (metrics) {
    faults.check(
      names.includes(metrics.port),
      "metrics.port",
      `is ${metrics.port}; the ports are ${names.join(", ") || "none"}`,
    );
    faults.check(metrics.path?.startsWith("/") !== false, "metrics.path", 'must begin with "/"');
  }
  faults.unique(
    (args.alerts ?? []).map(({ name }) => name),
    "alerts",
    "the alert",
  );
  for (const alert of args.alerts ?? []) {
    faults.check(
      /^[A-Z][A-Za-z0-9]*$/.test(alert.name),
      "alerts",
      `has the name "${alert.name}"; it must be CamelCase`,
    );
    faults.check(alert.expression.trim() !== "", `alerts.${alert.name}.expression`, "is required");
    faults.check(alert.summary.trim() !== "", `alerts.${alert.name}.summary`, "is required");
    faults.range(alert.forSeconds, `alerts.${alert.name}.forSeconds`, { from: 0, to: 86_400, whole: true });
  }
}

/** An opt-out that changes nothing is a mistake about what the workload is. */
function checkOptOuts(faults: Faults, args: KubernetesWorkloadArgs): void {
  const settings = Object.values(OptOutSetting);
  faults.unique(
    (args.optOuts ?? []).map(({ setting }) => setting),
    "optOuts",
    "the setting",
  );
  for (const { setting, reason } of args.optOuts ?? []) {
    const field = `optOuts.${setting}`;
    faults.check(settings.includes(setting), field, `is not known; the settings are ${settings.join(", ")}`);
    faults.check(reason.trim() !== "", field, "needs a reason");
    const several = setting === OptOutSetting.TopologySpread || setting === OptOutSetting.PodDisruptionBudget;
    faults.check(!several || canHaveSeveral(args), field, "has no effect on what never has more than one replica");
    const spread = setting === OptOutSetting.TopologySpread && args.zoneSpread !== undefined;
    faults.check(!spread, field, "contradicts zoneSpread; give one of them");
  }
  faults.check(isLasting(args) || args.zoneSpread === undefined, "zoneSpread", "is for service and stateful");
}
