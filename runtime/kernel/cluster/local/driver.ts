import { StringDecoder } from "node:string_decoder";
import type { WorkloadSpec } from "../../../exports";
import { MnoError } from "../../../exports";
import { type Clock, systemClock } from "../../clock";
import type { Cluster, ClusterNode, IsolationOptions, ResumeOptions, WorkloadEvent, WorkloadStatus } from "../cluster";
import { SupervisorConnection } from "./connection";
import { WatchMemory } from "./watch-memory";
import type { WatchLine } from "./wire";

const FIRST_RECONNECT_MS = 100;
const LONGEST_RECONNECT_MS = 1_000;

/** The cluster of one machine: talks to the supervisor that runs in a folder. */
export class LocalCluster implements Cluster {
  readonly kind = "local";
  private readonly connection: SupervisorConnection;

  constructor(
    directory: string,
    private readonly clock: Clock = systemClock,
  ) {
    this.connection = new SupervisorConnection(directory, clock);
  }

  async nodes(): Promise<ClusterNode[]> {
    return (await this.connection.json<{ nodes: ClusterNode[] }>("GET", "/v1/nodes")).nodes;
  }

  async list(): Promise<WorkloadStatus[]> {
    return (await this.connection.json<{ workloads: WorkloadStatus[] }>("GET", "/v1/workloads")).workloads;
  }

  async get(name: string): Promise<WorkloadStatus | undefined> {
    try {
      return await this.connection.json<WorkloadStatus>("GET", path(name));
    } catch (error) {
      if (error instanceof MnoError && error.code === "MNO_WORKLOAD_NOT_FOUND") return undefined;
      throw error;
    }
  }

  apply(spec: WorkloadSpec): Promise<WorkloadStatus> {
    return this.connection.json("PUT", path(spec.name), spec);
  }

  delete(name: string): Promise<void> {
    return this.connection.json("DELETE", path(name));
  }

  scale(name: string, replicas: number): Promise<WorkloadStatus> {
    return this.connection.json("PUT", `${path(name)}/scale`, { replicas });
  }

  suspend(name: string): Promise<WorkloadStatus> {
    return this.connection.json("POST", `${path(name)}/suspend`);
  }

  resume(name: string, { annotations }: ResumeOptions = {}): Promise<WorkloadStatus> {
    return this.connection.json("POST", `${path(name)}/resume`, { ...(annotations && { annotations }) });
  }

  renew(name: string): Promise<WorkloadStatus> {
    return this.connection.json("POST", `${path(name)}/renew`);
  }

  isolate(name: string, { reason }: IsolationOptions): Promise<WorkloadStatus> {
    return this.connection.json("POST", `${path(name)}/isolate`, { reason });
  }

  release(name: string): Promise<WorkloadStatus> {
    return this.connection.json("POST", `${path(name)}/release`);
  }

  async logs(name: string, options: { lines?: number } = {}): Promise<string[]> {
    const query = options.lines === undefined ? "" : `?lines=${String(options.lines)}`;
    return (await this.connection.json<{ lines: string[] }>("GET", `${path(name)}/logs${query}`)).lines;
  }

  async *watch(signal: AbortSignal): AsyncGenerator<WorkloadEvent, void> {
    const memory = new WatchMemory();
    let pauseMs = FIRST_RECONNECT_MS;
    while (!signal.aborted) {
      try {
        memory.reconnected();
        for await (const line of readLinesOf(await this.connection.watch(signal))) {
          pauseMs = FIRST_RECONNECT_MS;
          yield* memory.events(line);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof MnoError) throw error; // nothing that another attempt would mend
      }
      await this.clock.sleep(pauseMs, signal).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, LONGEST_RECONNECT_MS);
    }
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}

function path(name: string): string {
  return `/v1/workloads/${encodeURIComponent(name)}`;
}

async function* readLinesOf(body: AsyncIterable<Buffer>): AsyncGenerator<WatchLine, void> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.write(chunk)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as WatchLine;
  }
}
