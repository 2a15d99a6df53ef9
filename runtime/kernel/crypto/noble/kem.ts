import { randomBytes } from "node:crypto";
import {
  KitchenSink_ml_kem768_x25519,
  ml_kem1024_p384,
  ml_kem768_p256,
  ml_kem768_x25519,
  QSF_ml_kem1024_p384,
  QSF_ml_kem768_p256,
} from "@noble/post-quantum/hybrid.js";
import { ml_kem1024, ml_kem512, ml_kem768, type MLKEM } from "@noble/post-quantum/ml-kem.js";
import type { KEM } from "@noble/post-quantum/utils.js";
import { wipe } from "../bytes";
import { invalidInput, orInvalid, requireSize, unsupported } from "../faults";
import type { DecapsulationKey, EncapsulationKey, Kem, KeyMaterial } from "../provider";

const ML_KEMS: Record<string, MLKEM> = { "ML-KEM-512": ml_kem512, "ML-KEM-768": ml_kem768, "ML-KEM-1024": ml_kem1024 };
const HYBRIDS: Record<string, KEM> = {
  "X-Wing": ml_kem768_x25519,
  "MLKEM768-P256": ml_kem768_p256,
  "MLKEM1024-P384": ml_kem1024_p384,
  "QSF-ML-KEM-768-P-256": QSF_ml_kem768_p256,
  "QSF-ML-KEM-1024-P-384": QSF_ml_kem1024_p384,
  "KitchenSink-ML-KEM-768-X25519": KitchenSink_ml_kem768_x25519,
};

export function nobleKem(suite: string): Kem | undefined {
  const mlKem = ML_KEMS[suite];
  if (mlKem !== undefined) return new NobleKem(suite, mlKem, (bytes) => mlKem.prepare(bytes));
  const hybrid = HYBRIDS[suite];
  return hybrid && new NobleKem(suite, hybrid);
}

/** What a key was prepared for, so that its matrix is expanded once. */
interface Prepared {
  encapsulate(randomness?: Uint8Array): { cipherText: Uint8Array; sharedSecret: Uint8Array };
  decapsulate(ciphertext: Uint8Array, secretKey: Uint8Array): Uint8Array;
}

class NobleKem implements Kem {
  readonly implementation = "noble";
  readonly derandomises = true;
  readonly sizes;

  constructor(
    readonly suite: string,
    private readonly kem: KEM,
    private readonly prepare?: (publicKey: Uint8Array) => Prepared,
  ) {
    const { seed, publicKey, cipherText } = kem.lengths;
    this.sizes = { seed: seed!, publicKey: publicKey!, ciphertext: cipherText! };
  }

  generate(): KeyMaterial {
    return { seed: randomBytes(this.sizes.seed) };
  }

  encapsulationKey(bytes: Uint8Array): EncapsulationKey {
    requireSize(`A public key of ${this.suite}`, bytes, this.sizes.publicKey);
    const invalid = `The public key, or the randomness, is none of ${this.suite}`;
    const prepared = orInvalid(invalid, () => this.prepare?.(bytes));
    return {
      bytes,
      encapsulate: (randomness) => {
        const { cipherText, sharedSecret } = orInvalid(
          invalid,
          () => prepared?.encapsulate(randomness) ?? this.kem.encapsulate(bytes, randomness),
        );
        return { ciphertext: cipherText, sharedSecret };
      },
    };
  }

  decapsulationKey(material: KeyMaterial): DecapsulationKey {
    const { secretKey, publicKey } = orInvalid(`The private key is none of ${this.suite}`, () => this.import(material));
    const prepared = orInvalid(`The private key is none of ${this.suite}`, () => this.prepare?.(publicKey));
    let destroyed = false;
    const use = (): Uint8Array => {
      if (destroyed) throw invalidInput("The private key was destroyed");
      return secretKey;
    };
    return {
      publicKey,
      decapsulate: (ciphertext) => {
        requireSize(`A ciphertext of ${this.suite}`, ciphertext, this.sizes.ciphertext);
        return orInvalid(
          `The ciphertext, or the private key, is none of ${this.suite}`,
          () => prepared?.decapsulate(ciphertext, use()) ?? this.kem.decapsulate(ciphertext, use()),
        );
      },
      expanded: () => {
        if (this.prepare === undefined)
          throw unsupported("noble", `expand a private key of ${this.suite}: its form is the seed`);
        return Uint8Array.from(use());
      },
      destroy: () => {
        wipe(secretKey);
        destroyed = true;
      },
    };
  }

  private import(material: KeyMaterial): { secretKey: Uint8Array; publicKey: Uint8Array } {
    if ("seed" in material) {
      requireSize(`A seed of ${this.suite}`, material.seed, this.sizes.seed);
      return this.kem.keygen(material.seed);
    }
    if (this.prepare === undefined) {
      throw invalidInput(`A private key of ${this.suite} is its seed; there is no expanded form`);
    }
    requireSize(`An expanded private key of ${this.suite}`, material.expanded, this.kem.lengths.secretKey!);
    const secretKey = Uint8Array.from(material.expanded);
    const publicKey = this.kem.getPublicKey(secretKey);
    // FIPS 203, 7.3: the key holds a hash of its public part. An operation checks it; the result is of no interest.
    this.kem.decapsulate(new Uint8Array(this.sizes.ciphertext), secretKey);
    return { secretKey, publicKey };
  }
}
