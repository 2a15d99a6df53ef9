import path from "node:path";
import type { Provider } from "../../../runtime/kernel/crypto/provider";
import { bytes, filesOf, readJson, same, Tally } from "./read";

interface HybridVector {
  seed: string;
  randomness: string;
  pk: string;
  ct: string;
  ss: string;
}

const SUITES: Record<string, string> = {
  MLKEM768X25519: "X-Wing",
  MLKEM768P256: "MLKEM768-P256",
  MLKEM1024P384: "MLKEM1024-P384",
  "QSF-KEM(ML-KEM-768,P-256)-XOF(SHAKE256)-KDF(SHA3-256)": "QSF-ML-KEM-768-P-256",
  "QSF-KEM(ML-KEM-1024,P-384)-XOF(SHAKE256)-KDF(SHA3-256)": "QSF-ML-KEM-1024-P-384",
  "KitchenSink-KEM(ML-KEM-768,X25519)-XOF(SHAKE256)-KDF(HKDF-SHA-256)": "KitchenSink-ML-KEM-768-X25519",
};

/** Known-answer tests of the hybrid KEMs: key from seed, encapsulation with given randomness, decapsulation. */
export function runHybrids(folder: string, provider: Provider): Tally[] {
  return filesOf(folder, /^test-vectors-.*\.json$/).map((file) => {
    const name = path.basename(file).replace(/^test-vectors-(.*)\.json$/, "$1");
    const tally = new Tally("hybrids", name, provider.name);
    const kem = provider.kem(SUITES[name]!);
    readJson<HybridVector[]>(file).forEach((vector, index) => {
      if (kem === undefined) {
        tally.notApplicable += 1;
        return;
      }
      tally.vector(index, () => {
        const key = kem.decapsulationKey({ seed: bytes(vector.seed) });
        const { ciphertext, sharedSecret } = kem.encapsulationKey(key.publicKey).encapsulate(bytes(vector.randomness));
        return (
          same(key.publicKey, vector.pk) &&
          same(ciphertext, vector.ct) &&
          same(sharedSecret, vector.ss) &&
          same(key.decapsulate(bytes(vector.ct)), vector.ss)
        );
      });
    });
    return tally;
  });
}
