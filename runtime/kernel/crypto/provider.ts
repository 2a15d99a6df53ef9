/**
 * What an implementation of cryptography offers, so that two of them (the platform's and @noble's) can stand in for each
 * other and be checked against each other. All bytes are raw encodings of the standards. Handles hold imported keys, for
 * import costs more than use. Errors, all operations: MNO_CRYPTO_INPUT_INVALID for bytes that are no such key or
 * ciphertext, MNO_CRYPTO_UNSUPPORTED for what the implementation cannot do; never a secret in either.
 */
export interface Provider {
  readonly name: Implementation;
  kem(suite: string): Kem | undefined;
  signature(suite: string): SignatureScheme | undefined;
  /** A128GCM, A192GCM, A256GCM or ChaCha20-Poly1305. */
  aead(suite: string): Aead | undefined;
  keyWrap(): KeyWrap | undefined;
  /** RFC 5869. */
  hkdf(hash: "sha256" | "sha512", secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array;
  /** RFC 7748; an all-zero result is refused. */
  x25519(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array;
}

export type Implementation = "native" | "noble";

/** A private key: the seed that everything follows from where the standard has one, or the standard's expanded form. */
export type KeyMaterial = { seed: Uint8Array } | { expanded: Uint8Array };

export interface Kem {
  readonly suite: string;
  readonly implementation: Implementation;
  /** Whether `encapsulate` takes randomness, as test vectors need. */
  readonly derandomises: boolean;
  /** Bytes. */
  readonly sizes: { seed: number; publicKey: number; ciphertext: number };
  generate(): KeyMaterial;
  encapsulationKey(bytes: Uint8Array): EncapsulationKey;
  decapsulationKey(material: KeyMaterial): DecapsulationKey;
}

export interface EncapsulationKey {
  readonly bytes: Uint8Array;
  encapsulate(randomness?: Uint8Array): Encapsulated;
}

export interface Encapsulated {
  ciphertext: Uint8Array;
  /** 32 bytes, the caller's to wipe. */
  sharedSecret: Uint8Array;
}

export interface DecapsulationKey {
  readonly publicKey: Uint8Array;
  /** A ciphertext of the right length always gives a secret (implicit rejection): authenticate what is derived from it. */
  decapsulate(ciphertext: Uint8Array): Uint8Array;
  /** The standard's expanded decapsulation key, where it has one. */
  expanded(): Uint8Array;
  /** Wipes what can be wiped and refuses further use. */
  destroy(): void;
}

/** How a message becomes what is signed: `internal`, `mu` and pre-hashing are of FIPS 204, for vectors and HSMs. */
export type MessageEncoding = "pure" | "internal" | "mu" | { preHash: string };

export interface MessageOptions {
  /** At most 255 bytes; of signature suites that know contexts. */
  context?: Uint8Array | undefined;
  encoding?: MessageEncoding | undefined;
}

export interface SignOptions extends MessageOptions {
  /** Bytes instead of the hedging randomness; false signs deterministically. */
  entropy?: Uint8Array | false | undefined;
}

export interface SignatureScheme {
  readonly suite: string;
  readonly implementation: Implementation;
  readonly sizes: { publicKey: number; signature: number };
  generate(): KeyMaterial;
  signingKey(material: KeyMaterial): SigningKey;
  verifyingKey(bytes: Uint8Array): VerifyingKey;
}

export interface SigningKey {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array, options?: SignOptions): Uint8Array;
  /** On another thread where the implementation has one: a signature of SLH-DSA takes up to a second. */
  signLater(message: Uint8Array, options?: SignOptions): Promise<Uint8Array>;
  expanded(): Uint8Array;
  destroy(): void;
}

export interface VerifyingKey {
  readonly bytes: Uint8Array;
  /** False for whatever is not a signature of the message. */
  verify(message: Uint8Array, signature: Uint8Array, options?: MessageOptions): boolean;
}

export interface Aead {
  readonly suite: string;
  /** Ciphertext with the 16-byte tag behind it. */
  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, associated: Uint8Array): Uint8Array;
  /** Errors: MNO_CRYPTO_OPEN_FAILED. */
  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Uint8Array;
}

/** AES key wrap with padding (SP 800-38F), by the size of the key-encrypting key. */
export interface KeyWrap {
  wrap(key: Uint8Array, secret: Uint8Array): Uint8Array;
  /** Errors: MNO_CRYPTO_OPEN_FAILED. */
  unwrap(key: Uint8Array, wrapped: Uint8Array): Uint8Array;
}
