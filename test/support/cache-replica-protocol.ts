import { setTimeout as sleep } from "node:timers/promises";
import type { Cache, CacheOptions } from "../../runtime/kernel/cache/cache";
import type { HistoryEvent } from "./cache-history";
import { seeded } from "../../runtime/kernel/random";

/** What a test tells a replica to do with its cache. */
export type Command =
  | { do: "get"; key: string; count: number; options: CacheOptions }
  | { do: "invalidate"; key: string }
  /** Reads and writes at random until told to stop. */
  | { do: "work"; keys: number; seed: number; options: CacheOptions }
  | { do: "rest" };

export type FromReplica =
  | { type: "ready" }
  | { type: "answer"; id: number; values?: unknown[]; error?: string }
  | { type: "database"; id: number; do: "load" | "write"; key: string }
  | { type: "event"; event: HistoryEvent };

export type ToReplica =
  { type: "command"; id: number; command: Command } | { type: "database"; id: number; value: unknown };

const now = (): number => performance.timeOrigin + performance.now();
const send = (message: FromReplica): void => void process.send?.(message);

const asked = new Map<number, (value: unknown) => void>();
let questions = 0;

function ask<T>(action: "load" | "write", key: string): Promise<T> {
  const id = ++questions;
  send({ type: "database", id, do: action, key });
  return new Promise((resolve) => asked.set(id, resolve as (value: unknown) => void));
}

/** One replica of an engine with its cache, as a process of its own. Its database is the parent; all goes over the IPC channel. */
export function serveCache(name: string, cache: Cache): void {
  let working = false;

  async function readForEver(keys: number, options: CacheOptions, random: () => number): Promise<void> {
    while (working) {
      const key = `key-${Math.floor(random() * keys)}`;
      const at = now();
      const version = await cache.get<number>(key, options, () => ask("load", key));
      send({ type: "event", event: { type: "read", at, endedAt: now(), replica: name, key, version } });
      await sleep(random() * 4);
    }
  }

  async function writeForEver(keys: number, random: () => number): Promise<void> {
    while (working) {
      const key = `key-${Math.floor(random() * keys)}`;
      const version = await ask<number>("write", key);
      const at = now();
      await cache.invalidate(key);
      const event = { type: "invalidation", at, replica: name, key, version, acknowledgedAt: now() } as const;
      send({ type: "event", event });
      await sleep(random() * 120);
    }
  }

  async function run(command: Command): Promise<unknown[]> {
    if (command.do === "invalidate") await cache.invalidate(command.key);
    if (command.do === "rest") working = false;
    if (command.do === "work") {
      const { keys, seed, options } = command;
      working = true;
      for (let reader = 0; reader < 3; reader++) void readForEver(keys, options, seeded(seed * 10 + reader));
      void writeForEver(keys, seeded(seed * 10 + 9));
    }
    if (command.do !== "get") return [];
    const { key, count, options } = command;
    return Promise.all(Array.from({ length: count }, () => cache.get(key, options, () => ask("load", key))));
  }

  process.on("message", (message: ToReplica) => {
    const { id } = message;
    if (message.type === "database") {
      asked.get(id)?.(message.value);
      asked.delete(id);
      return;
    }
    run(message.command).then(
      (values) => send({ type: "answer", id, values }),
      (error: Error) => send({ type: "answer", id, error: error.message }),
    );
  });
  process.on("disconnect", () => process.exit(0));
  // Ready when L2 is in use, or was found to be away.
  void cache.invalidate("ready").then(() => send({ type: "ready" }));
}
