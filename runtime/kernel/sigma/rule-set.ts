import { necessaryLiterals } from "./literals";
import { type CompiledRule, covers, type Logsource } from "./rule";
import { TextIndex } from "./text-index";
import { holds } from "./tree";
import { type EventView, fold } from "./view";

/** Sources of logs whose rules are kept together; the one not used for longest is put together anew when it is asked for. */
const MAX_SOURCES = 256;

/**
 * Many rules, asked at once. Of the rules for an event's source those are tried that have a literal which the event has too, and the
 * few that have no literal.
 */
export class RuleSet {
  private readonly sources = new Map<string, SourceIndex>();

  constructor(readonly rules: readonly CompiledRule[]) {}

  match(view: EventView, logsource: Logsource): CompiledRule[] {
    return this.indexOf(logsource).match(view);
  }

  private indexOf(logsource: Logsource): SourceIndex {
    const key = JSON.stringify([logsource.category, logsource.product, logsource.service]);
    let index = this.sources.get(key);
    if (index) this.sources.delete(key);
    else {
      index = new SourceIndex(this.rules.filter((rule) => covers(rule.logsource, logsource)));
      if (this.sources.size >= MAX_SOURCES) this.sources.delete(this.sources.keys().next().value!);
    }
    this.sources.set(key, index);
    return index;
  }
}

class SourceIndex {
  /** Rules that no literal rules out. */
  private readonly always: number[] = [];
  private readonly fields: { field: string; index: TextIndex<number> }[] = [];
  private readonly anywhere: TextIndex<number> | undefined;
  /** When a rule was last a candidate, by number of the event: no set has to be made for each. */
  private readonly lastAsked: Uint32Array;
  private asked = 0;

  constructor(private readonly rules: readonly CompiledRule[]) {
    this.lastAsked = new Uint32Array(rules.length);
    const filed = new Map<string | null, Record<"exact" | "part", [string, number][]>>();
    rules.forEach((rule, number) => {
      const literals = necessaryLiterals(rule.tree);
      if (!literals) return this.always.push(number);
      for (const { field, kind, text } of literals) {
        const lists = filed.get(field) ?? { exact: [], part: [] };
        filed.set(field, lists);
        lists[kind].push([text, number]);
      }
    });
    for (const [field, { exact, part }] of filed) {
      const index = new TextIndex(exact, part);
      if (field === null) this.anywhere = index;
      else this.fields.push({ field, index });
    }
  }

  match(view: EventView): CompiledRule[] {
    if (++this.asked === 2 ** 32) {
      this.lastAsked.fill(0);
      this.asked = 1;
    }
    const found: number[] = [];
    const attempt = (number: number): void => {
      if (this.lastAsked[number] === this.asked) return;
      this.lastAsked[number] = this.asked;
      if (holds(this.rules[number]!.tree, view)) found.push(number);
    };
    this.always.forEach(attempt);
    for (const { field, index } of this.fields) for (const text of view.field(field).lower) index.find(text, attempt);
    this.anywhere?.find(fold(view.text()), attempt);
    return found.sort((a, b) => a - b).map((number) => this.rules[number]!);
  }
}
