import { MnoError } from "../../../exports";
import type { AccessQuestion, EntityRef } from "../contracts";
import type { EntityView } from "./entities";
import type { Evaluation } from "./evaluation";
import type { EvaluationFault } from "./fault";
import { checkFields, JsonFault, JsonRecord, type RecordShape, uidFault } from "./json";
import { type Policy, satisfied } from "./policy";
import type { Schema } from "./schema";
import { Uid } from "./values";
import type { World } from "./world";

/** What the policies say on one question. */
export interface Outcome {
  readonly allowed: boolean;
  /** Permits where it is allowed, forbids where one forbade, none where nothing permits; in the order of the set. */
  readonly determining: readonly Policy[];
  readonly errors: readonly { readonly policy: Policy; readonly fault: EvaluationFault }[];
}

const NO_POLICIES: readonly Policy[] = [];
const NO_ERRORS: Outcome["errors"] = [];

/**
 * Reads a question over a world's entities. Errors: MNO_ACCESS_QUESTION_INVALID for what is no Cedar request,
 * MNO_ENTITIES_INVALID for entities that it brings and that are none.
 */
export function evaluationOf(question: AccessQuestion, { loaded, entities }: World): Evaluation {
  const { context, entities: brought } = question;
  const view: EntityView = brought && brought.length > 0 ? entities.overlaid(brought) : entities;
  const named = (ref: EntityRef, what: string): Uid => entities.find(ref.type, ref.id)?.uid ?? newUid(ref, what);
  const principal = named(question.principal, "principal");
  const action = named(question.action, "action");
  const resource = named(question.resource, "resource");
  const shape = loaded.schema && shapeOf(loaded.schema, principal, action, resource);
  try {
    checkFields(context, shape, "context");
  } catch (error) {
    if (error instanceof JsonFault) throw invalid(error.message);
    throw error;
  }
  return { principal, action, resource, context: new JsonRecord(context, shape), entities: view };
}

/** What the schema says of the context, for an action that principal and resource fit. */
function shapeOf(schema: Schema, principal: Uid, action: Uid, resource: Uid): RecordShape {
  const shape = schema.actions.get(action.key);
  if (!shape) throw invalid(`The schema has no action ${action.toString()}`);
  checkType(schema, principal, action, shape.principals);
  checkType(schema, resource, action, shape.resources);
  return shape.context;
}

function checkType(schema: Schema, uid: Uid, action: Uid, types: ReadonlySet<string>): void {
  if (!types.has(uid.type)) throw invalid(`The schema does not have ${action.toString()} apply to a ${uid.type} there`);
  if (schema.entities.get(uid.type)?.ids?.has(uid.id) === false)
    throw invalid(`${uid.toString()} is none of the ids that the schema enumerates`);
}

function newUid({ type, id }: EntityRef, what: string): Uid {
  const fault = uidFault(type, id);
  if (fault !== undefined) throw invalid(`The ${what} ${fault}`);
  return new Uid(type, id);
}

/** Cedar's authorizer: any forbid that is satisfied denies, else any permit allows, else it is denied; faults are left out. */
export function authorize(world: World, e: Evaluation): Outcome {
  const bucket = world.index.find(e);
  const { always } = bucket;
  const tally = new Tally();
  for (let index = 0; index < always.length; index++) tally.add(always[index]!, e);
  if (!bucket.isSimple) {
    bucket.visitNamed(e, (policy) => tally.add(policy, e));
    tally.sort();
  }
  return tally.outcome;
}

class Tally {
  private forbids: Policy[] | undefined;
  private permits: Policy[] | undefined;
  private errors: { policy: Policy; fault: EvaluationFault }[] | undefined;

  add(policy: Policy, e: Evaluation): void {
    const answer = satisfied(policy, e);
    if (answer === false) return;
    if (answer !== true) (this.errors ??= []).push({ policy, fault: answer });
    else if (policy.effect === "forbid") (this.forbids ??= []).push(policy);
    else (this.permits ??= []).push(policy);
  }

  /** Policies that were looked up by entities come in any order. */
  sort(): void {
    this.forbids?.sort((a, b) => a.order - b.order);
    this.permits?.sort((a, b) => a.order - b.order);
    this.errors?.sort((a, b) => a.policy.order - b.policy.order);
  }

  get outcome(): Outcome {
    return {
      allowed: this.forbids === undefined && this.permits !== undefined,
      determining: this.forbids ?? this.permits ?? NO_POLICIES,
      errors: this.errors ?? NO_ERRORS,
    };
  }
}

function invalid(detail: string): MnoError {
  return new MnoError("MNO_ACCESS_QUESTION_INVALID", detail);
}
