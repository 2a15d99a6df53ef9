import { MnoError } from "../../exports";
import { NATIVE } from "./native/provider";
import { NOBLE } from "./noble/provider";
import type { Aead, Kem, Provider, SignatureScheme } from "./provider";

/** Fastest first: what the platform has is the platform's, the rest is @noble's. */
const PREFERENCE: readonly Provider[] = [NATIVE, NOBLE];

/** The implementation of the KEM to use. Errors: MNO_CRYPTO_UNSUPPORTED. */
export const kemOf = (suite: string): Kem =>
  first("key encapsulation mechanism", suite, (provider) => provider.kem(suite));

export const signatureOf = (suite: string): SignatureScheme =>
  first("signature scheme", suite, (provider) => provider.signature(suite));

export const aeadOf = (suite: string): Aead => first("authenticated cipher", suite, (provider) => provider.aead(suite));

function first<T>(kind: string, suite: string, find: (provider: Provider) => T | undefined): T {
  for (const provider of PREFERENCE) {
    const found = find(provider);
    if (found !== undefined) return found;
  }
  throw new MnoError("MNO_CRYPTO_UNSUPPORTED", `No implementation here has a ${kind} "${suite}"`);
}
