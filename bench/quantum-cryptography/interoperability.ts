import { randomBytes } from "node:crypto";
import { NATIVE } from "../../runtime/kernel/crypto/native/provider";
import { NOBLE } from "../../runtime/kernel/crypto/noble/provider";
import type { SignatureScheme } from "../../runtime/kernel/crypto/provider";
import type { BenchRow } from "../contract";

/** Random cases by suite, 10,000 in all; each goes both ways. */
const KEM_CASES: Record<string, number> = {
  "ML-KEM-512": 1500,
  "ML-KEM-768": 2000,
  "ML-KEM-1024": 1500,
  "X-Wing": 1200,
  "MLKEM768-P256": 150,
  "MLKEM1024-P384": 150,
};
const SIGNATURE_CASES: Record<string, number> = {
  Ed25519: 2000,
  "ML-DSA-44": 500,
  "ML-DSA-65": 400,
  "ML-DSA-87": 200,
  "Ed25519+ML-DSA-65": 390,
  "SLH-DSA-SHA2-128f": 5,
  "SLH-DSA-SHAKE-128f": 5,
};

/** What one implementation made, the other opens or verifies, under keys from the same random material. */
export function interoperability(): BenchRow[] {
  let [run, failed] = [0, 0];
  const count = (right: boolean): void => {
    run += 1;
    if (!right) failed += 1;
  };
  for (const [suite, cases] of Object.entries(KEM_CASES))
    for (let index = 0; index < cases; index += 1) count(kemCase(suite));
  for (const [suite, cases] of Object.entries(SIGNATURE_CASES)) {
    for (let index = 0; index < cases; index += 1) count(signatureCase(suite));
  }
  const row = { work: "random cases, node:crypto and @noble, both ways", unit: "cases", spread: 0, peers: {} };
  return [
    { ...row, metric: "vectors_run", better: "higher", ours: run },
    { ...row, metric: "vectors_failed", better: "lower", ours: failed },
  ];
}

function kemCase(suite: string): boolean {
  const [native, noble] = [NATIVE.kem(suite)!, NOBLE.kem(suite)!];
  const seed = randomBytes(native.sizes.seed);
  const [one, other] = [native.decapsulationKey({ seed }), noble.decapsulationKey({ seed })];
  if (Buffer.compare(one.publicKey, other.publicKey) !== 0) return false;
  const there = native.encapsulationKey(one.publicKey).encapsulate();
  const back = noble.encapsulationKey(one.publicKey).encapsulate();
  return (
    Buffer.compare(other.decapsulate(there.ciphertext), there.sharedSecret) === 0 &&
    Buffer.compare(one.decapsulate(back.ciphertext), back.sharedSecret) === 0
  );
}

function signatureCase(suite: string): boolean {
  const [native, noble] = [NATIVE.signature(suite)!, NOBLE.signature(suite)!];
  const material = native.generate();
  const message = randomBytes(randomBytes(1)[0]!);
  const options = suite === "Ed25519" ? {} : { context: randomBytes(randomBytes(1)[0]!) };
  const crosses = (from: SignatureScheme, to: SignatureScheme): boolean => {
    const key = from.signingKey(material);
    return to.verifyingKey(key.publicKey).verify(message, key.sign(message, options), options);
  };
  return crosses(native, noble) && crosses(noble, native);
}
