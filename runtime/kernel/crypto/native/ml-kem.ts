import { createPrivateKey, createPublicKey, decapsulate, encapsulate, type KeyObject, randomBytes } from "node:crypto";
import { wipe } from "../bytes";
import { invalidInput, orInvalid, requireSize, unsupported } from "../faults";
import type { DecapsulationKey, Encapsulated, EncapsulationKey, Kem, KeyMaterial } from "../provider";
import { suiteById } from "../suite";
import { expandedPkcs8 } from "./der";

const SIZES = {
  "ML-KEM-512": { publicKey: 800, expanded: 1632, ciphertext: 768 },
  "ML-KEM-768": { publicKey: 1184, expanded: 2400, ciphertext: 1088 },
  "ML-KEM-1024": { publicKey: 1568, expanded: 3168, ciphertext: 1568 },
} as const;
export type MlKemSuite = keyof typeof SIZES;

/** ML-KEM of OpenSSL, by node:crypto (Node.js 24.7 and later): randomised encapsulation only. */
export class NativeMlKem implements Kem {
  readonly implementation = "native";
  readonly derandomises = false;
  readonly sizes;

  constructor(readonly suite: MlKemSuite) {
    const { publicKey, ciphertext } = SIZES[suite];
    this.sizes = { seed: 64, publicKey, ciphertext };
  }

  generate(): KeyMaterial {
    return { seed: randomBytes(this.sizes.seed) };
  }

  encapsulationKey(bytes: Uint8Array): EncapsulationKey {
    requireSize(`A public key of ${this.suite}`, bytes, this.sizes.publicKey);
    const key = orInvalid(`The public key is none of ${this.suite}`, () => publicKeyOf(this.suite, bytes));
    return { bytes, encapsulate: (randomness) => this.encapsulate(key, randomness) };
  }

  decapsulationKey(material: KeyMaterial): DecapsulationKey {
    let key: KeyObject | undefined = orInvalid(`The private key is none of ${this.suite}`, () => this.import(material));
    const publicKey = createPublicKey(key).export({ format: "raw-public" });
    const use = (): KeyObject => {
      if (key === undefined) throw invalidInput("The private key was destroyed");
      return key;
    };
    return {
      publicKey,
      decapsulate: (ciphertext) => {
        requireSize(`A ciphertext of ${this.suite}`, ciphertext, this.sizes.ciphertext);
        return decapsulate(use(), ciphertext);
      },
      expanded: () => {
        const der = use().export({ format: "der", type: "pkcs8" });
        const expanded = Buffer.from(der.subarray(der.length - SIZES[this.suite].expanded));
        wipe(der);
        return expanded;
      },
      // OpenSSL wipes the key when the object is collected; there is no earlier way from here.
      destroy: () => void (key = undefined),
    };
  }

  private encapsulate(key: KeyObject, randomness?: Uint8Array): Encapsulated {
    if (randomness !== undefined) throw unsupported("native", "encapsulate with given randomness");
    const { ciphertext, sharedKey } = encapsulate(key);
    return { ciphertext, sharedSecret: sharedKey };
  }

  private import(material: KeyMaterial): KeyObject {
    if ("seed" in material) {
      requireSize(`A seed of ${this.suite}`, material.seed, this.sizes.seed);
      return createPrivateKey({
        key: Buffer.from(material.seed),
        format: "raw-seed",
        asymmetricKeyType: typeOf(this.suite),
      });
    }
    requireSize(`An expanded private key of ${this.suite}`, material.expanded, SIZES[this.suite].expanded);
    const der = expandedPkcs8(suiteById(this.suite)!.oid!, material.expanded);
    try {
      return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    } finally {
      wipe(der);
    }
  }
}

function publicKeyOf(suite: MlKemSuite, bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(bytes), format: "raw-public", asymmetricKeyType: typeOf(suite) });
}

type MlKemType = "ml-kem-512" | "ml-kem-768" | "ml-kem-1024";
const typeOf = (suite: MlKemSuite): MlKemType => suite.toLowerCase() as MlKemType;
