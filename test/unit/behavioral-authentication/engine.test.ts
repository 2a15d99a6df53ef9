import assert from "node:assert/strict";
import { assess, type Knowledge, type Question } from "../../../runtime/security/behavioral-authentication/engine";
import { History } from "../../../runtime/security/behavioral-authentication/history/history";
import {
  emptyProfile,
  keptOf,
  type Profile,
  profileFrom,
  withReport,
  withSession,
} from "../../../runtime/security/behavioral-authentication/profile";
import {
  type Attempt,
  hourOf,
  pathsOf,
  rttClass,
} from "../../../runtime/security/behavioral-authentication/risk/features";
import { anchorOf, sessionFactor } from "../../../runtime/security/behavioral-authentication/risk/session";
import { UserAgents } from "../../../runtime/security/behavioral-authentication/risk/user-agent";
import { priorCalibration } from "../../../runtime/security/behavioral-authentication/trust/calibration";
import { chooseThresholds } from "../../../runtime/security/behavioral-authentication/trust/thresholds";
import { Vault } from "../../../runtime/security/behavioral-authentication/vault";
import { DAY, FIREFOX, NOW, SAFARI, SECRET } from "./support";

const HALF_LIFE = 180 * DAY;
const agents = new UserAgents();
const HOME: Attempt = {
  time: NOW,
  address: "h",
  place: { country: "NO", asn: 1 },
  agent: agents.read(FIREFOX),
  agentText: "f",
  device: "d",
  rttMs: 20,
};

/** Fifty users of whom each has an address, and this one has logged in for twenty days. */
function world(): { profile: Profile; knowledge: Knowledge } {
  const all = new History(HALF_LIFE, 1000, NOW);
  const profile = emptyProfile(HALF_LIFE, NOW);
  for (let day = 1; day <= 20; day++) {
    const time = NOW - day * DAY;
    profile.history.add(pathsOf({ ...HOME, time }), 1, time);
    for (let user = 0; user < 50; user++) {
      const asn = 1 + (user % 5);
      const country = user % 10 === 0 ? "SE" : "NO";
      const agent = agents.read(user % 2 === 0 ? FIREFOX : SAFARI);
      const agentText = user % 2 === 0 ? "f" : "s";
      const place = { country, asn: country === "SE" ? 9 : asn };
      all.add(pathsOf({ ...HOME, time, address: `h${String(user)}`, place, agent, agentText }), 1, time);
    }
    all.add(pathsOf({ ...HOME, time }), 1, time);
  }
  const calibration = priorCalibration(0.001);
  const knowledge: Knowledge = {
    all,
    fraud: new History(HALF_LIFE, 1000, NOW),
    users: 51,
    travel: { maxSpeedKmh: 900, minDistanceKm: 500, ignoredKm: 50, ignoredMinutes: 10, relayAsns: new Set([13]) },
    calibration,
    thresholds: chooseThresholds([], { stepUp: 0.05, deny: 0.001 }, calibration),
    coldStart: "step-up",
  };
  return { profile, knowledge };
}

const question = (more: Partial<Attempt> = {}, rest: Partial<Question> = {}): Question => ({
  attempt: { ...HOME, ...more },
  behaviour: [],
  trustedEgress: false,
  ...rest,
});

describe("behavioural authentication: engine", () => {
  const { profile, knowledge } = world();
  const score = (more: Partial<Attempt> = {}): number => assess(question(more), profile, knowledge).score;

  it("rises with what is new: address, network, country", () => {
    const network = score({ address: "x" });
    const country = score({ address: "x", place: { country: "BR", asn: 7 } });
    assert.ok(score() < network);
    assert.ok(network < score({ address: "x", place: { country: "NO", asn: 2 } }));
    assert.ok(score({ address: "x", place: { country: "NO", asn: 2 } }) < country);
    assert.ok(country < score({ address: "x", place: { country: "BR", asn: 7, anonymous: true } }));
  });

  it("rises with another client less for an update than for another system", () => {
    const updated = FIREFOX.replaceAll("140", "141");
    const update = score({ agent: agents.read(updated), agentText: "f2" });
    assert.ok(score() < update);
    assert.ok(update < score({ agent: agents.read(SAFARI), agentText: "s" }));
  });

  it("rises with frauds that looked alike, and no more than bounded", () => {
    const before = score({ address: "x", place: { country: "NO", asn: 2 } });
    for (let fraud = 0; fraud < 200; fraud++) {
      knowledge.fraud.add(pathsOf({ ...HOME, address: "x", place: { country: "NO", asn: 2 } }), 1, NOW);
    }
    const after = score({ address: "x", place: { country: "NO", asn: 2 } });
    assert.ok(after > before + 1);
    assert.ok(after < before + 7);
  });

  it("takes keystrokes, and what the session's earlier ones said", () => {
    const strange = { name: "keystrokes", evidence: 3, detail: "unlike" } as const;
    const first = assess(question({}, { behaviour: [strange], session: "s" }), profile, knowledge);
    assert.equal(first.session!.drift, 3);
    const later = { ...profile, sessions: withSession([], first.session!) };
    const second = assess(question({}, { behaviour: [strange], session: "s" }), later, knowledge);
    assert.equal(second.session!.drift, 6);
    assert.equal(second.factors.find(({ name }) => name === "drift")!.contribution, 3);
    const enrolling = { name: "keystrokes", evidence: undefined, detail: "2 of 5 samples enrolled" } as const;
    assert.equal(assess(question({}, { behaviour: [enrolling] }), profile, knowledge).score, score());
  });

  it("gives every level its advice, and reasons for each", () => {
    const judged = (more: Partial<Attempt>) => {
      const { level, action, reasons } = assess(question(more), profile, knowledge);
      assert.ok(reasons.length > 0);
      return [level, action];
    };
    assert.deepEqual(judged({}), ["low", "allow"]);
    assert.deepEqual(judged({ address: "x", device: undefined, place: { country: "BR", asn: 7 } }), [
      "medium",
      "step-up",
    ]);
    const stranger = { address: "x", device: undefined, rttMs: 300, agent: agents.read("curl/8"), agentText: "c" };
    assert.deepEqual(judged({ ...stranger, place: { country: "BR", asn: 7 } }), ["high", "deny-advice"]);
  });

  it("does not change the profile", () => {
    const before = JSON.stringify(keptOf(profile, NOW));
    assess(question({ address: "y" }, { session: "s" }), profile, knowledge);
    assert.equal(JSON.stringify(keptOf(profile, NOW)), before);
    assert.deepEqual(keptOf(profileFrom(keptOf(profile, NOW), HALF_LIFE, NOW), NOW), keptOf(profile, NOW));
  });
});

describe("behavioural authentication: sessions and what is remembered", () => {
  const anchor = anchorOf("s", HOME, 0);
  const changed = (more: Partial<Attempt>, noPlace = false): number =>
    sessionFactor(anchor, { ...HOME, ...more }, noPlace).contribution;

  it("minds another program or device more than another network", () => {
    assert.equal(changed({}), 0);
    assert.equal(changed({ agentText: "f2" }), 0.5);
    assert.equal(changed({ place: { country: "NO", asn: 2 } }), 1);
    assert.equal(changed({ place: { country: "SE", asn: 2 } }), 3);
    assert.equal(changed({ place: { country: "SE", asn: 2 } }, true), 0);
    assert.equal(changed({ device: undefined }), 3);
    assert.equal(changed({ device: "e" }), 6);
    assert.equal(changed({ agent: agents.read(SAFARI), agentText: "s", device: "e" }), 10);
  });

  it("keeps the sessions and reports that are newest", () => {
    let sessions = withSession([], anchor);
    for (let at = 1; at <= 20; at++) sessions = withSession(sessions, { ...anchor, id: String(at), time: NOW + at });
    assert.equal(sessions.length, 16);
    assert.ok(!sessions.some(({ id }) => id === "s"));
    let reports = withReport([], { id: "r", time: NOW, evidence: 4, what: "w" });
    for (let at = 1; at <= 20; at++)
      reports = withReport(reports, { id: String(at), time: NOW + at, evidence: 4, what: "w" });
    assert.equal(reports.length, 8);
    assert.equal(reports[0]!.id, "20");
  });

  it("reads features: hours, classes of round-trip time, user agents", () => {
    assert.equal(hourOf(NOW), "weekday 12");
    assert.equal(hourOf(NOW + 3 * DAY), "weekend 12");
    assert.deepEqual([0, 1, 20, 28, 300].map(rttClass), [0, 0, 9, 10, 16]);
    assert.deepEqual(agents.read(SAFARI), { device: "mobile", os: "iOS 18", browser: "Safari 18" });
    assert.deepEqual(agents.read(undefined), { device: "unknown", os: "unknown", browser: "unknown" });
  });

  it("reads a hostile user agent within bounds", () => {
    const start = performance.now();
    for (const hostile of [
      `${"Chrome/".repeat(5000)}`,
      `Mozilla/5.0 ${"(".repeat(4000)}`,
      "a ".repeat(2000),
      `${" ".repeat(4000)}Version/`,
    ]) {
      agents.read(hostile);
    }
    assert.ok(performance.now() - start < 500);
  });
});

describe("behavioural authentication: vault", () => {
  const vault = new Vault(SECRET);

  it("opens what it sealed, under the same context only", () => {
    const sealed = vault.seal("user/a", { secret: 1 });
    assert.deepEqual(vault.open("user/a", sealed), { secret: 1 });
    assert.notEqual(vault.seal("user/a", { secret: 1 }), sealed);
    const refusals: [Vault, string, string][] = [
      [vault, "user/b", sealed],
      [new Vault(`${SECRET}!`), "user/a", sealed],
      [vault, "user/a", ""],
    ];
    for (const [with_, context, text] of refusals) {
      assert.throws(() => with_.open(context, text), { code: "MNO_BEHAVIOR_SEALED" });
    }
  });

  it("has the same pseudonym for the same value of the same kind", () => {
    assert.equal(vault.pseudonym("user", "a"), vault.pseudonym("user", "a"));
    const others = [
      vault.pseudonym("device", "a"),
      vault.pseudonym("user", "b"),
      new Vault(`${SECRET}!`).pseudonym("user", "a"),
    ];
    assert.equal(new Set([vault.pseudonym("user", "a"), ...others]).size, 4);
  });
});
