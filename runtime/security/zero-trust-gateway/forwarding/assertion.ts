import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, type JWK } from "jose";
import { MnoError } from "../../../exports";
import type { GrantFacts } from "../enforcement/grant";

/** An assertion serves for the one request it goes with. */
const SECONDS = 60;
const ISSUER = "mno-zero-trust-gateway";

/** Tells upstreams who asks and why that is allowed: a short-lived JWT (EdDSA) that they verify with the published keys. */
export class AssertionSigner {
  /** JOSE header, which is the same of all. */
  private readonly header: string;

  private constructor(
    private readonly key: KeyObject,
    private readonly jwk: JWK,
  ) {
    this.header = encode({ alg: "EdDSA", typ: "mno-access+jwt", kid: jwk.kid });
  }

  /** `pem`: PKCS#8 Ed25519 key, which replicas must share; a new one at each start without it. Errors: MNO_CONFIG_INVALID. */
  static async open(pem: string | undefined): Promise<AssertionSigner> {
    const key = pem === undefined ? generateKeyPairSync("ed25519").privateKey : readKey(pem);
    const jwk = await exportJWK(createPublicKey(key));
    const kid = await calculateJwkThumbprint(jwk);
    return new AssertionSigner(key, { ...jwk, kid, alg: "EdDSA", use: "sig" });
  }

  /** RFC 7517. */
  get keySet(): { keys: JWK[] } {
    return { keys: [this.jwk] };
  }

  /**
   * RFC 7515, compact. Synchronous, in process: an Ed25519 signature takes less than the way to another thread.
   * `now`: milliseconds since 1970.
   */
  sign({ record, principal, asked, request }: GrantFacts, now: number): string {
    const issued = Math.floor(now / 1000);
    const { session } = principal;
    const claims = {
      iss: ISSUER,
      sub: principal.id,
      aud: asked.route.name,
      jti: record.id,
      iat: issued,
      exp: issued + SECONDS,
      type: principal.type,
      amr: [principal.method],
      ...(session && { acr: session.assurance, auth_time: Math.floor(session.authenticatedAt / 1000) }),
      groups: principal.parents.map(({ type, id }) => `${type}::${id}`),
      action: asked.action.id,
      resource: `${asked.resource.type}::${asked.resource.id}`,
      htm: request.method,
      policies: record.policies,
    };
    const input = `${this.header}.${encode(claims)}`;
    return `${input}.${sign(null, Buffer.from(input), this.key).toString("base64url")}`;
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function readKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // Said below, without what the file holds.
  }
  throw new MnoError(
    "MNO_CONFIG_INVALID",
    "MNO_ZTG_ASSERTION_KEY_FILE must hold an Ed25519 private key in PEM (PKCS#8)",
  );
}
