import { seeded } from "../../../runtime/kernel/random";
import { type LoadedPolicies, loadPolicies } from "../../../runtime/security/zero-trust-gateway/policy/load";
import { type BenchRow, median, spread } from "../../contract";
import type { App } from "./app";
import { casbin } from "./casbin";
import { cedarWasm } from "./cedar-wasm";
import { type Contender, ours } from "./contender";
import { gdrive } from "./gdrive";
import { github } from "./github";
import { opa } from "./opa";
import { tinytodo } from "./tinytodo";

const APPS: readonly App[] = [github, gdrive, tinytodo];
const SIZES = [5, 20, 50];
/** Stores of each app and size, each with questions of its own. */
const STORES = 12;
/** Stores whose figures are not counted: the compiler warms up. */
const WARM_UP = 4;

/**
 * Each decision timed by itself, over generated stores; a store's percentiles are over its questions, and the row's figure is
 * the median over stores. Contenders take turns on each store, and must decide alike.
 */
export async function latencyRows(print: (text: string) => void): Promise<BenchRow[]> {
  const loaded = new Map<App, LoadedPolicies>();
  for (const app of APPS)
    loaded.set(app, loadPolicies({ sets: { [app.name]: { text: app.policies } }, schema: app.schema }));
  const compiled = opa();
  if (!compiled) print("there is no program opa to compile Rego with (on the PATH, or named by OPA): OPA is left out");
  const contenders = [
    ours((app) => loaded.get(app)!),
    cedarWasm("sliced entities"),
    cedarWasm("all entities"),
    casbin,
    ...(compiled ? [compiled] : []),
  ];
  const rows: BenchRow[] = [];
  for (const app of APPS) for (const n of SIZES) rows.push(...(await rowsOf(app, n, contenders, print)));
  return rows;
}

async function rowsOf(
  app: App,
  n: number,
  contenders: readonly Contender[],
  print: (text: string) => void,
): Promise<BenchRow[]> {
  const samples = new Map(contenders.map(({ name }) => [name, { p50: [] as number[], p99: [] as number[] }]));
  let [questions, allowed, entities] = [0, 0, 0];
  for (let index = 0; index < WARM_UP + STORES; index++) {
    const random = seeded(1000 * n + index);
    const store = app.store(n, random);
    entities = store.entities.length;
    const asked = Array.from({ length: 500 }, () => store.question(random));
    let expected: boolean[] | undefined;
    for (const contender of contenders) {
      const decide = await contender.open(app, store);
      if (!decide) continue;
      const mine = asked.slice(0, contender.questions);
      const decisions = mine.map((question) => decide(question)); // also what is made on first use
      expected ??= decisions;
      const differs = decisions.findIndex((decision, at) => decision !== expected![at]);
      if (differs >= 0)
        throw new Error(`${contender.name} decides otherwise on ${app.name}: ${JSON.stringify(mine[differs])}`);
      const microseconds = mine.map((question) => {
        const start = performance.now();
        decide(question);
        return (performance.now() - start) * 1000;
      });
      microseconds.sort((a, b) => a - b);
      if (index < WARM_UP) continue;
      const kept = samples.get(contender.name)!;
      kept.p50.push(microseconds[Math.floor(microseconds.length * 0.5)]!);
      kept.p99.push(microseconds[Math.min(microseconds.length - 1, Math.floor(microseconds.length * 0.99))]!);
    }
    questions += asked.length;
    allowed += expected!.filter(Boolean).length;
  }
  const work = `${app.name}, n = ${n}, ${entities} entities`;
  print(`${work}: ${((100 * allowed) / questions).toFixed(0)} % of the questions allowed`);
  return (["p50", "p99"] as const).map((percentile) => {
    const [mine, ...peers] = [...samples].filter(([, figures]) => figures.p50.length > 0);
    return {
      work,
      metric: `decision_${percentile}_us`,
      unit: "us",
      better: "lower",
      ours: median(mine![1][percentile]),
      spread: spread(mine![1][percentile]),
      peers: Object.fromEntries(peers.map(([name, figures]) => [name, median(figures[percentile])])),
    };
  });
}
