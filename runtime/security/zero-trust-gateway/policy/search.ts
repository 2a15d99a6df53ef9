import { MnoError } from "../../../exports";
import type { AccessQuestion, EntityRecord, EntityRef } from "../contracts";
import { authorize, evaluationOf } from "./decide";
import type { World } from "./world";

/** A question with one of its parts open: all of its type (principal, resource), or all actions there are. */
export interface OpenQuestion extends AccessQuestion {
  readonly open: "principal" | "action" | "resource";
  /** Brought along for each candidate, over what is stored of it. */
  readonly attributes?: Readonly<Record<string, unknown>>;
}

export interface Found {
  /** In the order of their ids. */
  readonly results: readonly EntityRef[];
  /** Where to go on; undefined where there is no more. */
  readonly next: string | undefined;
}

/** Questions that are asked before others get their turn: about a millisecond. */
const TURN = 500;

/**
 * Who could do it, to what, or what could be done: the candidates, from after `after`, of which the decision would be to allow,
 * at most `limit`. Candidates are the entities that are stored, and the actions that are declared, stored or named by policies.
 */
export async function search(world: World, open: OpenQuestion, limit: number, after = ""): Promise<Found> {
  const results: EntityRef[] = [];
  let asked = 0;
  for (const candidate of candidates(world, open)) {
    if (placeOf(candidate) <= after) continue;
    const last = results[results.length - 1];
    if (results.length >= limit) return { results, next: last ? placeOf(last) : after };
    if (++asked % TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    if (allows(world, questionOf(world, open, candidate))) results.push(candidate);
  }
  return { results, next: undefined };
}

function candidates(world: World, { open, ...question }: OpenQuestion): readonly EntityRef[] {
  return open === "action" ? actions(world) : world.entities.sorted(question[open].type).map(({ uid }) => refOf(uid));
}

function refOf({ type, id }: EntityRef): EntityRef {
  return { type, id };
}

function actions({ loaded, entities }: World): EntityRef[] {
  const found = new Map<string, EntityRef>();
  const add = (ref: EntityRef): void => void found.set(placeOf(ref), refOf(ref));
  for (const type of entities.types())
    if (/(^|::)Action$/.test(type)) for (const { uid } of entities.ofType(type)) add(uid);
  for (const { action } of loaded.policies) action.entities.forEach(add);
  return [...found.values()].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
}

function placeOf({ type, id }: EntityRef): string {
  return `${type}\u0000${id}`;
}

function questionOf({ entities }: World, open: OpenQuestion, { type, id }: EntityRef): AccessQuestion {
  const question = { ...open, [open.open]: { type, id } };
  if (open.attributes === undefined || open.open === "action") return question;
  const stored = entities.find(type, id)?.record;
  const brought: EntityRecord = {
    type,
    id,
    parents: stored?.parents ?? [],
    ...(stored?.tags && { tags: stored.tags }),
    attributes: { ...stored?.attributes, ...open.attributes },
  };
  return { ...question, entities: [...(open.entities ?? []), brought] };
}

/** What is no question to the policies (an action that does not apply) is not allowed. */
function allows(world: World, question: AccessQuestion): boolean {
  try {
    return authorize(world, evaluationOf(question, world)).allowed;
  } catch (error) {
    if (error instanceof MnoError && error.status === 422) return false;
    throw error;
  }
}
