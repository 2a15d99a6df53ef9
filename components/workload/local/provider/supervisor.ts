import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MnoError, type ErrorCode, type WorkloadSpec } from "../../../../runtime/exports";

/** What this provider reads of a workload's status; the supervisor's answer holds more. */
export interface WorkloadView {
  spec: WorkloadSpec;
  phase: string;
  desiredReplicas: number;
  readyReplicas: number;
  endpoints: Record<string, string>;
  replicas: { name: string; phase: string; reason?: string }[];
}

interface Address {
  pid: number;
  url: string;
  token: string;
}

/** Client of a supervisor's HTTP API; it finds address and key in the cluster's folder on every call. */
export class Supervisor {
  constructor(readonly directory: string) {}

  /** Errors: MNO_CLUSTER_URL_INVALID. */
  static at(clusterUrl: string): Supervisor {
    if (!clusterUrl.startsWith("local:/")) {
      throw new MnoError(
        "MNO_CLUSTER_URL_INVALID",
        `"${clusterUrl}" is not a local cluster; it must be local:<absolute folder>`,
      );
    }
    return new Supervisor(clusterUrl.slice("local:".length));
  }

  /** undefined where no supervisor has written its address. */
  address(): Address | undefined {
    try {
      return JSON.parse(readFileSync(join(this.directory, "supervisor.json"), "utf8")) as Address;
    } catch {
      return undefined;
    }
  }

  async alive(): Promise<boolean> {
    return this.call("GET", "/v1/nodes").then(
      () => true,
      () => false,
    );
  }

  async workload(name: string): Promise<WorkloadView | undefined> {
    try {
      return (await this.call("GET", `/v1/workloads/${name}`)) as WorkloadView;
    } catch (error) {
      if (error instanceof MnoError && error.code === "MNO_WORKLOAD_NOT_FOUND") return undefined;
      throw error;
    }
  }

  async names(): Promise<string[]> {
    const { workloads } = (await this.call("GET", "/v1/workloads")) as { workloads: WorkloadView[] };
    return workloads.map((workload) => workload.spec.name);
  }

  async apply(spec: WorkloadSpec): Promise<WorkloadView> {
    return (await this.call("PUT", `/v1/workloads/${spec.name}`, spec)) as WorkloadView;
  }

  async delete(name: string): Promise<void> {
    await this.call("DELETE", `/v1/workloads/${name}`);
  }

  async logs(name: string, lines: number): Promise<string[]> {
    const answer = (await this.call("GET", `/v1/workloads/${name}/logs?lines=${String(lines)}`)) as { lines: string[] };
    return answer.lines;
  }

  async shutdown(): Promise<void> {
    await this.call("POST", "/v1/shutdown");
  }

  /** Errors: the supervisor's own by code; MNO_CLUSTER_UNREACHABLE where none answers. */
  private async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const address = this.address();
    if (!address) throw unreachable(this.directory, "no supervisor runs there");
    let response: Response;
    try {
      response = await fetch(`${address.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${address.token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw unreachable(this.directory, (error as Error).message, error);
    }
    const answer = parseJson(await response.text());
    if (response.ok && answer !== NOT_JSON) return answer;
    const { code, detail } = (answer === NOT_JSON ? {} : (answer ?? {})) as { code?: ErrorCode; detail?: string };
    // Another program may have taken the port of a supervisor that is gone.
    if (code === undefined || code === "MNO_UNAUTHENTICATED") {
      throw unreachable(this.directory, `another program answers at ${address.url}`);
    }
    throw new MnoError(code, detail ?? `${method} ${path} answered ${String(response.status)}`);
  }
}

const NOT_JSON = Symbol("not JSON");

/** undefined for an empty body. */
function parseJson(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return NOT_JSON;
  }
}

function unreachable(directory: string, why: string, cause?: unknown): MnoError {
  return new MnoError("MNO_CLUSTER_UNREACHABLE", `The local cluster in ${directory} does not answer: ${why}`, {
    cause,
  });
}
