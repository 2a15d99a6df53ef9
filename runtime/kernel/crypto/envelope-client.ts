import { createHash } from "node:crypto";
import type { Clock } from "../clock";
import { wipe } from "./bytes";
import { contextHash, type EncryptionContext } from "./context";
import { openEnvelope, parseEnvelope, sealEnvelope } from "./envelope";
import { type CacheLimits, SecretCache, type Wipeable } from "./secret-cache";

/** Where data keys come from: a key service, over HTTP or in the same process. */
export interface DataKeySource {
  generate(context: EncryptionContext): Promise<{ plaintext: Uint8Array; wrappedKey: Uint8Array }>;
  unwrap(wrappedKey: Uint8Array, context: EncryptionContext): Promise<Uint8Array>;
}

export interface DataKeyLimits extends CacheLimits {
  /** Messages, and bytes of data, under one data key before there is a new one. */
  messages: number;
  bytes: number;
}

interface CachedDataKey extends Wipeable {
  dataKey: Uint8Array;
  wrappedKey: Uint8Array;
  messages: number;
  bytes: number;
}

/**
 * Envelopes made and opened where the data is, with data keys that are kept for a while so that the key service is not asked
 * for each message: until they are too old, or have sealed as many messages or bytes as the limits say. Keys go by their
 * encryption context, so that one of another tenant is never used. A limit of 0 seconds turns it off.
 */
export class EnvelopeClient {
  private readonly sealing: SecretCache<CachedDataKey>;
  private readonly opening: SecretCache<CachedDataKey>;

  constructor(
    private readonly source: DataKeySource,
    private readonly limits: DataKeyLimits,
    clock: Pick<Clock, "now">,
  ) {
    this.sealing = new SecretCache(limits, clock);
    this.opening = new SecretCache(limits, clock);
  }

  async seal(plaintext: Uint8Array, context: EncryptionContext): Promise<Buffer> {
    const name = contextHash(context).toString("base64");
    const known = this.sealing.get(name);
    if (known !== undefined && this.allows(known, plaintext.length)) return this.sealUnder(known, plaintext, context);
    const { plaintext: dataKey, wrappedKey } = await this.source.generate(context);
    const fresh = cached(dataKey, wrappedKey);
    this.sealing.set(name, fresh);
    return this.sealUnder(fresh, plaintext, context);
  }

  async open(bytes: Uint8Array, context: EncryptionContext): Promise<Buffer> {
    const envelope = parseEnvelope(bytes);
    const digest = createHash("sha256").update(contextHash(context)).update(envelope.wrappedKey).digest("base64");
    const known = this.opening.get(digest);
    if (known !== undefined) return openEnvelope(envelope, known.dataKey, context);
    const dataKey = await this.source.unwrap(envelope.wrappedKey, context);
    this.opening.set(digest, cached(dataKey, envelope.wrappedKey));
    return openEnvelope(envelope, dataKey, context);
  }

  /** Wipes data keys that are too old and nobody asks for any more. */
  sweep(): void {
    this.sealing.sweep();
    this.opening.sweep();
  }

  close(): void {
    this.sealing.clear();
    this.opening.clear();
  }

  private allows(key: CachedDataKey, bytes: number): boolean {
    return key.messages < this.limits.messages && key.bytes + bytes <= this.limits.bytes;
  }

  private sealUnder(key: CachedDataKey, plaintext: Uint8Array, context: EncryptionContext): Buffer {
    key.messages += 1;
    key.bytes += plaintext.length;
    return sealEnvelope(key.dataKey, key.wrappedKey, plaintext, context);
  }
}

function cached(dataKey: Uint8Array, wrappedKey: Uint8Array): CachedDataKey {
  return { dataKey, wrappedKey, messages: 0, bytes: 0, wipe: () => wipe(dataKey) };
}
