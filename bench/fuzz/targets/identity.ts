import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { MnoError } from "../../../runtime/exports";
import { ManualClock } from "../../../runtime/kernel/clock";
import type { GatewayRequest } from "../../../runtime/security/zero-trust-gateway/contracts";
import { AccessTokens } from "../../../runtime/security/zero-trust-gateway/identity/access-tokens";
import { personOf } from "../../../runtime/security/zero-trust-gateway/identity/claims";
import { clientCertificateOf } from "../../../runtime/security/zero-trust-gateway/identity/client-certificate";
import { DpopProofs } from "../../../runtime/security/zero-trust-gateway/identity/dpop";
import type { Issuer } from "../../../runtime/security/zero-trust-gateway/identity/issuer-schema";
import { returnPath } from "../../../runtime/security/zero-trust-gateway/identity/login/exchange";
import { trustDomainOf } from "../../../runtime/security/zero-trust-gateway/identity/spiffe";
import { parseForwardedCertificates } from "../../../runtime/security/zero-trust-gateway/identity/xfcc";
import { readSecret, SESSION_COOKIE } from "../../../runtime/security/zero-trust-gateway/sessions/cookie";
import { effectsOf } from "../../../runtime/security/zero-trust-gateway/signals/effects";
import { SecurityEventTokens } from "../../../runtime/security/zero-trust-gateway/signals/security-event-tokens";
import { subjectOf } from "../../../runtime/security/zero-trust-gateway/signals/subject-identifiers";
import type { Transmitter } from "../../../runtime/security/zero-trust-gateway/signals/transmitter-schema";
import { ACCEPTED, type AnyTarget, holds, target } from "../target";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const SECONDS = NOW / 1000;
const clock = new ManualClock(NOW);
const issuer: Issuer = {
  issuer: "https://issuer.test",
  audience: ["https://api.test"],
  algorithms: ["EdDSA"],
  tokenType: "at+jwt",
  idClaim: "sub",
  requiredClaims: [],
  attributes: { department: "org.department", level: "level" },
  parents: { Group: "groups" },
  mfaValues: ["mfa"],
  phishingResistantValues: ["phrh"],
} as unknown as Issuer;
const transmitter: Transmitter = { issuer: issuer.issuer, audience: ["https://gw.test"], algorithms: ["EdDSA"] };

interface Token {
  readonly header: unknown;
  readonly payload: unknown;
  readonly signature: unknown;
}

const encoded = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : (JSON.stringify(value) ?? "")).toString("base64url");

/** The first two parts, and what is signed. */
const unsigned = ({ header, payload }: Token): string => `${encoded(header)}.${encoded(payload)}`;

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const signed = (token: Token): string => {
  const text = unsigned(token);
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString("base64url")}`;
};
const keyOf = (): Promise<KeyObject> => Promise.resolve(publicKey);

/** Whoever is asked for a key was reached: everything that comes before the cryptography was passed. */
class Reached extends MnoError {
  constructor() {
    super("MNO_IDENTITY_UNAVAILABLE", "the key was asked for");
  }
}
const noKey = (): Promise<never> => Promise.reject(new Reached());
const orReached = (error: unknown): string => {
  if (error instanceof Reached) return ACCEPTED;
  throw error;
};

const jwk = publicKey.export({ format: "jwk" });
const ACCESS: Token = {
  header: { alg: "EdDSA", typ: "at+jwt", kid: "k" },
  payload: {
    iss: issuer.issuer,
    aud: ["https://api.test"],
    sub: "alice",
    iat: SECONDS,
    exp: SECONDS + 300,
    client_id: "shop",
    scope: "a b",
    amr: ["mfa"],
    groups: ["staff", "sales"],
    org: { department: "x" },
    cnf: { jkt: "a" },
    auth_time: SECONDS - 10,
  },
  signature: "AAAA",
};
const EVENT = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
const RISC = "https://schemas.openid.net/secevent/risc/event-type/account-disabled";
const SUBJECT = { format: "iss_sub", iss: issuer.issuer, sub: "alice" };
const SET: Token = {
  header: { alg: "EdDSA", typ: "secevent+jwt", kid: "k" },
  payload: {
    iss: issuer.issuer,
    aud: "https://gw.test",
    iat: SECONDS,
    jti: "1",
    sub_id: { format: "complex", user: SUBJECT, session: { format: "opaque", id: "s" } },
    events: { [EVENT]: { event_timestamp: SECONDS, reason_admin: { en: "x" } }, [RISC]: { reason: "hijacking" } },
  },
  signature: "AAAA",
};
const TOKEN = "an-access-token";
const PROOF: Token = {
  header: { alg: "EdDSA", typ: "dpop+jwt", jwk },
  payload: {
    jti: "1",
    htm: "GET",
    htu: "https://gateway.test/orders",
    iat: SECONDS,
    ath: createHash("sha256").update(TOKEN).digest("base64url"),
  },
  signature: "AAAA",
};
const CLAIMS = [
  "none",
  "HS256",
  "crit",
  "jku",
  "x5c",
  "b64",
  "exp",
  "nbf",
  "sub",
  "at+jwt",
  "iss_sub",
  "email",
  "complex",
];

const request = (headers: Record<string, string[]>): GatewayRequest =>
  ({
    ...{ id: "r", time: NOW, method: "GET", scheme: "https", authority: "gateway.test", path: "/orders" },
    ...{ target: "/orders", query: "", address: "203.0.113.7", headers, traceId: null },
  }) as unknown as GatewayRequest;

/** As it is read, then as it is judged once its signature is good. */
function tokens(name: string, seed: Token, read: (token: string, good: boolean) => Promise<unknown>): AnyTarget[] {
  const whole = (token: Token): string => `${unsigned(token)}.${encoded(token.signature)}`;
  const seeds = [seed];
  return [
    target<Token>({
      name: `gateway: ${name}, before the cryptography`,
      kind: "JSON",
      seeds,
      words: CLAIMS,
      milliseconds: 50,
      run: (token) => read(whole(token ?? {}), false).then(() => ACCEPTED, orReached),
    }),
    target<Token>({
      name: `gateway: ${name}, signed`,
      kind: "JSON",
      seeds,
      words: CLAIMS,
      share: 0.05,
      milliseconds: 50,
      run: (token) => read(signed(token ?? {}), true).then(() => ACCEPTED),
    }),
  ];
}

const access = (keys: { keyOf: () => Promise<KeyObject> }) =>
  new AccessTokens([{ issuer, keys: keys as never }], clock, 5);
const [unread, readable] = [access({ keyOf: noKey }), access({ keyOf })];
const sets = (keys: { keyOf: () => Promise<KeyObject> }) =>
  new SecurityEventTokens([{ transmitter, keys: keys as never }], clock, 5);
const [unreadSets, readableSets] = [sets({ keyOf: noKey }), sets({ keyOf })];
const proofs = new DpopProofs({
  clock,
  once: { first: () => Promise.resolve(true) },
  windowSeconds: 60,
  skewSeconds: 5,
  origins: new Set(["https://gateway.test"]),
});

const XFCC = `By=spiffe://cluster.local/x;Hash=${"ab".repeat(32)};Subject="CN=a,O=\\"b\\"";URI=spiffe://cluster.local/ns/a/sa/b`;

export const IDENTITY_TARGETS: readonly AnyTarget[] = [
  ...tokens("access tokens", ACCESS, async (token, good) => {
    const { payload } = await (good ? readable : unread).verify(token);
    holds(typeof payload.exp === "number", "a token without end is believed");
    personOf(payload, issuer);
  }),
  ...tokens("security event tokens", SET, async (token, good) => {
    const { subject, events } = await (good ? readableSets : unreadSets).verify(token, undefined);
    const whom = subjectOf(subject, transmitter, [issuer]);
    for (const [type, event] of Object.entries(events)) if (whom) effectsOf(type, event, whom, NOW);
  }),
  target<Token>({
    name: "gateway: DPoP proofs, signed",
    kind: "JSON",
    seeds: [PROOF],
    words: CLAIMS,
    share: 0.05,
    milliseconds: 50,
    run: (proof) =>
      proofs
        .check(request({ dpop: [signed(proof ?? {})] }), TOKEN, "another")
        .then(() => ACCEPTED)
        // All is right but the thumbprint that the token names: as far as it goes.
        .catch((error: unknown) => {
          if (error instanceof MnoError && error.code === "MNO_TOKEN_BINDING_REFUSED") return ACCEPTED;
          throw error;
        }),
  }),
  target<Token["payload"]>({
    name: "gateway: claims, subjects and events of tokens",
    kind: "JSON",
    seeds: [
      ACCESS.payload,
      SET.payload,
      { ...(SET.payload as object), sub: "a", sub_id: { format: "email", email: "a@b" } },
    ],
    words: [...CLAIMS, "opaque", "user", "session", "device", "tenant", EVENT],
    milliseconds: 20,
    run: (payload) => {
      const claims = (typeof payload === "object" ? (payload ?? {}) : {}) as Record<string, unknown>;
      const person = personOf(claims, issuer);
      const whom = subjectOf(claims.sub_id, transmitter, [issuer]);
      const events = typeof claims.events === "object" ? (claims.events ?? {}) : {};
      for (const [type, event] of Object.entries(events)) {
        if (whom && typeof event === "object" && event !== null) effectsOf(type, event as never, whom, NOW);
      }
      return person || whom ? ACCEPTED : "nobody";
    },
  }),
  target<string>({
    name: "gateway: tokens as text",
    kind: "text",
    seeds: [`${unsigned(ACCESS)}.AAAA`],
    words: [".", "..", "eyJ", "=", "AA", encoded({ alg: "none" })],
    milliseconds: 20,
    run: (text) => unread.verify(text).then(() => ACCEPTED, orReached),
  }),
  target<string>({
    name: "gateway: x-forwarded-client-cert",
    kind: "text",
    seeds: [XFCC, `Hash=${"0".repeat(64)};URI=spiffe://a/b,${XFCC}`, "By=a;URI=spiffe://cluster.local/c;URI=https://d"],
    words: ['"', '\\"', ";", ",", "=", "URI=", "Hash=", "spiffe://cluster.local/", "Cert=", "DNS=a"],
    milliseconds: 20,
    run: (header) => {
      const elements = parseForwardedCertificates(header);
      const { spiffeId } = clientCertificateOf({ forwarded: [header], fromTrustedProxy: true });
      holds(spiffeId === undefined || trustDomainOf(spiffeId) !== undefined, "an id that is none");
      holds(spiffeId === undefined || elements?.at(-1)?.uris[0] === spiffeId, "an id of another than the nearest");
      return elements === undefined ? "not well-formed" : ACCEPTED;
    },
  }),
  target<string>({
    name: "gateway: SPIFFE ids",
    kind: "text",
    seeds: ["spiffe://cluster.local/ns/a/sa/b", "spiffe://a_b-c.d/E.f_g-h"],
    words: ["spiffe://", "/", "..", "%2f", "@", ":1", "?", "#", "A", "/."],
    milliseconds: 20,
    run: (id) => {
      const domain = trustDomainOf(id);
      holds(domain === undefined || id.startsWith(`spiffe://${domain}/`), "a domain that the id does not begin with");
      return domain === undefined ? "none" : ACCEPTED;
    },
  }),
  target<string>({
    name: "gateway: session cookies and ways back",
    kind: "text",
    seeds: [
      `a=b; __Host-${SESSION_COOKIE}=${"A".repeat(43)}|/orders?a=b`,
      `c; __Host-${SESSION_COOKIE}=${"B".repeat(43)}|https://gateway.test/a`,
    ],
    words: [`__Host-${SESSION_COOKIE}=`, ";", "=", "A".repeat(43), "//evil.test", "/\\evil.test", "\t/", "javascript:"],
    milliseconds: 20,
    run: (text) => {
      const [cookie = "", way = ""] = text.split("|");
      const back = returnPath(way, "https://gateway.test");
      holds(new URL(back, "https://gateway.test").origin === "https://gateway.test", "a way back to somewhere else");
      return readSecret(request({ cookie: [cookie] }), SESSION_COOKIE) === undefined ? "no secret" : ACCEPTED;
    },
  }),
];
