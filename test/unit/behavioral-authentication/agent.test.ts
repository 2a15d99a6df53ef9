import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EventData } from "../../../runtime/kernel/events/catalogue";
import type { Database } from "../../../runtime/kernel/store/database";
import { seeded } from "../../../runtime/kernel/random";
import { openDatabase } from "../../../runtime/kernel/store/open";
import type { AssessmentRequest, UserExport } from "../../../runtime/security/behavioral-authentication/schemas";
import { Hand, Typist } from "./people";
import { DAY, FIREFOX, HOUR, SAFARI, silent, startAgent, type StartedAgent } from "./support";

/** Documentation ranges stand for the world. */
const TABLE = `range,country,asn,latitude,longitude,accuracyKm,anonymous
192.0.2.0/24,NO,64500,59.91,10.75,10,
198.51.100.0/24,AU,64501,-33.87,151.21,20,
203.0.113.0/24,NO,13335,59.91,10.75,10,`;

const HOME: AssessmentRequest = {
  subject: { userId: "alice" },
  context: { address: "192.0.2.7", userAgent: FIREFOX, deviceId: "laptop", rttMs: 20 },
};
const AWAY: AssessmentRequest = {
  subject: { userId: "alice" },
  context: { address: "198.51.100.9", userAgent: SAFARI, rttMs: 290 },
};

describe("behavioural authentication: agent", () => {
  let folder: string;
  let database: Database;
  let agent: StartedAgent;

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
    folder = await mkdtemp(join(tmpdir(), "mno-ba-"));
    await writeFile(join(folder, "places.csv"), TABLE);
  });
  after(async () => {
    await database.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    agent = await startAgent(database, { MNO_BA_GEO_FILES: JSON.stringify([join(folder, "places.csv")]) });
  });
  afterEach(async () => {
    await agent.stop();
    await database.query("TRUNCATE ba_meta, ba_users, ba_templates, ba_assessments, ba_counts, outbox");
  });

  it("asks a user without history for another factor, and then knows the habit", async () => {
    const first = await agent.assess(HOME);
    assert.equal(first.level, "medium");
    assert.equal(first.action, "step-up");
    assert.match(first.reasons[0]!, /no history/);
    assert.deepEqual(await agent.settle(first.assessmentId, "success"), {
      assessmentId: first.assessmentId,
      outcome: "success",
      learned: false,
      why: "a user without history is learned from another factor only",
    });
    await agent.habit(HOME, 5);
    const next = await agent.assess(HOME);
    assert.equal(next.level, "low");
    assert.equal(next.action, "allow");
    assert.ok(next.probability < 0.001);
    assert.equal((await agent.settle(next.assessmentId, "success")).learned, true);
  });

  it("trusts on first use where it is told to", async () => {
    await agent.stop();
    agent = await startAgent(database, { MNO_BA_COLD_START: "trust" });
    const first = await agent.assess(HOME);
    assert.equal(first.level, "low");
    assert.equal((await agent.settle(first.assessmentId, "success")).learned, true);
  });

  it("advises against an attempt from the other end of the world, and says why", async () => {
    await agent.habit(HOME, 10);
    await agent.clock.advance(HOUR);
    const { assessmentId, level, action, reasons } = await agent.assess(AWAY);
    assert.equal(level, "high");
    assert.equal(action, "deny-advice");
    assert.ok(reasons.some((reason) => reason.startsWith("travel: ")));
    const { travel, factors, thresholds, subject } = await agent.record(assessmentId);
    assert.equal(travel.verdict, "impossible");
    assert.ok(Math.abs(travel.distanceKm! - 15_930) < 30, String(travel.distanceKm));
    assert.equal(travel.from!.country, "NO");
    assert.equal(travel.to!.country, "AU");
    assert.match(travel.reason, /km in 60 min, \d+ km\/h: over 900 km\/h and 500 km/);
    assert.deepEqual(
      factors.map(({ name }) => name),
      ["network", "client", "device", "frequency", "time", "rtt", "travel"],
    );
    assert.ok(thresholds.medium < thresholds.high);
    assert.deepEqual(subject, { userId: "alice" });
  });

  it("does not learn from success at risk, nor from failures", async () => {
    await agent.habit(HOME, 10);
    for (const outcome of ["success", "failure"] as const) {
      const { assessmentId } = await agent.assess(AWAY);
      assert.equal((await agent.settle(assessmentId, outcome)).learned, false);
    }
    assert.equal((await agent.assess(AWAY)).level, "high");
  });

  it("stops a session that goes on in another browser, and lets it pass after another factor", async () => {
    const session = (request: AssessmentRequest): AssessmentRequest => ({
      ...request,
      subject: { userId: "alice", sessionId: "s1" },
    });
    await agent.habit(HOME, 5);
    await agent.settle((await agent.assess(session(HOME))).assessmentId, "success");
    const stolen = await agent.assess({
      ...session(HOME),
      context: { address: "192.0.2.99", userAgent: "curl/8.5.0" },
    });
    assert.equal(stolen.level, "high");
    assert.match(stolen.reasons[0]!, /^session: Firefox 140 on Linux became .*, the device id is gone$/);
    const changes = await agent.events("mno.security.risk.changed");
    const { subjectType, subject, level, previousLevel, because } = changes.at(-1)!
      .data as EventData<"mno.security.risk.changed">;
    assert.deepEqual(
      { subjectType, subject, level, previousLevel, because },
      { subjectType: "session", subject: "s1", level: "high", previousLevel: "low", because: stolen.assessmentId },
    );
    // The thief's client does not become what the session is compared with.
    assert.equal((await agent.assess(session(HOME))).level, "low");
  });

  it("takes back what a fraud taught, and warns of user and session", async () => {
    await agent.habit(HOME, 5);
    const request = { ...HOME, subject: { userId: "alice", sessionId: "s2" } };
    const { assessmentId } = await agent.assess(request);
    await agent.settle(assessmentId, "success");
    const { learned, why } = await agent.settle(assessmentId, "confirmed-fraud");
    assert.equal(learned, false);
    assert.match(why, /taken back/);
    const levels = (await agent.events("mno.security.risk.changed")).slice(-2).map(({ data }) => data);
    assert.deepEqual(
      (levels as EventData<"mno.security.risk.changed">[]).map(({ subjectType, level }) => [subjectType, level]),
      [
        ["user", "high"],
        ["session", "high"],
      ],
    );
    const again = await agent.assess(HOME);
    assert.ok(again.factors.some(({ name }) => name === "report"));
    const conflict = await agent.call("POST", `/v1/assessments/${assessmentId}/outcome`, { outcome: "success" });
    assert.equal(conflict.status, 409);
  });

  it("counts what other engines found, once, and lets it fade", async () => {
    await agent.habit(HOME, 5);
    const finding = {
      severity_id: 4,
      user: { uid: "alice" },
      metadata: { uid: "f1", version: "1.7.0", product: { name: "threat-detection" } },
      finding_info: { uid: "f1", title: "brute force" },
    };
    await agent.tell("mno.security.threat.detected", finding);
    await agent.tell("mno.security.threat.detected", finding);
    await agent.tell("mno.security.threat.detected", { ...finding, user: { uid: "nobody" } });
    await agent.tell("mno.security.threat.detected", { ...finding, severity_id: 2, finding_info: { uid: "f2" } });
    const changes = await agent.events("mno.security.risk.changed");
    assert.equal(changes.filter(({ data }) => (data as { because: string }).because === "f1").length, 1);
    const evidence = async (): Promise<number | undefined> =>
      (await agent.assess(HOME)).factors.find(({ name }) => name === "report")?.contribution;
    assert.equal(await evidence(), 4);
    await agent.clock.advance(HOUR);
    assert.equal(await evidence(), 2);
    await agent.clock.advance(DAY);
    assert.equal(await evidence(), undefined);
  });

  it("exports and forgets a user, and keeps no identifier in the clear", async () => {
    await agent.habit(HOME, 2);
    const { body } = await agent.call<UserExport>("GET", "/v1/users/alice/export");
    assert.equal(body.assessments.length, 2);
    assert.ok(body.profile);
    const tables = await Promise.all(
      ["ba_users", "ba_assessments", "ba_counts", "ba_templates"].map((table) =>
        database.query(`SELECT * FROM ${table}`),
      ),
    );
    const text = JSON.stringify(tables);
    for (const secret of ["alice", "192.0.2.7", "laptop", "Mozilla"]) assert.ok(!text.includes(secret), secret);
    assert.equal((await agent.call("DELETE", "/v1/users/alice")).status, 204);
    assert.equal((await agent.call("DELETE", "/v1/users/alice")).status, 204);
    const gone = await agent.call<UserExport>("GET", "/v1/users/alice/export");
    assert.deepEqual(gone.body, { userId: "alice", profile: null, templates: 0, assessments: [] });
    assert.equal((await agent.assess(HOME)).level, "medium");
  });

  it("goes on with another process on the same database, and only with the same secret", async () => {
    await agent.habit(HOME, 5);
    await agent.stop();
    await assert.rejects(startAgent(database, { MNO_BA_SECRET: "another secret, which is long enough too" }), {
      code: "MNO_CONFIG_INVALID",
    });
    agent = await startAgent(database);
    await agent.clock.advance(6 * DAY);
    const { body } = await agent.call<{ users: number }>("GET", "/v1/model");
    assert.equal(body.users, 1);
    assert.equal((await agent.assess(HOME)).level, "low");
  });

  it("refuses what it cannot read, with what would be right", async () => {
    const refused = async (context: object) => {
      const { status, body } = await agent.call<{ code: string }>("POST", "/v1/assessments", {
        subject: { userId: "alice" },
        context,
      });
      return [status, body.code];
    };
    assert.deepEqual(await refused({ address: "localhost" }), [422, "MNO_ASSESSMENT_INVALID"]);
    assert.deepEqual(await refused({ address: "192.0.2.1", time: "2026-03-01T00:00:00Z" }), [
      422,
      "MNO_ASSESSMENT_INVALID",
    ]);
    assert.equal((await refused({ address: "192.0.2.1", rttMs: -1 }))[0], 422);
    assert.equal((await agent.call("GET", "/v1/assessments/asm_0")).status, 404);
    assert.equal((await agent.call("POST", "/v1/assessments/asm_0/outcome", { outcome: "success" })).status, 404);
  });

  it("drops what is beyond retention", async () => {
    await agent.habit(HOME, 1);
    await agent.clock.advance(31 * DAY);
    await agent.prune();
    assert.deepEqual(await database.query("SELECT id FROM ba_assessments"), []);
    const rows = await database.query<{ count: number }>("SELECT count(*) AS count FROM ba_counts");
    assert.ok(rows[0]!.count > 0);
    await agent.clock.advance(3000 * DAY);
    await agent.prune();
    assert.deepEqual(await database.query("SELECT key FROM ba_counts"), []);
  });

  it("sets thresholds by the scores of genuine attempts once there are enough", async () => {
    const before = await agent.call<{ thresholds: { basis: string } }>("GET", "/v1/model");
    assert.match(before.body.thresholds.basis, /too few/);
    await agent.habit(HOME, 20);
    await agent.refresh();
    const { body } = await agent.call<{ thresholds: { basis: string }; calibration: { labels: number } }>(
      "GET",
      "/v1/model",
    );
    assert.equal(body.calibration.labels, 20);
    assert.match(body.thresholds.basis, /exceeded by 5 % of 20 genuine scores/);
  });

  it("enrols how a user types, then tells others and recordings from him", async () => {
    const random = seeded(21);
    const [typist, thief] = [new Typist(random), new Typist(random)];
    const typed = (keystrokes: AssessmentRequest["keystrokes"]): AssessmentRequest => ({ ...HOME, keystrokes });
    const factor = async (keystrokes: AssessmentRequest["keystrokes"]) =>
      (await agent.assess(typed(keystrokes))).factors.find(({ name }) => name === "keystrokes")!;
    assert.match((await factor(typist.sample())).detail, /^0 of 5 samples enrolled$/);
    let enrolled: AssessmentRequest["keystrokes"];
    for (let day = 0; day < 12; day++) await agent.habit(typed((enrolled = typist.sample())), 1);
    assert.ok((await factor(typist.sample())).contribution < 1);
    assert.ok((await factor(thief.sample())).contribution > 2);
    const replayed = await factor(enrolled);
    assert.match(replayed.detail, /played back/);
    assert.equal(replayed.contribution, 6);
    // Another field is another text.
    assert.match((await factor({ ...typist.sample(), field: "name" })).detail, /^0 of 5/);
    // What the thief typed at low risk is not learned: it is too unlike.
    const { assessmentId } = await agent.assess(typed(thief.sample()));
    await agent.settle(assessmentId, "success");
    assert.match((await factor(thief.sample())).detail, /the 12 enrolled/);
    const { body } = await agent.call<UserExport>("GET", "/v1/users/alice/export");
    assert.equal(body.templates, 1);
  });

  it("enrols how a user moves the mouse", async () => {
    const random = seeded(22);
    const hand = new Hand(random);
    const moved = (mouse: AssessmentRequest["mouse"]): AssessmentRequest => ({ ...HOME, mouse });
    for (let day = 0; day < 4; day++) await agent.habit(moved(hand.move(20)), 1);
    const { factors } = await agent.assess(moved(hand.move(20)));
    assert.match(factors.find(({ name }) => name === "mouse")!.detail, /unlike the 8 enrolled/);
  });

  it("lets two outcomes at once count once", async () => {
    await agent.habit(HOME, 3);
    const { assessmentId } = await agent.assess(HOME);
    const answers = await Promise.all([agent.settle(assessmentId, "success"), agent.settle(assessmentId, "success")]);
    // The second of the day from one address counts half.
    assert.deepEqual(answers.map(({ why }) => why).sort(), ["it succeeded at low risk", "it was known before"]);
    const { history } = await agent.record((await agent.assess(HOME)).assessmentId);
    assert.ok(history.logins > 3.45 && history.logins < 3.5, String(history.logins));
  });
});
