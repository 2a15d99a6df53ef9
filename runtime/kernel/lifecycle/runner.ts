import { Attempt, currentAttempt, type RunnerOptions } from "./attempt";
import { backoffMilliseconds, RESTART_BACKOFF } from "./backoff";

type State = "starting" | "running" | "backoff" | "stopped";

/** After this long without a fault the next one counts as the first. */
const HEALTHY_AFTER_MILLISECONDS = 60_000;

/** Runs one agent: start, restart with back-off after a fault, drain. A fault never reaches another agent. */
export class AgentRunner {
  state: State = "stopped";
  restarts = 0;
  /** The last fault, for `/readyz`. */
  reason = "";
  private attempt: Attempt | undefined;
  private consecutive = 0;
  private stopping = new AbortController();
  private loop: Promise<void> | undefined;

  constructor(private readonly options: RunnerOptions) {}

  get name(): string {
    return this.options.definition.name;
  }

  start(): void {
    this.options.mount(undefined);
    this.loop = this.run();
  }

  async drain(): Promise<void> {
    this.stopping.abort(new Error("draining"));
    await this.loop;
  }

  /** Names of the checks that do not hold, each with why; empty when ready. */
  async unready(): Promise<Record<string, string>> {
    if (this.state !== "running" || !this.attempt)
      return { [this.name]: `${this.state}${this.reason ? `: ${this.reason}` : ""}` };
    const faults: Record<string, string> = {};
    await Promise.all(
      [...this.attempt.checks].map(async ([name, check]) => {
        await check().catch((error: unknown) => {
          faults[`${this.name}.${name}`] = (error as Error).message;
        });
      }),
    );
    return faults;
  }

  private async run(): Promise<void> {
    const { log, clock, random, mount } = this.options;
    const { signal } = this.stopping;
    while (!signal.aborted) {
      this.state = "starting";
      const startedAt = clock.now();
      const attempt = new Attempt(this.options);
      this.attempt = attempt;
      const abort = (): void => attempt.end();
      signal.addEventListener("abort", abort, { once: true });
      try {
        const handle = await currentAttempt.run(attempt, () => attempt.start());
        // Requests come from the process's socket; what they raise belongs to this run of this agent.
        mount((request, response) => currentAttempt.run(attempt, () => handle(request, response)));
        this.state = "running";
        this.reason = "";
        log.info({ restarts: this.restarts }, "agent is running");
        await attempt.ended;
      } catch (error) {
        if (!signal.aborted) {
          if (clock.now() - startedAt > HEALTHY_AFTER_MILLISECONDS) this.consecutive = 0;
          this.consecutive += 1;
          this.restarts += 1;
          this.reason = (error as Error).message;
          log.error({ err: error, restarts: this.restarts }, "agent failed");
        }
      } finally {
        signal.removeEventListener("abort", abort);
        mount(undefined);
        this.state = "backoff";
        await attempt.cleanUp();
      }
      if (signal.aborted) break;
      await clock.sleep(backoffMilliseconds(this.consecutive, RESTART_BACKOFF, random), signal).catch(() => undefined);
    }
    this.state = "stopped";
    log.info("agent is drained");
  }
}
