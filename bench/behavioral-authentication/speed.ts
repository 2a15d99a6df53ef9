import { assess, type Knowledge } from "../../runtime/security/behavioral-authentication/engine";
import { History } from "../../runtime/security/behavioral-authentication/history/history";
import { emptyProfile, type Profile } from "../../runtime/security/behavioral-authentication/profile";
import { RequestReader } from "../../runtime/security/behavioral-authentication/reader";
import { pathsOf } from "../../runtime/security/behavioral-authentication/risk/features";
import type { AssessmentRequest } from "../../runtime/security/behavioral-authentication/schemas";
import { tableLocator } from "../../runtime/security/behavioral-authentication/travel/locator";
import { priorCalibration } from "../../runtime/security/behavioral-authentication/trust/calibration";
import { chooseThresholds } from "../../runtime/security/behavioral-authentication/trust/thresholds";
import { Vault } from "../../runtime/security/behavioral-authentication/vault";
import { type BenchRow, median, spread } from "../contract";
import { type Login, populate } from "./population";
import { Freeman } from "./risk-methods";

const HALF_LIFE = 180 * 86_400_000;
const ROUNDS = 7;
const PER_ROUND = 20_000;
const SECRET = "the secret of the benchmark, long enough";

/**
 * Scores a second on one core: reading the request (address, place, user agent, pseudonyms) and the whole assessment with its
 * reasons, against histories in memory. HTTP, sealing and the database come on top.
 */
export function speedRows(): BenchRow[] {
  const { logins } = populate({
    name: "speed",
    users: 400,
    days: 90,
    loginsPerDay: 0.5,
    office: 0.5,
    vpn: 0.1,
    abroad: 0.03,
    seed: 500,
  });
  const reader = new RequestReader(tableLocator(TABLE, "benchmark.csv"), new Vault(SECRET), []);
  const now = logins.at(-1)!.time;
  const profiles = new Map<number, Profile>();
  const all = new History(HALF_LIFE, 200_000, now);
  const freeman = new Freeman();
  for (const login of logins) {
    const { attempt } = reader.read(requestOf(login), login.time);
    const profile = profiles.get(login.user) ?? emptyProfile(HALF_LIFE, login.time);
    profile.history.add(pathsOf(attempt), 1, login.time);
    all.add(pathsOf(attempt), 1, login.time);
    profiles.set(login.user, { ...profile, seen: { ...attempt.place, time: login.time } });
    freeman.learn(login);
  }
  const calibration = priorCalibration(0.001);
  const knowledge: Knowledge = {
    all,
    fraud: new History(HALF_LIFE, 1000, now),
    users: profiles.size,
    travel: { maxSpeedKmh: 900, minDistanceKm: 500, ignoredKm: 50, ignoredMinutes: 10, relayAsns: new Set() },
    calibration,
    thresholds: chooseThresholds([], { stepUp: 0.05, deny: 0.001 }, calibration),
    coldStart: "step-up",
  };
  // Every login once more, an hour later, as of then.
  const asked = logins.slice(-PER_ROUND / 4).map((login) => ({ login, request: requestOf(login) }));
  const mine = (): void => {
    for (let index = 0; index < PER_ROUND; index++) {
      const { login, request } = asked[index % asked.length]!;
      const question = { ...reader.read(request, login.time), behaviour: [] };
      assess(question, profiles.get(login.user)!, knowledge);
    }
  };
  const theirs = (): void => {
    for (let index = 0; index < PER_ROUND; index++) freeman.score(asked[index % asked.length]!.login);
  };
  mine();
  theirs();
  const rates = { ours: [] as number[], freeman: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    rates.ours.push(rateOf(mine));
    rates.freeman.push(rateOf(theirs));
  }
  return [
    {
      work: "reading and assessing a request, histories in memory, one core",
      metric: "scores_per_second",
      unit: "1/s",
      better: "higher",
      ours: median(rates.ours),
      spread: spread(rates.ours),
      peers: { "Freeman/das-group, score only": median(rates.freeman) },
    },
  ];
}

function rateOf(work: () => void): number {
  const start = performance.now();
  work();
  return PER_ROUND / ((performance.now() - start) / 1000);
}

/** 10.n.0.0/16 is one network. */
const TABLE = [
  "range,country,asn,latitude,longitude,accuracyKm",
  ...Array.from({ length: 200 }, (_, index) => `10.${String(index)}.0.0/16,NO,${String(64_512 + index)},59.9,10.7,20`),
].join("\n");

function requestOf({ user, time, address, agentText, os, browser, rttMs }: Login): AssessmentRequest {
  let hash = 0;
  for (const character of address) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0;
  const [network, host, last] = [(hash >>> 16) % 200, (hash >>> 8) & 255, hash & 255];
  return {
    subject: { userId: `user-${String(user)}` },
    context: {
      address: `10.${String(network)}.${String(host)}.${String(last)}`,
      userAgent: `${agentText} AppleWebKit/605.1 (${os}) ${browser.replace(" ", "/")}`,
      deviceId: `device-${String(user)}`,
      rttMs,
      time: new Date(time).toISOString(),
    },
  };
}
