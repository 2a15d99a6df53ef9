import type { BenchRow } from "../contract";
import { pause } from "./database";
import { LIBRARIES, type Library, open } from "./libraries";

const CONNECT = 200;
const WARM = 5;
const SUSTAINED_MILLISECONDS = 3000;

interface Figures {
  opened: number;
  lastMilliseconds: number;
  queries: number;
  openedSustained: number;
}

/** Five connections at work, then 100 borrowers: for one query each, and for queries without end. */
export async function spike(): Promise<BenchRow[]> {
  const figures = new Map<Library, Figures>();
  for (const library of LIBRARIES) {
    const burst = await measure(library, false);
    const sustained = await measure(library, true);
    figures.set(library, { ...burst, queries: sustained.queries, openedSustained: sustained.opened });
  }
  const row = (
    work: string,
    metric: keyof Figures,
    name: string,
    unit: string,
    better: BenchRow["better"],
    bound?: number,
  ): BenchRow => {
    const values = Object.fromEntries([...figures].map(([library, all]) => [library, all[metric]]));
    const { ours, ...peers } = values;
    return { work, metric: name, unit, better, ours: ours!, spread: 0, peers, ...(bound !== undefined && { bound }) };
  };
  const burst = `spike: 5 connections, 95 more borrowers for one query of 10 ms each, a connect takes ${CONNECT} ms`;
  const sustained = `spike: 5 connections, then 100 borrowers for ${SUSTAINED_MILLISECONDS / 1000} s, a connect takes ${CONNECT} ms`;
  return [
    row(burst, "opened", "connections_opened", "connections", "lower", 0),
    row(burst, "lastMilliseconds", "last_served_ms", "ms", "lower"),
    row(sustained, "queries", "queries_served", "queries", "higher"),
    row(sustained, "openedSustained", "connections_opened", "connections", "lower", 95),
  ];
}

async function measure(
  library: Library,
  isSustained: boolean,
): Promise<{ opened: number; lastMilliseconds: number; queries: number }> {
  let opened = 0;
  const connect = async (): Promise<{ id: number }> => {
    const id = ++opened;
    await pause(CONNECT);
    return { id };
  };
  const pool = open(library, { create: connect, minimum: WARM, maximum: 100 });
  const use = async (): Promise<void> => {
    const loan = await pool.acquire();
    await pause(10);
    pool.release(loan);
  };
  pool.warm();
  await pause(CONNECT + 50);
  // Five borrowers were at work before the spike.
  for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: WARM }, use));
  const before = opened;
  const start = performance.now();
  let queries = 0;
  const borrow = async (): Promise<void> => {
    do {
      await use();
      queries += 1;
    } while (isSustained && performance.now() - start < SUSTAINED_MILLISECONDS);
  };
  await Promise.all(Array.from({ length: isSustained ? 100 : 95 }, borrow));
  const lastMilliseconds = performance.now() - start;
  await pause(CONNECT + 50); // connects that nobody needs any more count as well
  return { opened: opened - before, lastMilliseconds, queries };
}
