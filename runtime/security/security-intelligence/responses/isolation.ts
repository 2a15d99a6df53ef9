import { MnoError } from "../../../exports";
import type { Cluster, WorkloadStatus } from "../../../kernel/cluster/cluster";
import type { Outcome, Performer } from "./actions";
import type { Response } from "./response";

export interface IsolationParts {
  /** Throws MNO_CONFIG_INVALID where the process has none. */
  readonly cluster: () => Cluster;
  /** Names of the replica that this engine runs in. */
  readonly self: readonly string[];
  /** How long an isolation lasts; 0 until somebody takes it back. */
  readonly seconds: number;
}

/** Cuts a workload off by way of the cluster, and releases it. */
export function isolation({ cluster, self, seconds }: IsolationParts): Performer {
  return {
    ...(seconds > 0 && { lastsSeconds: seconds }),
    perform: async (response) => {
      const { spec, replicas } = await workloadOf(response, cluster());
      const { name } = spec;
      if (replicas.some((replica) => self.includes(replica.name))) {
        throw unsupported(response, `"${name}" runs security intelligence itself, which could not release it again`);
      }
      const reason = `response ${response.id} to incident ${response.incident}`;
      const { isolation: made } = await cluster().isolate(name, { reason });
      const held = made?.held.join(", ") ?? "";
      return told(`${name} is cut off; ${held === "" ? "nothing is kept of it" : `kept as evidence: ${held}`}`);
    },
    undo: async (response) => {
      try {
        const { spec } = await workloadOf(response, cluster());
        await cluster().release(spec.name);
        return told(`${spec.name} is released, with new replicas`);
      } catch (error) {
        const gone =
          error instanceof MnoError && ["MNO_RESPONSE_UNSUPPORTED", "MNO_WORKLOAD_NOT_FOUND"].includes(error.code);
        if (gone) return told("there is no such workload any more");
        throw error;
      }
    },
  };
}

function told(what: string): Outcome {
  return { what, events: [] };
}

const SPIFFE = /^spiffe:\/\/[^/]+\/ns\/([^/]+)\/sa\/([^/]+)$/;
const IN_NAMESPACE = /^([^/]+)\/([^/]+)$/;
const HOST = /^([^./]+)\.([^./]+)\.svc(?:\..*)?$/;
/** A pod of a Deployment has two parts after the workload's name. */
const MOST_SUFFIXES = 2;

/** What events call a workload: a SPIFFE id by its service account, `namespace/pod`, a Service's host name, or its name. */
export function namesOf(id: string): { namespace?: string; name: string } {
  const [, first, second] = SPIFFE.exec(id) ?? IN_NAMESPACE.exec(id) ?? [];
  if (first !== undefined && second !== undefined) return { namespace: first, name: second };
  const [, host, namespace] = HOST.exec(id) ?? [];
  return host !== undefined && namespace !== undefined ? { namespace, name: host } : { name: id };
}

/** The workload of that name, or that has a replica of that name. Throws MNO_RESPONSE_UNSUPPORTED where there is none. */
async function workloadOf(response: Response, cluster: Cluster): Promise<WorkloadStatus> {
  const { namespace, name } = namesOf(response.target.id);
  if (namespace !== undefined && cluster.namespace !== undefined && namespace !== cluster.namespace) {
    throw unsupported(response, `it is of namespace ${namespace}, and this engine works on ${cluster.namespace}`);
  }
  const parts = name.split("-");
  for (let suffixes = 0; suffixes <= Math.min(MOST_SUFFIXES, parts.length - 1); suffixes += 1) {
    const candidate = parts.slice(0, parts.length - suffixes).join("-");
    if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(candidate)) continue;
    const status = await cluster.get(candidate);
    if (status && (suffixes === 0 || hasReplica(status, name))) return status;
  }
  throw unsupported(response, "the cluster has no workload, and no replica, of that name");
}

function hasReplica({ replicas, isolation: made }: WorkloadStatus, name: string): boolean {
  return replicas.some((replica) => replica.name === name) || (made?.held.includes(name) ?? false);
}

function unsupported({ target }: Response, why: string): MnoError {
  return new MnoError("MNO_RESPONSE_UNSUPPORTED", `Workload ${target.id} cannot be isolated: ${why}`);
}
