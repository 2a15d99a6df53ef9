import type { Logger } from "pino";
import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import { wipe } from "../../kernel/crypto/bytes";
import { parseWrappedKey } from "../../kernel/crypto/wrapped-key";
import type { Encapsulations } from "./encapsulations";
import type { EnvelopeStore, RegisteredEnvelope, Rewrapped, RewrapJob } from "./envelope-store";
import type { Key } from "./key";
import type { KeyStore } from "./key-store";

/** Envelopes between two turns that others get: some milliseconds. */
const ENVELOPES_PER_TURN = 32;

export interface RewrapperOptions {
  keys: KeyStore;
  envelopes: EnvelopeStore;
  encapsulations: Encapsulations;
  clock: Pick<Clock, "now">;
  log: Logger;
  batch: number;
  onRewrapped: (count: number) => void;
}

/**
 * Wraps registered data keys under their keys' current versions, a batch in a transaction. The cursor moves in the same
 * transaction, so a crash repeats a batch at worst; an envelope that changed meanwhile is left as it is then. Data is not
 * touched, and both versions open until the old one is destroyed.
 */
export class Rewrapper {
  constructor(private readonly options: RewrapperOptions) {}

  /** One batch of what is to be done; false where there is nothing. */
  async step(): Promise<boolean> {
    const { keys, envelopes } = this.options;
    const job = await envelopes.nextJob();
    if (job === undefined) return false;
    const key = await keys.find(job.keyId);
    if (key === undefined || key.state === "destroyed") return this.finish(job);
    if (key.state !== "enabled") return false;
    const page = await envelopes.page(job.keyId, job.cursor, this.options.batch);
    if (page.length === 0) return this.finish(job);
    const { rewrapped, failed } = await this.rewrap(key, page, job.targetVersion);
    await envelopes.transaction(async (tx) => {
      const exchanged = await envelopes.exchange(tx, rewrapped, job.keyId);
      const cursor = page.at(-1)!.id;
      await envelopes.advanceJob(tx, { ...job, cursor, done: job.done + exchanged, failed: job.failed + failed });
      this.options.onRewrapped(exchanged);
    });
    return true;
  }

  private async rewrap(
    key: Key,
    page: readonly RegisteredEnvelope[],
    target: number,
  ): Promise<{ rewrapped: Rewrapped[]; failed: number }> {
    const rewrapped: Rewrapped[] = [];
    let failed = 0;
    let turn = 0;
    for (const { id, version, wrappedKey, context } of page) {
      if (version >= target) continue;
      turn += 1;
      if (turn % ENVELOPES_PER_TURN === 0) await new Promise(setImmediate);
      try {
        const parsed = parseWrappedKey(wrappedKey);
        const dataKey = await this.options.encapsulations.unwrapping(parsed, (root) => root.unwrap(parsed, context));
        const fresh = await this.options.encapsulations.wrapping(key, (root) => root.wrap(dataKey, context));
        wipe(dataKey);
        rewrapped.push({ id, version: key.currentVersion, wrappedKey: fresh, previous: wrappedKey });
      } catch (error) {
        if (!(error instanceof MnoError)) throw error;
        failed += 1;
        this.options.log.error(
          { envelope: id, key: key.id, code: error.code },
          "a registered envelope cannot be opened",
        );
      }
    }
    return { rewrapped, failed };
  }

  private async finish(job: RewrapJob): Promise<boolean> {
    const { envelopes, clock } = this.options;
    await envelopes.transaction((tx) => envelopes.advanceJob(tx, { ...job, finishedAt: clock.now() }));
    return true;
  }
}
