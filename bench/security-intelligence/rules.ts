import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { compileRule, type CompiledRule } from "../../runtime/kernel/sigma/rule";
import { loadSigma } from "../../runtime/kernel/sigma/load";
import { RuleSet } from "../../runtime/kernel/sigma/rule-set";
import { EventView } from "../../runtime/kernel/sigma/view";
import { type BenchRow, median, spread } from "../contract";
import { generatedRules, processEvents } from "./generated-rules";
import { witnessOf } from "./witness";

const RULES = 3000;
const EVENTS = 20_000;
/** What tries every rule is too slow for as many. */
const NAIVE_EVENTS = 300;
const REPETITIONS = 5;
const LOGSOURCE = { product: "windows", category: "process_creation" };
const SPECIFICATION = resolve(__dirname, "../../../shared/data/security/secintel/sigma-spec/tests");

/** Sigma files of a folder: how many are accepted, and whether each rule fires on its example and not on its near misses. */
export function corpusRows(data: string | undefined): BenchRow[] {
  const folder = data ?? SPECIFICATION;
  if (!existsSync(folder)) return [];
  const documents = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((source) => ({ source, text: readFileSync(source, "utf8") }))
    // Other YAML lies in repositories of rules, too.
    .filter(({ text }) => /^(?:detection|correlation|filter):/m.test(text));
  if (documents.length === 0) return [];
  // One by one: the specification's correlations refer to rules that it does not give.
  const alone = documents.map(({ source, text }) => loadSigma([{ source, text }]));
  const refused = alone
    .flatMap((loaded) => loaded.refused)
    .filter(({ reason }) => !reason.includes("is not there, was refused"));
  for (const { source, reason } of refused.slice(0, 20)) process.stderr.write(`refused: ${source}: ${reason}\n`);
  const { rules } = loadSigma(documents);
  const judged = judge(rules);
  const work =
    data === undefined ? "the Sigma specification's schema tests" : `Sigma files of ${data.split("/").at(-1)}`;
  const row = (metric: string, better: "higher" | "lower", ours: number): BenchRow => ({
    work,
    metric,
    unit: "documents",
    better,
    ours,
    spread: 0,
    peers: {},
  });
  return [
    { ...row("documents_accepted", "higher", documents.length - refused.length), bound: documents.length },
    ...(rules.length === 0
      ? []
      : [{ ...row("rules_that_fire_on_their_example", "higher", judged.fired), bound: rules.length }]),
    ...(rules.length === 0 ? [] : [row("rules_that_fire_on_a_near_miss", "lower", judged.misfired)]),
  ];
}

/** Each rule's own example and near misses, looked for through the index among all rules of its source. */
function judge(rules: readonly CompiledRule[]): { fired: number; misfired: number } {
  const set = new RuleSet(rules);
  let [fired, misfired] = [0, 0];
  for (const rule of rules) {
    const fires = (event: object): boolean => set.match(new EventView(event), rule.logsource).includes(rule);
    const witness = witnessOf(rule);
    if (!witness) process.stderr.write(`no example found: ${rule.title}\n`);
    if (witness && fires(witness.positive)) fired++;
    if (witness?.nearMisses.some(fires)) misfired++;
  }
  return { fired, misfired };
}

/** Microseconds an event through many rules, beside trying each of them. */
export function ruleCostRows(): BenchRow[] {
  const rules = generatedRules(RULES, 5).map((text) => compileRule(text));
  const set = new RuleSet(rules);
  const events = processEvents(EVENTS, 6);
  const { fired, misfired } = judge(rules);
  if (fired !== RULES || misfired > 0)
    throw new Error(`${fired} of ${RULES} generated rules fire, ${misfired} on a near miss`);
  const ours: number[] = [];
  const naive: number[] = [];
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    let found = 0;
    ours.push(microseconds(events, (event) => void (found += set.match(new EventView(event), LOGSOURCE).length)));
    const some = events.slice(repetition * NAIVE_EVENTS, (repetition + 1) * NAIVE_EVENTS);
    naive.push(microseconds(some, (event) => void (found += rules.filter((rule) => rule.matches(event)).length)));
  }
  return [
    {
      work: `one event through ${RULES} generated rules (synthetic, of the shape of public ones)`,
      metric: "us_per_event",
      unit: "us",
      better: "lower",
      ours: median(ours),
      spread: spread(ours),
      peers: { "every rule tried": median(naive) },
    },
  ];
}

function microseconds<T>(items: readonly T[], work: (item: T) => void): number {
  const before = process.cpuUsage();
  for (const item of items) work(item);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / items.length;
}
