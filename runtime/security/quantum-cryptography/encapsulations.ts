import { createHash } from "node:crypto";
import type { Clock } from "../../kernel/clock";
import { kemOf } from "../../kernel/crypto/crypto";
import { openFailed } from "../../kernel/crypto/faults";
import { type CacheLimits, SecretCache, type Wipeable } from "../../kernel/crypto/secret-cache";
import { KeyEncryptionRoot, type ParsedWrappedKey } from "../../kernel/crypto/wrapped-key";
import type { Key } from "./key";
import type { Vault } from "./vault";

interface Sealing extends Wipeable {
  root: KeyEncryptionRoot;
  wraps: number;
}

/**
 * The secrets of encapsulations, each good for many data keys: one that wraps for each key's current version, until it is too
 * old or has wrapped enough, and those that unwrap, found again by the KEM ciphertext.
 */
export class Encapsulations {
  private readonly sealing: SecretCache<Sealing>;
  private readonly opening: SecretCache<KeyEncryptionRoot>;

  constructor(
    private readonly vault: Vault,
    limits: CacheLimits,
    private readonly wrapsPerEncapsulation: number,
    clock: Pick<Clock, "now">,
  ) {
    this.sealing = new SecretCache(limits, clock);
    this.opening = new SecretCache(limits, clock);
  }

  /** Calls `use` at once with what wraps for the key's current version. */
  async wrapping<T>(key: Key, use: (root: KeyEncryptionRoot) => T): Promise<T> {
    const name = `${key.id}/${key.currentVersion}`;
    const known = this.sealing.get(name);
    if (known !== undefined && known.wraps < this.wrapsPerEncapsulation) {
      known.wraps += 1;
      return use(known.root);
    }
    return this.vault.use(key.id, key.currentVersion, ({ version, decapsulation }) => {
      const kem = kemOf(version.suite);
      const { ciphertext, sharedSecret } = kem.encapsulationKey(decapsulation!.publicKey).encapsulate();
      const header = { suite: version.suite, kid: key.id, keyVersion: version.version, kemCiphertext: ciphertext };
      const root = KeyEncryptionRoot.derive(header, sharedSecret);
      this.sealing.set(name, { root, wraps: 1, wipe: () => root.wipe() });
      return use(root);
    });
  }

  /** Calls `use` at once with what unwraps the data key. Errors: MNO_KEY_UNUSABLE, MNO_CRYPTO_OPEN_FAILED. */
  async unwrapping<T>(wrapped: ParsedWrappedKey, use: (root: KeyEncryptionRoot) => T): Promise<T> {
    const { kid, keyVersion, suite, kemCiphertext } = wrapped;
    const digest = createHash("sha256").update(kemCiphertext).digest("base64");
    const name = `${kid}/${keyVersion}/${suite}/${digest}`;
    const known = this.opening.get(name);
    if (known !== undefined) return use(known);
    return this.vault.use(kid, keyVersion, ({ version, decapsulation }) => {
      // A header that names another suite than its version has was made by nobody here.
      if (version.suite !== suite || decapsulation === undefined) throw openFailed();
      const secret = decapsulation.decapsulate(kemCiphertext);
      const root = KeyEncryptionRoot.derive(
        { suite, kid, keyVersion, kemCiphertext: Uint8Array.from(kemCiphertext) },
        secret,
      );
      this.opening.set(name, root);
      return use(root);
    });
  }

  forget(keyId: string, versions: number): void {
    for (let version = 1; version <= versions; version += 1) this.sealing.remove(`${keyId}/${version}`);
    this.opening.clear();
  }

  sweep(): void {
    this.sealing.sweep();
    this.opening.sweep();
  }

  close(): void {
    this.sealing.clear();
    this.opening.clear();
  }
}
