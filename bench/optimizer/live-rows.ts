import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { bulkhead } from "cockatiel";
import { Pool } from "undici";
import { monotonicClock } from "../../runtime/kernel/clock";
import { AdaptiveLimit } from "../../runtime/kernel/concurrency-limit/adaptive";
import { ConcurrencyGate } from "../../runtime/kernel/concurrency-limit/gate";
import { Gradient2Limit } from "../../runtime/kernel/concurrency-limit/gradient2";
import type { ConcurrencyLimit } from "../../runtime/kernel/concurrency-limit/limit";
import { Limiter } from "../../runtime/kernel/concurrency-limit/limiter";
import { WindowedLimit } from "../../runtime/kernel/concurrency-limit/windowed";
import { type BenchRow, median, spread } from "../contract";
import { seeded } from "../../runtime/kernel/random";
import { exponential } from "../balancer/random";
import { percentile } from "./limit-rows";

const SLOTS = [16, 8] as const;
const SERVICE_MILLISECONDS = 40;
/** Requests a second: 1.4 times the first capacity. */
const RATE = (1.4 * SLOTS[0] * 1000) / SERVICE_MILLISECONDS;
/** Seconds until the capacity changes, and until the end; the first few are not measured. */
const CHANGE = 12;
const END = 24;
const WARM = 5;
const REPETITIONS = 2;

interface Front {
  run(work: () => Promise<unknown>): Promise<unknown>;
  /** undefined where it has none of its own to find. */
  limit?: () => number;
}

function gate(limit: ConcurrencyLimit, queue: boolean): Front {
  const front = new ConcurrencyGate(new Limiter(limit, { queue }), monotonicClock);
  return { run: (work) => front.run(work), limit: () => limit.limit };
}

/** cockatiel is told the first knee, and has a queue as long as ours may become. */
const FRONTS: Record<string, () => Front> = {
  ours: () => gate(new AdaptiveLimit(), true),
  gradient2: () => gate(new WindowedLimit(new Gradient2Limit()), false),
  "cockatiel bulkhead(16)": () => {
    const policy = bulkhead(SLOTS[0], 20);
    return { run: (work) => policy.execute(work) };
  },
};

interface Figures {
  goodput: number;
  p99: number;
  /** Mean distance to the knee in percent, of those that look for it. */
  error: number | undefined;
}

/** Live: HTTP to a process that waits for timers, open loop, capacity halved in the middle; contenders in turn. */
export async function liveLimitRows(print: (text: string) => void): Promise<BenchRow[]> {
  const figures = new Map<string, Figures[]>(Object.keys(FRONTS).map((name) => [name, []]));
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    for (const [name, make] of Object.entries(FRONTS)) {
      figures.get(name)!.push(await drive(make(), repetition));
      print(`limits, live: ${name}, repetition ${String(repetition + 1)}`);
    }
  }
  const row = (metric: string, unit: string, better: BenchRow["better"], of: (one: Figures) => number | undefined) => {
    const values = (name: string): number[] =>
      figures
        .get(name)!
        .map(of)
        .filter((one) => one !== undefined);
    const peers = Object.keys(FRONTS).filter((name) => name !== "ours" && values(name).length > 0);
    return {
      work: `live: ${SLOTS.join(", then ")} slots of ${String(SERVICE_MILLISECONDS)} ms (exponential), load 1.4`,
      metric,
      unit,
      better,
      ours: median(values("ours")),
      spread: spread(values("ours")),
      peers: Object.fromEntries(peers.map((name) => [name, median(values(name))])),
    };
  };
  return [
    row("goodput_percent", "% of the capacity", "higher", ({ goodput }) => goodput),
    row("p99_ms", "ms", "lower", ({ p99 }) => p99),
    row("limit_error_percent", "% of the knee", "lower", ({ error }) => error),
  ];
}

async function drive(front: Front, repetition: number): Promise<Figures> {
  const server = fork(join(__dirname, "timer-server.ts"), [String(SERVICE_MILLISECONDS), String(SLOTS[0])], {
    execArgv: ["-r", "ts-node/register/transpile-only"],
  });
  try {
    const [{ port }] = (await once(server, "message")) as [{ port: number }];
    const pool = new Pool(`http://127.0.0.1:${String(port)}`, { connections: 1000, pipelining: 1 });
    try {
      return await load(front, pool, server, seeded(repetition + 1));
    } finally {
      await pool.destroy();
    }
  } finally {
    const gone = once(server, "exit");
    server.disconnect();
    await gone;
  }
}

async function load(front: Front, pool: Pool, server: ChildProcess, random: () => number): Promise<Figures> {
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  const measured = (at: number): boolean => at >= WARM && at < END && !(at >= CHANGE && at < CHANGE + WARM);
  const latencies: number[] = [];
  const errors: number[] = [];
  const open = new Set<Promise<unknown>>();
  let done = 0;
  const send = (dueAt: number): void => {
    const request = front
      .run(async () => {
        const { body } = await pool.request({ path: "/", method: "GET" });
        await body.dump();
      })
      .then(
        () => {
          if (measured(seconds())) done += 1;
          if (measured(dueAt)) latencies.push((seconds() - dueAt) * 1000);
        },
        () => undefined, // turned away
      )
      .finally(() => open.delete(request));
    open.add(request);
  };
  let changed = false;
  // Open loop: what is due is sent, however late the timer is.
  for (let due = 0; due < END;) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    const now = seconds();
    for (; due <= now && due < END; due += exponential(random, 1 / RATE)) send(due);
    if (!changed && now >= CHANGE) {
      server.send({ slots: SLOTS[1] });
      changed = true;
    }
    if (front.limit && measured(now)) errors.push(Math.abs(front.limit() / SLOTS[now < CHANGE ? 0 : 1] - 1) * 100);
  }
  const span = [CHANGE - WARM, END - CHANGE - WARM];
  const capacity = SLOTS.reduce((sum, slots, index) => sum + (slots * 1000 * span[index]!) / SERVICE_MILLISECONDS, 0);
  await pool.close();
  await Promise.all(open);
  return {
    goodput: (done / capacity) * 100,
    p99: percentile(latencies, 0.99),
    error: errors.length === 0 ? undefined : errors.reduce((sum, one) => sum + one, 0) / errors.length,
  };
}
