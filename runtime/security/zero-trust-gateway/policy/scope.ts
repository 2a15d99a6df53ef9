import { MnoError } from "../../../exports";
import type { PolicyJson } from "./cedar";
import type { Evaluation } from "./evaluation";
import { isIn } from "./operations";
import type { Test } from "./predicates";
import { Uid } from "./values";

/** One line of a policy's scope: `principal`, `action` or `resource`, and what it must be. */
export interface ScopeLine {
  readonly test: Test;
  /** Entities of which it must be one, or (`within`) be in one; empty for any. */
  readonly entities: readonly Uid[];
  readonly within: boolean;
  /** The entity type it must have, where that is known. */
  readonly type: string | undefined;
  /** As Cedar writes it. */
  readonly text: string;
}

type Constraint = PolicyJson["principal"] | PolicyJson["action"];
type Named = { type: string; id: string };
type Slots = ReadonlyMap<string, Uid>;

export function compileScope(variable: "principal" | "action" | "resource", json: Constraint, slots: Slots): ScopeLine {
  const of = (e: Evaluation): Uid => e[variable];
  switch (json.op) {
    case "All":
      return { test: () => true, entities: [], within: false, type: undefined, text: variable };
    case "==": {
      const uid = entityOf(json, slots);
      const { key } = uid;
      const text = `${variable} == ${uid.toString()}`;
      return { test: (e) => of(e).key === key, entities: [uid], within: false, type: uid.type, text };
    }
    case "in": {
      const uids = "entities" in json ? json.entities.map(uidOf) : [entityOf(json, slots)];
      const [only, second] = uids;
      const names = uids.map((uid) => uid.toString());
      const text = `${variable} in ${"entities" in json ? `[${names.join(", ")}]` : names.join("")}`;
      const test: Test = only && !second ? (e) => isIn(of(e), only, e) : (e) => uids.some((uid) => isIn(of(e), uid, e));
      return { test, entities: uids, within: true, type: undefined, text };
    }
    case "is": {
      const type = json.entity_type;
      if (!json.in)
        return { test: (e) => of(e).type === type, entities: [], within: false, type, text: `${variable} is ${type}` };
      const uid = entityOf(json.in, slots);
      const text = `${variable} is ${type} in ${uid.toString()}`;
      return { test: (e) => of(e).type === type && isIn(of(e), uid, e), entities: [uid], within: true, type, text };
    }
  }
}

function entityOf(json: object, slots: Slots): Uid {
  if ("entity" in json) return uidOf(json.entity);
  const slot = (json as { slot: string }).slot;
  const uid = slots.get(slot);
  if (!uid) throw new MnoError("MNO_POLICY_INVALID", `Nothing is given for the slot ${slot}`);
  return uid;
}

export function uidOf(json: unknown): Uid {
  const { type, id } = ((json as { __entity?: Named }).__entity ?? json) as Named;
  return new Uid(type, id);
}
