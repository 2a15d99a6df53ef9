import type { Logger } from "pino";
import { MnoError } from "../../../exports";
import type { Queryable } from "../../../kernel/store/database";
import type { EntityRecord, EntityRef } from "../contracts";
import { type Bundle, EMPTY_BUNDLE } from "./bundle";
import type { DecisionPoint } from "./decision-point";
import { digestOf, type Intent, type PolicyEvents } from "./events";
import { type FolderContent, readFolder } from "./folder";
import type { Instruments } from "./instruments";
import { loadPolicies, versionOf } from "./load";
import type { PolicyStore, StoredVersion } from "./store";
import { uidKey } from "./values";
import { createWorld, type World } from "./world";

export interface KeeperOptions {
  readonly point: DecisionPoint;
  readonly store: PolicyStore;
  readonly folder: string | undefined;
  readonly instruments: Instruments;
  readonly events: PolicyEvents;
  readonly log: Logger;
}

/** What the world in use is made of. */
export interface Parts {
  readonly folder: FolderContent | undefined;
  readonly stored: StoredVersion;
  /** Stored entities; over those of the folder. */
  readonly entities: readonly EntityRecord[];
  readonly revision: number;
}

/**
 * Keeps the decision point's world as it is written in the folder and the database. What is written wrongly is refused (over
 * HTTP) or logged (in the folder), and what was in use goes on deciding.
 */
export class PolicyKeeper {
  private parts: Parts | undefined;
  private turn: Promise<unknown> = Promise.resolve();
  /** Of what was refused last, so that it is told once. */
  private refused: string | undefined;

  constructor(private readonly options: KeeperOptions) {}

  get stored(): StoredVersion {
    return this.parts?.stored ?? { number: 0, bundle: EMPTY_BUNDLE };
  }

  get folderBundle(): Bundle {
    return this.parts?.folder?.bundle ?? EMPTY_BUNDLE;
  }

  /** Brings into use what was changed in the folder, or by another replica in the database. */
  refresh(): Promise<void> {
    return this.inTurn(async () => {
      const { store, folder, log, instruments } = this.options;
      let seen = "";
      try {
        const marks = await store.marks();
        const content = folder === undefined ? undefined : await readFolder(folder);
        seen = `${marks.version} ${marks.revision} ${content?.digest ?? ""}`;
        const { parts } = this;
        const entitiesChanged = parts?.revision !== marks.revision;
        const storedChanged = parts?.stored.number !== marks.version;
        if (parts && !entitiesChanged && !storedChanged && parts.folder?.digest === content?.digest) return;
        const next: Parts = {
          folder: content,
          stored: storedChanged ? await store.current() : parts.stored,
          entities: entitiesChanged ? await store.entities() : parts.entities,
          revision: marks.revision,
        };
        const before = this.options.point.version;
        this.use(next, worldOf(next));
        log.info({ version: this.options.point.version }, "policies in use");
        if (parts) await this.tellReload(parts, next, before);
      } catch (error) {
        if (!(error instanceof MnoError) || error.status !== 422) throw error;
        const told = `${seen} ${error.message}`;
        if (told !== this.refused) log.error({ err: error }, "policies refused; the ones before stay in use");
        if (told !== this.refused) instruments.refused();
        const isNew = told !== this.refused;
        this.refused = told;
        if (isNew) await this.options.events.seen({ ...RELOAD, before: this.options.point.version }, error);
      }
    });
  }

  /** Stores another bundle in the place of the one in use, and uses it. Errors: MNO_POLICY_INVALID, MNO_ENTITIES_INVALID. */
  changePolicies(
    intent: Intent,
    reason: string,
    next: (bundle: Bundle, bundleOf: (number: number) => Promise<Bundle>) => Bundle | Promise<Bundle>,
  ): Promise<StoredVersion> {
    return this.inTurn(async () => {
      const { store, events } = this.options;
      const [parts, world] = await store.exclusively(async (tx) => {
        const latest = await this.latest(tx);
        const bundle = await next(latest.stored.bundle, (number) => store.bundleOf(number, tx));
        refuseZero(bundle, "MNO_POLICY_INVALID");
        const draft = { ...latest, stored: { number: 0, bundle } };
        const made = worldOf(draft);
        const [before, after] = [versionOf(latest.stored.bundle), versionOf(bundle)];
        const number = await store.add(tx, bundle, after, reason);
        await events.within(tx, { ...intent, before, after, facts: { number } });
        return [{ ...draft, stored: { number, bundle } }, made] as const;
      });
      this.use(parts, world);
      events.nudge();
      return parts.stored;
    });
  }

  /** Puts and removes stored entities. Errors: MNO_ENTITIES_INVALID. Returns how many are stored then. */
  changeEntities(intent: Intent, put: readonly EntityRecord[], remove: readonly EntityRef[] | "all"): Promise<number> {
    return this.inTurn(async () => {
      refuseZero(put, "MNO_ENTITIES_INVALID");
      const { store, events } = this.options;
      const [parts, world] = await store.exclusively(async (tx) => {
        const latest = await this.latest(tx);
        const before = remove === "all" ? [] : latest.entities;
        const records = new Map(before.map((record) => [uidKey(record.type, record.id), record]));
        if (remove !== "all") for (const { type, id } of remove) records.delete(uidKey(type, id));
        const keys = new Set<string>();
        for (const record of put) {
          const key = uidKey(record.type, record.id);
          if (keys.has(key)) throw new MnoError("MNO_ENTITIES_INVALID", `${key} is there twice`);
          keys.add(key);
          records.set(key, record);
        }
        const draft = { ...latest, entities: [...records.values()] };
        const made = worldOf(draft);
        const revision = await store.change(tx, put, remove);
        const facts = { revision, put: put.length, removed: remove === "all" ? "all" : remove.length };
        const digests = { before: digestOf(latest.entities), after: digestOf(draft.entities) };
        await events.within(tx, { ...intent, ...digests, facts });
        return [{ ...draft, revision }, made] as const;
      });
      this.use(parts, world);
      events.nudge();
      return parts.entities.length;
    });
  }

  /** The world that a change of the stored policies would make, without making it. Errors as `changePolicies`. */
  async candidate(next: (bundle: Bundle) => Bundle): Promise<World> {
    const parts = await this.latest();
    return worldOf({ ...parts, stored: { number: 0, bundle: next(parts.stored.bundle) } });
  }

  /** As it is stored now; the folder as it was read last. */
  private async latest(on?: Queryable): Promise<Parts> {
    const { store, folder } = this.options;
    const content = this.parts?.folder ?? (folder === undefined ? undefined : await readFolder(folder));
    const { revision } = await store.marks(on);
    return { folder: content, stored: await store.current(on), entities: await store.entities(on), revision };
  }

  private use(parts: Parts, world: World): void {
    this.parts = parts;
    this.refused = undefined;
    this.options.point.use(world);
    this.options.instruments.used(world.loaded.policies.length, world.entities.size);
  }

  /** A change of the folder is told of as a change; one of the database as that it is in use here, for who made it told of it. */
  private async tellReload(from: Parts, to: Parts, before: string | undefined): Promise<void> {
    const { events, point } = this.options;
    const change = from.folder?.digest === to.folder?.digest ? ACTIVATE : RELOAD;
    const facts = { number: to.stored.number, revision: to.revision, folder: to.folder?.digest ?? "none" };
    await events.seen({ ...change, before, after: point.version, facts });
  }

  /** One after another, whatever became of the one before. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }
}

/** Nobody is known to have changed the folder: whoever may write to it. */
const RELOAD: Intent = {
  operation: "reload-policy-folder",
  actor: { uid: "policies-folder" },
  resource: { type: "policy-folder", uid: "MNO_ZTG_POLICIES_DIR" },
};
const ACTIVATE: Intent = {
  operation: "activate-policy",
  actor: { uid: "zero-trust-gateway" },
  resource: { type: "policy-version", uid: "stored" },
};

function worldOf({ folder, stored, entities }: Parts): World {
  const records = new Map<string, EntityRecord>();
  for (const record of [...(folder?.entities ?? []), ...entities]) records.set(uidKey(record.type, record.id), record);
  return createWorld(loadPolicies(union(folder?.bundle ?? EMPTY_BUNDLE, stored.bundle)), [...records.values()]);
}

/** Errors: MNO_POLICY_INVALID where both have a schema or a set of one name. */
function union(folder: Bundle, stored: Bundle): Bundle {
  for (const name of Object.keys(stored.sets))
    if (Object.hasOwn(folder.sets, name))
      throw new MnoError(
        "MNO_POLICY_INVALID",
        `${name}: MNO_ZTG_POLICIES_DIR has a set of this name; store it under another`,
      );
  if (folder.schema !== undefined && stored.schema !== undefined)
    throw new MnoError("MNO_POLICY_INVALID", "schema: MNO_ZTG_POLICIES_DIR has one; there can be one only");
  const schema = folder.schema ?? stored.schema;
  return { sets: { ...folder.sets, ...stored.sets }, ...(schema !== undefined && { schema }) };
}

/** PostgreSQL's texts have no U+0000. */
function refuseZero(json: unknown, code: "MNO_POLICY_INVALID" | "MNO_ENTITIES_INVALID"): void {
  if (JSON.stringify(json).includes("\\u0000")) throw new MnoError(code, "The character U+0000 cannot be stored");
}
