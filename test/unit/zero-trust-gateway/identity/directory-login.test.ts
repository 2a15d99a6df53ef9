import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { Script } from "node:vm";
import { isoCBOR } from "@simplewebauthn/server/helpers";
import { Secret, TOTP } from "otpauth";
import type { MnoError } from "../../../../runtime/exports";
import type { ManualClock } from "../../../../runtime/kernel/clock";
import type { OcsfEvent } from "../../../../runtime/kernel/ocsf/schema";
import type { Database } from "../../../../runtime/kernel/store/database";
import { openDatabase } from "../../../../runtime/kernel/store/open";
import {
  decoyFor,
  hashPassword,
  verifyPassword,
} from "../../../../runtime/security/zero-trust-gateway/identity/login/passwords";
import { BehaviourServer, Browser, coded, Replica, TABLES } from "./replica";
import { ORIGIN, passwordHash, silent, startClock } from "./support";

const COOKIE = "__Host-mno-session";
const TOTP_SECRET = new Secret({ size: 20 }).base32;

/** A security key in software: one ES256 credential, with user verification. */
class SecurityKey {
  readonly id = randomBytes(16);
  private readonly privateKey: KeyObject;
  private readonly cose: Uint8Array;
  private counter = 0;

  constructor(private readonly origin = ORIGIN) {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.privateKey = privateKey;
    const { x = "", y = "" } = publicKey.export({ format: "jwk" });
    const entries: [number, number | Uint8Array][] = [
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, new Uint8Array(Buffer.from(x, "base64url"))],
      [-3, new Uint8Array(Buffer.from(y, "base64url"))],
    ];
    this.cose = isoCBOR.encode(new Map(entries));
  }

  private authenticatorData(flags: number, attested: Buffer = Buffer.alloc(0)): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    const rpIdHash = createHash("sha256").update(new URL(this.origin).hostname).digest();
    return Buffer.concat([rpIdHash, Buffer.from([flags]), counter, attested]);
  }

  private clientData(type: string, challenge: string): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.origin, crossOrigin: false }));
  }

  create(challenge: string) {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.id.length);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.id, this.cose]);
    const authData = this.authenticatorData(0x45, attested); // user present, verified, attested
    const attestation = new Map<string, unknown>([
      ["fmt", "none"],
      ["attStmt", new Map()],
      ["authData", new Uint8Array(authData)],
    ]);
    const id = this.id.toString("base64url");
    return {
      id,
      rawId: id,
      type: "public-key",
      clientExtensionResults: {},
      response: {
        clientDataJSON: this.clientData("webauthn.create", challenge).toString("base64url"),
        attestationObject: Buffer.from(isoCBOR.encode(attestation as never)).toString("base64url"),
        transports: ["usb"],
      },
    };
  }

  get(challenge: string, { flags = 0x05, counter = ++this.counter } = {}) {
    this.counter = counter;
    const authenticatorData = this.authenticatorData(flags);
    const client = this.clientData("webauthn.get", challenge);
    const signed = Buffer.concat([authenticatorData, createHash("sha256").update(client).digest()]);
    const id = this.id.toString("base64url");
    return {
      id,
      rawId: id,
      type: "public-key",
      clientExtensionResults: {},
      response: {
        clientDataJSON: client.toString("base64url"),
        authenticatorData: authenticatorData.toString("base64url"),
        signature: sign("sha256", signed, this.privateKey).toString("base64url"),
      },
    };
  }
}

describe("zero-trust gateway: built-in users", () => {
  let database: Database;
  let clock: ManualClock;
  let replica: Replica;
  let values: Record<string, unknown>;
  const behaviour = new BehaviourServer();

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
    const password = passwordHash("correct horse", 14);
    values = {
      MNO_ZTG_USERS: { alice: { password }, bob: { password, totp: TOTP_SECRET, roles: ["admin"], name: "Bob" } },
      MNO_ZTG_ASSESSMENT: "required",
      MNO_ZTG_RUNTIME_URL: await behaviour.start(),
    };
  });
  after(async () => {
    await behaviour.stop();
    await database.close();
  });
  beforeEach(async () => {
    clock = startClock();
    behaviour.reset();
    replica = await new Replica(database, clock).open(values);
  });
  afterEach(async () => {
    await replica.close();
    await database.query(`TRUNCATE ${TABLES}`);
  });
  const code = (steps = 0): string =>
    new TOTP({ secret: Secret.fromBase32(TOTP_SECRET) }).generate({ timestamp: clock.now() + steps * 30_000 });
  const password = (browser: Browser, user = "alice", given = "correct horse", more: Record<string, unknown> = {}) =>
    browser.post("/.mno/login", { user, password: given, ...more });

  it("shows a page whose script and style are pinned, and which nobody may frame", async () => {
    const { headers, body } = await new Browser(replica).get("/.mno/login?return_to=/%22%3E%3Cscript%3E");
    const policy = String(headers["content-security-policy"]);
    const script = /<script>([\s\S]*)<\/script>/.exec(body)?.[1] ?? "";
    assert.ok(policy.includes(`'sha256-${createHash("sha256").update(script).digest("base64")}'`));
    assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/);
    assert.ok(!body.includes('"><script>'));
    assert.doesNotThrow(() => new Script(script)); // it parses
  });

  it("tells a wrong password from an unknown user neither by words nor by time", async () => {
    const browser = new Browser(replica);
    const refusals: string[] = [];
    for (const [user, given] of [
      ["alice", "hunter2"],
      ["nobody", "hunter2"],
      ["__proto__", "hunter2"],
      ["constructor", "hunter2"],
    ]) {
      await assert.rejects(password(browser, user, given), (error: Error) => {
        refusals.push(error.message);
        return coded("MNO_LOGIN_REFUSED")(error);
      });
    }
    assert.equal(new Set(refusals).size, 1);
    const hashes = [await hashPassword("x"), passwordHash("y", 14)];
    assert.match(decoyFor([...hashes].reverse()), /^scrypt\$17\$8\$1\$/); // as costly as the costliest
    assert.match(decoyFor([hashes[1] as string]), /^scrypt\$14\$8\$1\$/);
    assert.equal(await verifyPassword("x", hashes[0] as string), true);
    const events = await replica.events("mno.security.login.refused");
    assert.equal(events.length, 4);
    const data = events[0]?.data as OcsfEvent;
    assert.deepEqual([data.class_uid, data.activity_id, data.status_id, data.user?.uid], [3002, 1, 2, "alice"]);
    assert.ok(!JSON.stringify(events).includes("hunter2"), "no password in events");
  });

  it("takes a form as well as JSON, and leads back to where the user wanted to go, here only", async () => {
    const browser = new Browser(replica);
    const form = (fields: Record<string, string>) =>
      browser.send(
        "POST",
        browser.request(
          "/.mno/login",
          { "content-type": "application/x-www-form-urlencoded", origin: ORIGIN },
          { method: "POST" },
        ),
        Buffer.from(new URLSearchParams(fields).toString()),
      );
    const to = async (returnTo: string): Promise<unknown> =>
      (await form({ user: "alice", password: "correct horse", return_to: returnTo })).headers.location;
    assert.equal(await to("/orders?a=1"), "/orders?a=1");
    for (const evil of [
      "//evil.test",
      "https://evil.test",
      "/\\evil.test",
      "javascript:alert(1)",
      "/.mno/logout",
      "",
    ]) {
      assert.equal(await to(evil), "/", evil);
    }
    await assert.rejects(form({ user: "alice" }), coded("MNO_REQUEST_MALFORMED"));
  });

  it("refuses logins from other sites' pages (login CSRF), and over a wire that anybody can read", async () => {
    const body = Buffer.from(JSON.stringify({ user: "alice", password: "correct horse" }));
    const browser = new Browser(replica);
    const send = (headers: Record<string, string>, more = {}) =>
      browser.send("POST", browser.request("/.mno/login", headers, { method: "POST", ...more }), body);
    const json = { "content-type": "application/json" };
    const refused = coded("MNO_ORIGIN_REFUSED");
    await assert.rejects(send({ ...json, "sec-fetch-site": "cross-site" }), refused);
    await assert.rejects(send({ ...json, "sec-fetch-site": "same-site", origin: ORIGIN }), refused);
    await assert.rejects(send({ ...json, origin: "https://evil.test" }), refused);
    await assert.rejects(send({ ...json, origin: "null" }), refused);
    await assert.rejects(send({ "content-type": "text/plain" }), refused);
    await assert.rejects(send({ "content-type": "application/x-www-form-urlencoded" }), refused);
    await assert.rejects(send(json, { scheme: "http" }), coded("MNO_LOGIN_INSECURE"));
    assert.equal(browser.cookies.size, 0);
    assert.equal((await send(json)).status, 200);
  });

  it("has another cookie on loopback without TLS, which is not looked at elsewhere", async () => {
    await replica.close();
    const here = "http://localhost:4680";
    replica = await new Replica(database, clock).open({ ...values, MNO_ZTG_PUBLIC_URLS: [here] });
    const local = new Browser(replica, { scheme: "http", authority: "localhost:4680" });
    await local.post("/.mno/login", { user: "alice", password: "correct horse" }, { origin: here });
    assert.deepEqual([...local.cookies.keys()].sort(), ["mno-device-loopback", "mno-session-loopback"]);
    assert.equal((await local.enter()).principal.id, "alice");
    assert.equal((await local.enter("/orders", { scheme: "https" })).principal.type, "Anonymous");
    assert.equal((await local.enter("/orders", { authority: "gateway.test" })).principal.type, "Anonymous");
  });

  it("passes on how the password was typed, and refuses at high risk", async () => {
    const keystrokes = { field: "password", presses: [1, 2, 3, 4].map((n) => ({ down: n * 10, up: n * 10 + 5 })) };
    await password(new Browser(replica), "alice", "correct horse", { keystrokes: JSON.stringify(keystrokes) });
    assert.deepEqual(behaviour.assessments[0]?.keystrokes, keystrokes);
    assert.equal(behaviour.assessments[0]?.subject.userId, "alice");
    await behaviour.told("success");
    behaviour.level = "high";
    const browser = new Browser(replica);
    await assert.rejects(password(browser), coded("MNO_LOGIN_REFUSED", /it looks high/));
    assert.equal(browser.cookies.has(COOKIE), false);
  });

  it("assesses without keystrokes that are refused, and lets nobody keep others from being assessed by them", async () => {
    behaviour.refusesSamples = true;
    for (let i = 0; i < 7; i++) {
      const browser = new Browser(replica);
      await password(browser, "alice", "correct horse", { keystrokes: '{"field":7}' });
      assert.ok(browser.cookies.has(COOKIE));
    }
    // Each is asked with them, again without, and then for the session that begins.
    assert.equal(behaviour.assessments.length, 21);
    assert.equal(behaviour.assessments.filter(({ keystrokes }) => keystrokes === undefined).length, 14);
  });

  it("lets nobody log in while the risk cannot be assessed", async () => {
    behaviour.answer = { status: 503, body: "{}" };
    await assert.rejects(password(new Browser(replica)), coded("MNO_RISK_UNAVAILABLE"));
  });

  describe("with TOTP", () => {
    it("wants the code after the password, and takes each once", async () => {
      const browser = new Browser(replica);
      const first = await password(browser, "bob", "correct horse", { return_to: "/orders" });
      assert.deepEqual(JSON.parse(first.body), { next: "/.mno/login/proof" });
      assert.equal(browser.cookies.has(COOKIE), false);
      assert.equal((await browser.enter()).principal.type, "Anonymous");
      const page = await browser.get("/.mno/login/proof");
      assert.match(page.body, /one-time-code/);
      assert.doesNotMatch(page.body, /type="password"/);
      const used = code();
      const second = await browser.post("/.mno/login/proof", { code: used });
      assert.deepEqual(JSON.parse(second.body), { next: "/orders" });
      const { principal } = await browser.enter();
      assert.deepEqual([principal.session?.assurance, principal.parents], ["mfa", [{ type: "Role", id: "admin" }]]);

      const again = new Browser(replica);
      await password(again, "bob");
      await assert.rejects(again.post("/.mno/login/proof", { code: used }), coded("MNO_LOGIN_REFUSED"));
      await again.post("/.mno/login/proof", { code: code(1) });
    });

    it("refuses codes that are wrong, old, or of another kind, and the password in place of one", async () => {
      const browser = new Browser(replica);
      await password(browser, "bob");
      const wrong = { code: code() === "000000" ? "000001" : "000000" };
      for (const proof of [
        wrong,
        { code: code(-2) },
        { code: code(2) },
        { code: "" },
        { code: 7 },
        { password: "correct horse" },
        {},
      ]) {
        await assert.rejects(
          browser.post("/.mno/login/proof", proof),
          coded("MNO_LOGIN_REFUSED"),
          JSON.stringify(proof),
        );
      }
      assert.equal(browser.cookies.has(COOKIE), false);
    });

    it("cannot be begun anywhere but with the password: state is sealed, of one kind, and ends", async () => {
      const browser = new Browser(replica);
      const invalid = coded("MNO_LOGIN_STATE_INVALID");
      await assert.rejects(browser.post("/.mno/login/proof", { code: code() }), invalid);
      await password(browser, "bob");
      const sealed = browser.cookies.get("__Host-mno-login") as string;
      browser.cookies.set("__Host-mno-login", `${sealed.slice(0, -2)}AA`);
      await assert.rejects(browser.post("/.mno/login/proof", { code: code() }), invalid);
      browser.cookies.set("__Host-mno-login", sealed);
      await clock.advance(601_000);
      await assert.rejects(browser.post("/.mno/login/proof", { code: code() }), invalid);
    });
  });

  describe("with WebAuthn", () => {
    const register = async (browser: Browser, key: SecurityKey): Promise<void> => {
      const options = JSON.parse((await browser.post("/.mno/webauthn/options", {})).body);
      const { status } = await browser.post("/.mno/webauthn", { webauthn: key.create(options.challenge) });
      assert.equal(status, 201);
    };
    const challenge = async (browser: Browser): Promise<string> =>
      JSON.parse((await browser.post("/.mno/login/webauthn", {})).body).challenge;

    it("registers a key, wants it from then on, and counts it as resistant to phishing", async () => {
      const browser = new Browser(replica);
      await password(browser);
      const key = new SecurityKey();
      await register(browser, key);
      const next = new Browser(replica);
      await password(next);
      assert.equal(next.cookies.has(COOKIE), false);
      await next.post("/.mno/login/proof", { webauthn: key.get(await challenge(next)) });
      assert.equal((await next.enter()).principal.session?.assurance, "phishing-resistant");
    });

    it("refuses a phishing site's answer, a copy's counter, no verification, another's key, and a replay", async () => {
      const browser = new Browser(replica);
      await password(browser);
      const key = new SecurityKey();
      await register(browser, key);
      const next = new Browser(replica);
      await password(next);
      const refused = coded("MNO_LOGIN_REFUSED");
      const attempt = (webauthn: unknown) => next.post("/.mno/login/proof", { webauthn });
      await assert.rejects(attempt(key.get("AAAA")), refused); // no challenge was asked for
      const phished = Object.assign(Object.create(Object.getPrototypeOf(key)), key, {
        origin: "https://gateway.evil.test",
      });
      await assert.rejects(attempt(phished.get(await challenge(next))), refused);
      await assert.rejects(attempt(key.get(await challenge(next), { flags: 0x01 })), refused);
      await assert.rejects(attempt(new SecurityKey().get(await challenge(next))), refused);
      const answer = key.get(await challenge(next), { counter: 9 });
      await attempt(answer);
      await next.post("/.mno/logout", {});

      await password(next);
      await challenge(next);
      await assert.rejects(attempt(answer), refused);
      await assert.rejects(attempt(key.get(await challenge(next), { counter: 9 })), refused);
      await attempt(key.get(await challenge(next), { counter: 10 }));
    });

    it("adds no key to an account for who only knows its password, or stole its session", async () => {
      const browser = new Browser(replica);
      await password(browser, "bob");
      await assert.rejects(browser.post("/.mno/webauthn/options", {}), coded("MNO_UNAUTHENTICATED"));
      await browser.post("/.mno/login/proof", { code: code() });
      await clock.advance(301_000);
      await assert.rejects(browser.post("/.mno/webauthn/options", {}), coded("MNO_STEP_UP_REQUIRED"));
    });
  });

  describe("throttling", () => {
    it("stops guesses at one account from anywhere, and does not lock out its user's own device", async () => {
      const known = new Browser(replica);
      await password(known);
      await known.post("/.mno/logout", {});
      for (let i = 0; i < 10; i++) {
        const attacker = new Browser(replica, { address: `198.51.100.${i}` });
        await assert.rejects(password(attacker, "alice", `guess ${i}`), coded("MNO_LOGIN_REFUSED"));
      }
      const right = new Browser(replica, { address: "198.51.100.99" });
      await assert.rejects(password(right), (error: MnoError) => {
        assert.ok(Number(error.extensions.retryAfterSeconds) > 0);
        return coded("MNO_RATE_LIMITED")(error);
      });
      await password(known);
      assert.equal((await known.enter()).principal.id, "alice");
      // A device of another user's is a stranger to this account.
      const thief = new Browser(replica, { address: "198.51.100.98" });
      await password(thief, "bob", "wrong").catch(coded("MNO_LOGIN_REFUSED"));
      thief.cookies.set("__Host-mno-device", "A".repeat(43));
      await assert.rejects(password(thief), coded("MNO_RATE_LIMITED"));
    }).timeout(30_000);

    it("counts guesses that are made at the same time", async () => {
      const attempts = Array.from({ length: 14 }, (_, i) =>
        password(new Browser(replica, { address: `198.51.100.${i}` }), "alice", `guess ${i}`).then(
          () => "in",
          (error: { code: string }) => error.code,
        ),
      );
      const outcomes = await Promise.all(attempts);
      assert.equal(outcomes.filter((outcome) => outcome === "MNO_RATE_LIMITED").length, 4);
      assert.equal(outcomes.filter((outcome) => outcome === "MNO_LOGIN_REFUSED").length, 10);
    }).timeout(30_000);

    it("gives an address back what was right, not what was wrong", async () => {
      const points = async (): Promise<number> => {
        const [row] = await database.query<{ points: number }>("SELECT points FROM ztg_login_limits WHERE key = $1", [
          "login-address:203.0.113.7",
        ]);
        return row?.points ?? 0;
      };
      const browser = new Browser(replica);
      await password(browser, "bob");
      await browser.post("/.mno/login/proof", { code: code() });
      await password(new Browser(replica));
      assert.equal(await points(), 0);
      await assert.rejects(password(new Browser(replica), "alice", "wrong"), coded("MNO_LOGIN_REFUSED"));
      await password(new Browser(replica));
      assert.equal(await points(), 1);
    });

    it("stops one address that sprays one password over many accounts", async () => {
      await database.query("INSERT INTO ztg_login_limits (key, points, expire) VALUES ($1, 50, $2)", [
        "login-address:203.0.113.7",
        Date.now() + 3_600_000,
      ]);
      await assert.rejects(password(new Browser(replica)), coded("MNO_RATE_LIMITED"));
      await password(new Browser(replica, { address: "203.0.113.8" }));
    });
  });

  it("says who the session is of, and nothing to who has none", async () => {
    const browser = new Browser(replica);
    await assert.rejects(browser.get("/.mno/session"), coded("MNO_UNAUTHENTICATED"));
    await password(browser);
    const { user, assurance } = JSON.parse((await browser.get("/.mno/session")).body);
    assert.deepEqual([user, assurance], ["alice", "password"]);
  });
});
