import { type BenchRow, median, spread } from "../contract";
import { FakeDatabase, pause, percentile } from "./database";
import { seeded } from "../../runtime/kernel/random";
import { LIBRARIES, type Library, open } from "./libraries";

const BORROWERS = [1, 10, 50, 100, 500];
const REPETITIONS = 3;
const WARM_UP = 200;
const MILLISECONDS = 700;
/** What the database works on at once. */
const KNEE = 8;

/** The 99th percentile of the wait for one of 10 connections, by how many borrow. */
export async function waits(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const borrowers of BORROWERS) {
    const samples = new Map<Library, number[]>(LIBRARIES.map((library) => [library, []]));
    for (let repetition = 1; repetition <= REPETITIONS; repetition++) {
      for (const library of LIBRARIES) samples.get(library)!.push(await p99(library, borrowers, repetition));
    }
    const { ours, ...peers } = Object.fromEntries([...samples].map(([library, values]) => [library, median(values)]));
    const work = `wait for one of 10 connections of 10 ms each (knee ${KNEE}), ${borrowers} borrowers`;
    rows.push({
      work,
      metric: "p99_wait_ms",
      unit: "ms",
      better: "lower",
      ours: ours!,
      spread: spread(samples.get("ours")!),
      peers,
    });
  }
  return rows;
}

async function p99(library: Library, borrowers: number, seed: number): Promise<number> {
  const database = new FakeDatabase(KNEE, seeded(seed));
  const pool = open(library, { create: () => database.connect(), maximum: 10 });
  const waited: number[] = [];
  let isRunning = true;
  const borrow = async (): Promise<void> => {
    while (isRunning) {
      const start = performance.now();
      const loan = await pool.acquire();
      waited.push(performance.now() - start);
      await database.query();
      pool.release(loan);
    }
  };
  const all = Array.from({ length: borrowers }, borrow);
  await pause(WARM_UP);
  waited.length = 0;
  await pause(MILLISECONDS);
  isRunning = false;
  await Promise.all(all);
  return percentile(waited, 0.99);
}
