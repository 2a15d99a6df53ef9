import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Level } from "../runtime/kernel/http-inspection/inspection";
import { createSignatures } from "../runtime/kernel/http-inspection/signatures";
import { type BenchRow, median, spread } from "./contract";
import { type BenignRequest, benignRequests } from "./http-attacks/benign";
import { askCoraza, type CorazaAnswer, type Inspected } from "./http-attacks/coraza";
import { isAttackGroup, type LabelledRequest, readCrs } from "./http-attacks/crs";
import { isMalformed } from "./http-attacks/gateway";
import { paranoiaOf } from "./http-attacks/paranoia";
import { variedRequests } from "./http-attacks/varied";
import { WORST_CHARS, worstRequests } from "./http-attacks/worst";

export const name = "http-attacks";

/**
 * Attack rules on the regression requests of CRS, on honest traffic, and in time; beside Coraza with CRS where
 * MNO_BENCH_CORAZA names a program (http-attacks/coraza.ts says which).
 *
 * Positive: a request for which CRS expects a rule of an attack family to fire, REQUEST-911 to REQUEST-944 without 920.
 * Negative: a request of which CRS says only that one rule stays quiet. Out: RESPONSE-95x and 980 (bodies of responses, the
 * log), 949 and 999 (CRS's own scoring), tests with a status or a log text only; 920 (how a server enforces the protocol) is
 * counted in a row of its own.
 *
 * A negative is no promise of honesty: it says nothing of other rules, and many are attacks that another test expects to be
 * found. `as labelled` takes all of them. `paranoia level 1 to n` asks what CRS asks of itself at that level: attacks are those
 * whose rules speak there, and honest is what is no attack in another test and, where Coraza runs, what CRS itself lets pass
 * at that level (so that Coraza's own share of false positives is 0 there by definition, and its balanced accuracy a ceiling).
 * `the whole gateway` adds what the gateway refuses before any rule is asked, because two servers could read it in two ways.
 *
 * `seen` and `unseen` are halves by the hash of the file's name: the rules were written with the requests of the first in
 * sight. Of the other no request was, but its figures per rule of CRS were looked at again and again and steered what was
 * written next, as did what is known of CRS's rules: it is a milder test than requests that nobody here has counted.
 */
export async function run({ data }: { data?: string }): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const folder = crsFolder(data);
  if (folder === undefined)
    say("The regression requests of CRS are absent: give --data DIR with http-attacks/crs or tests/regression in it.");
  else rows.push(...crsRows(folder));
  const benign = benignRequests(1_000, 20_261_124);
  const answers = askCoraza(benign);
  rows.push(...benignRows("honest traffic", benign, answers));
  const varied = variedRequests(1_000, 20_261_125);
  rows.push(...benignRows("honest traffic that sounds like attacks", varied, askCoraza(varied)));
  const worst = worstRequests();
  rows.push(
    ...timeRows("honest traffic", benign, answers),
    ...timeRows(`worst inputs, ${WORST_CHARS / 1_000} KB each`, worst, askCoraza(worst), 3),
  );
  return rows;
}

const LEVELS: readonly Level[] = ["standard", "high", "strict"];

function crsFolder(data: string | undefined): string | undefined {
  const shared = resolve(__dirname, "..", "..", "shared", "data", "security");
  const candidates =
    data === undefined
      ? [join(shared, "http-attacks", "crs")]
      : [data, join(data, "crs"), join(data, "http-attacks", "crs"), join(data, "security", "http-attacks", "crs")];
  return candidates.find((folder) => existsSync(join(folder, "tests", "regression", "tests")));
}

interface Rates {
  balanced: number;
  truePositive: number;
  falsePositive: number;
}

function rates(requests: readonly LabelledRequest[], refused: (request: LabelledRequest) => boolean): Rates {
  const positives = requests.filter(({ attack }) => attack);
  const negatives = requests.filter(({ attack }) => !attack);
  const share = (list: readonly LabelledRequest[]): number => list.filter(refused).length / Math.max(1, list.length);
  const truePositive = share(positives);
  const falsePositive = share(negatives);
  return {
    balanced: (truePositive + 1 - falsePositive) / 2,
    truePositive: truePositive * 100,
    falsePositive: falsePositive * 100,
  };
}

type Refused = (request: LabelledRequest) => boolean;

function crsRows(folder: string): BenchRow[] {
  const { requests, excluded } = readCrs(folder);
  for (const { reason, count } of excluded) say(`left out: ${count} stages ${reason}`);
  const coraza = askCoraza(requests);
  if (coraza === undefined) say("Coraza is absent: set MNO_BENCH_CORAZA to have its figures beside ours.");
  const attacks = requests.filter(({ group }) => isAttackGroup(group));
  say(`${attacks.length} requests of attack families, ${requests.length} with 920`);
  const malformed = new Set(requests.filter(isMalformed).map(({ id }) => id));
  const peers = [0, 1, 2, 3].map((index): [string, Refused] => [
    `Coraza PL${index + 1}`,
    ({ id }) => coraza?.get(id)?.blocked[index] === true,
  ]);
  const ours = LEVELS.map((level) => {
    const signatures = createSignatures({ level });
    const refused = new Set(
      requests.filter(({ request, body }) => signatures.inspect(request, body).refused).map(({ id }) => id),
    );
    return { level, refused };
  });
  const rowsOf = (label: string, set: readonly LabelledRequest[], whole = false): BenchRow[] =>
    ours.flatMap(({ level, refused }) =>
      rateRows(
        `CRS requests, ${label}, level ${level}`,
        rates(set, ({ id }) => refused.has(id) || (whole && malformed.has(id))),
        coraza === undefined ? [] : peers.map(([name, refuses]) => [name, rates(set, refuses)] as const),
      ),
    );
  const halves = (label: string, set: readonly LabelledRequest[]): BenchRow[] =>
    (["seen", "unseen"] as const).flatMap((half) =>
      rowsOf(
        `${label}, ${half} half`,
        set.filter((one) => one.half === half),
      ),
    );
  return [
    ...[1, 2, 3, 4].flatMap((paranoia) => {
      const contested = contestedOf(requests, coraza, paranoia);
      const set = attacks.filter(({ id, attack, rules }) =>
        attack ? paranoiaOf(rules) <= paranoia : !contested.has(id),
      );
      const label = `paranoia level ${paranoia === 1 ? "1" : `1 to ${paranoia}`}`;
      return [...rowsOf(label, set), ...halves(label, set), ...rowsOf(`${label}, the whole gateway`, set, true)];
    }),
    ...rowsOf("as labelled", attacks),
    ...halves("as labelled", attacks),
    ...rowsOf("as labelled, with protocol enforcement (920), the whole gateway", requests, true),
  ];
}

function rateRows(work: string, ours: Rates, peers: readonly (readonly [string, Rates])[]): BenchRow[] {
  const row = (metric: string, unit: string, better: "higher" | "lower", of: (rates: Rates) => number): BenchRow => ({
    work,
    metric,
    unit,
    better,
    ours: of(ours),
    spread: 0,
    peers: Object.fromEntries(peers.map(([peer, theirs]) => [peer, of(theirs)])),
  });
  return [
    row("false_positive_percent", "percent", "lower", (one) => one.falsePositive),
    row("true_positive_percent", "percent", "higher", (one) => one.truePositive),
    row("balanced_accuracy", "share", "higher", (one) => one.balanced),
  ];
}

/** Ids of negatives that are positives elsewhere, or that CRS itself refuses at a paranoia level. */
function contestedOf(
  requests: readonly LabelledRequest[],
  coraza: ReadonlyMap<string, CorazaAnswer> | undefined,
  paranoia: number,
): Set<string> {
  const content = ({ request, body }: LabelledRequest): string => {
    const { "user-agent": agent, referer, cookie } = request.headers;
    return JSON.stringify([
      request.target.replace(/^\/[^?]*/, ""),
      body?.toString("latin1") ?? "",
      agent,
      referer,
      cookie,
    ]);
  };
  const positives = new Set(requests.filter(({ attack }) => attack).map(content));
  return new Set(
    requests
      .filter(
        (one) => !one.attack && (positives.has(content(one)) || coraza?.get(one.id)?.blocked[paranoia - 1] === true),
      )
      .map(({ id }) => id),
  );
}

function benignRows(
  work: string,
  benign: readonly BenignRequest[],
  coraza: ReadonlyMap<string, CorazaAnswer> | undefined,
): BenchRow[] {
  const percent = (list: readonly boolean[]): number => (100 * list.filter(Boolean).length) / list.length;
  const peers =
    coraza === undefined
      ? {}
      : Object.fromEntries(
          [0, 1, 2, 3].map((level) => [
            `Coraza PL${level + 1}`,
            percent(benign.map(({ id }) => coraza.get(id)?.blocked[level] === true)),
          ]),
        );
  return LEVELS.map((level) => {
    const signatures = createSignatures({ level });
    return {
      work: `${work}, ${benign.length} requests (synthetic), level ${level}`,
      metric: "false_positive_percent",
      unit: "percent",
      better: "lower" as const,
      ours: percent(benign.map(({ request, body }) => signatures.inspect(request, body).refused)),
      spread: 0,
      peers,
    };
  });
}

/** Microseconds a request at the default level; the first pass warms the compiler, and each pass has a memory of its own. */
function timeRows(
  work: string,
  requests: readonly Inspected[],
  coraza: ReadonlyMap<string, CorazaAnswer> | undefined,
  passes = 5,
): BenchRow[] {
  const measured: { p50: number; p99: number }[] = [];
  for (let pass = 0; pass <= passes; pass++) {
    const signatures = createSignatures();
    const times = requests.map(({ request, body }) => {
      const start = process.hrtime.bigint();
      signatures.inspect(request, body);
      return Number(process.hrtime.bigint() - start) / 1_000;
    });
    times.sort((a, b) => a - b);
    const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))]!;
    if (pass > 0) measured.push({ p50: at(0.5), p99: at(0.99) });
  }
  return (["p50", "p99"] as const).map((quantile) => {
    const values = measured.map((one) => one[quantile]);
    const peers =
      coraza === undefined
        ? {}
        : Object.fromEntries(
            [0, 1, 2, 3].map((level) => {
              const times = [...coraza.values()].map(({ us }) => us[level]!).sort((a, b) => a - b);
              return [
                `Coraza PL${level + 1}`,
                times[Math.min(times.length - 1, Math.floor(times.length * (quantile === "p50" ? 0.5 : 0.99)))]!,
              ];
            }),
          );
    return {
      work: `${work}, ${quantile}`,
      metric: "us_per_request",
      unit: "us",
      better: "lower" as const,
      ours: median(values),
      spread: spread(values),
      peers,
    };
  });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
