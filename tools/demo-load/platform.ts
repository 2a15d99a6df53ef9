import { Agent, request } from "undici";
import { type Decision, readDecisions, readMinReplicas } from "./decisions";

/** Less than the second between two looks. */
const TIMEOUT_MS = 900;
/** More than the autoscaler decides between two looks. */
const DECISIONS = 20;

/** One look at the platform. */
export interface Observation {
  replicas?: { ready: number; desired: number };
  /** Made since the last look, oldest first; at the first look only the latest. */
  decisions: Decision[];
  latest?: Decision;
  /** Why nothing could be seen. */
  fault?: string;
}

/** The platform's API, as far as the replay looks at it. That it does not answer never ends the replay. */
export class Platform {
  private readonly agent = new Agent({
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    connectTimeout: TIMEOUT_MS,
  });
  private latest: Decision | undefined;

  constructor(
    private readonly api: string,
    private readonly workload: string,
  ) {}

  async observe(): Promise<Observation> {
    try {
      const query = `workload=${encodeURIComponent(this.workload)}&limit=${String(DECISIONS)}`;
      const decisions = readDecisions(await this.get(`decisions?${query}`));
      const latest = decisions.at(-1);
      if (!latest) return { decisions: [], fault: `the autoscaler has decided nothing about "${this.workload}" yet` };
      const before = this.latest?.id ?? decisions.at(-2)?.id ?? "";
      this.latest = latest;
      return {
        replicas: { ready: latest.readyReplicas, desired: latest.toReplicas },
        decisions: decisions.filter((decision) => decision.id > before),
        latest,
      };
    } catch (error) {
      return { decisions: [], fault: `the platform's API at ${this.api} does not answer: ${(error as Error).message}` };
    }
  }

  /** The fewest replicas that the workload may have; undefined where nobody says. */
  async minReplicas(): Promise<number | undefined> {
    try {
      return readMinReplicas(await this.get("scalers"), this.workload);
    } catch {
      return undefined; // `observe` reports what is wrong, at each look
    }
  }

  private async get(path: string): Promise<unknown> {
    const { statusCode, body } = await request(`${this.api}/auto-scaling-engine/v1/${path}`, {
      dispatcher: this.agent,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (statusCode === 200) return body.json();
    await body.dump();
    throw new Error(`HTTP ${String(statusCode)}`);
  }
}
