import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import type { KeyMaterial } from "../../kernel/crypto/provider";
import { enqueue } from "../../kernel/events/outbox";
import type { Queryable } from "../../kernel/store/database";
import type { Tracer } from "../../kernel/telemetry/traces";
import type { AuditLog } from "./audit-log";
import { type Audited, audited, noteKey, type Note } from "./audited";
import type { Encapsulations } from "./encapsulations";
import { changed, conflict, dueRotation, scheduledForDestruction, type StateChange } from "./engine";
import type { EnvelopeStore } from "./envelope-store";
import { type KeyChange, keyChanged } from "./events";
import { newId } from "./ids";
import type { Grant, Key, KeyPurpose } from "./key";
import { type KeyDirectory, keyNotFound } from "./key-directory";
import type { KeyStore } from "./key-store";
import { defaultSuite, mayProtect, suitesFor } from "./policy";
import type { Vault } from "./vault";

export interface KeySpec {
  purpose: KeyPurpose;
  suite?: string;
  alias?: string | null;
  rotationDays?: number | null;
  grants?: Grant[];
  /** Bring your own key; wiped. */
  material?: KeyMaterial;
}

export interface KeysOptions {
  store: KeyStore;
  envelopes: EnvelopeStore;
  directory: KeyDirectory;
  vault: Vault;
  encapsulations: Encapsulations;
  audit: AuditLog;
  clock: Pick<Clock, "now">;
  tracer: Tracer;
  maximumKeys: number;
  destructionDays: number;
  onCommit: () => void;
  onChange: (change: KeyChange) => void;
}

/** Who acts where nobody asked: no caller can have this name, for names have no colon. */
export const ITSELF = "mno:quantum-cryptography";
const PAGE = 200;

/** The life of keys: made, rotated, disabled, destroyed. Every change is audited, and an event tells of it. */
export class Keys {
  constructor(private readonly options: KeysOptions) {}

  /** Errors: MNO_CRYPTO_POLICY_REFUSED, MNO_KEY_CONFLICT, MNO_CRYPTO_INPUT_INVALID. */
  create(caller: string, spec: KeySpec): Promise<Audited<{ key: Key }>> {
    const { directory, vault, store, clock, maximumKeys } = this.options;
    return audited(this.options.audit, caller, "create-key", async (note) => {
      const now = clock.now();
      const suite = spec.suite ?? defaultSuite(directory.policy, spec.purpose);
      const key: Key = {
        id: newId("key", now),
        alias: spec.alias ?? null,
        purpose: spec.purpose,
        state: "enabled",
        currentVersion: 1,
        suite,
        rotationDays: spec.rotationDays ?? null,
        grants: spec.grants ?? [],
        createdAt: now,
        rotatedAt: now,
        destroyAt: null,
      };
      noteKey(note, key);
      this.requireSuite(spec.purpose, suite, note);
      const version = vault.newVersion(key.id, 1, suite, now, spec.material);
      await store.transaction(async (tx) => {
        const outcome = await store.insert(tx, key, version, maximumKeys);
        if (outcome === "limit")
          throw new MnoError(
            "MNO_KEY_CONFLICT",
            `There are ${maximumKeys} keys, as many as MNO_QC_MAXIMUM_KEYS allows`,
          );
        if (outcome === "alias") throw new MnoError("MNO_KEY_CONFLICT", `Another key has the alias "${key.alias}"`);
        await this.tell(tx, key, "create-key", caller);
      });
      return this.committed(key, "create-key");
    });
  }

  /** A new version, of another suite where one is named; registered envelopes follow in the background. */
  rotate(caller: string, idOrAlias: string, suite?: string, why?: string): Promise<Audited<{ key: Key }>> {
    return this.change(caller, idOrAlias, "rotate-key", async (key, tx, note) => {
      if (key.state !== "enabled") throw conflict(key, "only an enabled key rotates");
      const next = suite ?? key.suite;
      if (why !== undefined) note.reasons.push(why);
      this.requireSuite(key.purpose, next, note);
      const now = this.options.clock.now();
      const currentVersion = key.currentVersion + 1;
      await this.options.store.insertVersion(tx, this.options.vault.newVersion(key.id, currentVersion, next, now));
      if (key.purpose === "encrypt") await this.options.envelopes.startJob(tx, key.id, currentVersion, now);
      return { ...key, suite: next, currentVersion, rotatedAt: now };
    });
  }

  changeState(caller: string, idOrAlias: string, change: StateChange): Promise<Audited<{ key: Key }>> {
    const name = change === "cancel-destruction" ? "cancel-key-destruction" : (`${change}-key` as const);
    return this.change(caller, idOrAlias, name, async (key) => changed(key, change));
  }

  update(
    caller: string,
    idOrAlias: string,
    patch: Partial<Pick<Key, "alias" | "rotationDays" | "grants">>,
  ): Promise<Audited<{ key: Key }>> {
    return this.change(caller, idOrAlias, "update-key", async (key, tx) => {
      const holder =
        patch.alias === undefined || patch.alias === null ? undefined : await this.options.store.find(patch.alias, tx);
      if (holder !== undefined && holder.id !== key.id)
        throw new MnoError("MNO_KEY_CONFLICT", `Another key has the alias "${patch.alias}"`);
      return { ...key, ...patch };
    });
  }

  /** Errors: MNO_KEY_CONFLICT while registered envelopes need the key. */
  scheduleDestruction(caller: string, idOrAlias: string, days?: number): Promise<Audited<{ key: Key }>> {
    const { destructionDays, clock, envelopes } = this.options;
    return this.change(caller, idOrAlias, "schedule-key-destruction", async (key, tx) => {
      for (let version = 1; version <= key.currentVersion; version += 1) {
        const used = await envelopes.countUsing(key.id, version, tx);
        if (used > 0) throw conflict(key, `${used} registered envelopes still need version ${version}`);
      }
      return scheduledForDestruction(key, days ?? destructionDays, destructionDays, clock.now());
    });
  }

  /** Forgets the private key of an earlier version. Errors: MNO_KEY_CONFLICT while registered envelopes need it. */
  destroyVersion(caller: string, idOrAlias: string, version: number): Promise<Audited<{ key: Key }>> {
    const { envelopes, store, clock } = this.options;
    return this.change(caller, idOrAlias, "destroy-key-version", async (key, tx, note) => {
      note.keyVersion = version;
      if (version < 1 || version >= key.currentVersion) {
        throw conflict(key, `only versions before the current one, ${key.currentVersion}, are destroyed one by one`);
      }
      const used = await envelopes.countUsing(key.id, version, tx);
      if (used > 0) throw conflict(key, `${used} registered envelopes still need version ${version}`);
      await store.destroyVersions(tx, key.id, clock.now(), version);
      await envelopes.forgetEncapsulations(tx, key.id, version);
      return key;
    });
  }

  /** Rotates what is due, and destroys what was scheduled; one key's failure does not stop the others. */
  async maintain(): Promise<unknown[]> {
    const { store, directory, clock } = this.options;
    const failures: unknown[] = [];
    for (let page = await store.list(PAGE); page.length > 0; page = await store.list(PAGE, page.at(-1)!.id)) {
      for (const key of page) {
        const rotation = dueRotation(key, directory.policy, clock.now());
        const destroyed = key.state === "destruction-scheduled" && key.destroyAt! <= clock.now();
        try {
          if (rotation !== undefined) await this.rotate(ITSELF, key.id, rotation.suite, rotation.reason);
          if (destroyed) await this.destroy(key.id);
        } catch (error) {
          failures.push(error);
        }
      }
    }
    return failures;
  }

  private destroy(id: string): Promise<unknown> {
    const { store, clock } = this.options;
    return this.change(ITSELF, id, "destroy-key", async (key, tx) => {
      if (key.state !== "destruction-scheduled" || key.destroyAt! > clock.now())
        throw conflict(key, "its destruction was cancelled");
      await store.destroyVersions(tx, key.id, clock.now());
      await this.options.envelopes.forgetEncapsulations(tx, key.id, null);
      return { ...key, state: "destroyed", alias: null };
    });
  }

  private change(
    caller: string,
    idOrAlias: string,
    change: KeyChange,
    work: (key: Key, tx: Queryable, note: Note) => Promise<Key>,
  ): Promise<Audited<{ key: Key }>> {
    const { store, directory, audit } = this.options;
    return audited(audit, caller, change, async (note) => {
      const after = await store.transaction(async (tx) => {
        const key = await store.lock(tx, idOrAlias);
        if (key === undefined) throw keyNotFound(idOrAlias);
        if (caller === ITSELF) noteKey(note, key);
        else directory.require(key, "manage", caller, note);
        const changedKey = await work(key, tx, note);
        await store.update(tx, changedKey);
        await this.tell(tx, changedKey, change, caller);
        return changedKey;
      });
      return this.committed(after, change);
    });
  }

  private requireSuite(purpose: KeyPurpose, suite: string, note: Note): void {
    if (!suitesFor(purpose).includes(suite)) {
      throw new MnoError(
        "MNO_REQUEST_INVALID",
        `A key of purpose ${purpose} has one of the suites ${suitesFor(purpose).join(", ")}, not "${suite}"`,
      );
    }
    const { allowed, reasons } = mayProtect(this.options.directory.policy, suite, this.options.clock.now());
    note.reasons.push(...reasons);
    if (allowed) return;
    throw new MnoError("MNO_CRYPTO_POLICY_REFUSED", `The policy refuses the suite: ${reasons.join("; ")}`, {
      extensions: { reasons },
    });
  }

  private tell(tx: Queryable, key: Key, change: KeyChange, caller: string): Promise<void> {
    const { clock, tracer } = this.options;
    return enqueue(tx, [keyChanged(key, change, caller, clock.now(), tracer.carrier())]);
  }

  private committed(key: Key, change: KeyChange): { key: Key } {
    const { directory, vault, encapsulations, onCommit, onChange } = this.options;
    directory.forget();
    vault.forget(key.id, key.currentVersion);
    encapsulations.forget(key.id, key.currentVersion);
    onChange(change);
    onCommit();
    return { key };
  }
}
