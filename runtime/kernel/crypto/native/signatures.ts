import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from "node:crypto";
import { wipe } from "../bytes";
import { invalidInput, orInvalid, requireSize, unsupported } from "../faults";
import type { KeyMaterial, MessageOptions, SignatureScheme, SigningKey, SignOptions, VerifyingKey } from "../provider";
import { suiteById } from "../suite";
import { expandedPkcs8 } from "./der";

/** How the platform takes a suite's private keys. */
interface Form {
  publicKey: number;
  signature: number;
  /** Bytes of the seed; of SLH-DSA the platform takes only the expanded form. */
  seed?: number;
  expanded?: number;
  contexts: boolean;
}

const ML_DSA: Record<string, Form> = {
  "ML-DSA-44": { publicKey: 1312, signature: 2420, seed: 32, expanded: 2560, contexts: true },
  "ML-DSA-65": { publicKey: 1952, signature: 3309, seed: 32, expanded: 4032, contexts: true },
  "ML-DSA-87": { publicKey: 2592, signature: 4627, seed: 32, expanded: 4896, contexts: true },
};
const SLH_SIGNATURES: Record<string, number> = {
  "128s": 7856,
  "128f": 17_088,
  "192s": 16_224,
  "192f": 35_664,
  "256s": 29_792,
  "256f": 49_856,
};

export function nativeForm(suite: string): Form | undefined {
  if (suite === "Ed25519") return { publicKey: 32, signature: 64, seed: 32, contexts: false };
  const slh = /^SLH-DSA-(?:SHA2|SHAKE)-(\d+)([sf])$/.exec(suite);
  if (slh === null) return ML_DSA[suite];
  const n = Number(slh[1]) / 8;
  return { publicKey: 2 * n, signature: SLH_SIGNATURES[`${slh[1]}${slh[2]}`]!, expanded: 4 * n, contexts: true };
}

/** ML-DSA, SLH-DSA and Ed25519 of OpenSSL, by node:crypto: pure messages, hedged. */
export class NativeSignature implements SignatureScheme {
  readonly implementation = "native";
  readonly sizes;

  constructor(
    readonly suite: string,
    private readonly form: Form,
  ) {
    this.sizes = { publicKey: form.publicKey, signature: form.signature };
  }

  generate(): KeyMaterial {
    if (this.form.seed !== undefined) return { seed: randomBytes(this.form.seed) };
    const { privateKey } = generateKeyPairSync(typeOf(this.suite) as "ml-dsa-65");
    return { expanded: privateKey.export({ format: "raw-private" }) };
  }

  signingKey(material: KeyMaterial): SigningKey {
    let key: KeyObject | undefined = orInvalid(`The private key is none of ${this.suite}`, () => this.import(material));
    const publicKey = createPublicKey(key).export({ format: "raw-public" });
    const use = (): KeyObject => {
      if (key === undefined) throw invalidInput("The private key was destroyed");
      return key;
    };
    return {
      publicKey,
      sign: (message, options = {}) => sign(null, message, this.input(use(), options)),
      signLater: async (message, options = {}) => {
        const input = this.input(use(), options);
        return new Promise((resolve, reject) => {
          sign(null, message, input, (error, signature) => (error === null ? resolve(signature) : reject(error)));
        });
      },
      expanded: () => this.export(use()),
      destroy: () => void (key = undefined),
    };
  }

  verifyingKey(bytes: Uint8Array): VerifyingKey {
    requireSize(`A public key of ${this.suite}`, bytes, this.form.publicKey);
    const key = orInvalid(`The public key is none of ${this.suite}`, () =>
      createPublicKey({ key: Buffer.from(bytes), format: "raw-public", asymmetricKeyType: typeOf(this.suite) }),
    );
    return {
      bytes,
      verify: (message, signature, options = {}) => {
        const context = this.contextOf(options);
        if (signature.length !== this.form.signature) return false;
        if (context === undefined) return verify(null, message, key, signature);
        return verify(null, message, { key, context }, signature);
      },
    };
  }

  private input(key: KeyObject, options: SignOptions): KeyObject | { key: KeyObject; context: Uint8Array } {
    const context = this.contextOf(options);
    // Ed25519 is deterministic already.
    if (options.entropy !== undefined && !(options.entropy === false && this.suite === "Ed25519")) {
      throw unsupported("native", "sign with given randomness, or none");
    }
    // A key by itself takes the platform's shorter way: a third less for Ed25519.
    return context === undefined ? key : { key, context };
  }

  private contextOf({ context, encoding }: MessageOptions): Uint8Array | undefined {
    if (encoding !== undefined && encoding !== "pure")
      throw unsupported("native", "take messages other than pure ones");
    if (context === undefined || context.length === 0) return undefined;
    if (!this.form.contexts) throw unsupported("native", `bind a context to a signature of ${this.suite}`);
    if (context.length > 255) throw invalidInput(`A context has at most 255 bytes, not ${context.length}`);
    return context;
  }

  private import(material: KeyMaterial): KeyObject {
    const asymmetricKeyType = typeOf(this.suite);
    const { seed, expanded } = this.form;
    if ("seed" in material) {
      if (seed === undefined) throw unsupported("native", `derive a key of ${this.suite} from its seed`);
      requireSize(`A seed of ${this.suite}`, material.seed, seed);
      const format = this.suite === "Ed25519" ? "raw-private" : "raw-seed";
      return createPrivateKey({ key: Buffer.from(material.seed), format, asymmetricKeyType });
    }
    if (expanded === undefined)
      throw invalidInput(`A private key of ${this.suite} is its seed; there is no expanded form`);
    requireSize(`An expanded private key of ${this.suite}`, material.expanded, expanded);
    if (seed === undefined) {
      return createPrivateKey({ key: Buffer.from(material.expanded), format: "raw-private", asymmetricKeyType });
    }
    const der = expandedPkcs8(suiteById(this.suite)!.oid!, material.expanded);
    try {
      return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    } finally {
      wipe(der);
    }
  }

  private export(key: KeyObject): Uint8Array {
    const { seed, expanded } = this.form;
    if (expanded === undefined)
      throw unsupported("native", `expand a private key of ${this.suite}: its form is the seed`);
    if (seed === undefined) return key.export({ format: "raw-private" });
    const der = key.export({ format: "der", type: "pkcs8" });
    const bytes = Buffer.from(der.subarray(der.length - expanded));
    wipe(der);
    return bytes;
  }
}

type SignatureType = "ml-dsa-65" | "ed25519";
/** node:crypto names are the suites' in lower case; the type stands for all of them. */
const typeOf = (suite: string): SignatureType => suite.toLowerCase() as SignatureType;
