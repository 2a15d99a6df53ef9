import type { Evaluation } from "./evaluation";
import { fail } from "./fault";
import { DatetimeValue, DurationValue } from "./extensions/time";
import type { Long } from "./longs";
import { kindOf, RecordValue, SetValue, Uid, type Value } from "./values";

/** What operators do with values, errors included, where it takes more than a line. */

export function longOf(value: Value): Long {
  return typeof value === "number" || typeof value === "bigint"
    ? value
    : fail(`type error: expected long, got ${kindOf(value)}`);
}

export function stringOf(value: Value): string {
  return typeof value === "string" ? value : fail(`type error: expected string, got ${kindOf(value)}`);
}

export function uidOf(value: Value): Uid {
  return value instanceof Uid ? value : fail(`type error: expected an entity, got ${kindOf(value)}`);
}

export function setOf(value: Value): SetValue {
  return value instanceof SetValue ? value : fail(`type error: expected set, got ${kindOf(value)}`);
}

export function getAttribute(of: Value, name: string, e: Evaluation): Value {
  if (of instanceof RecordValue) return of.get(name) ?? fail(`record does not have the attribute \`${name}\``);
  const uid = of instanceof Uid ? of : fail(`type error: expected a record or an entity, got ${kindOf(of)}`);
  const entity = e.entities.get(uid.key) ?? fail(`entity \`${uid.toString()}\` does not exist`);
  return entity.attributes.get(name) ?? fail(`\`${uid.toString()}\` does not have the attribute \`${name}\``);
}

export function hasAttribute(of: Value, name: string, e: Evaluation): boolean {
  if (of instanceof RecordValue) return of.has(name);
  const uid = of instanceof Uid ? of : fail(`type error: expected a record or an entity, got ${kindOf(of)}`);
  return e.entities.get(uid.key)?.attributes.has(name) ?? false;
}

export function getTag(of: Value, tag: Value, e: Evaluation): Value {
  const uid = uidOf(of);
  const name = stringOf(tag);
  const entity = e.entities.get(uid.key) ?? fail(`entity \`${uid.toString()}\` does not exist`);
  return entity.tags.get(name) ?? fail(`\`${uid.toString()}\` does not have the tag \`${name}\``);
}

export function hasTag(of: Value, tag: Value, e: Evaluation): boolean {
  const uid = uidOf(of);
  const name = stringOf(tag);
  return e.entities.get(uid.key)?.tags.has(name) ?? false;
}

/** Whether an entity is another, or has it among its ancestors. */
export function isIn(uid: Uid, of: Uid, e: Evaluation): boolean {
  return uid.key === of.key || (e.entities.get(uid.key)?.ancestors.has(of.key) ?? false);
}

/** `in` with an entity or a set of entities on its right. */
export function isInAny(left: Value, right: Value, e: Evaluation): boolean {
  const uid = uidOf(left);
  if (right instanceof Uid) return isIn(uid, right, e);
  if (!(right instanceof SetValue)) return fail(`type error: expected an entity or a set, got ${kindOf(right)}`);
  if (!right.every((element) => element instanceof Uid))
    return fail("type error: expected a set of entities, got another element");
  return right.some((element) => isIn(uid, element as Uid, e));
}

/** What orders two values: longs, datetimes and durations, each with its own kind. */
export function order(a: Value, b: Value): [Long, Long] {
  if (a instanceof DatetimeValue && b instanceof DatetimeValue) return [a.milliseconds, b.milliseconds];
  if (a instanceof DurationValue && b instanceof DurationValue) return [a.milliseconds, b.milliseconds];
  return [longOf(a), longOf(b)];
}
