import { createHash, randomBytes } from "node:crypto";
import { invalidInput, requireSize, unsupported } from "./faults";
import type { MessageOptions, SignatureScheme, SigningKey, VerifyingKey } from "./provider";

/** draft-ietf-lamps-pq-composite-sigs-19, 2.2 and 6: id-MLDSA65-Ed25519-SHA512. */
const PREFIX = Buffer.from("CompositeAlgorithmSignatures2025", "ascii");
const LABEL = Buffer.from("COMPSIG-MLDSA65-Ed25519-SHA512", "ascii");
const SEED_SIZE = 32;

/**
 * Ed25519 and ML-DSA-65 in one signature: both sign Prefix || Label || len(ctx) || ctx || SHA-512(M), ML-DSA with the label
 * as its context, and both must verify. Keys, seeds and signatures are concatenated, ML-DSA first. A forger has to break
 * both; what one part signed passes for no signature of the other use.
 */
export function compositeOf(mlDsa: SignatureScheme, ed25519: SignatureScheme): SignatureScheme {
  const { implementation } = mlDsa;
  const suite = "Ed25519+ML-DSA-65";
  const split = { publicKey: mlDsa.sizes.publicKey, signature: mlDsa.sizes.signature };
  const sizes = {
    publicKey: split.publicKey + ed25519.sizes.publicKey,
    signature: split.signature + ed25519.sizes.signature,
  };

  const representative = (message: Uint8Array, { context = new Uint8Array(0), encoding }: MessageOptions): Buffer => {
    if (encoding !== undefined && encoding !== "pure")
      throw unsupported(implementation, "take messages other than pure ones");
    if (context.length > 255) throw invalidInput(`A context has at most 255 bytes, not ${context.length}`);
    const digest = createHash("sha512").update(message).digest();
    return Buffer.concat([PREFIX, LABEL, Buffer.of(context.length), context, digest]);
  };

  const signingKey: SignatureScheme["signingKey"] = (material): SigningKey => {
    if (!("seed" in material)) throw invalidInput(`A private key of ${suite} is its seeds; there is no expanded form`);
    requireSize(`The seeds of ${suite}`, material.seed, 2 * SEED_SIZE);
    const lattice = mlDsa.signingKey({ seed: material.seed.subarray(0, SEED_SIZE) });
    const edwards = ed25519.signingKey({ seed: material.seed.subarray(SEED_SIZE) });
    return {
      publicKey: Buffer.concat([lattice.publicKey, edwards.publicKey]),
      sign: (message, options = {}) => {
        const encoded = representative(message, options);
        const { entropy } = options;
        return Buffer.concat([lattice.sign(encoded, { context: LABEL, entropy }), edwards.sign(encoded)]);
      },
      signLater: async (message, options = {}) => {
        const encoded = representative(message, options);
        const { entropy } = options;
        return Buffer.concat(
          await Promise.all([lattice.signLater(encoded, { context: LABEL, entropy }), edwards.signLater(encoded)]),
        );
      },
      expanded: () => {
        throw unsupported(implementation, `expand a private key of ${suite}: its form is the seeds`);
      },
      destroy: () => {
        lattice.destroy();
        edwards.destroy();
      },
    };
  };

  const verifyingKey: SignatureScheme["verifyingKey"] = (bytes): VerifyingKey => {
    requireSize(`A public key of ${suite}`, bytes, sizes.publicKey);
    const lattice = mlDsa.verifyingKey(bytes.subarray(0, split.publicKey));
    const edwards = ed25519.verifyingKey(bytes.subarray(split.publicKey));
    return {
      bytes,
      verify: (message, signature, options = {}) => {
        const encoded = representative(message, options);
        if (signature.length !== sizes.signature) return false;
        const ofLattice = lattice.verify(encoded, signature.subarray(0, split.signature), { context: LABEL });
        const ofEdwards = edwards.verify(encoded, signature.subarray(split.signature));
        return ofLattice && ofEdwards;
      },
    };
  };

  return {
    suite,
    implementation,
    sizes,
    generate: () => ({ seed: randomBytes(2 * SEED_SIZE) }),
    signingKey,
    verifyingKey,
  };
}
