import { createHash, createHmac, randomBytes } from "node:crypto";
import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import { wipe } from "../../kernel/crypto/bytes";
import { aeadOf, kemOf, signatureOf } from "../../kernel/crypto/crypto";
import type { DecapsulationKey, KeyMaterial, SigningKey } from "../../kernel/crypto/provider";
import { type CacheLimits, SecretCache, type Wipeable } from "../../kernel/crypto/secret-cache";
import { suiteById } from "../../kernel/crypto/suite";
import type { KeyVersion } from "./key";
import type { KeyStore } from "./key-store";
import type { RootKey } from "./root-keys/root-key";

const NONCE_SIZE = 12;
const MASTER_CONTEXT = Buffer.from("MNO quantum-cryptography master key v1");
/** The first byte of sealed material: which form it has. */
const SEED = 0;
const EXPANDED = 1;
const MAC_KEY_SIZE = 64;

/** A version's private key, opened. */
export type OpenKey = Wipeable & {
  version: KeyVersion;
  decapsulation?: DecapsulationKey;
  signing?: SigningKey;
  /** The seed, where the version has one (JOSE imports it), or the MAC key. */
  secret?: Uint8Array;
};

/**
 * Where private keys are opened: material is sealed under the master key with the key's id, version and suite bound into it,
 * and the master key is wrapped by the root key. Opened keys are kept for a while and wiped.
 */
export class Vault {
  private constructor(
    private readonly master: Uint8Array,
    private readonly store: KeyStore,
    private readonly opened: SecretCache<OpenKey>,
  ) {}

  /** Errors: MNO_ROOT_KEY_INVALID where another root key wrapped the master key. */
  static async open(root: RootKey, store: KeyStore, limits: CacheLimits, clock: Pick<Clock, "now">): Promise<Vault> {
    const { rootId, wrapped } = await store.master(async () => {
      const fresh = randomBytes(32);
      const made = { rootId: root.id, wrapped: await root.wrap(fresh, MASTER_CONTEXT) };
      wipe(fresh);
      return made;
    });
    if (rootId !== root.id) {
      throw new MnoError(
        "MNO_ROOT_KEY_INVALID",
        `The database's master key is wrapped by ${rootId}; the root key here is ${root.id}`,
      );
    }
    return new Vault(await root.unwrap(wrapped, MASTER_CONTEXT), store, new SecretCache(limits, clock));
  }

  /** A new version with a key of its own, or of the material given. Errors: MNO_CRYPTO_INPUT_INVALID. Wipes the material. */
  newVersion(keyId: string, version: number, suite: string, now: number, given?: KeyMaterial): KeyVersion {
    const material = given ?? generate(suite);
    const bytes = "seed" in material ? material.seed : material.expanded;
    const plain = Buffer.concat([Buffer.of("seed" in material ? SEED : EXPANDED), bytes]);
    try {
      const opened = openMaterial(suite, material);
      const publicKey = opened.decapsulation?.publicKey ?? opened.signing?.publicKey ?? null;
      opened.decapsulation?.destroy();
      opened.signing?.destroy();
      const nonce = randomBytes(NONCE_SIZE);
      const sealed = aeadOf("A256GCM").seal(this.master, nonce, plain, binding(keyId, version, suite));
      const copy = publicKey && Uint8Array.from(publicKey);
      return {
        keyId,
        version,
        suite,
        publicKey: copy,
        sealed: Buffer.concat([nonce, sealed]),
        createdAt: now,
        destroyedAt: null,
      };
    } finally {
      wipe(plain, bytes);
    }
  }

  /**
   * Calls `use` with the opened key, at once and in one turn of the event loop: it may be wiped after that.
   * Errors: MNO_KEY_UNUSABLE where the version was destroyed, or never was.
   */
  async use<T>(keyId: string, version: number, use: (open: OpenKey) => T): Promise<T> {
    const name = `${keyId}/${version}`;
    const cached = this.opened.get(name);
    if (cached !== undefined) return use(cached);
    const found = await this.store.version(keyId, version);
    if (found === undefined || found.sealed === null) {
      throw new MnoError(
        "MNO_KEY_UNUSABLE",
        `Version ${version} of key ${keyId} ${found ? "was destroyed" : "does not exist"}`,
      );
    }
    const opened = this.openVersion(found, found.sealed);
    this.opened.set(name, opened);
    return use(opened);
  }

  /**
   * The version's public key as it follows from the private one: the database's copy could be another's, put there by whoever
   * can write to it, and data would be sealed to them. Errors: MNO_KEY_UNUSABLE also for keys without one.
   */
  publicKey(keyId: string, version: number): Promise<Uint8Array> {
    return this.use(keyId, version, ({ decapsulation, signing }) => {
      const key = decapsulation?.publicKey ?? signing?.publicKey;
      if (key === undefined) throw new MnoError("MNO_KEY_UNUSABLE", `Key ${keyId} has no public key`);
      return Uint8Array.from(key);
    });
  }

  forget(keyId: string, versions: number): void {
    for (let version = 1; version <= versions; version += 1) this.opened.remove(`${keyId}/${version}`);
  }

  sweep(): void {
    this.opened.sweep();
  }

  close(): void {
    this.opened.clear();
    wipe(this.master);
  }

  private openVersion(version: KeyVersion, sealed: Uint8Array): OpenKey {
    const associated = binding(version.keyId, version.version, version.suite);
    const [nonce, rest] = [sealed.subarray(0, NONCE_SIZE), sealed.subarray(NONCE_SIZE)];
    const plain = aeadOf("A256GCM").open(this.master, nonce, rest, associated);
    const bytes = plain.subarray(1);
    const material: KeyMaterial = plain[0] === SEED ? { seed: bytes } : { expanded: bytes };
    const parts = openMaterial(version.suite, material);
    return {
      version,
      ...parts,
      ...("seed" in material && { secret: bytes }),
      wipe: () => {
        parts.decapsulation?.destroy();
        parts.signing?.destroy();
        wipe(plain);
      },
    };
  }
}

/** The tag of a MAC key of the suite HMAC-SHA512. */
export function macOf(key: OpenKey, message: Uint8Array): Buffer {
  return createHmac("sha512", key.secret!).update(message).digest();
}

function generate(suite: string): KeyMaterial {
  const kind = suiteById(suite)?.kind;
  if (kind === "mac") return { seed: randomBytes(MAC_KEY_SIZE) };
  return kind === "kem" ? kemOf(suite).generate() : signatureOf(suite).generate();
}

function openMaterial(suite: string, material: KeyMaterial): Pick<OpenKey, "decapsulation" | "signing"> {
  const kind = suiteById(suite)?.kind;
  if (kind === "kem") return { decapsulation: kemOf(suite).decapsulationKey(material) };
  if (kind === "signature") return { signing: signatureOf(suite).signingKey(material) };
  if (!("seed" in material) || material.seed.length < 32 || material.seed.length > 1024) {
    throw new MnoError("MNO_CRYPTO_INPUT_INVALID", `A key of ${suite} has 32 to 1024 bytes`);
  }
  return {};
}

function binding(keyId: string, version: number, suite: string): Buffer {
  return createHash("sha256").update(`MNO key material v1 ${keyId} ${version} ${suite}`).digest();
}
