import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from "node:crypto";
import { invalidInput } from "../faults";

/** A group for Diffie-Hellman as the hybrid KEMs' drafts name it: scalars come from seeds, elements have one encoding. */
export interface NominalGroup {
  /** Bytes. */
  readonly seedSize: number;
  readonly elementSize: number;
  secretKey(seed: Uint8Array): KeyObject;
  element(bytes: Uint8Array): KeyObject;
  /** Encoding of the element that belongs to the secret key. */
  publicBytes(secretKey: KeyObject): Buffer;
}

/** The shared secret: the x coordinate. Throws where the other side's element is of small order. */
export function exchange(secretKey: KeyObject, element: KeyObject): Buffer {
  return diffieHellman({ privateKey: secretKey, publicKey: element });
}

const publicBytes = (secretKey: KeyObject): Buffer => createPublicKey(secretKey).export({ format: "raw-public" });

export const X25519_GROUP: NominalGroup = {
  seedSize: 32,
  elementSize: 32,
  secretKey: (seed) => createPrivateKey({ key: Buffer.from(seed), format: "raw-private", asymmetricKeyType: "x25519" }),
  element: (bytes) => createPublicKey({ key: Buffer.from(bytes), format: "raw-public", asymmetricKeyType: "x25519" }),
  publicBytes,
};

/** A NIST curve: the first of the seed's windows that is a scalar within 1…n-1 (rejection sampling), uncompressed points. */
function nistGroup(namedCurve: string, scalarSize: number, windows: number, order: bigint): NominalGroup {
  return {
    seedSize: scalarSize * windows,
    elementSize: 1 + 2 * scalarSize,
    secretKey: (seed) => {
      for (let start = 0; start < seed.length; start += scalarSize) {
        const window = Buffer.from(seed.subarray(start, start + scalarSize));
        const scalar = BigInt(`0x${window.toString("hex")}`);
        if (scalar === 0n || scalar >= order) continue;
        return createPrivateKey({ key: window, format: "raw-private", asymmetricKeyType: "ec", namedCurve });
      }
      throw invalidInput("No scalar of the curve follows from the seed");
    },
    element: (bytes) => {
      if (bytes[0] !== 4) throw invalidInput("The curve point is not in uncompressed form");
      return createPublicKey({ key: Buffer.from(bytes), format: "raw-public", asymmetricKeyType: "ec", namedCurve });
    },
    publicBytes,
  };
}

/** Orders of the curves' groups: SP 800-186, 3.2.1. */
export const P256_GROUP = nistGroup(
  "prime256v1",
  32,
  4,
  0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
);
export const P384_GROUP = nistGroup(
  "secp384r1",
  48,
  1,
  0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
);
