import type { Clock } from "../clock";
import type { Channel } from "./channel";
import type { RedisConnections } from "./redis";
import type { Scripts } from "./scripts";

/** A shorter absence from a server that ran on is a reconnection, not an outage; milliseconds. */
const OUTAGE_AT_LEAST = 1_000;

/**
 * Which of the values in L2 may be trusted: those of the present generation. Who comes back from an outage begins a new one: invalidations may
 * not have reached the server meanwhile, with whoever should have sent them dead by now, or the server may have lost some (a restart from a
 * snapshot, a failover). The generation is kept alive by the replicas: what none watched over for `maxStale` ms is void, too.
 */
export class Generation {
  readonly key: string;
  /** The newest known; "0" before the first. A number that grows. */
  current = "0";
  private readonly stopped = new AbortController();
  private serverRun = "";
  private awaySince: number | undefined;
  private session = 0;
  private entered = false;

  constructor(
    private readonly connections: RedisConnections,
    private readonly scripts: Scripts,
    private readonly channel: Channel,
    namespace: string,
    private readonly clock: Clock,
    readonly maxStale: number,
    /** Runs before values are trusted again. */
    private readonly onReturn: () => Promise<void>,
  ) {
    this.key = `${namespace}:generation`;
  }

  /** Whether L2's values can be asked for. */
  get isEntered(): boolean {
    return this.entered;
  }

  /** The server is, or may be, away. */
  leave(): void {
    this.session += 1;
    this.entered = false;
    this.awaySince ??= this.clock.now();
  }

  /** The server is there. Never rejects: should it go again, the next return is the next attempt. */
  async enter(): Promise<void> {
    const session = ++this.session;
    try {
      await this.connections.guard(() => this.trustOrBegin());
      await this.onReturn();
    } catch {
      return;
    }
    if (session !== this.session) return;
    this.entered = true;
    this.awaySince = undefined;
  }

  /** Voids all values. */
  async begin(): Promise<void> {
    await this.connections.guard(() => this.run("0", true));
  }

  async keepAlive(everyMilliseconds: number): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      await this.clock.sleep(everyMilliseconds, signal).catch(() => undefined);
      if (!this.entered || signal.aborted) continue;
      const renew = (): Promise<unknown> => this.connections.commands.pexpire(this.key, this.maxStale);
      // Should it fail, the next may not; should all fail, the values become void, as they should.
      await this.connections.guard(renew).catch(() => 0);
    }
  }

  stop(): void {
    this.stopped.abort();
  }

  private async trustOrBegin(): Promise<void> {
    const [, run = ""] = /run_id:(\w+)/.exec(await this.connections.commands.info("server")) ?? [];
    const away = this.awaySince === undefined ? 0 : this.clock.now() - this.awaySince;
    const isOutage = away >= OUTAGE_AT_LEAST || (this.serverRun !== "" && run !== this.serverRun);
    // Where none is known yet, the outage began before this process did: any generation may be of before it.
    await this.run(isOutage ? this.current : "0", isOutage && this.current === "0");
    this.serverRun = run;
  }

  private async run(known: string, force: boolean): Promise<void> {
    const message = this.channel.encode({ type: "clear" });
    const { maxStale, key, channel } = this;
    this.current = (await this.scripts.mnoEnter(
      ...[key, known, force ? "1" : "0", maxStale, channel.name, message],
    )) as string;
  }
}
