import { setTimeout as sleep } from "node:timers/promises";
import type { provider } from "@pulumi/pulumi";
import { MnoError, validateWorkload, withoutRelease, type WorkloadSpec } from "../../../../runtime/exports";
import { Supervisor, type WorkloadView } from "./supervisor";
import { asSecret, hasSecret, hasUnknown, sameValue, unwrap } from "./values";

interface WorkloadInputs {
  cluster: string;
  /** Without its secrets, which come beside it. */
  spec: WorkloadSpec;
  secretEnvironment?: Record<string, string>;
}

/** The inputs as plain values, the secrets back in their place. */
function plainInputs(inputs: Record<string, unknown>): { cluster: string; spec: WorkloadSpec } {
  const { cluster, spec, secretEnvironment } = unwrap(inputs) as WorkloadInputs;
  return { cluster, spec: { ...spec, ...(secretEnvironment === undefined ? {} : { secretEnvironment }) } };
}

/** A first start may open a database; a healthy service takes a second. */
const READY_MILLISECONDS = 120_000;
/** A replica that still crashes after this long will not heal by waiting. */
const CRASHING_MILLISECONDS = 15_000;
const POLL_MILLISECONDS = 100;
const LOG_LINES_OF_A_REPLICA = 25;
const MOST_LOG_LINES = 100;

/** `mno-local:index:Workload`: one workload of a local cluster. The id is `<cluster url>/<name>`. */
export const workloadResource = {
  check(inputs: Record<string, unknown>): provider.CheckFailure[] {
    if (hasUnknown(inputs)) return [];
    const { spec } = plainInputs(inputs);
    return validateWorkload(spec).map((fault) => ({ property: `spec.${fault.field}`, reason: fault.message }));
  },

  /** A workload found unhealthy by a refresh differs from any desired state: `up` heals it. */
  diff(olds: Record<string, unknown>, news: Record<string, unknown>): provider.DiffResult {
    if (hasUnknown(news)) return { changes: true };
    const before = plainInputs(olds);
    const after = plainInputs(news);
    const replaces = [
      ...(before.cluster === after.cluster ? [] : ["cluster"]),
      ...(before.spec.name === after.spec.name && before.spec.kind === after.spec.kind ? [] : ["spec"]),
    ];
    // The old one holds ports that the new one needs, and a replacement on another cluster must not run beside it.
    if (replaces.length > 0) return { changes: true, replaces, deleteBeforeReplace: true };
    return { changes: olds.ready === false || !sameValue(before.spec, after.spec) };
  },

  async create(inputs: Record<string, unknown>): Promise<provider.CreateResult> {
    const { cluster, spec } = plainInputs(inputs);
    const supervisor = Supervisor.at(cluster);
    const existed = (await supervisor.workload(spec.name)) !== undefined;
    await supervisor.apply(spec);
    try {
      const view = await becomeReady(supervisor, spec);
      return { id: `${cluster}/${spec.name}`, outs: outputs(inputs, view) };
    } catch (error) {
      // What this call created and could not bring up is not left running behind the state's back.
      if (!existed) await supervisor.delete(spec.name);
      throw error;
    }
  },

  async update(_olds: Record<string, unknown>, inputs: Record<string, unknown>): Promise<provider.UpdateResult> {
    const { cluster, spec } = plainInputs(inputs);
    const supervisor = Supervisor.at(cluster);
    await supervisor.apply(spec);
    return { outs: outputs(inputs, await becomeReady(supervisor, spec)) };
  },

  async read(id: string, props: Record<string, unknown>): Promise<provider.ReadResult> {
    const slash = id.lastIndexOf("/");
    const cluster = id.slice(0, slash);
    const view = await Supervisor.at(cluster)
      .workload(id.slice(slash + 1))
      .catch((error: unknown) => {
        if (error instanceof MnoError && error.code === "MNO_CLUSTER_UNREACHABLE") return undefined;
        throw error;
      });
    if (!view) return {};
    // Secret values never come back from the cluster; what the state has of them stays. An import begins without.
    // Nor is it a change when whoever a job waited for has released it.
    const { secretEnvironment: _masked, ...observed } = withoutRelease(view.spec);
    const { secretEnvironment } = props;
    const inputs = {
      cluster,
      spec: asKnown(observed, props.spec),
      ...(secretEnvironment === undefined ? {} : { secretEnvironment }),
    };
    return { id, props: outputs(inputs, view), inputs };
  },

  async delete(id: string, _props: Record<string, unknown>): Promise<void> {
    const slash = id.lastIndexOf("/");
    const supervisor = Supervisor.at(id.slice(0, slash));
    await supervisor.delete(id.slice(slash + 1)).catch((error: unknown) => {
      // With the supervisor gone, deleting its cluster ends what it left.
      if (!(error instanceof MnoError) || error.code !== "MNO_CLUSTER_UNREACHABLE") throw error;
    });
  },
};

/** What was observed, as secret as the state has it: a secret may stand in an ordinary variable or an argument. */
function asKnown(observed: unknown, known: unknown): unknown {
  if (sameValue(observed, known)) return known;
  return hasSecret(known) ? asSecret(observed) : observed;
}

function outputs(inputs: Record<string, unknown>, view: WorkloadView): Record<string, unknown> {
  return { ...inputs, endpoints: view.endpoints, ready: isReady(view) };
}

/** A job that runs is as it should be. */
function isReady({ phase, spec }: WorkloadView): boolean {
  return ["ready", "succeeded", "suspended"].includes(phase) || (spec.kind === "job" && phase === "progressing");
}

/** Errors: MNO_WORKLOAD_NOT_READY with each replica's reason and the end of the log. */
async function becomeReady(supervisor: Supervisor, spec: WorkloadSpec): Promise<WorkloadView> {
  const startedAt = Date.now();
  for (;;) {
    const view = await supervisor.workload(spec.name);
    if (!view) throw new MnoError("MNO_WORKLOAD_NOT_FOUND", `The workload ${spec.name} was deleted while it started`);
    if (isReady(view)) return view;
    const crashing = view.replicas.some((replica) => replica.phase === "backoff" || replica.phase === "failed");
    if (Date.now() - startedAt > (crashing ? CRASHING_MILLISECONDS : READY_MILLISECONDS)) {
      const replicas = view.replicas
        .map((r) => `${r.name} ${r.phase}${r.reason === undefined ? "" : ` (${r.reason})`}`)
        .join(", ");
      // Replicas write in turns: the one that says why must not be crowded out by the others.
      const lines = Math.min(MOST_LOG_LINES, LOG_LINES_OF_A_REPLICA * Math.max(1, view.replicas.length));
      const log = (await supervisor.logs(spec.name, lines)).join("\n");
      throw new MnoError(
        "MNO_WORKLOAD_NOT_READY",
        `${spec.name}: ${String(view.readyReplicas)} of ${String(view.desiredReplicas)} replicas are ready: ${replicas}; the end of its log:\n${log}`,
      );
    }
    await sleep(POLL_MILLISECONDS);
  }
}
