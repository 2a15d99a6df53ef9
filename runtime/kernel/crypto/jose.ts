import { CompactSign, compactVerify, importJWK, type JWK } from "jose";
import { MnoError } from "../../exports";
import { invalidInput, openFailed, unsupported } from "./faults";

/** Algorithms of JOSE: ML-DSA of RFC 9964 (key type AKP, whose `alg` is required) and Ed25519 of RFC 8037 and RFC 9864. */
const ALGORITHMS: Record<string, { kty: "AKP" | "OKP" }> = {
  "ML-DSA-44": { kty: "AKP" },
  "ML-DSA-65": { kty: "AKP" },
  "ML-DSA-87": { kty: "AKP" },
  Ed25519: { kty: "OKP" },
};

/** Whether JOSE has a name for the signature suite. */
export const inJose = (suite: string): boolean => Object.hasOwn(ALGORITHMS, suite);

/** The public key as a JWK. Errors: MNO_CRYPTO_UNSUPPORTED for suites that JOSE does not name. */
export function publicJwk(suite: string, publicKey: Uint8Array, kid: string): JWK {
  const algorithm = inJose(suite) ? ALGORITHMS[suite] : undefined;
  if (algorithm === undefined) throw unsupported("JOSE", `name ${suite}`);
  const encoded = base64url(publicKey);
  const common = { ...algorithm, alg: suite, use: "sig", kid };
  return algorithm.kty === "AKP" ? { ...common, pub: encoded } : { ...common, crv: suite, x: encoded };
}

/** A JWS in compact form. `seed` is the private key of both key types. */
export async function signJws(
  suite: string,
  seed: Uint8Array,
  publicKey: Uint8Array,
  kid: string,
  payload: Uint8Array,
): Promise<string> {
  const { use: _, ...jwk } = publicJwk(suite, publicKey, kid);
  const secret = base64url(seed);
  const key = await importJWK(jwk.kty === "AKP" ? { ...jwk, priv: secret } : { ...jwk, d: secret }, suite);
  return new CompactSign(payload).setProtectedHeader({ alg: suite, kid }).sign(key);
}

/**
 * The payload. The key says which algorithm, never the token. Errors: MNO_CRYPTO_OPEN_FAILED, MNO_CRYPTO_INPUT_INVALID for what is no key,
 * MNO_CRYPTO_UNSUPPORTED for one of another algorithm.
 */
export async function verifyJws(jwk: JWK, token: string): Promise<Uint8Array> {
  // A key comes from elsewhere: its type is what it should be.
  const alg: unknown = jwk.alg;
  if (typeof alg !== "string" || !inJose(alg)) {
    const named = typeof alg === "string" ? alg : `as ${typeof alg}`;
    throw new MnoError("MNO_CRYPTO_UNSUPPORTED", `The key names the algorithm ${named}, which is none of ours`);
  }
  const key = await importJWK(jwk, alg).catch(() => {
    throw invalidInput(`The JWK is no public key of ${alg}`);
  });
  try {
    return (await compactVerify(token, key, { algorithms: [alg] })).payload;
  } catch {
    throw openFailed();
  }
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
