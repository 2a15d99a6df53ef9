import type { AccessQuestion, EntityRecord } from "../contracts";
import type { RecordShape } from "../policy/json";
import type { World } from "../policy/world";
import { uidKey } from "../policy/values";
import type { EvaluationRequest, Party } from "./requests";

/** Cedar's entity type of AuthZEN's actions. */
const ACTION = "Action";
/** Attribute of the context that has the action's properties. */
const ACTION_PROPERTIES = "action";

type Properties = Readonly<Record<string, unknown>>;

/**
 * An AuthZEN request as a question to the policies. Subject and resource become principal and resource of the same type and id;
 * their properties lie over the stored entity's attributes, whose parents stay; an action's properties are `context.action`.
 * Properties that are null are as if absent, and so are those that the schema, where there is one, does not know.
 */
export function questionOf({ subject, action, resource, context }: EvaluationRequest, world: World): AccessQuestion {
  const brought: EntityRecord[] = [];
  for (const party of [subject, resource]) {
    const entity = party.properties && broughtBy(party, party.properties, world);
    if (entity && !(party === resource && sameEntity(subject, resource) && brought.length > 0)) brought.push(entity);
  }
  const whole = action.properties === undefined ? context : { ...context, [ACTION_PROPERTIES]: action.properties };
  const shape = world.loaded.schema?.actions.get(uidKey(ACTION, action.name))?.context;
  return {
    principal: { type: subject.type, id: subject.id },
    action: { type: ACTION, id: action.name },
    resource: { type: resource.type, id: resource.id },
    context: cedarFields(whole, shape),
    ...(brought.length > 0 && { entities: brought }),
  };
}

/** Properties as attributes of an entity of the type. */
export function attributesOf(type: string, properties: Properties, { loaded }: World): Properties {
  return cedarFields(properties, loaded.schema?.entities.get(type)?.attributes);
}

function broughtBy(party: Party, properties: Properties, world: World): EntityRecord {
  const stored = world.entities.find(party.type, party.id)?.record;
  return {
    type: party.type,
    id: party.id,
    parents: stored?.parents ?? [],
    ...(stored?.tags && { tags: stored.tags }),
    attributes: { ...stored?.attributes, ...attributesOf(party.type, properties, world) },
  };
}

function sameEntity(a: Party, b: Party): boolean {
  return a.type === b.type && a.id === b.id;
}

function cedarFields(properties: Properties, shape: RecordShape | undefined): Properties {
  const fields = Object.entries(properties).filter(
    ([name, value]) => value !== null && (shape?.attributes.has(name) ?? true),
  );
  return Object.fromEntries(fields.map(([name, value]) => [name, cedarJson(value)]));
}

/** Levels beyond which the policies refuse the value anyway. */
const MAX_DEPTH = 64;

/**
 * Any JSON as Cedar has it: nulls are left out, and a number with a fraction is the decimal of four places nearest to it. What
 * is beyond either is left as it is, and the policies refuse it.
 */
function cedarJson(value: unknown, depth = 0): unknown {
  if (typeof value === "number" && !Number.isInteger(value)) return decimalOf(value);
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.filter((item) => item !== null).map((item) => cedarJson(item, depth + 1));
  const fields = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(fields.map(([name, field]) => [name, cedarJson(field, depth + 1)]));
}

function decimalOf(value: number): unknown {
  const text = value.toFixed(4);
  return /^-?\d+\.\d{4}$/.test(text) ? { __extn: { fn: "decimal", arg: text } } : value;
}
