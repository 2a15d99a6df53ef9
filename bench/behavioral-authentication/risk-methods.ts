import { assess, type Knowledge } from "../../runtime/security/behavioral-authentication/engine";
import { History } from "../../runtime/security/behavioral-authentication/history/history";
import { emptyProfile, type Profile } from "../../runtime/security/behavioral-authentication/profile";
import { type Attempt, pathsOf } from "../../runtime/security/behavioral-authentication/risk/features";
import { type Calibration, priorCalibration } from "../../runtime/security/behavioral-authentication/trust/calibration";
import { lessonOf } from "../../runtime/security/behavioral-authentication/trust/learning";
import { chooseThresholds, type Thresholds } from "../../runtime/security/behavioral-authentication/trust/thresholds";
import type { Login } from "./population";

/** A risk score that learns from each of the users' own logins. */
export interface RiskMethod {
  score(login: Login): number;
  learn(login: Login): void;
}

const DAY = 86_400_000;
const HALF_LIFE = 180 * DAY;
const RATES = { stepUp: 0.05, deny: 0.001 };

/** The engine's own code with its defaults; every login of the users themselves is taken for confirmed. */
export class Ours implements RiskMethod {
  private readonly profiles = new Map<number, Profile>();
  private readonly knowledge: { -readonly [Key in keyof Knowledge]: Knowledge[Key] };

  /** `aspects`: what of a login it is shown. */
  constructor(
    now: number,
    private readonly aspects: { rtt: boolean } = { rtt: true },
  ) {
    const calibration = priorCalibration(0.001);
    this.knowledge = {
      all: new History(HALF_LIFE, 200_000, now),
      fraud: new History(HALF_LIFE, 200_000, now),
      users: 0,
      travel: { maxSpeedKmh: 900, minDistanceKm: 500, ignoredKm: 50, ignoredMinutes: 10, relayAsns: new Set() },
      calibration,
      thresholds: chooseThresholds([], RATES, calibration),
      coldStart: "step-up",
    };
  }

  use(calibration: Calibration, thresholds: Thresholds): void {
    Object.assign(this.knowledge, { calibration, thresholds });
  }

  score(login: Login): number {
    return this.assess(login).score;
  }

  assess(login: Login) {
    const question = { attempt: this.attemptOf(login), behaviour: [], trustedEgress: false };
    return assess(question, this.profileOf(login), this.knowledge);
  }

  learn(login: Login): void {
    const profile = this.profileOf(login);
    if (!this.profiles.has(login.user)) this.knowledge.users++;
    const facts = { level: "low", coldStart: false, source: login.address, time: login.time } as const;
    const { weight, today } = lessonOf("step-up-passed", facts, profile.learnedToday ?? undefined);
    if (weight > 0) {
      const paths = pathsOf(this.attemptOf(login));
      profile.history.add(paths, weight, login.time);
      this.knowledge.all.add(paths, weight, login.time);
    }
    this.profiles.set(login.user, { ...profile, learnedToday: today, seen: { ...login.place, time: login.time } });
  }

  private profileOf({ user, time }: Login): Profile {
    return this.profiles.get(user) ?? emptyProfile(HALF_LIFE, time);
  }

  private attemptOf({ time, address, place, device, os, browser, agentText, rttMs }: Login): Attempt {
    const attempt = { time, address, place, agent: { device, os, browser }, agentText };
    return this.aspects.rtt ? { ...attempt, rttMs } : attempt;
  }
}

/** Counts of values, without forgetting. */
class Counts {
  total = 0;
  private readonly byFeature = FEATURES.map(() => new Map<string, number>());

  add(values: readonly string[]): void {
    this.total++;
    values.forEach((value, index) => this.byFeature[index]!.set(value, this.of(index, value) + 1));
  }

  of = (feature: number, value: string): number => this.byFeature[feature]!.get(value) ?? 0;
  kinds = (feature: number): number => this.byFeature[feature]!.size;
}

const FEATURES = ["ip", "asn", "country", "ua", "browser", "os", "device"] as const;
const valuesOf = ({ address, place, agentText, browser, os, device }: Login): string[] => [
  address,
  String(place.asn),
  String(place.country),
  agentText,
  browser,
  os,
  device,
];

/** SIMPLE (Wiefling et al. 2021): the share of features whose value the user never had; all count alike. */
export class Simple implements RiskMethod {
  private readonly users = new Map<number, Counts>();

  score(login: Login): number {
    const own = this.users.get(login.user) ?? new Counts();
    const unknown = valuesOf(login).filter((value, feature) => own.of(feature, value) === 0);
    return unknown.length / FEATURES.length;
  }

  learn(login: Login): void {
    if (!this.users.has(login.user)) this.users.set(login.user, new Counts());
    this.users.get(login.user)!.add(valuesOf(login));
  }
}

/** Sub-features of the address and of the user agent, by index, with the weights of Wiefling et al. 2022. */
const GROUPS: readonly (readonly (readonly [feature: number, weight: number])[])[] = [
  [
    [0, 0.6],
    [1, 0.3],
    [2, 0.1],
  ],
  [
    [3, 0.5387],
    [4, 0.268],
    [5, 0.1882],
    [6, 0.0051],
  ],
];

/**
 * Freeman et al. 2016, Equation 7, as das-group/rba-algorithm has it: no attack data, linear smoothing of the first sub-feature of
 * the global likelihood, a quarter of the global likelihood where the user never had any of the values. Written from its formulas.
 */
export class Freeman implements RiskMethod {
  private readonly all = new Counts();
  private readonly users = new Map<number, Counts>();

  score(login: Login): number {
    const own = this.users.get(login.user);
    if (own === undefined) return Infinity;
    const values = valuesOf(login);
    const { all } = this;
    let risk = 1 / this.users.size / (own.total / all.total);
    for (const group of GROUPS) {
      let local = 0;
      let global = 0;
      group.forEach(([feature, weight], depth) => {
        const value = values[feature]!;
        local += (weight * own.of(feature, value)) / own.total;
        const share = all.of(feature, value) / all.total;
        global += weight * (depth > 0 ? share : this.smoothed(group, share));
      });
      risk *= global / (local === 0 ? global / 4 : local);
    }
    return Math.log(risk);
  }

  learn(login: Login): void {
    const values = valuesOf(login);
    this.all.add(values);
    if (!this.users.has(login.user)) this.users.set(login.user, new Counts());
    this.users.get(login.user)!.add(values);
  }

  private smoothed(group: (typeof GROUPS)[number], share: number): number {
    const { all } = this;
    const unseen = 1 + group.slice(1).reduce((sum, [feature]) => sum + all.kinds(feature), 0);
    return share > 0 ? share * (1 - unseen / (all.total + unseen)) : 1 / (all.total + unseen);
  }
}
