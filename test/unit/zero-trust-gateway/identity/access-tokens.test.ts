import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync } from "node:crypto";
import { type CryptoKey, exportSPKI, importJWK, SignJWT, UnsecuredJWT } from "jose";
import type { MnoError } from "../../../../runtime/exports";
import type { ManualClock } from "../../../../runtime/kernel/clock";
import { AccessTokens } from "../../../../runtime/security/zero-trust-gateway/identity/access-tokens";
import { KeySet } from "../../../../runtime/security/zero-trust-gateway/identity/key-sets";
import { accessToken, AUDIENCE, ISSUER, issuerOf, type SigningKey, signingKey, START, startClock } from "./support";

const refused = (error: MnoError): boolean => error.code === "MNO_TOKEN_INVALID";

describe("zero-trust gateway: access tokens", () => {
  let clock: ManualClock;
  let key: SigningKey;
  let served: unknown;
  let fetches: number;

  before(async () => {
    key = await signingKey();
  });
  beforeEach(() => {
    clock = startClock();
    served = { keys: [key.jwk] };
    fetches = 0;
  });
  const keySet = (): KeySet =>
    new KeySet({
      issuer: ISSUER,
      uri: () => Promise.resolve(`${ISSUER}/jwks`),
      fetchJson: async () => {
        fetches += 1;
        if (served instanceof Error) throw served;
        return served;
      },
      clock,
    });
  const tokens = (values: Parameters<typeof issuerOf>[0] = {}): AccessTokens =>
    new AccessTokens([{ issuer: issuerOf(values), keys: keySet() }], clock, 5);

  it("takes a token that is right", async () => {
    const { payload } = await tokens().verify(await accessToken(key));
    assert.equal(payload.sub, "alice");
  });

  it("takes signatures of every family that is configured, ML-DSA among them", async () => {
    for (const alg of ["RS256", "PS256", "EdDSA", "ML-DSA-65"] as const) {
      const other = await signingKey(alg);
      served = { keys: [other.jwk] };
      assert.equal((await tokens({ algorithms: [alg] }).verify(await accessToken(other))).payload.sub, "alice", alg);
    }
  });

  const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = START / 1000;
  const CLAIMS = { iss: ISSUER, aud: AUDIENCE, sub: "alice", iat: now, exp: now + 300 };

  const ATTACKS: Record<string, () => Promise<string> | string> = {
    "no signature (alg none)": () => new UnsecuredJWT(CLAIMS).encode(),
    "alg none with a signature left over": async () => {
      const [, payload, signature] = (await accessToken(key)).split(".");
      return `${base64url({ alg: "none", typ: "at+jwt" })}.${payload}.${signature}`;
    },
    "HMAC under the public key as PEM (algorithm confusion)": async () => {
      const pem = await exportSPKI((await importJWK(key.jwk, "ES256", { extractable: true })) as CryptoKey);
      const input = `${base64url({ alg: "HS256", typ: "at+jwt", kid: "key-1" })}.${base64url(CLAIMS)}`;
      return `${input}.${createHmac("sha256", pem).update(input).digest("base64url")}`;
    },
    "HMAC under the public key as JWK": () => {
      const input = `${base64url({ alg: "HS256", typ: "at+jwt", kid: "key-1" })}.${base64url(CLAIMS)}`;
      return `${input}.${createHmac("sha256", JSON.stringify(key.jwk)).update(input).digest("base64url")}`;
    },
    "a key brought along (jwk)": async () => {
      const evil = await signingKey();
      return accessToken(evil, {}, { jwk: evil.jwk });
    },
    "keys from elsewhere (jku)": async () => accessToken(await signingKey(), {}, { jku: "https://evil.test/jwks" }),
    "a certificate from elsewhere (x5u)": async () => accessToken(key, {}, { x5u: "https://evil.test/cert" }),
    "a certificate brought along (x5c)": async () => accessToken(key, {}, { x5c: ["MIIB"] }),
    "a kid that is a path": async () => accessToken(await signingKey(), {}, { kid: "../../../../dev/null" }),
    "a kid that is SQL": async () => accessToken(await signingKey(), {}, { kid: "' UNION SELECT 'key" }),
    "another key under a known kid": async () => accessToken(await signingKey()),
    "a critical extension that is not known": async () => {
      const [header, payload, signature] = (await accessToken(key)).split(".") as [string, string, string];
      const changed = { ...JSON.parse(Buffer.from(header, "base64url").toString()), crit: ["x-evil"], "x-evil": 1 };
      return `${base64url(changed)}.${payload}.${signature}`;
    },
    "an ID token (typ JWT)": () => accessToken(key, { nonce: "n" }, { typ: "JWT" }),
    "no typ at all": () => accessToken(key, {}, { typ: undefined }),
    "a logout token": () => accessToken(key, { events: {} }, { typ: "logout+jwt" }),
    "an access token's typ on an ID token's claims": () => accessToken(key, { nonce: "n" }),
    "another issuer": () => accessToken(key, { iss: "https://evil.test" }),
    "the issuer with a slash behind": () => accessToken(key, { iss: `${ISSUER}/` }),
    "an issuer that is a list": () => accessToken(key, { iss: [ISSUER] }),
    "another audience": () => accessToken(key, { aud: "https://other.test" }),
    "no audience": () => accessToken(key, { aud: undefined }),
    expired: () => accessToken(key, { exp: now - 6 }),
    "no expiry": () => accessToken(key, { exp: undefined }),
    "an expiry that is text": () => accessToken(key, { exp: String(now + 300) }),
    "not valid yet": () => accessToken(key, { nbf: now + 60 }),
    "issued in the future": () => accessToken(key, { iat: now + 60 }),
    "no time of issue": () => accessToken(key, { iat: undefined }),
    "no subject": () => accessToken(key, { sub: undefined }),
    "a changed claim": async () => {
      const [header, , signature] = (await accessToken(key)).split(".");
      return `${header}.${base64url({ ...CLAIMS, sub: "admin" })}.${signature}`;
    },
    "a signature of zeros (psychic signature)": async () => {
      const [header, payload] = (await accessToken(key)).split(".");
      return `${header}.${payload}.${Buffer.alloc(64).toString("base64url")}`;
    },
    "an empty signature": async () => `${(await accessToken(key)).split(".").slice(0, 2).join(".")}.`,
    "four segments": async () => `${await accessToken(key)}.AAAA`,
    "JWE's five segments": () => "a.b.c.d.e",
    "padding in base64url": async () => `${await accessToken(key)}=`,
    "too long": async () => accessToken(key, { filler: "x".repeat(20_000) }),
    "an algorithm that is not configured": async () => {
      const other = await signingKey("ES384");
      served = { keys: [key.jwk, other.jwk] };
      return accessToken(other);
    },
    "a symmetric key in the set": async () => {
      served = {
        keys: [{ kty: "oct", k: Buffer.alloc(32, 1).toString("base64url"), kid: "oct", alg: "HS256" }, key.jwk],
      };
      const secret = Buffer.alloc(32, 1);
      return new SignJWT(CLAIMS).setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: "oct" }).sign(secret);
    },
    "a key for encryption": async () => {
      const other = await signingKey("RS256", "enc");
      served = { keys: [{ ...other.jwk, use: "enc" }] };
      return accessToken(other);
    },
    "no kid where several keys fit": async () => {
      served = { keys: [key.jwk, (await signingKey("ES256", "key-2")).jwk] };
      return new SignJWT(CLAIMS).setProtectedHeader({ alg: "ES256", typ: "at+jwt" }).sign(key.privateKey);
    },
  };
  for (const [name, attack] of Object.entries(ATTACKS)) {
    it(`refuses: ${name}`, async () => {
      const token = await attack();
      await assert.rejects(tokens().verify(token), refused);
    });
  }

  it("refuses a token that lacks a claim which this issuer's must have", async () => {
    await assert.rejects(tokens({ requiredClaims: ["tenant"] }).verify(await accessToken(key)), refused);
    await tokens({ requiredClaims: ["tenant"] }).verify(await accessToken(key, { tenant: "acme" }));
  });

  it("never says what the token says", async () => {
    const secret = "s3cr3t-claim";
    await assert.rejects(tokens().verify(await accessToken(key, { aud: secret })), (error: MnoError) => {
      assert.ok(!JSON.stringify([error.message, error.extensions]).includes(secret));
      return true;
    });
  });

  it("follows the rotation of keys, and asks for unknown ones twice a minute at most", async () => {
    const verifier = tokens();
    await verifier.verify(await accessToken(key));
    const next = await signingKey("ES256", "key-2");
    served = { keys: [next.jwk] };
    await assert.rejects(verifier.verify(await accessToken(next)), refused); // within the pause
    assert.equal(fetches, 1);
    await clock.advance(30_001);
    await verifier.verify(await accessToken(next));
    assert.equal(fetches, 2);
    for (let i = 0; i < 50; i++)
      await assert.rejects(verifier.verify(await accessToken(key, {}, { kid: `k${i}` })), refused);
    assert.equal(fetches, 2);
    await assert.rejects(verifier.verify(await accessToken(key)), refused); // the withdrawn one
  });

  it("goes on with the keys it has while the issuer is away, for a day", async () => {
    const verifier = tokens();
    const later = (seconds: number) => accessToken(key, { iat: now + seconds - 5, exp: now + seconds + 300 });
    await verifier.verify(await accessToken(key));
    served = new Error("connection refused");
    await clock.advance(3_600_000);
    await verifier.verify(await later(3600));
    await clock.advance(23 * 3_600_000 + 1);
    await assert.rejects(
      later(86_400).then((token) => verifier.verify(token)),
      (error: MnoError) => error.code === "MNO_IDENTITY_UNAVAILABLE",
    );
    served = { keys: [key.jwk] };
    await clock.advance(30_001);
    await verifier.verify(await later(86_430));
  });

  it("refuses all while keys could never be had, and private ones", async () => {
    const unavailable = (error: MnoError): boolean => error.code === "MNO_IDENTITY_UNAVAILABLE";
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const privateJwk = { ...privateKey.export({ format: "jwk" }), kid: "key-1", alg: "ES256" };
    for (const answer of [new Error("down"), {}, { keys: [] }, { keys: "x" }, null, { keys: [privateJwk] }]) {
      served = answer;
      await assert.rejects(tokens().verify(await accessToken(key)), unavailable);
    }
  });
});
