import { randomBytes } from "node:crypto";
import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import { wipe } from "../../kernel/crypto/bytes";
import type { EncryptionContext } from "../../kernel/crypto/context";
import { openEnvelope, parseEnvelope, sealEnvelope, withWrappedKey } from "../../kernel/crypto/envelope";
import { DATA_KEY_SIZE, type ParsedWrappedKey, parseWrappedKey } from "../../kernel/crypto/wrapped-key";
import type { AuditLog } from "./audit-log";
import { type Audited, audited, type Note } from "./audited";
import type { Encapsulations } from "./encapsulations";
import type { EnvelopeStore, RegisteredEnvelope } from "./envelope-store";
import { newId } from "./ids";
import type { Key, KeyOperation } from "./key";
import type { KeyDirectory } from "./key-directory";

export interface ServiceOptions {
  directory: KeyDirectory;
  encapsulations: Encapsulations;
  envelopes: EnvelopeStore;
  audit: AuditLog;
  clock: Pick<Clock, "now">;
  onOperation: (operation: KeyOperation, outcome: "done" | "failed", seconds: number) => void;
}

/** Which key it was, as it stood. */
export interface Used {
  keyId: string;
  keyVersion: number;
  suite: string;
}

/**
 * Envelope encryption, as every front end (HTTP, the Kubernetes plugin) calls it: `caller` is who asks, by name; keys go by
 * id or alias. Everything is decided by the policy, the key's state and its grants, and recorded before it is answered.
 * Errors: MNO_KEY_NOT_FOUND, MNO_KEY_ACCESS_DENIED, MNO_KEY_UNUSABLE, MNO_CRYPTO_POLICY_REFUSED, MNO_CRYPTO_OPEN_FAILED,
 * MNO_ENVELOPE_INVALID, MNO_CRYPTO_INPUT_INVALID.
 */
export class EnvelopeService {
  constructor(private readonly options: ServiceOptions) {}

  /** A fresh data key, in the clear (the caller's to wipe) and wrapped; registered where that is asked for. */
  generateDataKey(
    caller: string,
    idOrAlias: string,
    context: EncryptionContext,
    register = false,
  ): Promise<Audited<Used & { plaintext: Buffer; wrappedKey: Buffer; envelopeId: string | null }>> {
    return this.perform(caller, "generate-data-key", async (note) => {
      const key = await this.options.directory.allowed(idOrAlias, "generate-data-key", caller, note);
      const plaintext = randomBytes(DATA_KEY_SIZE);
      const wrapped = await this.wrap(key, plaintext, context, note);
      const envelopeId = register ? await this.register(key.id, wrapped, context) : null;
      return { plaintext, ...wrapped, envelopeId };
    });
  }

  encrypt(
    caller: string,
    idOrAlias: string,
    plaintext: Uint8Array,
    context: EncryptionContext,
  ): Promise<Audited<Used & { envelope: Buffer }>> {
    return this.perform(caller, "encrypt", async (note) => {
      const key = await this.options.directory.allowed(idOrAlias, "encrypt", caller, note);
      const dataKey = randomBytes(DATA_KEY_SIZE);
      const { wrappedKey, ...used } = await this.wrap(key, dataKey, context, note);
      const envelope = sealEnvelope(dataKey, wrappedKey, plaintext, context);
      wipe(dataKey);
      return { envelope, ...used };
    });
  }

  decrypt(
    caller: string,
    bytes: Uint8Array,
    context: EncryptionContext,
  ): Promise<Audited<Used & { plaintext: Buffer }>> {
    return this.perform(caller, "decrypt", async (note) => {
      const envelope = parseEnvelope(bytes);
      const { dataKey, used } = await this.unwrap(caller, "decrypt", envelope.wrappedKey, context, note);
      try {
        return { plaintext: openEnvelope(envelope, dataKey, context), ...used };
      } finally {
        wipe(dataKey);
      }
    });
  }

  /** The data key of a wrapped key. */
  decryptDataKey(
    caller: string,
    wrappedKey: Uint8Array,
    context: EncryptionContext,
  ): Promise<Audited<Used & { plaintext: Buffer }>> {
    return this.perform(caller, "decrypt", async (note) => {
      const { dataKey, used } = await this.unwrap(caller, "decrypt", wrappedKey, context, note);
      return { plaintext: Buffer.from(dataKey.buffer, dataKey.byteOffset, dataKey.byteLength), ...used };
    });
  }

  /** An envelope, or a wrapped key, under its key's current version or under another key; data is not touched. */
  rewrap(
    caller: string,
    bytes: Uint8Array,
    context: EncryptionContext,
    toKey?: string,
  ): Promise<Audited<Used & { rewrapped: Buffer }>> {
    return this.perform(caller, "rewrap", async (note) => {
      const envelope = isWrappedKey(bytes) ? undefined : parseEnvelope(bytes);
      // Whoever may move data to a key of their own could read it there.
      const operation = toKey === undefined ? "rewrap" : "decrypt";
      const { dataKey, used } = await this.unwrap(caller, operation, envelope?.wrappedKey ?? bytes, context, note);
      try {
        const key = await this.options.directory.allowed(toKey ?? used.keyId, "rewrap", caller, note);
        const { wrappedKey, ...now } = await this.wrap(key, dataKey, context, note);
        return { rewrapped: envelope === undefined ? wrappedKey : withWrappedKey(envelope, wrappedKey), ...now };
      } finally {
        wipe(dataKey);
      }
    });
  }

  /** Puts a wrapped key into the service's care: rotation wraps it anew. It has to open with the context. */
  registerEnvelope(
    caller: string,
    wrappedKey: Uint8Array,
    context: EncryptionContext,
  ): Promise<Audited<Used & { envelopeId: string }>> {
    return this.perform(caller, "rewrap", async (note) => {
      const { dataKey, used } = await this.unwrap(caller, "rewrap", wrappedKey, context, note);
      wipe(dataKey);
      return {
        ...used,
        envelopeId: await this.register(used.keyId, { wrappedKey, keyVersion: used.keyVersion }, context),
      };
    });
  }

  /** The data key of a registered envelope. Errors: MNO_ENVELOPE_NOT_FOUND. */
  openRegistered(caller: string, id: string): Promise<Audited<Used & { plaintext: Buffer }>> {
    return this.perform(caller, "decrypt", async (note) => {
      const { wrappedKey, context } = await this.registered(id);
      const { dataKey, used } = await this.unwrap(caller, "decrypt", wrappedKey, context, note);
      return { plaintext: Buffer.from(dataKey.buffer, dataKey.byteOffset, dataKey.byteLength), ...used };
    });
  }

  /** Takes it out of the service's care. Errors: MNO_ENVELOPE_NOT_FOUND. */
  forgetRegistered(caller: string, id: string): Promise<Audited<{ keyId: string }>> {
    return this.perform(caller, "rewrap", async (note) => {
      const { keyId } = await this.registered(id);
      await this.options.directory.allowed(keyId, "rewrap", caller, note);
      await this.options.envelopes.remove(id);
      return { keyId };
    });
  }

  /** Errors: MNO_ENVELOPE_NOT_FOUND. */
  async registered(id: string): Promise<RegisteredEnvelope> {
    const found = await this.options.envelopes.find(id);
    if (found === undefined) throw new MnoError("MNO_ENVELOPE_NOT_FOUND", `There is no registered envelope ${id}`);
    return found;
  }

  private async wrap(
    key: Key,
    dataKey: Uint8Array,
    context: EncryptionContext,
    note: Note,
  ): Promise<Used & { wrappedKey: Buffer }> {
    return this.options.encapsulations.wrapping(key, (root) => {
      const { suite, keyVersion } = root.header;
      Object.assign(note, { keyVersion, suite });
      return { keyId: key.id, keyVersion, suite, wrappedKey: root.wrap(dataKey, context) };
    });
  }

  private async unwrap(
    caller: string,
    operation: "decrypt" | "rewrap",
    wrappedKey: Uint8Array,
    context: EncryptionContext,
    note: Note,
  ): Promise<{ dataKey: Uint8Array; used: Used }> {
    const parsed: ParsedWrappedKey = parseWrappedKey(wrappedKey);
    const key = await this.options.directory.allowed(parsed.kid, operation, caller, note);
    const used = { keyId: key.id, keyVersion: parsed.keyVersion, suite: parsed.suite };
    Object.assign(note, { keyVersion: parsed.keyVersion, suite: parsed.suite });
    const dataKey = await this.options.encapsulations.unwrapping(parsed, (root) => root.unwrap(parsed, context));
    return { dataKey, used };
  }

  private async register(
    keyId: string,
    { wrappedKey, keyVersion }: { wrappedKey: Uint8Array; keyVersion: number },
    context: EncryptionContext,
  ): Promise<string> {
    const now = this.options.clock.now();
    const id = newId("env", now);
    await this.options.envelopes.insert([{ id, keyId, version: keyVersion, wrappedKey, context }], now);
    return id;
  }

  private async perform<T extends object>(
    caller: string,
    operation: KeyOperation,
    work: (note: Note) => Promise<T>,
  ): Promise<Audited<T>> {
    const started = performance.now();
    const seconds = (): number => (performance.now() - started) / 1000;
    try {
      const result = await audited(this.options.audit, caller, operation, work);
      this.options.onOperation(operation, "done", seconds());
      return result;
    } catch (error) {
      this.options.onOperation(operation, "failed", seconds());
      throw error;
    }
  }
}

/** Both formats begin with four letters of their own. */
function isWrappedKey(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 4)).toString("latin1") === "MNOK";
}
