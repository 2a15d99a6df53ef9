import { sameBytes } from "../../kernel/crypto/bytes";
import { signatureOf } from "../../kernel/crypto/crypto";
import { type EncryptionContext, contextHash } from "../../kernel/crypto/context";
import { Hpke } from "../../kernel/crypto/hpke";
import { inJose, publicJwk, signJws } from "../../kernel/crypto/jose";
import { MnoError } from "../../exports";
import type { AuditLog } from "./audit-log";
import { type Audited, audited, type Note } from "./audited";
import type { KeyDirectory } from "./key-directory";
import type { KeyStore } from "./key-store";
import type { Key, KeyOperation, KeyVersion } from "./key";
import { macOf, type Vault } from "./vault";
import type { Used } from "./service";

/** A signature names key, version and suite beside it; kid of a JWS and JWK is `<key id>.<version>`. */
export const kidOf = (keyId: string, version: number): string => `${keyId}.${version}`;

export interface SigningOptions {
  directory: KeyDirectory;
  store: KeyStore;
  vault: Vault;
  audit: AuditLog;
  onOperation: (operation: KeyOperation, outcome: "done" | "failed", seconds: number) => void;
}

/** Signatures, MACs and HPKE with the service's keys: decided, recorded and refused as envelope encryption is. */
export class SigningService {
  constructor(private readonly options: SigningOptions) {}

  /** `context` is the signature suite's own (at most 255 bytes; not of Ed25519). */
  sign(
    caller: string,
    idOrAlias: string,
    message: Uint8Array,
    context?: Uint8Array,
  ): Promise<Audited<Used & { signature: Buffer }>> {
    return this.perform(caller, "sign", idOrAlias, async (key) => {
      const started = await this.options.vault.use(key.id, key.currentVersion, ({ signing, version }) => ({
        signature: signing!.signLater(message, { context }),
        used: usedOf(version),
      }));
      return { ...started.used, signature: Buffer.from(await started.signature) };
    });
  }

  /** A JWS in compact form, of suites that JOSE names. */
  signJws(caller: string, idOrAlias: string, payload: Uint8Array): Promise<Audited<Used & { jws: string }>> {
    return this.perform(caller, "sign", idOrAlias, async (key) => {
      // The seed is read within the turn; its import finishes later, on a copy that goes with the call.
      const started = await this.options.vault.use(key.id, key.currentVersion, ({ secret, signing, version }) => {
        if (!inJose(version.suite)) throw new MnoError("MNO_KEY_UNUSABLE", `JOSE has no name for ${version.suite}`);
        if (secret === undefined)
          throw new MnoError("MNO_KEY_UNUSABLE", "JOSE needs the seed, and the key was imported without");
        const jws = signJws(version.suite, secret, signing!.publicKey, kidOf(key.id, version.version), payload);
        return { jws, used: usedOf(version) };
      });
      return { ...started.used, jws: await started.jws };
    });
  }

  /** With the version that signed; the current one where none is named. */
  verify(
    caller: string,
    idOrAlias: string,
    message: Uint8Array,
    signature: Uint8Array,
    options: { version?: number | undefined; context?: Uint8Array | undefined },
  ): Promise<Audited<Used & { valid: boolean }>> {
    return this.perform(caller, "verify", idOrAlias, async (key, note) => {
      const version = options.version ?? key.currentVersion;
      note.keyVersion = version;
      const used = await this.options.vault.use(key.id, version, (open) => usedOf(open.version));
      const verifier = signatureOf(used.suite).verifyingKey(await this.options.vault.publicKey(key.id, version));
      return { ...used, valid: verifier.verify(message, signature, { context: options.context }) };
    });
  }

  mac(caller: string, idOrAlias: string, message: Uint8Array): Promise<Audited<Used & { tag: Buffer }>> {
    return this.perform(caller, "mac", idOrAlias, async (key) =>
      this.options.vault.use(key.id, key.currentVersion, (open) => ({
        ...usedOf(open.version),
        tag: macOf(open, message),
      })),
    );
  }

  verifyMac(
    caller: string,
    idOrAlias: string,
    message: Uint8Array,
    tag: Uint8Array,
    version?: number,
  ): Promise<Audited<Used & { valid: boolean }>> {
    return this.perform(caller, "verify-mac", idOrAlias, async (key, note) => {
      note.keyVersion = version ?? key.currentVersion;
      return this.options.vault.use(key.id, note.keyVersion, (open) => ({
        ...usedOf(open.version),
        valid: sameBytes(macOf(open, message), tag),
      }));
    });
  }

  /** HPKE to the key: whoever has the public key can do it without the service as well. */
  seal(
    caller: string,
    idOrAlias: string,
    plaintext: Uint8Array,
    context: EncryptionContext,
  ): Promise<Audited<Used & { sealed: Buffer }>> {
    return this.perform(caller, "seal", idOrAlias, async (key) => {
      const publicKey = await this.options.vault.publicKey(key.id, key.currentVersion);
      const sealed = await new Hpke(key.suite).seal(publicKey, plaintext, contextHash(context), EMPTY);
      return { keyId: key.id, keyVersion: key.currentVersion, suite: key.suite, sealed };
    });
  }

  open(
    caller: string,
    idOrAlias: string,
    sealed: Uint8Array,
    context: EncryptionContext,
    version?: number,
  ): Promise<Audited<Used & { plaintext: Buffer }>> {
    return this.perform(caller, "open", idOrAlias, async (key, note) => {
      note.keyVersion = version ?? key.currentVersion;
      const info = contextHash(context);
      const started = await this.options.vault.use(key.id, note.keyVersion, (open) => ({
        plaintext: new Hpke(open.version.suite).open(open.decapsulation!, sealed, info, EMPTY),
        used: usedOf(open.version),
      }));
      return { ...started.used, plaintext: await started.plaintext };
    });
  }

  /** Public keys of the keys that sign, all versions that still verify, for verifiers elsewhere (RFC 7517). */
  async jwks(): Promise<{ keys: object[] }> {
    const keys: object[] = [];
    for (
      let page = await this.options.store.list(PAGE);
      page.length > 0;
      page = await this.options.store.list(PAGE, page.at(-1)!.id)
    ) {
      for (const key of page) {
        if (key.purpose !== "sign" || key.state !== "enabled") continue;
        for (const { version, suite, destroyedAt } of await this.options.store.versions(key.id)) {
          if (destroyedAt !== null || !inJose(suite)) continue;
          const publicKey = await this.options.vault.publicKey(key.id, version);
          keys.push(publicJwk(suite, publicKey, kidOf(key.id, version)));
        }
      }
    }
    return { keys };
  }

  /** In base64. */
  async publicKey(keyId: string, version: number): Promise<string> {
    return Buffer.from(await this.options.vault.publicKey(keyId, version)).toString("base64");
  }

  private async perform<T extends object>(
    caller: string,
    operation: KeyOperation,
    idOrAlias: string,
    work: (key: Key, note: Note) => Promise<T>,
  ): Promise<Audited<T>> {
    const started = performance.now();
    let outcome: "done" | "failed" = "failed";
    try {
      const result = await audited(this.options.audit, caller, operation, async (note) =>
        work(await this.options.directory.allowed(idOrAlias, operation, caller, note), note),
      );
      outcome = "done";
      return result;
    } finally {
      this.options.onOperation(operation, outcome, (performance.now() - started) / 1000);
    }
  }
}

const EMPTY = new Uint8Array(0);
const PAGE = 200;

function usedOf({ keyId, version, suite }: KeyVersion): Used {
  return { keyId, keyVersion: version, suite };
}
