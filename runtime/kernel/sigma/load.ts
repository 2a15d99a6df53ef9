import { MnoError } from "../../exports";
import { type Correlation, defineCorrelation } from "./correlation/definition";
import { parseSigma, type SigmaDocument } from "./document";
import { at, invalid } from "./faults";
import { type CompiledFilter, compileFilter, filtered } from "./filter";
import { type CompiledRule, compileDocument, type CompileOptions } from "./rule";

export interface Refusal {
  /** The file. */
  readonly source: string;
  /** The document's title, as far as it has one. */
  readonly title: string;
  readonly code: string;
  readonly reason: string;
}

/** Rules, with the filters worked in, correlations whose references all lead somewhere, and what was refused, and why. */
export interface LoadedSigma {
  readonly rules: readonly CompiledRule[];
  readonly correlations: readonly Correlation[];
  readonly refused: readonly Refusal[];
  /** Rules that filters name and that are not there. */
  readonly danglingFilters: readonly { filter: string; rule: string }[];
}

type Loaded<T> = { source: string; item: T };

/** Reads files of Sigma documents. A document that cannot be used is refused alone, and so is what depends on it. */
export function loadSigma(
  files: readonly { source: string; text: string }[],
  options: CompileOptions = {},
): LoadedSigma {
  const refused: Refusal[] = [];
  const rules: Loaded<CompiledRule>[] = [];
  const filters: CompiledFilter[] = [];
  const correlations: Loaded<Correlation>[] = [];
  const attempt = <T>(source: string, title: string, work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof MnoError)) throw error;
      refused.push({ source, title, code: error.code, reason: error.message });
      return undefined;
    }
  };
  const seen = new Map<string, string>();
  const fresh = (document: SigmaDocument, source: string): void => {
    for (const reference of new Set([document.id, nameOf(document)])) {
      if (reference === undefined) continue;
      const before = seen.get(reference);
      if (before !== undefined) throw invalid(document.place, `"${reference}" is taken by a document of ${before}`);
    }
    for (const reference of [document.id, nameOf(document)]) if (reference !== undefined) seen.set(reference, source);
  };
  for (const { source, text } of files) {
    for (const document of attempt(source, source, () => parseSigma(text)) ?? []) {
      attempt(source, document.body.title, () => {
        fresh(document, source);
        if (document.kind === "rule") rules.push({ source, item: compileDocument(document, options) });
        else if (document.kind === "filter") filters.push(compileFilter(document, options));
        else correlations.push({ source, item: defineCorrelation(document) });
      });
    }
  }
  const names = new Set(rules.flatMap(({ item }) => [item.id, ...(item.name === undefined ? [] : [item.name])]));
  return {
    rules: rules.map(({ item }) => filtered(item, filters, options)),
    correlations: resolvable(correlations, names, (source, one, error) =>
      refused.push({ source, title: one.title, code: error.code, reason: error.message }),
    ),
    refused,
    danglingFilters: filters.flatMap(({ title, rules: references }) =>
      references.filter((rule) => !names.has(rule)).map((rule) => ({ filter: title, rule })),
    ),
  };
}

/** Those all of whose references are there, innermost first; cycles and what depends on them are refused. */
function resolvable(
  correlations: readonly Loaded<Correlation>[],
  rules: ReadonlySet<string>,
  refuse: (source: string, correlation: Correlation, error: MnoError) => void,
): Correlation[] {
  const known = new Set(rules);
  const sorted: Correlation[] = [];
  let left = correlations;
  for (;;) {
    const next = left.filter(({ item }) => item.rules.every((reference) => known.has(reference)));
    if (next.length === 0) break;
    for (const { item } of next) {
      sorted.push(item);
      known.add(item.id);
      if (item.name !== undefined) known.add(item.name);
    }
    left = left.filter((one) => !next.includes(one));
  }
  for (const { source, item } of left) {
    const missing = item.rules.filter((reference) => !known.has(reference)).join(", ");
    const place = at(item.place, "correlation.rules");
    refuse(source, item, invalid(place, `${missing} is not there, was refused, or depends on this correlation`));
  }
  return sorted;
}

function nameOf(document: SigmaDocument): string | undefined {
  return document.kind === "filter" ? undefined : document.body.name;
}
