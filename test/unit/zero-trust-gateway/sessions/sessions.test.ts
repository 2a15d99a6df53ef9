import assert from "node:assert/strict";
import type { ManualClock } from "../../../../runtime/kernel/clock";
import type { OcsfEvent } from "../../../../runtime/kernel/ocsf/schema";
import type { Database } from "../../../../runtime/kernel/store/database";
import { openDatabase } from "../../../../runtime/kernel/store/open";
import { BehaviourServer, Browser, coded, Replica, TABLES } from "../identity/replica";
import { FIREFOX, passwordHash, silent, startClock } from "../identity/support";

const COOKIE = "__Host-mno-session";

describe("zero-trust gateway: sessions", () => {
  let database: Database;
  let clock: ManualClock;
  let a: Replica;
  let b: Replica;
  let password: string;
  const behaviour = new BehaviourServer();
  let values: Record<string, unknown>;

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
    password = passwordHash("correct horse");
    values = {
      MNO_ZTG_USERS: { alice: { password, groups: ["staff"] }, bob: { password } },
      MNO_ZTG_ASSESSMENT: "required",
      MNO_ZTG_RUNTIME_URL: await behaviour.start(),
      MNO_ZTG_SESSIONS_PER_USER: 3,
    };
  });
  after(async () => {
    await behaviour.stop();
    await database.close();
  });
  beforeEach(async () => {
    clock = startClock();
    behaviour.reset();
    a = await new Replica(database, clock).open(values);
    b = await new Replica(database, clock, a.bus).open(values);
  });
  afterEach(async () => {
    await Promise.all([a.close(), b.close()]);
    await database.query(`TRUNCATE ${TABLES}`);
  });

  const login = async (browser = new Browser(a), user = "alice"): Promise<Browser> => {
    await browser.post("/.mno/login", { user, password: "correct horse" });
    assert.ok(browser.cookies.has(COOKIE));
    return browser;
  };
  const on = (replica: Replica, browser: Browser): Browser => {
    const other = new Browser(replica);
    for (const [name, value] of browser.cookies) other.cookies.set(name, value);
    return other;
  };
  const idOf = async (browser: Browser): Promise<string> => (await browser.enter()).principal.session?.id as string;

  it("identifies the user by a cookie that only this host has, and keeps no secret", async () => {
    const browser = new Browser(a);
    const { headers } = await browser.post("/.mno/login", { user: "alice", password: "correct horse" });
    const set = [headers["set-cookie"] ?? []].flat().find((cookie) => cookie.startsWith(COOKIE)) as string;
    assert.match(set, /^__Host-mno-session=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=43200$/);
    const { principal, risk } = await browser.enter();
    assert.equal(principal.id, "alice");
    assert.equal(principal.method, "session");
    assert.deepEqual(principal.parents, [{ type: "Group", id: "staff" }]);
    assert.equal(principal.session?.assurance, "password");
    assert.equal(risk.level, "low");
    const secret = browser.cookies.get(COOKIE) as string;
    const [row] = await database.query<{ all: string }>(
      "SELECT jsonb_agg(s)::text || (SELECT jsonb_agg(o)::text FROM outbox o) AS all FROM ztg_sessions s",
    );
    assert.ok(row?.all.includes(principal.session?.id));
    assert.ok(!row?.all.includes(secret));
  });

  it("is the same session on every replica", async () => {
    const browser = await login();
    assert.equal((await on(b, browser).enter()).principal.id, "alice");
  });

  it("is over on every replica within a second of its revocation", async () => {
    const browser = await login();
    const elsewhere = on(b, browser);
    const id = await idOf(browser);
    await elsewhere.enter();
    const { status } = await a.api("DELETE", `/v1/sessions/${id}`);
    assert.equal(status, 204);
    await assert.rejects(browser.enter(), coded("MNO_SESSION_OVER"));
    await b.poll(); // every 250 ms
    await assert.rejects(elsewhere.enter(), coded("MNO_SESSION_OVER", /revoked by an operator/));
    assert.deepEqual(
      b.changes.filter(({ subject }) => subject === id),
      [{ kind: "session", subject: id }],
    );
  });

  it("is over within a second also where nobody looks any more: nothing that is remembered is used then", async () => {
    const browser = await login();
    const elsewhere = on(b, browser);
    await b.poll();
    await elsewhere.enter();
    await a.api("DELETE", `/v1/sessions/${await idOf(browser)}`);
    await elsewhere.enter(); // remembered, within the second
    await clock.advance(751);
    await assert.rejects(elsewhere.enter(), coded("MNO_SESSION_OVER"));
  });

  it("is not kept by a load that was under way when it was revoked", async () => {
    const browser = await login();
    const elsewhere = on(b, browser);
    const id = await idOf(browser);
    const loading = elsewhere.enter();
    await a.api("DELETE", `/v1/sessions/${id}`);
    await b.poll();
    await loading.catch(() => undefined);
    await assert.rejects(elsewhere.enter(), coded("MNO_SESSION_OVER"));
  });

  it("ends when it is not used, and stays while it is, on whichever replica", async () => {
    const browser = await login();
    const elsewhere = on(b, browser);
    for (let minutes = 0; minutes < 60; minutes += 20) {
      await clock.advance(20 * 60_000);
      await (minutes % 40 === 0 ? elsewhere : browser).enter();
    }
    await clock.advance(30 * 60_000);
    await assert.rejects(browser.enter(), coded("MNO_SESSION_OVER", /idle/));
  });

  it("ends twelve hours after the login, used or not", async () => {
    const browser = await login();
    for (let hours = 0; hours < 12; hours += 0.25) {
      await browser.enter();
      await clock.advance(15 * 60_000);
    }
    await assert.rejects(browser.enter(), coded("MNO_SESSION_OVER", /expired/));
  });

  it("cannot be fixed: what was there before a login is no session, and what was one is over", async () => {
    const attacker = await login(new Browser(a), "bob");
    const planted = attacker.cookies.get(COOKIE) as string;
    const victim = new Browser(a);
    victim.cookies.set(COOKIE, planted);
    await login(victim);
    assert.notEqual(victim.cookies.get(COOKIE), planted);
    await assert.rejects(attacker.enter(), coded("MNO_SESSION_OVER", /replaced by a login/));
    assert.equal((await victim.enter()).principal.id, "alice");
    const guessed = new Browser(a);
    guessed.cookies.set(COOKIE, "A".repeat(43));
    await assert.rejects(guessed.enter(), coded("MNO_SESSION_OVER", /not known/));
  });

  it("refuses two different cookies of the name, and does not look at names without the prefix", async () => {
    const browser = await login();
    const secret = browser.cookies.get(COOKIE) as string;
    const cookie = `${COOKIE}=${secret}; ${COOKIE}=${"B".repeat(43)}`;
    await assert.rejects(a.enter(browser.request("/orders", { cookie })), coded("MNO_CREDENTIALS_AMBIGUOUS"));
    for (const name of ["mno-session", "mno-session-loopback", "__host-mno-session", " __Secure-mno-session"]) {
      const { principal } = await a.enter(browser.request("/orders", { cookie: `${name}=${secret}` }));
      assert.equal(principal.type, "Anonymous", name);
    }
  });

  it("stops a stolen session: another client with the cookie is assessed, and high risk ends it for both", async () => {
    const browser = await login();
    await browser.enter();
    behaviour.level = "high";
    const thief = on(b, browser);
    const stolen = thief.enter("/orders", { address: "198.51.100.9" }, { "user-agent": FIREFOX });
    await assert.rejects(stolen, coded("MNO_SESSION_STOPPED", /it looks high/));
    await assert.rejects(thief.enter(), coded("MNO_SESSION_OVER"));
    await a.poll();
    await assert.rejects(browser.enter(), coded("MNO_SESSION_OVER", /high risk/));
    const [event] = await a.events("mno.security.session.revoked");
    assert.match((event?.data as { status_detail: string }).status_detail, /high risk: it looks high/);
    assert.equal(behaviour.assessments.at(-1)?.context.address, "198.51.100.9");
  });

  it("asks for a proof at medium risk, and goes on after it under another secret", async () => {
    const browser = await login();
    behaviour.level = "medium";
    const moved = { address: "198.51.100.9" };
    const refused = browser.enter("/orders?page=2", moved);
    await assert.rejects(refused, coded("MNO_STEP_UP_REQUIRED"));
    const secret = browser.cookies.get(COOKIE) as string;

    const there = new Browser(a, moved);
    for (const [name, value] of browser.cookies) there.cookies.set(name, value);
    const asked = await there.get("/.mno/step-up?return_to=%2Forders%3Fpage%3D2");
    assert.equal(asked.headers.location, "/.mno/login/proof");
    assert.match((await there.get("/.mno/login/proof")).body, /name="password"/);
    await assert.rejects(there.post("/.mno/login/proof", { password: "wrong" }), coded("MNO_LOGIN_REFUSED"));
    const passed = await there.post("/.mno/login/proof", { password: "correct horse" });
    assert.deepEqual(JSON.parse(passed.body), { next: "/orders?page=2" });
    assert.notEqual(there.cookies.get(COOKIE), secret);
    assert.equal((await there.enter()).risk.level, "medium");
    await assert.rejects(browser.enter("/orders", moved), coded("MNO_SESSION_OVER", /rotated/));
    await behaviour.told("step-up-passed");
    // Five minutes later the risk is the same, and so is the question.
    await clock.advance(301_000);
    await assert.rejects(there.enter(), coded("MNO_STEP_UP_REQUIRED"));
  });

  it("lets nobody but anonymous in while risk cannot be assessed", async () => {
    const browser = await login();
    await clock.advance(301_000);
    for (const body of [
      "{}",
      "[]",
      "not json",
      JSON.stringify({ assessmentId: "x", level: "none", probability: 0, reasons: [] }),
    ]) {
      behaviour.answer = { status: 200, body };
      await assert.rejects(browser.enter(), coded("MNO_RISK_UNAVAILABLE"));
    }
    behaviour.answer = { status: 500, body: "{}" };
    await assert.rejects(browser.enter(), coded("MNO_RISK_UNAVAILABLE"));
    const asked = behaviour.assessments.length;
    await assert.rejects(browser.enter(), coded("MNO_RISK_UNAVAILABLE", /several times/));
    assert.equal(behaviour.assessments.length, asked); // the circuit is open
    assert.equal((await new Browser(a).enter()).principal.type, "Anonymous");
    behaviour.answer = undefined;
    await clock.advance(5000);
    await browser.enter();
  });

  it("gives up on an assessment after 200 ms", async () => {
    const browser = await login();
    await clock.advance(301_000);
    behaviour.hangs = true;
    const entering = assert.rejects(browser.enter(), coded("MNO_RISK_UNAVAILABLE", /200 ms/));
    // The clock moves once the question is asked, not before.
    while (behaviour.assessments.length < 2) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(200);
    await entering;
  });

  it("ends the oldest of too many sessions of a user", async () => {
    const browsers: Browser[] = [];
    for (let i = 0; i < 4; i++) {
      browsers.push(await login());
      await clock.advance(1000);
    }
    await assert.rejects((browsers[0] as Browser).enter(), coded("MNO_SESSION_OVER", /more than 3 sessions/));
    for (const browser of browsers.slice(1)) await browser.enter();
  });

  it("is stopped without the client certificate that it was established with", async () => {
    const bound = new Browser(a, { certificateThumbprint: "t".repeat(43) });
    await login(bound);
    await bound.enter();
    const thief = on(a, bound);
    await assert.rejects(thief.enter(), coded("MNO_SESSION_STOPPED", /certificate/));
    await assert.rejects(bound.enter(), coded("MNO_SESSION_OVER"));
  });

  it("lists, shows and ends sessions for operators", async () => {
    const browser = await login();
    await clock.advance(10);
    await login(new Browser(a), "bob");
    await login(new Browser(a), "bob");
    const all = await b.api("GET", "/v1/sessions?limit=2");
    assert.equal((all.body.items as unknown[]).length, 2);
    const rest = await b.api("GET", `/v1/sessions?limit=2&cursor=${String(all.body.nextCursor)}`);
    assert.equal((rest.body.items as unknown[]).length, 1);
    assert.equal(rest.body.nextCursor, null);
    const id = await idOf(browser);
    const one = await b.api("GET", `/v1/sessions/${id}`);
    assert.deepEqual([one.body.user, one.body.agent, one.body.endedAt], ["alice", "Chrome, Linux, desktop", null]);
    assert.deepEqual((await b.api("DELETE", "/v1/sessions?user=bob")).body, { ended: 2 });
    assert.equal(((await b.api("GET", "/v1/sessions")).body.items as unknown[]).length, 1);
    assert.equal((await b.api("DELETE", `/v1/sessions/${"x".repeat(43)}`)).status, 404);
    assert.equal((await b.api("DELETE", `/v1/sessions/${id}`)).status, 204);
    assert.equal((await b.api("DELETE", `/v1/sessions/${id}`)).status, 204);
    assert.equal((await b.api("GET", `/v1/sessions/${id}`)).body.endReason, "revoked by an operator");
  });

  it("says what happened, once each, as OCSF authentication", async () => {
    const browser = await login();
    await browser.post("/.mno/logout", {});
    assert.equal(browser.cookies.has(COOKIE), false);
    const [established] = await a.events("mno.security.session.established");
    const [revoked, ...more] = await a.events("mno.security.session.revoked");
    const data = established?.data as OcsfEvent;
    assert.deepEqual([data.class_uid, data.activity_id, data.user?.uid], [3002, 1, "alice"]);
    assert.equal(data.src_endpoint?.ip, "203.0.113.7");
    assert.equal((revoked?.data as OcsfEvent).status_detail, "logged out");
    assert.equal(revoked?.subject, established?.subject);
    assert.equal(more.length, 0);
  });

  it("forgets what is over after a day", async () => {
    const browser = await login();
    await a.api("DELETE", `/v1/sessions/${await idOf(browser)}`);
    await a.prune();
    assert.equal((await database.query("SELECT 1 FROM ztg_sessions")).length, 1);
    await clock.advance(86_400_001);
    await a.prune();
    for (const table of ["ztg_sessions", "ztg_changes", "ztg_once"]) {
      assert.equal((await database.query(`SELECT 1 FROM ${table}`)).length, 0, table);
    }
  });
});
