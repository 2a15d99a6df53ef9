import type { EntityRecord } from "../contracts";
import { EntityStore } from "./entities";
import type { LoadedPolicies } from "./load";
import { PolicyIndex } from "./policy-index";

/** One version of policies and entities: what a decision is made by, whole. */
export interface World {
  readonly loaded: LoadedPolicies;
  readonly entities: EntityStore;
  readonly index: PolicyIndex;
}

/** Errors: MNO_ENTITIES_INVALID. */
export function createWorld(loaded: LoadedPolicies, records: readonly EntityRecord[]): World {
  const { schema } = loaded;
  const declared = [...(schema?.actions.values() ?? [])].map(({ record }) => record);
  const entities = EntityStore.of([...declared, ...records], schema?.entities);
  return { loaded, entities, index: new PolicyIndex(loaded.policies, entities) };
}
