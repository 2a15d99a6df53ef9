import { createHash, type KeyObject, randomBytes } from "node:crypto";
import { wipe } from "../bytes";
import { invalidInput, orInvalid, requireSize, unsupported } from "../faults";
import type { DecapsulationKey, Encapsulated, EncapsulationKey, Kem, KeyMaterial } from "../provider";
import { exchange, type NominalGroup } from "./group";

const SEED_SIZE = 32;
const ML_KEM_SEED_SIZE = 64;
const ML_KEM_RANDOMNESS_SIZE = 32;

export interface HybridParts {
  suite: string;
  /** What the draft hashes last. */
  label: Buffer;
  mlKem: Kem;
  /** An ML-KEM that takes randomness, for derandomised encapsulation; the same keys and ciphertexts. */
  derandomised: Kem;
  group: NominalGroup;
}

/**
 * ML-KEM and Diffie-Hellman in one KEM, as X-Wing (draft-connolly-cfrg-xwing-kem-10) and the P-256 and P-384 hybrids
 * (draft-irtf-cfrg-concrete-hybrid-kems) combine them: a 32-byte seed expanded by SHAKE256, and SHA3-256 over both secrets,
 * the group's ciphertext and public key, and the label. Secure while either part is.
 */
export class HybridKem implements Kem {
  readonly implementation = "native";
  readonly derandomises: boolean;
  readonly suite: string;
  readonly sizes;

  constructor(private readonly parts: HybridParts) {
    const { suite, mlKem, group, derandomised } = parts;
    this.suite = suite;
    this.derandomises = derandomised.derandomises;
    this.sizes = {
      seed: SEED_SIZE,
      publicKey: mlKem.sizes.publicKey + group.elementSize,
      ciphertext: mlKem.sizes.ciphertext + group.elementSize,
    };
  }

  generate(): KeyMaterial {
    return { seed: randomBytes(SEED_SIZE) };
  }

  encapsulationKey(bytes: Uint8Array): EncapsulationKey {
    const { mlKem, derandomised, group } = this.parts;
    requireSize(`A public key of ${this.suite}`, bytes, this.sizes.publicKey);
    const lattice = bytes.subarray(0, mlKem.sizes.publicKey);
    const element = bytes.subarray(mlKem.sizes.publicKey);
    // An import costs more than its use: each implementation's happens when it is first asked.
    let random: EncapsulationKey | undefined;
    let given: EncapsulationKey | undefined;
    const groupKey = orInvalid(`The public key is none of ${this.suite}`, () => group.element(element));
    return {
      bytes,
      encapsulate: (randomness) => {
        if (randomness === undefined) {
          random ??= mlKem.encapsulationKey(lattice);
          return this.encapsulate(random.encapsulate(), randomBytes(group.seedSize), groupKey, element);
        }
        requireSize(`Randomness of ${this.suite}`, randomness, ML_KEM_RANDOMNESS_SIZE + group.seedSize);
        given ??= derandomised.encapsulationKey(lattice);
        const inner = given.encapsulate(randomness.subarray(0, ML_KEM_RANDOMNESS_SIZE));
        return this.encapsulate(inner, randomness.subarray(ML_KEM_RANDOMNESS_SIZE), groupKey, element);
      },
    };
  }

  decapsulationKey(material: KeyMaterial): DecapsulationKey {
    const { mlKem, group } = this.parts;
    if (!("seed" in material))
      throw invalidInput(`A private key of ${this.suite} is its seed; there is no expanded form`);
    requireSize(`A seed of ${this.suite}`, material.seed, SEED_SIZE);
    const expanded = createHash("shake256", { outputLength: ML_KEM_SEED_SIZE + group.seedSize })
      .update(material.seed)
      .digest();
    const lattice = mlKem.decapsulationKey({ seed: expanded.subarray(0, ML_KEM_SEED_SIZE) });
    let scalar: KeyObject | undefined = group.secretKey(expanded.subarray(ML_KEM_SEED_SIZE));
    wipe(expanded);
    const element = group.publicBytes(scalar);
    return {
      publicKey: Buffer.concat([lattice.publicKey, element]),
      decapsulate: (ciphertext) => {
        requireSize(`A ciphertext of ${this.suite}`, ciphertext, this.sizes.ciphertext);
        const ephemeral = ciphertext.subarray(mlKem.sizes.ciphertext);
        const latticeSecret = lattice.decapsulate(ciphertext.subarray(0, mlKem.sizes.ciphertext));
        const groupSecret = orInvalid(`The ciphertext is none of ${this.suite}`, () => {
          if (scalar === undefined) throw invalidInput("The private key was destroyed");
          return exchange(scalar, group.element(ephemeral));
        });
        return this.combine(latticeSecret, groupSecret, ephemeral, element);
      },
      expanded: () => {
        throw unsupported("native", `expand a private key of ${this.suite}: its form is the seed`);
      },
      destroy: () => {
        lattice.destroy();
        scalar = undefined;
      },
    };
  }

  private encapsulate(inner: Encapsulated, seed: Uint8Array, groupKey: KeyObject, element: Uint8Array): Encapsulated {
    const { group } = this.parts;
    const ephemeral = group.secretKey(seed);
    const ephemeralBytes = group.publicBytes(ephemeral);
    const groupSecret = orInvalid(`The public key is none of ${this.suite}`, () => exchange(ephemeral, groupKey));
    return {
      ciphertext: Buffer.concat([inner.ciphertext, ephemeralBytes]),
      sharedSecret: this.combine(inner.sharedSecret, groupSecret, ephemeralBytes, element),
    };
  }

  private combine(lattice: Uint8Array, group: Uint8Array, ciphertext: Uint8Array, element: Uint8Array): Buffer {
    const hash = createHash("sha3-256").update(lattice).update(group).update(ciphertext).update(element);
    wipe(lattice, group);
    return hash.update(this.parts.label).digest();
  }
}

/** The label of X-Wing, `\.//^\` in ASCII. */
export const X_WING_LABEL = Buffer.from("5c2e2f2f5e5c", "hex");
