import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SignJWT } from "jose";
import type { ManualClock } from "../../../../runtime/kernel/clock";
import type { Database } from "../../../../runtime/kernel/store/database";
import { openDatabase } from "../../../../runtime/kernel/store/open";
import type { Reply } from "../../../../runtime/security/zero-trust-gateway/contracts";
import { Browser, coded, Replica, TABLES } from "../identity/replica";
import {
  accessToken,
  AUDIENCE,
  ISSUER,
  passwordHash,
  requestOf,
  type SigningKey,
  signingKey,
  silent,
  START,
  startClock,
} from "../identity/support";

const CAEP = "https://schemas.openid.net/secevent/caep/event-type/";
const RISC = "https://schemas.openid.net/secevent/risc/event-type/";
const VERIFICATION = "https://schemas.openid.net/secevent/ssf/event-type/verification";
const TRANSMITTER = "https://transmitter.test";
const OURS = "https://gateway.test/signals";
const ALICE = { format: "iss_sub", iss: ISSUER, sub: "alice" };

describe("zero-trust gateway: signals", () => {
  let database: Database;
  let clock: ManualClock;
  let a: Replica;
  let b: Replica;
  let key: SigningKey;
  let jwks: Server;
  let password: string;
  let values: Record<string, unknown>;

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
    key = await signingKey();
    password = passwordHash("correct horse");
    jwks = createServer((_, response) => response.end(JSON.stringify({ keys: [key.jwk] })));
    await new Promise<void>((resolve) => jwks.listen(0, "127.0.0.1", resolve));
    const jwksUri = `http://127.0.0.1:${(jwks.address() as AddressInfo).port}/jwks`;
    const issuer = { issuer: ISSUER, audience: [AUDIENCE], jwksUri, prefix: "corp" };
    values = {
      MNO_ZTG_ISSUERS: [
        { ...issuer, attributes: { department: "dept", deviceId: "dev" }, parents: { Group: "groups" } },
      ],
      MNO_ZTG_USERS: { alice: { password } },
      MNO_ZTG_TRANSMITTERS: [
        { issuer: TRANSMITTER, audience: [OURS], jwksUri, speaksFor: [ISSUER], token: "agreed-upon-secret" },
        { issuer: "https://stranger.test", audience: [OURS], jwksUri },
      ],
    };
  });
  after(async () => {
    jwks.closeAllConnections();
    await new Promise((resolve) => jwks.close(resolve));
    await database.close();
  });
  beforeEach(async () => {
    clock = startClock();
    a = await new Replica(database, clock).open(values);
    b = await new Replica(database, clock, a.bus).open(values);
  });
  afterEach(async () => {
    await Promise.all([a.close(), b.close()]);
    await database.query(`TRUNCATE ${TABLES}`);
  });

  interface SetChanges {
    subject?: unknown;
    claims?: Record<string, unknown>;
    header?: Record<string, unknown>;
    by?: SigningKey;
  }
  const set = (
    events: Record<string, unknown>,
    { subject = ALICE, claims = {}, header = {}, by = key }: SetChanges = {},
  ): Promise<string> => {
    const payload = {
      iss: TRANSMITTER,
      aud: OURS,
      iat: clock.now() / 1000,
      jti: crypto.randomUUID(),
      sub_id: subject,
      events,
    };
    return new SignJWT({ ...payload, ...claims })
      .setProtectedHeader({ alg: by.alg, kid: "key-1", typ: "secevent+jwt", ...header })
      .sign(by.privateKey);
  };
  const push = (body: string, headers: Record<string, string> = {}, on = a): Promise<Reply> => {
    const route = on.identity.routes.find(({ path }) => path === "/.mno/signals");
    const all = { "content-type": "application/secevent+jwt", authorization: "Bearer agreed-upon-secret", ...headers };
    return (route as NonNullable<typeof route>).handle(
      requestOf(all, { method: "POST", target: "/.mno/signals" }),
      Buffer.from(body),
    );
  };
  const taken = async (events: Record<string, unknown>, more?: SetChanges): Promise<void> => {
    const { status, body } = await push(await set(events, more));
    assert.deepEqual([status, body], [202, ""]);
  };
  const bearer = async (claims: Record<string, unknown> = {}) =>
    requestOf({ authorization: `Bearer ${await accessToken(key, { iat: START / 1000 - 10, ...claims })}` });
  /** A session of the issuer's alice, as a login through it would begin one. */
  const sessionOf = async (sid = "sid-1"): Promise<void> => {
    await database.query(
      `INSERT INTO ztg_sessions (id, user_id, source, provider_session, attributes, parents, assurance, established_at,
         authenticated_at, seen_at, expires_at, client)
       VALUES ($1, 'corp|alice', $2, $3, '{"email": "alice@test"}', '[]', 'mfa', $4, $4, $4, $5, '{"address": "x", "agent": "x"}')`,
      [sid.padEnd(43, "_"), ISSUER, sid, new Date(START).toISOString(), new Date(START + 3_600_000).toISOString()],
    );
  };
  const sessions = async (): Promise<unknown[]> => (await b.api("GET", "/v1/sessions")).body.items as unknown[];

  it("session-revoked ends sessions and tokens from before it, on every replica", async () => {
    await sessionOf();
    const request = await bearer();
    assert.equal((await b.enter(request)).principal.id, "corp|alice");
    await taken({ [`${CAEP}session-revoked`]: { event_timestamp: START / 1000, initiating_entity: "admin" } });
    assert.equal((await sessions()).length, 0);
    await b.poll();
    await assert.rejects(b.enter(request), coded("MNO_TOKEN_INVALID", /revoked/));
    await assert.rejects(a.enter(request), coded("MNO_TOKEN_INVALID", /revoked/));
    await clock.advance(2000);
    await a.enter(await bearer({ iat: START / 1000 + 1 }));
    assert.deepEqual(await b.enter(await bearer({ sub: "bob" })).then(({ principal }) => principal.id), "corp|bob");
    const [event] = await a.events("mno.security.session.revoked");
    assert.equal((event?.data as { status_detail: string }).status_detail, "signal session-revoked");
  });

  it("session-revoked of one session leaves the user's others and tokens", async () => {
    await sessionOf("sid-1");
    await sessionOf("sid-2");
    const subject = { format: "complex", user: ALICE, session: { format: "opaque", id: "sid-1" } };
    await taken({ [`${CAEP}session-revoked`]: {} }, { subject });
    assert.equal((await sessions()).length, 1);
    await a.enter(await bearer());
  });

  it("token-claims-change changes attributes that are mapped, and takes groups by a new token only", async () => {
    const request = await bearer({ dept: "sales" });
    assert.equal((await b.enter(request)).principal.attributes.department, "sales");
    await taken({ [`${CAEP}token-claims-change`]: { claims: { dept: "legal", isAdmin: true } } });
    await b.poll();
    const { attributes } = (await b.enter(request)).principal;
    assert.deepEqual([attributes.department, attributes.isAdmin], ["legal", undefined]);
    await taken({ [`${CAEP}token-claims-change`]: { claims: { groups: [] } } });
    await b.poll();
    await assert.rejects(b.enter(request), coded("MNO_TOKEN_INVALID", /revoked/));
  });

  it("credential-change ends what the old credential began, not when one is added", async () => {
    await sessionOf();
    await taken({ [`${CAEP}credential-change`]: { credential_type: "fido2-roaming", change_type: "create" } });
    assert.equal((await sessions()).length, 1);
    await taken({ [`${CAEP}credential-change`]: { credential_type: "password", change_type: "update" } });
    assert.equal((await sessions()).length, 0);
  });

  it("assurance-level-change lowers what sessions count as", async () => {
    await sessionOf();
    await taken({ [`${CAEP}assurance-level-change`]: { current_level: "nist-aal1", change_direction: "decrease" } });
    assert.deepEqual(
      (await sessions()).map((one) => (one as { assurance: string }).assurance),
      ["reduced"],
    );
  });

  it("device-compliance-change and risk-level-change raise the risk that decisions see", async () => {
    const request = await bearer({ dev: "laptop-1" });
    assert.equal((await b.enter(request)).risk.level, "low");
    const subject = { format: "complex", user: ALICE, device: { format: "opaque", id: "laptop-1" } };
    await taken(
      { [`${CAEP}device-compliance-change`]: { previous_status: "compliant", current_status: "not-compliant" } },
      { subject },
    );
    await b.poll();
    const after = await b.enter(request);
    assert.deepEqual([after.risk.level, after.principal.attributes.deviceCompliant], ["high", false]);
    assert.equal((await b.enter(await bearer({ sub: "bob", dev: "laptop-2" }))).risk.level, "low");
    await clock.advance(1);
    await taken({ [`${CAEP}device-compliance-change`]: { current_status: "compliant" } }, { subject });
    await b.poll();
    assert.equal((await b.enter(request)).risk.level, "low");
    await taken({ [`${CAEP}risk-level-change`]: { current_level: "MEDIUM", principal: "USER" } });
    await b.poll();
    await assert.rejects(b.enter(request), coded("MNO_STEP_UP_REQUIRED"));
    await b.enter(await bearer({ dev: "laptop-1", auth_time: START / 1000 }));
  });

  it("account-disabled shuts the account until it is enabled", async () => {
    const request = await bearer();
    await a.enter(request);
    await taken({ [`${RISC}account-disabled`]: { reason: "hijacking" } });
    await assert.rejects(a.enter(request), coded("MNO_ACCOUNT_DISABLED"));
    await clock.advance(1000);
    await taken({ [`${RISC}account-enabled`]: {} });
    await clock.advance(1000);
    await a.enter(await bearer({ iat: START / 1000 + 2 }));
    await assert.rejects(a.enter(request), coded("MNO_TOKEN_INVALID", /revoked/));
  });

  it("takes repeated, unknown and verification events, which change nothing", async () => {
    const request = await bearer();
    const token = await set({ [`${CAEP}session-revoked`]: {} }, { claims: { iat: START / 1000 - 60 } });
    assert.equal((await push(token)).status, 202);
    await assert.doesNotReject(a.enter(request)); // issued after it
    const twice = await set({ [`${RISC}account-disabled`]: {} });
    assert.equal((await push(twice)).status, 202);
    await taken({ [`${RISC}account-enabled`]: {} });
    assert.equal((await push(twice, {}, b)).status, 202);
    await assert.rejects(a.enter(request), coded("MNO_TOKEN_INVALID")); // revoked, and not disabled again
    await taken({ [VERIFICATION]: { state: "x" } }, { subject: { format: "opaque", id: "stream-1" } });
    await taken({ "https://unknown.test/event": {} });
    const text = await a.metrics.registry.metrics();
    assert.match(text, /mno_gateway_signals_total\{event="verification",outcome="ignored"\} 1/);
    assert.match(text, /mno_gateway_signals_total\{event="other",outcome="ignored"\} 1/);
  });

  const now = START / 1000;
  const REVOKED = { [`${CAEP}session-revoked`]: {} };
  const FORGERIES: Record<
    string,
    [err: string, make: () => Promise<string> | string, headers?: Record<string, string>]
  > = {
    "signed by another key": ["invalid_key", async () => set(REVOKED, { by: await signingKey() })],
    unsigned: ["invalid_request", async () => `${(await set(REVOKED)).split(".").slice(0, 2).join(".")}.`],
    "without the agreed header": [
      "authentication_failed",
      () => set(REVOKED),
      { authorization: "Bearer another-secret" },
    ],
    "of an issuer that is not trusted": [
      "invalid_issuer",
      () => set(REVOKED, { claims: { iss: "https://evil.test" } }),
    ],
    "of the issuer of tokens": ["invalid_issuer", () => set(REVOKED, { claims: { iss: ISSUER } })],
    "for another receiver": ["invalid_audience", () => set(REVOKED, { claims: { aud: "https://other.test" } })],
    "that is an access token": ["invalid_request", () => set(REVOKED, { header: { typ: "at+jwt" } })],
    "without a type": ["invalid_request", () => set(REVOKED, { header: { typ: undefined } })],
    "with an expiry, as an ID token has": ["invalid_request", () => set(REVOKED, { claims: { exp: now + 60 } })],
    "with sub, as an access token has": ["invalid_request", () => set(REVOKED, { claims: { sub: "alice" } })],
    "from the future": ["invalid_request", () => set(REVOKED, { claims: { iat: now + 60 } })],
    "from the day before yesterday": ["invalid_request", () => set(REVOKED, { claims: { iat: now - 90_000 } })],
    "without an id": ["invalid_request", () => set(REVOKED, { claims: { jti: undefined } })],
    "with an endless id": ["invalid_request", () => set(REVOKED, { claims: { jti: "x".repeat(257) } })],
    "without events": ["invalid_request", () => set({})],
    "with events that are texts": ["invalid_request", () => set({ [`${CAEP}session-revoked`]: "x" })],
    "with a hundred events": [
      "invalid_request",
      () => set(Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${CAEP}${i}`, {}]))),
    ],
    "that is no token": ["invalid_request", () => "hello"],
    "as JSON": ["invalid_request", () => set(REVOKED), { "content-type": "application/json" }],
  };
  for (const [name, [err, make, headers]] of Object.entries(FORGERIES)) {
    it(`refuses an event token ${name}: ${err}`, async () => {
      const request = await bearer();
      const { status, headers: answered, body } = await push(await make(), headers);
      assert.deepEqual([status, JSON.parse(body).err], [400, err]);
      assert.equal(answered["content-type"], "application/json");
      await a.enter(request);
    });
  }

  it("believes a transmitter about its own users only", async () => {
    const request = await bearer();
    const stranger = { claims: { iss: "https://stranger.test" } };
    const subjects = [
      ALICE,
      { format: "opaque", id: "alice" },
      { format: "email", email: "alice@test" },
      { format: "complex", user: ALICE, session: { format: "opaque", id: "sid-1" } },
    ];
    await sessionOf();
    for (const subject of subjects) {
      assert.equal((await push(await set(REVOKED, { subject, ...stranger }))).status, 202);
    }
    await taken(REVOKED, { subject: { ...ALICE, iss: "https://other.test" } });
    await taken(REVOKED, { subject: { format: "complex", user: { format: "complex", user: ALICE } } });
    await taken(REVOKED, { subject: "alice" });
    await a.enter(request);
    assert.equal((await sessions()).length, 1);
    await taken(REVOKED, { subject: { format: "email", email: "alice@test" } });
    assert.equal((await sessions()).length, 0);
  });

  it("loses no signal whose consequences could not be written: it is taken when it comes again", async () => {
    const token = await set(REVOKED);
    database.transaction = () => Promise.reject(new Error("the disk is full"));
    await assert.rejects(push(token), /disk is full/);
    Reflect.deleteProperty(database, "transaction");
    assert.equal((await push(token)).status, 202);
    await assert.rejects(a.enter(await bearer()), coded("MNO_TOKEN_INVALID", /revoked/));
  });

  describe("risk that other engines tell of", () => {
    const told = (subjectType: "user" | "session" | "workload", subject: string, level: "low" | "medium" | "high") =>
      a.bus.deliver("mno.security.risk.changed", crypto.randomUUID(), {
        subjectType,
        subject,
        level,
        previousLevel: null,
        probability: 0.5,
        reasons: ["many requests at night"],
        because: "alert-1",
        expiresAt: new Date(START + 3_600_000_000_000).toISOString(),
      });

    it("ends a session at once when it is high", async () => {
      const browser = new Browser(b);
      await browser.post("/.mno/login", { user: "alice", password: "correct horse" });
      const { principal } = await browser.enter();
      await told("session", principal.session?.id as string, "high");
      await b.poll();
      await assert.rejects(browser.enter(), coded("MNO_SESSION_OVER", /many requests at night/));
    });

    it("of a user stops the user's sessions when they are used, and decisions see that of workloads", async () => {
      const browser = new Browser(b);
      await browser.post("/.mno/login", { user: "alice", password: "correct horse" });
      await browser.enter();
      await told("user", "local|alice", "high");
      await b.poll();
      await assert.rejects(browser.enter(), coded("MNO_SESSION_STOPPED", /many requests/));
      const web = "spiffe://cluster.local/ns/shop/sa/web";
      await told("workload", web, "high");
      const workload = { type: "Workload", id: web, method: "mtls" as const, attributes: {}, parents: [] };
      assert.equal((await a.identity.risk.riskOf(workload, requestOf())).level, "high");
    });
  });
});
