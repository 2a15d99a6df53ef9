import { createHash, randomBytes, scryptSync } from "node:crypto";
import { calculateJwkThumbprint, type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import pino from "pino";
import { ManualClock } from "../../../../runtime/kernel/clock";
import { loadConfiguration } from "../../../../runtime/kernel/config";
import type { GatewayRequest, Headers } from "../../../../runtime/security/zero-trust-gateway/contracts";
import type { Issuer } from "../../../../runtime/security/zero-trust-gateway/identity/issuer-schema";
import {
  IDENTITY_KEYS,
  type IdentityConfiguration,
} from "../../../../runtime/security/zero-trust-gateway/identity/configuration";
import { Type } from "@sinclair/typebox";

export const START = Date.parse("2026-03-01T12:00:00Z");
export const ORIGIN = "https://gateway.test";
export const ISSUER = "https://issuer.test";
export const AUDIENCE = "https://api.test";
export const CHROME =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
export const FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0";

export const silent = pino({ level: "silent" });
export const tracer = { carrier: () => ({}) };
export const startClock = (): ManualClock => new ManualClock(START);

/** A request as the gateway understands one; headers as single values. */
export function requestOf(
  headers: Record<string, string | string[]> = {},
  more: Partial<GatewayRequest> = {},
): GatewayRequest {
  const lists: Headers = Object.fromEntries(
    Object.entries({ "user-agent": CHROME, ...headers }).map(([name, value]) => [name, [value].flat()]),
  );
  const target = more.target ?? "/orders";
  return {
    id: "request-1",
    time: START,
    method: "GET",
    scheme: "https",
    authority: "gateway.test",
    path: target.split("?")[0] as string,
    target,
    query: target.split("?")[1] ?? "",
    address: "203.0.113.7",
    ...more,
    headers: lists,
  };
}

/** The part's configuration with its defaults, as the kernel would load it. */
export function configurationOf(values: Record<string, unknown> = {}): IdentityConfiguration {
  return loadConfiguration(
    { environment: {}, file: values },
    Type.Object(IDENTITY_KEYS),
  ) as unknown as IdentityConfiguration;
}

export function issuerOf(values: Partial<Issuer> = {}): Issuer {
  const config = configurationOf({ MNO_ZTG_ISSUERS: [{ issuer: ISSUER, audience: [AUDIENCE], ...values }] });
  return config.MNO_ZTG_ISSUERS[0] as Issuer;
}

export interface SigningKey {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
  readonly alg: string;
}

export async function signingKey(alg = "ES256", kid: string | undefined = "key-1"): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), alg, ...(kid !== undefined && { kid }) };
  return { privateKey, jwk, alg };
}

/** An access token that is right in every respect, but for what `claims` and `header` change. */
export function accessToken(
  key: SigningKey,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const now = START / 1000;
  const payload = { iss: ISSUER, aud: AUDIENCE, sub: "alice", iat: now, exp: now + 300, client_id: "shop", ...claims };
  return new SignJWT(payload)
    .setProtectedHeader({ alg: key.alg, typ: "at+jwt", kid: key.jwk.kid ?? "key-1", ...header })
    .sign(key.privateKey);
}

/** A DPoP proof that is right for the token and `GET https://gateway.test/orders`, but for what is changed. */
export async function dpopProof(
  key: SigningKey,
  token: string,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const { kid: _kid, alg: _alg, ...jwk } = key.jwk;
  const ath = createHash("sha256").update(token).digest("base64url");
  const payload = { jti: crypto.randomUUID(), htm: "GET", htu: `${ORIGIN}/orders`, iat: START / 1000, ath, ...claims };
  return new SignJWT(payload)
    .setProtectedHeader({ alg: key.alg, typ: "dpop+jwt", jwk, ...header })
    .sign(key.privateKey);
}

export async function thumbprintOf({ jwk }: SigningKey): Promise<string> {
  return calculateJwkThumbprint(jwk);
}

/** A hash for the configuration, as cheap as it takes one: 2^14 is the least. */
export function passwordHash(password: string, logN = 14): string {
  const salt = randomBytes(16);
  const hash = scryptSync(password, salt, 32, { N: 2 ** logN, r: 8, p: 1, maxmem: 2 ** 28 });
  return ["scrypt", logN, 8, 1, salt.toString("base64url"), hash.toString("base64url")].join("$");
}
