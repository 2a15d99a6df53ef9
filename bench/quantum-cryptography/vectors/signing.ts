import { NOBLE } from "../../../runtime/kernel/crypto/noble/provider";
import type { SignatureScheme, SigningKey, SignOptions } from "../../../runtime/kernel/crypto/provider";
import { same } from "./read";

/**
 * Whether the key signs as the vector says. Where the implementation takes no randomness (the platform hedges every
 * signature), its own signature under the vector's key has to verify, with both implementations.
 */
export function signsAs(
  scheme: SignatureScheme,
  key: SigningKey,
  message: Uint8Array,
  options: SignOptions,
  signature: string,
): boolean {
  if (scheme.implementation !== "native") return same(key.sign(message, options), signature);
  const { context, encoding } = options;
  const own = key.sign(message, { context, encoding });
  return [scheme, NOBLE.signature(scheme.suite)!].every((each) =>
    each.verifyingKey(key.publicKey).verify(message, own, { context, encoding }),
  );
}
