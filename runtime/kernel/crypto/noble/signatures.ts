import { randomBytes } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha224, sha256, sha384, sha512, sha512_224, sha512_256 } from "@noble/hashes/sha2.js";
import { sha3_224, sha3_256, sha3_384, sha3_512, shake128_32, shake256_64 } from "@noble/hashes/sha3.js";
import type { CHash } from "@noble/hashes/utils.js";
import { type DSA, ml_dsa44, ml_dsa65, ml_dsa87 } from "@noble/post-quantum/ml-dsa.js";
import * as slh from "@noble/post-quantum/slh-dsa.js";
import type { Signer } from "@noble/post-quantum/utils.js";
import { wipe } from "../bytes";
import { invalidInput, orInvalid, requireSize, unsupported } from "../faults";
import type { KeyMaterial, MessageOptions, SignatureScheme, SigningKey, SignOptions, VerifyingKey } from "../provider";

const ML_DSA: Record<string, DSA> = { "ML-DSA-44": ml_dsa44, "ML-DSA-65": ml_dsa65, "ML-DSA-87": ml_dsa87 };

/** Hash functions of pre-hashed messages, as ACVP names them; the XOFs give 256 and 512 bits (FIPS 204, 5.4.1). */
const PRE_HASHES: Record<string, CHash> = {
  "SHA2-224": sha224,
  "SHA2-256": sha256,
  "SHA2-384": sha384,
  "SHA2-512": sha512,
  "SHA2-512/224": sha512_224,
  "SHA2-512/256": sha512_256,
  "SHA3-224": sha3_224,
  "SHA3-256": sha3_256,
  "SHA3-384": sha3_384,
  "SHA3-512": sha3_512,
  "SHAKE-128": shake128_32,
  "SHAKE-256": shake256_64,
};

export function nobleSignature(suite: string): SignatureScheme | undefined {
  if (suite === "Ed25519") return new NobleSignature(suite, ED25519);
  const mlDsa = ML_DSA[suite];
  if (mlDsa !== undefined) return new NobleSignature(suite, mlDsaAlgorithm(mlDsa));
  const name = suite.toLowerCase().replaceAll("-", "_") as keyof typeof slh;
  const found = /^SLH-DSA-/.test(suite) ? (slh[name] as slh.SphincsSigner | undefined) : undefined;
  return found && new NobleSignature(suite, slhAlgorithm(found));
}

/** What the libraries' signers have in common. */
interface Algorithm {
  publicKey: number;
  signature: number;
  seed: number;
  /** Absent where the seed is the only form. */
  expanded?: number;
  keygen(seed: Uint8Array): { secretKey: Uint8Array; publicKey: Uint8Array };
  publicKeyOf(secretKey: Uint8Array): Uint8Array;
  sign(message: Uint8Array, secretKey: Uint8Array, options: SignOptions): Uint8Array;
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array, options: MessageOptions): boolean;
}

class NobleSignature implements SignatureScheme {
  readonly implementation = "noble";
  readonly sizes;

  constructor(
    readonly suite: string,
    private readonly algorithm: Algorithm,
  ) {
    this.sizes = { publicKey: algorithm.publicKey, signature: algorithm.signature };
  }

  generate(): KeyMaterial {
    return { seed: randomBytes(this.algorithm.seed) };
  }

  signingKey(material: KeyMaterial): SigningKey {
    const { secretKey, publicKey } = orInvalid(`The private key is none of ${this.suite}`, () => this.import(material));
    let destroyed = false;
    const use = (): Uint8Array => {
      if (destroyed) throw invalidInput("The private key was destroyed");
      return secretKey;
    };
    const sign = (message: Uint8Array, options: SignOptions = {}): Uint8Array => {
      requireContext(options);
      return orInvalid(`${this.suite} cannot sign this`, () => this.algorithm.sign(message, use(), options));
    };
    return {
      publicKey,
      sign,
      signLater: async (message, options) => sign(message, options),
      expanded: () => {
        if (this.algorithm.expanded === undefined) {
          throw unsupported("noble", `expand a private key of ${this.suite}: its form is the seed`);
        }
        return Uint8Array.from(use());
      },
      destroy: () => {
        wipe(secretKey);
        destroyed = true;
      },
    };
  }

  verifyingKey(bytes: Uint8Array): VerifyingKey {
    requireSize(`A public key of ${this.suite}`, bytes, this.algorithm.publicKey);
    return {
      bytes,
      verify: (message, signature, options = {}) => {
        requireContext(options);
        if (signature.length !== this.algorithm.signature) return false;
        return orInvalid(`The public key is none of ${this.suite}`, () =>
          this.algorithm.verify(signature, message, bytes, options),
        );
      },
    };
  }

  private import(material: KeyMaterial): { secretKey: Uint8Array; publicKey: Uint8Array } {
    const { expanded, seed } = this.algorithm;
    if ("seed" in material) {
      requireSize(`A seed of ${this.suite}`, material.seed, seed);
      return this.algorithm.keygen(material.seed);
    }
    if (expanded === undefined)
      throw invalidInput(`A private key of ${this.suite} is its seed; there is no expanded form`);
    requireSize(`An expanded private key of ${this.suite}`, material.expanded, expanded);
    const secretKey = Uint8Array.from(material.expanded);
    return { secretKey, publicKey: this.algorithm.publicKeyOf(secretKey) };
  }
}

function requireContext({ context }: MessageOptions): void {
  if (context !== undefined && context.length > 255) {
    throw invalidInput(`A context has at most 255 bytes, not ${context.length}`);
  }
}

const signOptions = ({
  context,
  entropy,
}: SignOptions): { context?: Uint8Array; extraEntropy?: Uint8Array | false } => ({
  ...(context === undefined ? {} : { context }),
  ...(entropy === undefined ? {} : { extraEntropy: entropy }),
});
const verifyOptions = ({ context }: MessageOptions): { context?: Uint8Array } =>
  context === undefined ? {} : { context };

/** HashML-DSA (FIPS 204, 5.4): 1, the context, the hash's DER identifier and the digest, as the internal function takes it. */
function preHashed(message: Uint8Array, name: string, context: Uint8Array = new Uint8Array(0)): Uint8Array {
  const hash = PRE_HASHES[name];
  if (hash?.oid === undefined) throw unsupported("noble", `pre-hash messages with ${name}`);
  return Buffer.concat([Buffer.of(1, context.length), context, hash.oid, hash(message)]);
}

function mlDsaAlgorithm(dsa: DSA): Algorithm {
  return {
    ...lengthsOf(dsa),
    expanded: dsa.lengths.secretKey!,
    keygen: (seed) => dsa.keygen(seed),
    publicKeyOf: (secretKey) => dsa.getPublicKey(secretKey),
    sign: (message, secretKey, options) => {
      const { encoding = "pure", context } = options;
      if (encoding === "pure") return dsa.sign(message, secretKey, signOptions(options));
      const internal = signOptions({ entropy: options.entropy });
      if (encoding === "mu") return dsa.internal.sign(message, secretKey, { ...internal, externalMu: true });
      const encoded = encoding === "internal" ? message : preHashed(message, encoding.preHash, context);
      return dsa.internal.sign(encoded, secretKey, internal);
    },
    verify: (signature, message, publicKey, options) => {
      const { encoding = "pure", context } = options;
      if (encoding === "pure") return dsa.verify(signature, message, publicKey, verifyOptions(options));
      if (encoding === "mu") return dsa.internal.verify(signature, message, publicKey, { externalMu: true });
      const encoded = encoding === "internal" ? message : preHashed(message, encoding.preHash, context);
      return dsa.internal.verify(signature, encoded, publicKey);
    },
  };
}

function slhAlgorithm(signer: slh.SphincsSigner): Algorithm {
  const pureOnly = ({ encoding }: MessageOptions): void => {
    if (encoding !== undefined && encoding !== "pure")
      throw unsupported("noble", "take messages of SLH-DSA other than pure ones");
  };
  return {
    ...lengthsOf(signer),
    expanded: signer.lengths.secretKey!,
    keygen: (seed) => signer.keygen(seed),
    publicKeyOf: (secretKey) => signer.getPublicKey(secretKey),
    sign: (message, secretKey, options) => {
      pureOnly(options);
      return signer.sign(message, secretKey, signOptions(options));
    },
    verify: (signature, message, publicKey, options) => {
      pureOnly(options);
      return signer.verify(signature, message, publicKey, verifyOptions(options));
    },
  };
}

function lengthsOf({ lengths }: Signer): { publicKey: number; signature: number; seed: number } {
  return { publicKey: lengths.publicKey!, signature: lengths.signature!, seed: lengths.seed! };
}

function plainOnly({ context, encoding }: MessageOptions): void {
  if (encoding !== undefined && encoding !== "pure")
    throw unsupported("noble", "take messages of Ed25519 other than pure ones");
  if (context !== undefined && context.length > 0)
    throw unsupported("noble", "bind a context to a signature of Ed25519");
}

const ED25519: Algorithm = {
  publicKey: 32,
  signature: 64,
  seed: 32,
  keygen: (seed) => ({ secretKey: Uint8Array.from(seed), publicKey: ed25519.getPublicKey(seed) }),
  publicKeyOf: (secretKey) => ed25519.getPublicKey(secretKey),
  sign: (message, secretKey, options) => {
    plainOnly(options);
    if (options.entropy instanceof Uint8Array)
      throw unsupported("noble", "sign with given randomness: Ed25519 takes none");
    return ed25519.sign(message, secretKey);
  },
  verify: (signature, message, publicKey, options) => {
    plainOnly(options);
    // RFC 8032 to the letter, as the platform does, not the laxer ZIP 215.
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  },
};
