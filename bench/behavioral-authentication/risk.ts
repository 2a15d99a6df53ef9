import { seeded } from "../../runtime/kernel/random";
import {
  calibrate,
  priorCalibration,
  probabilityOf,
  reliability,
} from "../../runtime/security/behavioral-authentication/trust/calibration";
import { conformalThreshold } from "../../runtime/security/behavioral-authentication/trust/thresholds";
import { type BenchRow, median, spread } from "../contract";
import { type Attacker, ATTACKERS, type Login, populate, type Shape } from "./population";
import { Freeman, Ours, type RiskMethod, Simple } from "./risk-methods";

/** Populations of different sizes and habits; what was tried while the engine was written had the seeds 1 to 9. */
const SHAPES: readonly Omit<Shape, "seed">[] = [
  { name: "consumers", users: 4000, days: 240, loginsPerDay: 0.03, office: 0.1, vpn: 0.03, abroad: 0.01 },
  { name: "employees", users: 400, days: 120, loginsPerDay: 0.8, office: 0.8, vpn: 0.2, abroad: 0.03 },
  { name: "travellers", users: 800, days: 180, loginsPerDay: 0.2, office: 0.3, vpn: 0.3, abroad: 0.15 },
];
const SEEDS = [101, 102, 103];
/** Before it nothing is judged. */
const WARM_UP = 0.5;
/** Attacks of each kind per login of the users. */
const ATTACKS = 0.3;
const OURS = "ours";

interface Scores {
  genuine: number[];
  attacks: Record<Attacker, number[]>;
}

export interface Curve {
  method: string;
  attacker: Attacker;
  /** Share of the users' own logins that are asked for another factor -> share of attacks that are. */
  points: { reauthenticated: number; blocked: number }[];
}

export interface RiskResult {
  rows: BenchRow[];
  /** Of the first shape and seed. */
  curves: Curve[];
}

/** All figures on SYNTHETIC populations (population.ts): the same logins and attacks for every method, in the order of time. */
export function riskRows(seeds: readonly number[] = SEEDS): RiskResult {
  const rows: BenchRow[] = [];
  let curves: Curve[] = [];
  for (const shape of SHAPES) {
    const runs = seeds.map((seed) => replay({ ...shape, seed }));
    if (curves.length === 0) curves = curvesOf(runs[0]!);
    const work = `synthetic ${shape.name} (${String(shape.users)} users, ${String(runs[0]![OURS]!.genuine.length)} logins judged)`;
    for (const attacker of ATTACKERS) {
      const figures = (of: (scores: Scores) => number) => perMethod(runs, of);
      rows.push(
        row(
          `${work}, ${attacker} attackers`,
          "blocked_percent_at_5_reauth",
          "higher",
          figures((scores) => blockedAt(scores, attacker, 0.05)),
        ),
        row(
          `${work}, ${attacker} attackers`,
          "reauth_percent_at_90_blocked",
          "lower",
          figures((scores) => reauthenticatedAt(scores, attacker, 0.9)),
        ),
        row(
          `${work}, ${attacker} attackers`,
          "reauth_percent_at_99_blocked",
          "lower",
          figures((scores) => reauthenticatedAt(scores, attacker, 0.99)),
        ),
      );
    }
    rows.push(
      ...trustRows(
        work,
        runs.map((run) => run[OURS]!),
      ),
    );
  }
  return { rows, curves };
}

type Run = Record<string, Scores>;

function replay(shape: Shape): Run {
  const { logins, attack } = populate(shape);
  const begin = logins[0]!.time;
  const methods: Record<string, RiskMethod> = {
    [OURS]: new Ours(begin),
    "ours without RTT": new Ours(begin, { rtt: false }),
    "Freeman/das-group": new Freeman(),
    SIMPLE: new Simple(),
  };
  const names = Object.keys(methods);
  const scores: Run = Object.fromEntries(
    names.map((name) => [name, { genuine: [], attacks: { naive: [], VPN: [], targeted: [] } }]),
  );
  const random = seeded(shape.seed ^ 0xa77ac);
  const lastOf = new Map<number, Login>();
  const victims: number[] = [];
  logins.forEach((login, index) => {
    const judged = index >= WARM_UP * logins.length;
    // Of a user without history no method knows anything: the first login is asked for another factor by all.
    if (judged && lastOf.has(login.user))
      for (const name of names) scores[name]!.genuine.push(methods[name]!.score(login));
    for (const attacker of judged && random() < ATTACKS ? ATTACKERS : []) {
      const user = victims[Math.floor(random() * victims.length)]!;
      const forged = attack(attacker, user, login.time, lastOf.get(user)!);
      for (const name of names) scores[name]!.attacks[attacker].push(methods[name]!.score(forged));
    }
    for (const name of names) methods[name]!.learn(login);
    if (!lastOf.has(login.user)) victims.push(login.user);
    lastOf.set(login.user, login);
  });
  return scores;
}

/** Percent of the attacks at or above the threshold that `rate` of the genuine logins reach; ties are drawn by lot. */
function blockedAt({ genuine, attacks }: Scores, attacker: Attacker, rate: number): number {
  return 100 * reached(attacks[attacker], genuine, rate);
}

function reauthenticatedAt({ genuine, attacks }: Scores, attacker: Attacker, rate: number): number {
  return 100 * reached(genuine, attacks[attacker], rate);
}

/** Share of `scores` at or above the threshold at or above which `rate` of `reference` lie; of a tie the same part of both. */
function reached(scores: readonly number[], reference: readonly number[], rate: number): number {
  const sorted = Float64Array.from(reference).sort().reverse();
  const threshold = sorted[Math.min(Math.ceil(rate * sorted.length), sorted.length) - 1]!;
  const above = sorted.findIndex((value) => value <= threshold);
  const ties = sorted.filter((value) => value === threshold).length;
  const part = (rate * sorted.length - above) / ties;
  const over = scores.filter((value) => value > threshold).length;
  const equal = scores.filter((value) => value === threshold).length;
  return (over + part * equal) / scores.length;
}

function curvesOf(run: Run): Curve[] {
  const rates = [0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1];
  return Object.entries(run).flatMap(([method, scores]) =>
    ATTACKERS.map((attacker) => ({
      method,
      attacker,
      points: rates.map((rate) => ({ reauthenticated: rate, blocked: blockedAt(scores, attacker, rate) / 100 })),
    })),
  );
}

/** Calibration and the stated rate: fitted on the first half of what was judged, measured on the second. */
function trustRows(work: string, runs: readonly Scores[]): BenchRow[] {
  const judged = runs.map((scores) => {
    const all = [
      ...inOrder(scores.genuine, false),
      ...ATTACKERS.flatMap((attacker) => inOrder(scores.attacks[attacker], true)),
    ];
    const first = all.filter(({ at }) => at < 0.5);
    const second = all.filter(({ at }) => at >= 0.5);
    const prior = priorCalibration(0.001);
    const error = (calibration: typeof prior): number =>
      reliability(second.map((one) => ({ ...one, probability: probabilityOf(one.score, calibration) }))).error;
    const genuine = (part: typeof all): number[] => part.filter(({ fraud }) => !fraud).map(({ score }) => score);
    const threshold = conformalThreshold(
      genuine(first).sort((a, b) => a - b),
      0.05,
    )!;
    const asked = genuine(second).filter((score) => score > threshold).length / genuine(second).length;
    return { fitted: error(calibrate(first, prior)), prior: error(prior), asked: 100 * asked };
  });
  const of = (key: "fitted" | "prior" | "asked"): number[] => judged.map((one) => one[key]);
  return [
    row(`${work}, all attackers, labels of the first half`, "calibration_error", "lower", {
      [OURS]: of("fitted"),
      "prior, no labels": of("prior"),
    }),
    {
      ...row(`${work}, threshold for 5 % set on the first half`, "reauth_percent_at_stated_5", "lower", {
        [OURS]: of("asked"),
      }),
      bound: 5,
    },
  ];
}

const inOrder = (scores: readonly number[], fraud: boolean) =>
  scores.map((score, index) => ({ score, fraud, at: index / scores.length }));

const perMethod = (runs: readonly Run[], of: (scores: Scores) => number): Record<string, number[]> =>
  Object.fromEntries(Object.keys(runs[0]!).map((name) => [name, runs.map((run) => of(run[name]!))]));

function row(work: string, metric: string, better: "higher" | "lower", figures: Record<string, number[]>): BenchRow {
  const { [OURS]: own, ...others } = figures;
  const peers = Object.fromEntries(Object.entries(others).map(([name, values]) => [name, median(values)]));
  const unit = metric.includes("percent") ? "%" : "ratio";
  return { work, metric, unit, better, ours: median(own!), spread: median(own!) === 0 ? 0 : spread(own!), peers };
}
