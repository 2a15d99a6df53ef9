/**
 * The key above all keys, which never leaves where it is kept: a file, a cloud's key service or a hardware module. It wraps
 * the service's own keys, a few dozen bytes at a time.
 */
export interface RootKey {
  /** Names the key in what it has wrapped; the same as long as it is the same key. */
  readonly id: string;
  /** Errors: MNO_ROOT_KEY_UNAVAILABLE. */
  wrap(plaintext: Uint8Array, context: Uint8Array): Promise<Uint8Array>;
  /** Errors: MNO_ROOT_KEY_INVALID when key, context or bytes are not those of `wrap`; MNO_ROOT_KEY_UNAVAILABLE. */
  unwrap(wrapped: Uint8Array, context: Uint8Array): Promise<Uint8Array>;
  close?(): Promise<void>;
}
