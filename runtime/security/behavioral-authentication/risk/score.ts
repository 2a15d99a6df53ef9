import { baseProbability, levelLift, type LevelCounts } from "../history/chain";
import type { Dimension, History } from "../history/history";
import { type Attempt, hourOf, NO_DEVICE, pathsOf, rttClass } from "./features";

/** What one aspect of an attempt says. */
export interface Factor {
  name: string;
  /** ln of the likelihood ratio: above 0 speaks for an attack. */
  contribution: number;
  detail: string;
}

/** Time of day and round-trip time depend on the rest, and vary with good reason. */
const WEAK_LIMIT = 1.5;
/** That somebody else shows this very device id, and that somebody shows none. */
const DEVICE_GUESSED = 0.01;
const DEVICE_ABSENT = 0.9;
/** ln of what a VPN, proxy or hosting network makes of the odds: some users have one, most who try passwords do. */
const ANONYMOUS_EVIDENCE = 1;
/** Frauds that the history of frauds needs before it says half of what it could. */
const FRAUD_CONCENTRATION = 10;
const FRAUD_LIMIT = 3;
/** How far the frequency of a user's logins, beside the mean user's, may move the odds. */
const FREQUENCY_LIMIT = 2;

/**
 * Pseudo-observations of each level (chain.ts): people have one country and one system, few networks and browsers, and again and
 * again another address or version.
 */
const CONCENTRATION: Readonly<Record<Dimension, readonly number[]>> = {
  network: [0.1, 0.5, 1],
  client: [0.1, 0.1, 0.3, 1],
  device: [0.5],
  hour: [1],
  rtt: [1],
};

/**
 * Share of attackers who bring at each level what the user brings, because they know it: a relay in the right country is for
 * sale, one in the right network is harder to find, the very address hardly ever; a user agent is sent to every phishing page.
 */
const IMITATION: Readonly<Record<Dimension, readonly number[]>> = {
  network: [0.5, 0.1, 0.01],
  client: [0.3, 0.3, 0.3, 0.3],
  device: [0.01],
  hour: [0.5],
  rtt: [0.2],
};

export interface Histories {
  /** Attempts of this user that count. */
  user: History;
  /** Those of all users. */
  all: History;
  /** Confirmed frauds. */
  fraud: History;
  /** Users that have a history. */
  users: number;
}

/**
 * The aspects of an attempt that are told by where, with what and when, after Freeman et al. 2016 (NDSS): likelihood of each
 * under an attack over that under this user. Attackers bring what users at large bring, and what frauds brought before.
 * Every factor is 0 while the user has no history.
 */
export function contextFactors({ user, all, fraud, users }: Histories, attempt: Attempt): Factor[] {
  const { time: now, place, agent, rttMs } = attempt;
  const paths = pathsOf(attempt);
  const logins = user.logins(now);
  const hierarchical = (dimension: Dimension): [lift: number, levels: LevelCounts[]] => {
    const path = paths[dimension]!;
    const levels = user.of(dimension).counts(path, now);
    const bases = all.of(dimension).counts(path, now).map(baseProbability);
    const lift = levels.reduce((sum, level, depth) => sum + lifted(dimension, depth, level, bases[depth]!), 0);
    return [lift - fraudLift(dimension), levels];
  };
  const fraudLift = (dimension: Dimension): number => {
    const frauds = fraud.logins(now);
    if (frauds === 0) return 0;
    const path = paths[dimension]!;
    const known = all.of(dimension).counts(path, now).map(baseProbability);
    const ratios = fraud.of(dimension).counts(path, now);
    const lift = ratios.reduce(
      (sum, { value, parent }, depth) =>
        sum + Math.log((value / known[depth]! + FRAUD_CONCENTRATION) / (parent + FRAUD_CONCENTRATION)),
      0,
    );
    return Math.min(Math.max(lift, 0), FRAUD_LIMIT);
  };
  const [network, networkLevels] = hierarchical("network");
  const [client, clientLevels] = hierarchical("client");
  const where = `${place.country ?? "country not known"}, ${place.asn === undefined ? "network not known" : `AS${String(place.asn)}`}`;
  const factors: Factor[] = [
    {
      name: "network",
      contribution: -network + (place.anonymous === true ? ANONYMOUS_EVIDENCE : 0),
      detail: `${where}${place.anonymous === true ? ", anonymising" : ""}: ${familiarity(networkLevels, ["country", "network", "address"], logins)}`,
    },
    {
      name: "client",
      contribution: -client,
      detail: `${agent.browser} on ${agent.os}: ${familiarity(clientLevels, ["kind of device", "system", "browser", "user agent"], logins)}`,
    },
    deviceFactor(user, paths.device![0]!, now, logins),
    { ...frequencyFactor(logins, all.logins(now), users) },
    neighbourly("time", user, all, "hour", hourNeighbours(now), now, `at ${hourOf(now)} h UTC`),
  ];
  if (rttMs !== undefined) {
    const at = rttClass(rttMs);
    const neighbours: Neighbours = [String(at), String(at - 1), String(at + 1)];
    factors.push(neighbourly("rtt", user, all, "rtt", neighbours, now, `about ${String(Math.round(rttMs))} ms`));
  }
  return factors;
}

/**
 * ln of the user's likelihood over that of attackers, of whom some imitate the user and the others bring what users at large
 * bring: r / ((1 - ε) + ε r), with r the user's likelihood over that of all.
 */
function lifted(dimension: Dimension, depth: number, user: LevelCounts, base: number): number {
  const lift = levelLift(user, base, CONCENTRATION[dimension][depth]!);
  const imitation = IMITATION[dimension][depth]!;
  return -Math.log((1 - imitation) * Math.exp(-lift) + imitation);
}

function deviceFactor(user: History, device: string, now: number, logins: number): Factor {
  const [level] = user.of("device").counts([device], now) as [LevelCounts];
  const base = device === NO_DEVICE ? DEVICE_ABSENT : DEVICE_GUESSED;
  const contribution = -lifted("device", 0, level, base);
  const known =
    level.value > 0 ? `known from ${level.value.toFixed(1)} of ${logins.toFixed(1)} logins` : "not seen before";
  return { name: "device", contribution, detail: device === NO_DEVICE ? `no device id: ${known}` : `device ${known}` };
}

/** All users are attacked alike, but do not log in alike: p(u | attack) / p(u | legitimate) of Freeman et al. */
function frequencyFactor(logins: number, all: number, users: number): Factor {
  const mean = users === 0 ? 0 : all / users;
  const ratio = logins > 0 && mean > 0 ? Math.log(mean / logins) : 0;
  return {
    name: "frequency",
    contribution: Math.max(-FREQUENCY_LIMIT, Math.min(ratio, FREQUENCY_LIMIT)),
    detail: `${logins.toFixed(1)} logins that count, ${mean.toFixed(1)} of the mean user`,
  };
}

/** The value itself, and those beside it, which count half as much. */
type Neighbours = readonly [string, string, string];

function neighbourly(
  name: string,
  user: History,
  all: History,
  dimension: Dimension,
  neighbours: Neighbours,
  now: number,
  what: string,
): Factor {
  const smoothed = (history: History): LevelCounts => {
    const counts = neighbours.map((value) => history.of(dimension).counts([value], now)[0]!);
    const [at, before, after] = counts as [LevelCounts, LevelCounts, LevelCounts];
    return { ...at, value: at.value / 2 + (before.value + after.value) / 4 };
  };
  const own = smoothed(user);
  const lift = lifted(dimension, 0, own, baseProbability(smoothed(all)));
  const about = neighbours.reduce((sum, value) => sum + user.of(dimension).counts([value], now)[0]!.value, 0);
  const share =
    own.parent > 0 ? `${((100 * about) / own.parent).toFixed(0)} % of the user's logins are so` : "no history";
  return { name, contribution: -Math.max(-WEAK_LIMIT, Math.min(lift, WEAK_LIMIT)), detail: `${what}: ${share}` };
}

function hourNeighbours(time: number): Neighbours {
  const [day, hour] = hourOf(time).split(" ") as [string, string];
  const beside = (offset: number): string => `${day} ${String((Number(hour) + offset + 24) % 24)}`;
  return [beside(0), beside(-1), beside(1)];
}

function familiarity(levels: readonly LevelCounts[], names: readonly string[], logins: number): string {
  if (logins === 0) return "the user has no history";
  const unknown = levels.findIndex(({ value }) => value === 0);
  if (unknown >= 0) return `${names[unknown]!} not seen before in ${logins.toFixed(1)} logins`;
  return `seen in ${levels.at(-1)!.value.toFixed(1)} of ${logins.toFixed(1)} logins`;
}
