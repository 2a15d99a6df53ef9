import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ManualClock } from "../../../../runtime/kernel/clock";
import type { OcsfEvent } from "../../../../runtime/kernel/ocsf/schema";
import type { Database } from "../../../../runtime/kernel/store/database";
import { openDatabase } from "../../../../runtime/kernel/store/open";
import { type MnoError } from "../../../../runtime/exports";
import type { GatewayRequest } from "../../../../runtime/security/zero-trust-gateway/contracts";
import { type Counter, openCounters } from "../../../../runtime/security/zero-trust-gateway/limits/counters";
import { FailedIdentifications } from "../../../../runtime/security/zero-trust-gateway/limits/failures";
import { accessEvent } from "../../../../runtime/security/zero-trust-gateway/enforcement/event";
import { Parts, startGateway } from "../../../support/gateway";
import { call, Cleanup } from "../../../support/balancer";
import { Browser, coded, Replica, TABLES } from "../identity/replica";
import {
  accessToken,
  AUDIENCE,
  dpopProof,
  ISSUER,
  passwordHash,
  requestOf,
  type SigningKey,
  signingKey,
  silent,
  startClock,
  thumbprintOf,
} from "../identity/support";

const QUOTA = { requests: 5, seconds: 600 };
const limited = coded("MNO_RATE_LIMITED", /^Too many failed identifications from this address: try again in \d+ s$/);

/** Counts in windows of the test's clock. */
function countOn(clock: ManualClock): Counter {
  const windows = new Map<string, { from: number; used: number }>();
  return {
    async take(key) {
      const now = clock.now();
      let window = windows.get(key);
      if (window === undefined || now - window.from >= QUOTA.seconds * 1000) window = { from: now, used: 0 };
      windows.set(key, { ...window, used: window.used + 1 });
      const remaining = Math.max(0, QUOTA.requests - window.used - 1);
      const resetSeconds = Math.ceil((window.from + QUOTA.seconds * 1000 - now) / 1000);
      return { over: window.used >= QUOTA.requests, remaining, resetSeconds };
    },
    giveBack: async () => assert.fail("a failure is given back"),
    forget: async () => assert.fail("failures are forgotten"),
  };
}

describe("zero-trust gateway: failed identifications", () => {
  let clock: ManualClock;
  let refused: string[];
  let failures: FailedIdentifications;
  beforeEach(() => {
    clock = startClock();
    refused = [];
    const counter = (): Counter => countOn(clock);
    failures = new FailedIdentifications({ quota: QUOTA, counter, clock, refused: (name) => void refused.push(name) });
  });
  const fail = async (times: number, address: string): Promise<void> => {
    for (let i = 0; i < times; i++) await failures.count(address);
  };

  it("makes an address wait from the quota on until the window is over, and no other", async () => {
    await fail(4, "203.0.113.7");
    failures.check("203.0.113.7");
    await clock.advance(100_000);
    await fail(1, "203.0.113.7");
    assert.throws(
      () => failures.check("203.0.113.7"),
      (error: MnoError) => {
        assert.deepEqual(error.extensions, {
          retryAfterSeconds: 500,
          limits: [{ name: "failures", quota: 5, windowSeconds: 600, remaining: 0, resetSeconds: 500 }],
        });
        return limited(error);
      },
    );
    failures.check("203.0.113.8");
    await clock.advance(499_500);
    assert.throws(() => failures.check("203.0.113.7"), limited);
    await clock.advance(500);
    failures.check("203.0.113.7");
    assert.deepEqual(refused, ["failures", "failures"]);
  });

  it("counts the addresses of an IPv6 /64 as one, and IPv4 in IPv6 as IPv4", async () => {
    for (const end of ["1", "2", "3", "4", "ffff:0:0:1"])
      await fail(1, `2001:db8:1:2:${end.includes(":") ? "" : ":"}${end}`);
    assert.equal(failures.mustWait("2001:db8:1:2::abcd"), true);
    assert.equal(failures.mustWait("2001:db8:1:3::1"), false);
    await fail(5, "::ffff:203.0.113.7");
    assert.equal(failures.mustWait("203.0.113.7"), true);
  });

  it("remembers a bounded number of addresses", async () => {
    const always: Counter = { ...countOn(clock), take: async () => ({ over: true, remaining: 0, resetSeconds: 60 }) };
    const flooded = new FailedIdentifications({ quota: QUOTA, counter: () => always, clock, refused: () => undefined });
    for (let i = 0; i < 100_001; i++) await flooded.count(`host ${i}`);
    assert.equal(flooded.mustWait("host 0"), false);
    assert.equal(flooded.mustWait("host 1"), true);
    assert.equal(flooded.mustWait("host 100000"), true);
    await clock.advance(60_000);
    flooded.prune();
    assert.equal(flooded.mustWait("host 100000"), false);
  });

  it("keeps counters of a bounded number of addresses in memory", async () => {
    const counters = openCounters({ url: undefined, ca: undefined }, undefined as unknown as Database, silent);
    const counter = counters.counter({ name: "failures", requests: 1_000_000, seconds: 600 });
    for (let i = 0; i < 101_500; i++) await counter.take(`host ${i}`);
    // Beyond the bound they share: the next new one is not the first of its counter.
    let shared = 0;
    for (let i = 0; i < 2000; i++) if ((await counter.take(`more ${i}`)).remaining < 999_999) shared++;
    assert.ok(shared > 1000, String(shared));
  }).timeout(20_000);

  describe("at the gateway", () => {
    let database: Database;
    let replica: Replica;
    let key: SigningKey;
    let client: SigningKey;
    let jwks: Server;

    before(async function () {
      this.timeout(60_000); // PGlite compiles its WebAssembly first
      database = await openDatabase("pglite:memory", { log: silent });
      key = await signingKey();
      client = await signingKey("ES256", "client");
      jwks = createServer((_, response) => response.end(JSON.stringify({ keys: [key.jwk] })));
      await new Promise<void>((resolve) => jwks.listen(0, "127.0.0.1", resolve));
    });
    after(async () => {
      jwks.closeAllConnections();
      await new Promise((resolve) => jwks.close(resolve));
      await database.close();
    });
    beforeEach(async function () {
      this.timeout(20_000);
      const jwksUri = `http://127.0.0.1:${(jwks.address() as AddressInfo).port}/jwks`;
      replica = await new Replica(database, clock).open({
        MNO_ZTG_ISSUERS: [{ issuer: ISSUER, audience: [AUDIENCE], jwksUri, prefix: "idp" }],
        MNO_ZTG_LIMIT_FAILURES: QUOTA,
        MNO_ZTG_USERS: { alice: { password: passwordHash("right") }, bob: { password: passwordHash("hers") } },
      });
    });
    afterEach(async () => {
      await replica.close();
      await database.query(`TRUNCATE ${TABLES}`);
    });
    const identify = (headers: Record<string, string>, more: Partial<GatewayRequest> = {}) =>
      replica.identity.identifier.identify(requestOf(headers, more));
    const bearer = async (claims: Record<string, unknown> = {}) => ({
      authorization: `Bearer ${await accessToken(key, claims)}`,
    });
    const cookie = (secret: string) => ({ cookie: `__Host-mno-session=${secret}` });
    const random = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
    const guess = async (times: number, more: Partial<GatewayRequest> = {}): Promise<void> => {
      for (let i = 0; i < times; i++) await assert.rejects(identify(cookie(random()), more), coded("MNO_SESSION_OVER"));
    };

    it("counts wrong tokens, proofs, sessions and logins of an address together", async () => {
      const token = await accessToken(key, { cnf: { jkt: await thumbprintOf(client) } });
      await guess(1);
      await assert.rejects(identify({ authorization: "Bearer a.b.c" }), coded("MNO_TOKEN_INVALID"));
      const proof = await dpopProof(client, token, { htm: "POST" });
      await assert.rejects(identify({ authorization: `DPoP ${token}`, dpop: proof }), coded("MNO_DPOP_INVALID"));
      await assert.rejects(identify({ authorization: `Bearer ${token}` }), coded("MNO_TOKEN_BINDING_REFUSED"));
      const login = { user: "alice", password: "wrong" };
      await assert.rejects(new Browser(replica).post("/.mno/login", login), coded("MNO_LOGIN_REFUSED"));
      await assert.rejects(identify(cookie(random())), limited);
      await assert.rejects(new Browser(replica).post("/.mno/login", { ...login, password: "right" }), limited);
      // Nothing is looked at any more, not even what would be right.
      await assert.rejects(identify(await bearer()), limited);
      assert.equal((await identify({})).type, "Anonymous");
      assert.equal((await identify(await bearer(), { address: "203.0.113.8" })).id, "idp|alice");
      const metrics = await replica.metrics.registry.metrics();
      assert.match(metrics, /mno_gateway_rate_limited_total\{quota="failures"[^}]*\} 3/);
    });

    it("lets who was known go on at an address where others guess", async () => {
      const browser = new Browser(replica);
      await browser.post("/.mno/login", { user: "bob", password: "hers" });
      await browser.enter();
      const token = await bearer();
      await identify(token);
      await guess(5);
      assert.equal((await browser.enter()).principal.id, "local|bob");
      assert.equal((await identify(token)).id, "idp|alice");
      await assert.rejects(identify(await bearer({ jti: "another" })), limited);
      // On a device that is known a login still goes through; on another it waits.
      await browser.post("/.mno/login", { user: "bob", password: "hers" });
      await assert.rejects(new Browser(replica).post("/.mno/login", { user: "bob", password: "hers" }), limited);
    });

    it("gives nothing back for what is right in between", async () => {
      for (let i = 0; i < 5; i++) {
        assert.equal((await identify(await bearer({ jti: String(i) }))).id, "idp|alice");
        await guess(1);
      }
      await assert.rejects(identify(cookie(random())), limited);
    });

    it("does not count what was right once and is over", async () => {
      const token = await bearer();
      const browser = new Browser(replica);
      await browser.post("/.mno/login", { user: "bob", password: "hers" });
      const session = browser.request("/orders");
      await browser.post("/.mno/logout", {});
      await clock.advance(310_000);
      for (let i = 0; i < 6; i++) {
        await assert.rejects(identify(token), coded("MNO_TOKEN_INVALID", /expired/));
        await assert.rejects(replica.identity.identifier.identify(session), coded("MNO_SESSION_OVER"));
      }
      await guess(1);
    });

    it("tells of refused logins in events", async () => {
      await guess(5);
      await assert.rejects(new Browser(replica).post("/.mno/login", { user: "alice", password: "right" }), limited);
      const [event, ...more] = await replica.events("mno.security.login.refused");
      const data = event?.data as OcsfEvent;
      assert.equal(more.length, 0);
      assert.equal(data.user?.uid, "local|alice");
      assert.match(data.status_detail ?? "", /^Too many failed identifications from this address/);
      assert.equal(data.src_endpoint?.ip, "203.0.113.7");
      assert.ok(!JSON.stringify(event).includes("right"));
    });

    it("answers 429 with Retry-After, by the address that a trusted proxy tells, and says so in the event", async () => {
      const cleanup = new Cleanup();
      const double = new Parts();
      double.identify = (request) => replica.identity.identifier.identify({ ...request, scheme: "https" });
      double.headersOf = (error, request) => replica.identity.headersOf(error, request);
      try {
        const routes = [{ name: "shop", upstream: { url: "http://127.0.0.1:1" } }];
        const { port, plane } = await startGateway(cleanup, routes, { double, trustedProxies: ["127.0.0.1"] });
        const send = (address: string) =>
          call(port, { path: "/", headers: { "x-forwarded-for": address, authorization: "Bearer a.b.c" } });
        for (let i = 0; i < 5; i++) assert.equal((await send("192.0.2.7")).status, 401);
        const answer = await send("192.0.2.7");
        assert.equal(answer.status, 429, answer.body);
        assert.match(String(answer.headers["retry-after"]), /^\d+$/);
        assert.match(String(answer.headers.ratelimit), /^"failures";r=0;t=\d+$/);
        assert.equal((await send("192.0.2.8")).status, 401);
        const record = plane.journal.records.find(String(answer.headers["x-mno-decision"]));
        assert.ok(record);
        const { data } = accessEvent(record);
        assert.deepEqual([data.unmapped?.stage, data.unmapped?.code], ["identify", "MNO_RATE_LIMITED"]);
        assert.match(data.status_detail ?? "", /^Too many failed identifications/);
        assert.equal(data.src_endpoint?.ip, "192.0.2.7");
      } finally {
        await cleanup.run();
      }
    });
  });
});
