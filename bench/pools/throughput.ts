import { type BenchRow, median, spread } from "../contract";
import { LIBRARIES, type Library, open } from "./libraries";

const PAIRS = 200_000;
const REPETITIONS = 9;
const WARM_UPS = 2;

/** Pairs of acquire and release for each second of CPU time, the libraries taking turns. */
export async function throughput(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const borrowers of [50, 1]) {
    const samples = new Map<Library, number[]>(LIBRARIES.map((library) => [library, []]));
    for (let repetition = -WARM_UPS; repetition < REPETITIONS; repetition++) {
      for (const library of LIBRARIES) {
        const figure = await pairsPerCpuSecond(library, borrowers);
        if (repetition >= 0) samples.get(library)!.push(figure);
      }
    }
    rows.push(rowOf(`max 10, ${borrowers} borrower${borrowers === 1 ? " (uncontended)" : "s"}`, samples));
  }
  return rows;
}

async function pairsPerCpuSecond(library: Library, borrowers: number): Promise<number> {
  let id = 0;
  const pool = open(library, { create: async () => ({ id: ++id }), maximum: 10 });
  let left = PAIRS;
  const borrow = async (): Promise<void> => {
    while (left-- > 0) {
      const loan = await pool.acquire();
      await Promise.resolve(); // held for a turn of the microtask queue, so that others have to wait
      pool.release(loan);
    }
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: borrowers }, borrow));
  const { user, system } = process.cpuUsage(before);
  return (PAIRS * 1e6) / (user + system);
}

function rowOf(work: string, samples: ReadonlyMap<Library, number[]>): BenchRow {
  const { ours, ...peers } = Object.fromEntries([...samples].map(([library, values]) => [library, median(values)]));
  return {
    work,
    metric: "acquire_release_per_cpu_second",
    unit: "1/s",
    better: "higher",
    ours: ours!,
    spread: spread(samples.get("ours")!),
    peers,
  };
}
