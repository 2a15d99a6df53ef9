import { detectionTree } from "./detection";
import { parseSigma, type SigmaDocument, type SigmaLevel } from "./document";
import { at, invalid } from "./faults";
import type { Placeholders } from "./modifiers";
import { holds, type Tree } from "./tree";
import { EventView, type FieldNames } from "./view";

/** What logs a rule speaks of, or an event comes from. */
export interface Logsource {
  readonly category?: string;
  readonly product?: string;
  readonly service?: string;
}

export interface CompiledRule {
  readonly id: string;
  readonly name: string | undefined;
  readonly title: string;
  readonly description: string;
  readonly level: SigmaLevel;
  readonly status: string | undefined;
  readonly logsource: Logsource;
  readonly taxonomy: string;
  readonly tags: readonly string[];
  readonly author: string | undefined;
  readonly tree: Tree;
  /** Whether the event, a plain object nested or flat, is what the rule looks for; its logsource is not looked at. */
  matches(event: unknown): boolean;
}

export interface CompileOptions {
  /** Values of the placeholders that rules may use with the modifier `expand`. */
  readonly placeholders?: Placeholders;
  /** Where in an event a rule's fields are; under their own names where absent. */
  readonly fields?: FieldNames;
}

type RuleDocument = Extract<SigmaDocument, { kind: "rule" }>;

/**
 * Compiles the one detection rule of a text. Throws MNO_SIGMA_RULE_INVALID or MNO_SIGMA_RULE_UNSUPPORTED, naming rule and
 * place: a rule that is accepted does all that it says.
 */
export function compileRule(text: string, options: CompileOptions = {}): CompiledRule {
  const documents = parseSigma(text);
  const [only] = documents;
  if (documents.length > 1 || only?.kind !== "rule") {
    throw invalid(only!.place, "one detection rule is expected; correlations and filters go with a rule set");
  }
  return compileDocument(only, options);
}

export function compileDocument(document: RuleDocument, options: CompileOptions = {}): CompiledRule {
  const { body, id, place } = document;
  const { category, product, service } = body.logsource;
  const logsource: Logsource = {
    ...(category !== undefined && { category }),
    ...(product !== undefined && { product }),
    ...(service !== undefined && { service }),
  };
  if (Object.keys(logsource).length === 0) {
    throw invalid(at(place, "logsource"), "at least one of category, product and service is needed");
  }
  const tree = detectionTree(body.detection, options.placeholders ?? {}, at(place, "detection"));
  return {
    id,
    name: body.name,
    title: body.title,
    description: body.description ?? "",
    level: (body.level ?? "medium") as SigmaLevel,
    status: body.status,
    logsource,
    taxonomy: body.taxonomy ?? "sigma",
    tags: body.tags ?? [],
    author: body.author,
    tree,
    matches: (event) => holds(tree, new EventView(event, options.fields)),
  };
}

/** Whether an event of that source is among the logs that the rule speaks of. */
export function covers(rule: Logsource, event: Logsource): boolean {
  return (
    (rule.category === undefined || rule.category === event.category) &&
    (rule.product === undefined || rule.product === event.product) &&
    (rule.service === undefined || rule.service === event.service)
  );
}
