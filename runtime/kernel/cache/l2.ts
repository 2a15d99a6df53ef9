import type { Clock } from "../clock";
import type { Channel } from "./channel";
import { Generation } from "./generation";
import type { RedisConnections } from "./redis";

import { type Scripts, withScripts } from "./scripts";

/** A lease runs out when its owner has not renewed it for so long: it has died, and another may load. */
const LEASE_MILLISECONDS = 2_000;

/** A value, by when it was loaded and how long it is of use; milliseconds. */
export interface Loaded {
  /** JSON. */
  body: string;
  /** Since its load began. */
  age: number;
  fresh: number;
  usable: number;
  /** How long its load took. */
  took: number;
}

/** What a look finds: a fresh value; or that the asker is to load; or that somebody else does. An old value beside it may be of use. */
export type Found =
  | { state: "fresh"; value: Loaded }
  | { state: "lease"; lease: Lease; value?: Loaded }
  | { state: "busy"; value?: Loaded };

/** The one right to load a key and to keep the value, until it is invalidated. */
export interface Lease {
  readonly key: string;
  readonly token: string;
}

/** Thrown at once while the server is away. */
class L2Away extends Error {}

/** The values that replicas share, in Redis, and who may load them. */
export class L2 {
  private readonly scripts: Scripts;
  private readonly generation: Generation;
  private entering = Promise.resolve();
  private tokens = 0;

  constructor(
    private readonly connections: RedisConnections,
    private readonly channel: Channel,
    private readonly namespace: string,
    private readonly id: string,
    private readonly clock: Clock,
    maxStale: number,
    /** Runs before values are looked up again. */
    onReturn: () => Promise<void>,
  ) {
    this.scripts = withScripts(connections.commands);
    this.generation = new Generation(connections, this.scripts, channel, namespace, clock, maxStale, onReturn);
  }

  start(everyMilliseconds: number): void {
    const { commands } = this.connections;
    const enter = (): void => void (this.entering = this.generation.enter());
    commands.on("ready", enter);
    for (const event of ["error", "close"]) commands.on(event, () => this.generation.leave());
    if (commands.status === "ready") enter();
    void this.generation.keepAlive(everyMilliseconds);
  }

  /** Resolves when the first connection is in use, or failed, or took too long. */
  async settled(): Promise<void> {
    await this.connections.settled;
    await this.entering;
    await this.channel.settled;
  }

  stop(): void {
    this.generation.stop();
  }

  /** `force` asks for the lease though the value is fresh. */
  async look(key: string, force = false): Promise<Found> {
    const token = `${this.id}:${++this.tokens}`;
    const keys = [this.generation.key, this.valueKey(key), this.leaseKey(key)];
    const answer = (await this.run(() =>
      this.scripts.mnoLook(...keys, token, LEASE_MILLISECONDS, this.generation.maxStale, force ? "1" : "0"),
    )) as [string, Found["state"], string?, number?, number?, number?, number?];
    const [generation, state, body, age = 0, fresh = 0, usable = 0, took = 0] = answer;
    this.generation.current = generation;
    const found = body === undefined ? {} : { value: { body, age, fresh, usable, took } };
    return (state === "lease" ? { state, lease: { key, token }, ...found } : { state, ...found }) as Found;
  }

  /** Keeps what was loaded under the lease. False, and nothing is kept, where the lease is void: the key was invalidated meanwhile, or the owner slept. */
  async fill({ key, token }: Lease, { body, fresh, usable, took }: Omit<Loaded, "age">): Promise<boolean> {
    const keys = [this.generation.key, this.valueKey(key), this.leaseKey(key)];
    const values = [Math.ceil(took), fresh, usable];
    const message = this.channel.encode({ type: "released", key });
    return (
      (await this.run(() => this.scripts.mnoFill(...keys, token, body, ...values, this.channel.name, message))) === 1
    );
  }

  /** Runs a load, and keeps its lease alive meanwhile; a lease whose load failed is released. */
  async whileLeased<T>(lease: Lease, load: () => Promise<T>): Promise<T> {
    const ended = new AbortController();
    void this.renewUntil(ended.signal, lease);
    try {
      return await load();
    } catch (error) {
      const message = this.channel.encode({ type: "released", key: lease.key });
      const release = (): Promise<unknown> =>
        this.scripts.mnoRelease(this.leaseKey(lease.key), lease.token, this.channel.name, message);
      // Should it fail: the lease runs out by itself.
      await this.run(release).catch(() => undefined);
      throw error;
    } finally {
      ended.abort();
    }
  }

  /** Voids the key's value and loads under way, here and at all replicas. */
  async drop(key: string): Promise<void> {
    const message = this.channel.encode({ type: "drop", key });
    await this.connections.guard(() =>
      this.scripts.mnoDrop(this.valueKey(key), this.leaseKey(key), this.channel.name, message),
    );
  }

  /** Voids all values. */
  async clear(): Promise<void> {
    await this.generation.begin();
  }

  private async run<T>(command: () => Promise<T>): Promise<T> {
    if (!this.generation.isEntered) throw new L2Away("the L2 cache is away");
    return this.connections.guard(command);
  }

  private async renewUntil(signal: AbortSignal, { key, token }: Lease): Promise<void> {
    for (;;) {
      await this.clock.sleep(LEASE_MILLISECONDS / 3, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.run(() => this.scripts.mnoRenew(this.leaseKey(key), token, LEASE_MILLISECONDS)).catch(() => 0);
    }
  }

  private valueKey(key: string): string {
    return `${this.namespace}:value:${key}`;
  }

  private leaseKey(key: string): string {
    return `${this.namespace}:lease:${key}`;
  }
}
