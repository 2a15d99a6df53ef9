import { type Fields } from "../parse/fields";
import { type Strangeness, ValueModel, type ValueModelState } from "./value-model";

/** Scores of learned requests that are kept for the p-value. */
const KEPT = 512;

export interface EndpointModelState {
  readonly endpoint: string;
  readonly count: number;
  readonly trimmed: number;
  readonly scores: readonly number[];
  readonly parameters: readonly { readonly name: string; readonly count: number; readonly model: ValueModelState }[];
}

export interface Oddity {
  readonly where: string;
  readonly respect: keyof Strangeness | "unknown-parameter" | "missing-parameter";
  readonly strangeness: number;
}

export interface EndpointVerdict {
  readonly score: number;
  readonly pValue: number;
  readonly oddities: readonly Oddity[];
}

interface Parameter {
  count: number;
  readonly model: ValueModel;
}

/** What requests to one endpoint look like. */
export class EndpointModel {
  count = 0;
  /** Requests that were too strange to be learned from. */
  trimmed = 0;
  private scores: number[] = [];
  private next = 0;
  private readonly parameters = new Map<string, Parameter>();

  constructor(
    readonly endpoint: string,
    private readonly most: number,
    state?: EndpointModelState,
  ) {
    if (state === undefined) return;
    this.count = state.count;
    this.trimmed = state.trimmed;
    this.scores = state.scores.slice(-KEPT);
    for (const { name, count, model } of state.parameters.slice(0, most)) {
      this.parameters.set(name, { count, model: new ValueModel(model) });
    }
  }

  judge(values: ReadonlyMap<string, readonly string[]>): EndpointVerdict {
    const oddities: Oddity[] = [];
    for (const [name, list] of values) {
      const parameter = this.parameters.get(name);
      if (parameter === undefined) {
        // A parameter beyond the cap cannot be told from a new one: it says nothing.
        if (this.parameters.size < this.most)
          oddities.push({ where: name, respect: "unknown-parameter", strangeness: Math.log(1 + this.count) / 2 });
        continue;
      }
      for (const value of list.slice(0, 20)) {
        for (const [respect, strangeness] of Object.entries(parameter.model.strangeness(value)) as [
          keyof Strangeness,
          number,
        ][]) {
          if (strangeness > 0) oddities.push({ where: name, respect, strangeness });
        }
      }
    }
    for (const [name, parameter] of this.parameters) {
      const share = parameter.count / Math.max(1, this.count);
      if (share > 0.9 && !values.has(name))
        oddities.push({
          where: name,
          respect: "missing-parameter",
          strangeness: -Math.log(1 - share + 1 / (this.count + 1)),
        });
    }
    oddities.sort((a, b) => b.strangeness - a.strangeness);
    // The strangest value counts most: an attack is in one parameter, and the others are as ever.
    const score = oddities.slice(0, 8).reduce((sum, oddity, rank) => sum + oddity.strangeness / 2 ** rank, 0);
    const atLeast = this.scores.reduce((sum, other) => sum + (other >= score ? 1 : 0), 0);
    return { score, pValue: (1 + atLeast) / (1 + this.scores.length), oddities: oddities.slice(0, 5) };
  }

  learn(values: ReadonlyMap<string, readonly string[]>, score: number, trim: boolean): void {
    if (this.scores.length < KEPT) this.scores.push(score);
    else this.scores[this.next++ % KEPT] = score;
    if (trim) return void this.trimmed++;
    this.count++;
    for (const [name, list] of values) {
      let parameter = this.parameters.get(name);
      if (parameter === undefined) {
        if (this.parameters.size >= this.most) continue;
        parameter = { count: 0, model: new ValueModel() };
        this.parameters.set(name, parameter);
      }
      parameter.count++;
      for (const value of list.slice(0, 20)) parameter.model.learn(value);
    }
  }

  state(): EndpointModelState {
    const parameters = [...this.parameters].map(([name, { count, model }]) => ({ name, count, model: model.state() }));
    return { endpoint: this.endpoint, count: this.count, trimmed: this.trimmed, scores: this.scores, parameters };
  }
}

/** Values of parameters by name; the members of arrays have one name. Headers, cookies and files are not of the grammar. */
export function valuesOf(fields: Fields): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const field of fields.list) {
    if (field.isName || !["query", "form", "json", "xml"].includes(field.kind)) continue;
    const name = field.where.replace(/\[\d{1,9}\]/g, "[]");
    const list = values.get(name);
    if (list === undefined) values.set(name, [field.value]);
    else if (list.length < 100) list.push(field.value);
  }
  return values;
}
