import { MnoError } from "../../../exports";
import type { EntityRecord, EntityRef } from "../contracts";
import { checkFields, JsonFault, JsonRecord, type RecordShape, type Shape, uidFault } from "./json";
import { type RecordValue, Uid, uidKey } from "./values";

/** An entity as policies see it. */
export interface Entity {
  readonly uid: Uid;
  readonly attributes: RecordValue;
  readonly tags: RecordValue;
  /** Keys of all ancestors, not its own. */
  readonly ancestors: ReadonlySet<string>;
  readonly record: EntityRecord;
}

/** Entities by the key of their name. */
export interface EntityView {
  get(key: string): Entity | undefined;
}

/** What a schema says of an entity type. */
export interface EntityShape {
  readonly attributes: RecordShape;
  readonly tag: Shape | undefined;
  /** Types that its parents may have. */
  readonly parents: ReadonlySet<string>;
  /** The only ids there are, of an enumerated type. */
  readonly ids: ReadonlySet<string> | undefined;
}

/** By type; undefined where there is no schema, and any entity will do. */
export type EntityShapes = ReadonlyMap<string, EntityShape> | undefined;

/** Memory of the closure: a chain of n entities has n²/2 ancestors. */
const MAX_ANCESTORS = 10_000_000;
const NONE: ReadonlySet<string> = new Set();

/** Entities and the transitive closure of their hierarchy; never changed once made. */
export class EntityStore implements EntityView {
  static readonly EMPTY = EntityStore.of([], undefined);

  private readonly byType = new Map<string, Map<string, Entity>>();
  private readonly inOrder = new Map<string, readonly Entity[]>();
  /** Keys of what is a parent of something: changing its parents changes others' ancestors. */
  private readonly parents = new Set<string>();

  private constructor(
    private readonly byKey: ReadonlyMap<string, Entity>,
    private readonly shapes: EntityShapes,
  ) {
    for (const entity of byKey.values()) {
      const { type, id } = entity.uid;
      let ids = this.byType.get(type);
      if (!ids) this.byType.set(type, (ids = new Map<string, Entity>()));
      ids.set(id, entity);
      for (const parent of entity.record.parents) this.parents.add(uidKey(parent.type, parent.id));
    }
  }

  /** Errors: MNO_ENTITIES_INVALID for what is no Cedar entity, for two of one name and for cycles. */
  static of(records: readonly EntityRecord[], shapes: EntityShapes): EntityStore {
    const byKey = new Map<string, Draft>();
    for (const record of records) {
      const draft = draftOf(record, shapes);
      if (byKey.has(draft.uid.key)) throw invalid(`${String(draft.uid)} is there twice`);
      byKey.set(draft.uid.key, draft);
    }
    return new EntityStore(close(byKey, undefined), shapes);
  }

  /** Another store, with some records put in the place of those of their names and some left out. */
  with(put: readonly EntityRecord[], removed: readonly EntityRef[] = []): EntityStore {
    const records = new Map([...this.byKey].map(([key, { record }]) => [key, record]));
    for (const { type, id } of removed) records.delete(uidKey(type, id));
    for (const record of put) records.set(uidKey(record.type, record.id), record);
    return EntityStore.of([...records.values()], this.shapes);
  }

  get size(): number {
    return this.byKey.size;
  }

  get(key: string): Entity | undefined {
    return this.byKey.get(key);
  }

  /** Without making a key: for the names that questions come with. */
  find(type: string, id: string): Entity | undefined {
    return this.byType.get(type)?.get(id);
  }

  types(): Iterable<string> {
    return this.byType.keys();
  }

  ofType(type: string): Iterable<Entity> {
    return this.byType.get(type)?.values() ?? [];
  }

  /** Of a type, in the order of their ids. */
  sorted(type: string): readonly Entity[] {
    let sorted = this.inOrder.get(type);
    if (!sorted && this.byType.has(type)) {
      sorted = [...this.ofType(type)].sort((a, b) => (a.uid.id < b.uid.id ? -1 : 1));
      this.inOrder.set(type, sorted);
    }
    return sorted ?? [];
  }

  /**
   * These entities with what a question brings over them. What it brings lies over the stored ones without touching them,
   * except where it changes the ancestors of a stored entity: then the closure is made anew.
   */
  overlaid(records: readonly EntityRecord[]): EntityView {
    const drafts = new Map<string, Draft>();
    for (const record of records) {
      const draft = draftOf(record, this.shapes);
      if (drafts.has(draft.uid.key)) throw invalid(`${String(draft.uid)} is there twice`);
      drafts.set(draft.uid.key, draft);
      if (this.parents.has(draft.uid.key) && !sameParents(record, this.byKey.get(draft.uid.key)?.record))
        return this.with(records);
    }
    const over = close(drafts, this);
    return { get: (key) => over.get(key) ?? this.byKey.get(key) };
  }
}

type Draft = Omit<Entity, "ancestors">;

function draftOf(record: EntityRecord, shapes: EntityShapes): Draft {
  const name = `${String(record.type)}::${JSON.stringify(record.id)}`;
  const fault = uidFault(record.type, record.id);
  if (fault !== undefined) throw invalid(`${name} ${fault}`);
  for (const parent of record.parents) {
    const parentFault = uidFault(parent.type, parent.id);
    if (parentFault !== undefined) throw invalid(`A parent of ${name} ${parentFault}`);
  }
  const shape = shapes && shapeOf(record, name, shapes);
  const tags = record.tags ?? {};
  const tagShape = shape && tagsShape(shape, tags);
  try {
    checkFields(record.attributes, shape?.attributes, "");
    checkFields(tags, tagShape, "tag ");
  } catch (error) {
    if (error instanceof JsonFault) throw invalid(`${name}: ${error.message}`);
    throw error;
  }
  return {
    uid: new Uid(record.type, record.id),
    attributes: new JsonRecord(record.attributes, shape?.attributes),
    tags: new JsonRecord(tags, tagShape),
    record,
  };
}

/** What the schema says of an entity, whose name and parents fit it. */
function shapeOf(
  { type, id, parents }: EntityRecord,
  name: string,
  shapes: Required<NonNullable<EntityShapes>>,
): EntityShape {
  const shape = shapes.get(type) ?? failWith(`${name} is of a type that the schema does not know`);
  if (shape.ids?.has(id) === false) failWith(`${name} is none of the ids that the schema enumerates`);
  for (const parent of parents)
    if (!shape.parents.has(parent.type))
      failWith(`${name} must not be in a ${parent.type}: the schema does not allow it`);
  return shape;
}

function tagsShape({ tag }: EntityShape, tags: Readonly<Record<string, unknown>>): RecordShape {
  const names = tag ? Object.keys(tags) : [];
  return { kind: "record", attributes: new Map(names.map((name) => [name, { shape: tag!, required: false }])) };
}

function failWith(detail: string): never {
  throw invalid(detail);
}

/** Adds the ancestors, parents first, without recursion. `below` are further entities, closed already. */
function close(drafts: ReadonlyMap<string, Draft>, below: EntityView | undefined): Map<string, Entity> {
  const closed = new Map<string, Entity>();
  const open = new Set<string>();
  let total = 0;
  for (const start of drafts.keys()) {
    const path = [start];
    while (path.length > 0) {
      const key = path[path.length - 1]!;
      const draft = drafts.get(key)!;
      if (closed.has(key)) {
        path.pop();
        continue;
      }
      open.add(key);
      const before = path.length;
      for (const { type, id } of draft.record.parents) {
        const parent = uidKey(type, id);
        if (open.has(parent)) throw invalid(`${String(draft.uid)} is an ancestor of itself, through ${type}::"${id}"`);
        if (drafts.has(parent) && !closed.has(parent)) path.push(parent);
      }
      if (path.length > before) continue;
      open.delete(key);
      path.pop();
      const ancestors = ancestorsOf(draft.record.parents, (parent) => closed.get(parent) ?? below?.get(parent));
      total += ancestors.size;
      if (total > MAX_ANCESTORS) throw invalid(`The hierarchy has more than ${MAX_ANCESTORS} pairs of ancestors`);
      closed.set(key, { ...draft, ancestors });
    }
  }
  return closed;
}

function ancestorsOf(parents: readonly EntityRef[], find: (key: string) => Entity | undefined): ReadonlySet<string> {
  if (parents.length === 0) return NONE;
  const ancestors = new Set<string>();
  for (const { type, id } of parents) {
    const key = uidKey(type, id);
    ancestors.add(key);
    for (const further of find(key)?.ancestors ?? NONE) ancestors.add(further);
  }
  return ancestors;
}

function sameParents(a: EntityRecord, b: EntityRecord | undefined): boolean {
  const keys = (record: EntityRecord | undefined): Set<string> =>
    new Set(record?.parents.map(({ type, id }) => uidKey(type, id)));
  const [left, right] = [keys(a), keys(b)];
  return left.size === right.size && [...left].every((key) => right.has(key));
}

function invalid(detail: string): MnoError {
  return new MnoError("MNO_ENTITIES_INVALID", detail);
}
