import { createHash } from "node:crypto";
import { type ErrorCode, type FieldFault, MnoError } from "../../../exports";
import type { Bundle } from "./bundle";
import { cedar, type PolicyJson, type PolicySet as CedarSet } from "./cedar";
import { mentionsMark } from "./long-literals";
import { compilePolicy, type Policy, type PolicySource } from "./policy";
import { describe, parseSchema, type Schema } from "./schema";
import { placesOf, splitPolicies } from "./source-text";
import { Uid } from "./values";

/** Policies that may decide: parsed, valid against their schema where they have one, compiled. */
export interface LoadedPolicies {
  readonly policies: readonly Policy[];
  readonly schema: Schema | undefined;
  /** Of texts, links and schema: SHA-256, hexadecimal, the first 16 digits. */
  readonly version: string;
  /** What cedar-wasm's validator remarks without refusing. */
  readonly warnings: readonly string[];
}

interface Parsed {
  readonly id: string;
  readonly json: PolicyJson;
  readonly source: PolicySource;
  /** The set's whole text, and where the policy starts in it. */
  readonly whole: string;
  readonly offset: number;
  readonly template: boolean;
}

/**
 * Brings a bundle from text to closures. Errors: MNO_POLICY_INVALID with one fault for each thing that is wrong, naming the
 * set, the policy and the place (`<set>: line 3:14: ...`).
 */
export function loadPolicies(bundle: Bundle): LoadedPolicies {
  const faults = new Faults();
  const schema = bundle.schema === undefined ? undefined : faults.of("schema", () => parseSchema(bundle.schema!));
  const parsed = Object.entries(bundle.sets).flatMap(([set, { text }]) => parseSet(set, text, faults));
  const byId = new Map<string, Parsed>();
  for (const policy of parsed) {
    if (byId.has(policy.id)) faults.add(where(policy), `another policy has the id ${JSON.stringify(policy.id)}`);
    byId.set(policy.id, policy);
  }
  const policies: Policy[] = [];
  for (const { id, json, source, template } of parsed) {
    if (template) continue;
    faults.of(`${source.set}: line ${source.place}`, () =>
      policies.push(compilePolicy(id, policies.length, json, source)),
    );
  }
  const links = linkAll(bundle, byId, policies, faults);
  faults.raise();
  const warnings = faults.of("policies", () => validate(parsed, links, schema, faults)) ?? [];
  faults.raise();
  return { policies, schema, version: versionOf(bundle), warnings };
}

export function versionOf(bundle: Bundle): string {
  const sets = Object.entries(bundle.sets).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([sets.map(([name, { text, links = [] }]) => [name, text, links]), bundle.schema ?? null]);
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function parseSet(set: string, whole: string, faults: Faults): Parsed[] {
  const pieces = faults.of(set, () => splitPolicies(whole)) ?? [];
  const places = placesOf(
    whole,
    pieces.map(({ offset }) => offset),
  );
  return pieces.flatMap(({ text, offset, template, clauses, marked }, index): Parsed[] => {
    const convert = (form: string) => cedar((wasm) => (template ? wasm.templateToJson(form) : wasm.policyToJson(form)));
    const place = places[index]!;
    const answer = faults.of(`${set}: line ${place}`, () => convert(text));
    if (answer?.type === "failure")
      for (const error of answer.errors) faults.add(set, describe(error, text, whole, offset));
    if (answer?.type !== "success") return [];
    const exact = marked === undefined ? answer : convert(marked);
    if (exact.type === "failure" || mentionsMark(text)) {
      faults.add(set, `line ${place}: "mno:long:" has a meaning of its own, write it in another way`);
      return [];
    }
    const id = exact.json.annotations?.id || `${set}/policy${index}`;
    return [{ id, json: exact.json, source: { set, place, text, clauses }, whole, offset, template }];
  });
}

function linkAll(
  bundle: Bundle,
  byId: Map<string, Parsed>,
  policies: Policy[],
  faults: Faults,
): Required<CedarSet>["templateLinks"] {
  const cedarLinks: Required<CedarSet>["templateLinks"] = [];
  for (const [set, { links = [] }] of Object.entries(bundle.sets)) {
    for (const { template: templateId, id, values } of links) {
      const field = `${set}: link ${JSON.stringify(id)}`;
      const template = byId.get(templateId);
      if (!template?.template) {
        faults.add(field, `there is no template ${JSON.stringify(templateId)}`);
        continue;
      }
      if (byId.has(id)) faults.add(field, `another policy has the id ${JSON.stringify(id)}`);
      byId.set(id, { ...template, id, template: false });
      const slots = new Map(Object.entries(values).map(([slot, { type, id: name }]) => [slot, new Uid(type, name)]));
      faults.of(field, () =>
        policies.push(
          compilePolicy(id, policies.length, template.json, { ...template.source, template: templateId }, slots),
        ),
      );
      cedarLinks.push({ templateId, newId: id, values: values });
    }
  }
  return cedarLinks;
}

/** Asks cedar-wasm about all of it together: links always, types where there is a schema. Returns its warnings. */
function validate(
  parsed: readonly Parsed[],
  templateLinks: Required<CedarSet>["templateLinks"],
  schema: Schema | undefined,
  faults: Faults,
): string[] {
  const texts = (template: boolean): Record<string, string> =>
    Object.fromEntries(
      parsed.filter((policy) => policy.template === template).map(({ id, source }) => [id, source.text]),
    );
  const set: CedarSet = { staticPolicies: texts(false), templates: texts(true), templateLinks };
  const parse = cedar((wasm) => wasm.checkParsePolicySet(set));
  if (parse.type === "failure") {
    for (const { message } of parse.errors) faults.add("policies", message);
    return [];
  }
  if (!schema) return [];
  const answer = cedar((wasm) => wasm.validate({ schema: schema.text, policies: set }));
  if (answer.type === "failure") {
    for (const { message } of answer.errors) faults.add("policies", message);
    return [];
  }
  const byId = new Map(parsed.map((policy) => [policy.id, policy]));
  const told = ({ policyId, error }: (typeof answer.validationErrors)[number]): [string, string] => {
    const policy = byId.get(policyId);
    return policy
      ? [policy.source.set, describe(error, policy.source.text, policy.whole, policy.offset)]
      : [`link ${JSON.stringify(policyId)}`, error.message];
  };
  for (const error of answer.validationErrors) faults.add(...told(error));
  return answer.validationWarnings.map((warning) => told(warning).join(": "));
}

function where({ source }: Parsed): string {
  return `${source.set}: line ${source.place}`;
}

/** Collects what is wrong, so that one attempt tells it all. */
class Faults {
  private readonly found: FieldFault[] = [];

  add(field: string, message: string): void {
    this.found.push({ field, message });
  }

  /** The result of `work`, or undefined where it threw a fault of the policies', which is kept. */
  of<T>(field: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof MnoError) || !OWN.has(error.code)) throw error;
      this.add(field, error.message);
      return undefined;
    }
  }

  raise(): void {
    if (this.found.length === 0) return;
    const detail = this.found.map(({ field, message }) => `${field}: ${message}`).join("; ");
    throw new MnoError("MNO_POLICY_INVALID", detail, { faults: this.found });
  }
}

const OWN: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["MNO_POLICY_INVALID", "MNO_ENTITIES_INVALID"]);
