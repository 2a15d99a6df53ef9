import { MnoError } from "../../../exports/errors";
import { type Finding, type InspectableRequest } from "../inspection";
import { fieldsOf } from "../parse/fields";
import { EndpointModel, type EndpointModelState, valuesOf } from "./endpoint-model";

export interface GrammarOptions {
  /** Requests of an endpoint that must have been learned before its verdicts count. Default 200. */
  readonly enough?: number;
  /** Endpoints that are kept; the one that was longest not asked for makes room. Default 500. */
  readonly endpoints?: number;
  /** Parameters of each endpoint that are kept; what comes after is not judged. Default 50. */
  readonly parameters?: number;
  /** p-value below which a request is not learned from. Default 0.01. */
  readonly trimBelow?: number;
}

export interface GrammarVerdict {
  /** Share of learned requests that were at least as strange, conformal: in (0, 1]; 1 while `learning`. */
  readonly pValue: number;
  /** Too little was seen of this endpoint: the verdict is a report only. */
  readonly learning: boolean;
  readonly findings: readonly Finding[];
}

/** What is usual for each endpoint, learned from requests. */
export interface Grammar {
  /** Never throws and learns nothing. `endpoint` is method and route template, or `endpointOf` where there is none. */
  judge(endpoint: string, request: InspectableRequest, body?: Uint8Array): GrammarVerdict;
  /** Call with requests that are believed clean; what is stranger than nearly all before it is left out by itself. */
  learn(endpoint: string, request: InspectableRequest, body?: Uint8Array): void;
  /** Versioned plain JSON, for a store. */
  state(): GrammarState;
  /** Requests learned of each endpoint. */
  learned(): ReadonlyMap<string, number>;
  /** The part of `state` that is one endpoint's; undefined for what is not known (any more). */
  stateOf(endpoint: string): EndpointModelState | undefined;
}

export interface GrammarState {
  readonly version: 1;
  readonly endpoints: readonly EndpointModelState[];
}

const WHAT: Readonly<Record<string, string>> = {
  length: "longer than such values are",
  characters: "characters that such values do not have",
  structure: "built as such values are not",
  type: "of another type than such values",
  enumeration: "none of the few values that there were",
  "unknown-parameter": "a parameter that there was not",
  "missing-parameter": "a parameter is missing that there always was",
};

/** Ids of what the grammar finds. */
export const GRAMMAR_RULES: readonly string[] = Object.keys(WHAT).map((respect) => `grammar-${respect}`);

/** Throws MNO_INSPECTION_STATE_INVALID for a state that is not one of `state()`. */
export function createGrammar(options: GrammarOptions = {}, state?: GrammarState): Grammar {
  const { enough = 200, endpoints: most = 500, parameters = 50, trimBelow = 0.01 } = options;
  const models = restored(state, most, parameters);

  const modelOf = (endpoint: string): EndpointModel | undefined => {
    const model = models.get(endpoint);
    if (model !== undefined) {
      models.delete(endpoint);
      models.set(endpoint, model);
    }
    return model;
  };

  return {
    judge(endpoint, request, body) {
      const model = modelOf(endpoint);
      if (model === undefined || model.count < enough) return { pValue: 1, learning: true, findings: [] };
      const { pValue, oddities } = model.judge(valuesOf(fieldsOf(request, body)));
      const findings = oddities.map(({ where, respect }) => ({
        rule: `grammar-${respect}`,
        where,
        what: WHAT[respect]!,
        score: 0,
      }));
      return { pValue, learning: false, findings };
    },
    learn(endpoint, request, body) {
      let model = modelOf(endpoint);
      if (model === undefined) {
        if (models.size >= most) models.delete(models.keys().next().value!);
        model = new EndpointModel(endpoint, parameters);
        models.set(endpoint, model);
      }
      const values = valuesOf(fieldsOf(request, body));
      const { score, pValue } = model.judge(values);
      model.learn(values, score, model.count >= enough && pValue < trimBelow);
    },
    learned: () => new Map([...models].map(([endpoint, { count }]) => [endpoint, count])),
    stateOf: (endpoint) => models.get(endpoint)?.state(),
    state: () => ({ version: 1, endpoints: [...models.values()].map((model) => model.state()) }),
  };
}

function restored(state: GrammarState | undefined, most: number, parameters: number): Map<string, EndpointModel> {
  const models = new Map<string, EndpointModel>();
  if (state === undefined) return models;
  try {
    if (state.version !== 1) throw new Error(`version ${String(state.version)}, not 1`);
    for (const one of state.endpoints.slice(-most)) {
      if (typeof one.endpoint !== "string" || !Number.isFinite(one.count))
        throw new Error("an endpoint without name or count");
      models.set(one.endpoint, new EndpointModel(one.endpoint, parameters, one));
    }
  } catch (cause) {
    throw new MnoError(
      "MNO_INSPECTION_STATE_INVALID",
      `The state of the learned grammar cannot be read: ${(cause as Error).message}`,
      { cause },
    );
  }
  return models;
}

/** Method and path with what looks like an id taken out, for upstreams without a document. */
export function endpointOf(method: string, path: string): string {
  const segments = path
    .slice(0, 500)
    .split("/")
    .slice(0, 12)
    .map((segment) => (isId(segment) ? "{id}" : segment));
  return `${method} ${segments.join("/")}`;
}

function isId(segment: string): boolean {
  return (
    /^\d{1,30}$/.test(segment) ||
    /^[0-9a-f-]{8,64}$/i.test(segment) ||
    (segment.length >= 16 && /\d/.test(segment)) ||
    segment.length > 40
  );
}
