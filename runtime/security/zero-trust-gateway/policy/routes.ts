import { type Static } from "@sinclair/typebox";
import type { FastifyInstance } from "fastify";
import { MnoError } from "../../../exports";
import type { AccessQuestion } from "../contracts";
import type { Bundle, PolicyText } from "./bundle";
import { authorize, evaluationOf } from "./decide";
import { type DecisionPoint, decisionOf } from "./decision-point";
import { dryRun } from "./dry-run";
import { askedBy, type PolicyEvents } from "./events";
import { explain } from "./explain";
import type { PolicyKeeper } from "./keeper";
import { search } from "./search";
import type { PolicyStore } from "./store";
import * as wire from "./wire";

export interface RouteOptions {
  readonly point: DecisionPoint;
  readonly keeper: PolicyKeeper;
  readonly store: PolicyStore;
  readonly events: PolicyEvents;
  /** The latest questions that were decided. */
  readonly recent: () => readonly AccessQuestion[];
}

const CHANGES_SHOWN = 100;
export const POLICY_BODY_BYTES = 8 * 2 ** 20;

/** Routes to ask what would be: dry runs, explanations and "who could do this". */
export function questionRoutes(http: FastifyInstance, { point, keeper, events, recent }: RouteOptions): void {
  http.post<{ Body: Static<typeof wire.QuestionBody> }>(
    "/v1/explain",
    { schema: { summary: "Decide, and say of every policy why it spoke or not", body: wire.QuestionBody } },
    async ({ body }) => {
      const world = point.current;
      const evaluation = evaluationOf(body, world);
      const decision = decisionOf(authorize(world, evaluation), world);
      return { decision, policies: explain(world.loaded.policies, evaluation) };
    },
  );

  http.post<{ Body: Static<typeof wire.WhoCouldBody> }>(
    "/v1/who-could",
    {
      schema: {
        summary: "Which principals, actions or resources, of those that are stored, would be allowed",
        body: wire.WhoCouldBody,
      },
    },
    async ({ body: { open, question, limit, after } }) => search(point.current, { ...question, open }, limit, after),
  );

  http.post<{ Body: Static<typeof wire.DryRunBody> }>(
    "/v1/dry-run",
    {
      bodyLimit: POLICY_BODY_BYTES,
      schema: {
        summary: "What other policies would decide otherwise, of given or of recent questions",
        body: wire.DryRunBody,
      },
    },
    async (request) => {
      const { sets, schema, questions } = request.body;
      const names = Object.keys(sets).join(",").slice(0, 1024) || "none";
      const change = askedBy(request, "dry-run-policy", "policy-set", names);
      const candidate = await events.watched(change, () => keeper.candidate((bundle) => merged(bundle, sets, schema)));
      await events.made({ ...change, before: point.version, after: candidate.loaded.version });
      const result = dryRun(point.current, candidate, questions ?? recent(), CHANGES_SHOWN);
      return { version: candidate.loaded.version, warnings: candidate.loaded.warnings, ...result };
    },
  );
}

/** Routes that show and change policies. */
export function policyRoutes(http: FastifyInstance, { point, keeper, store, events }: RouteOptions): void {
  const answer = () => {
    const { loaded } = point.current;
    const stored = keeper.stored;
    return {
      version: loaded.version,
      number: stored.number,
      schema:
        keeper.folderBundle.schema !== undefined ? "folder" : stored.bundle.schema !== undefined ? "stored" : "none",
      sets: [...Object.keys(keeper.folderBundle.sets), ...Object.keys(stored.bundle.sets)].map((name) => ({
        name,
        source: Object.hasOwn(stored.bundle.sets, name) ? "stored" : "folder",
        policies: loaded.policies
          .filter(({ source }) => source.set === name)
          .map(({ id, effect, annotations, source: { place, template } }) => ({
            id,
            effect,
            place,
            template,
            annotations,
          })),
      })),
      warnings: loaded.warnings,
    };
  };

  http.get("/v1/policies", { schema: { summary: "Policies in use" } }, async () => answer());

  http.get<{ Params: Static<typeof wire.SetName> }>(
    "/v1/policies/:set",
    { schema: { summary: "A set's text", params: wire.SetName } },
    async ({ params: { set } }) => {
      for (const [source, { sets }] of [
        ["stored", keeper.stored.bundle],
        ["folder", keeper.folderBundle],
      ] as const)
        if (Object.hasOwn(sets, set)) return { name: set, source, links: [], ...sets[set] };
      throw missing(set);
    },
  );

  http.put<{ Params: Static<typeof wire.SetName>; Body: Static<typeof wire.SetBody> }>(
    "/v1/policies/:set",
    {
      bodyLimit: POLICY_BODY_BYTES,
      schema: {
        summary: "Store a set and use it, if all policies together are valid",
        params: wire.SetName,
        body: wire.SetBody,
      },
    },
    async (request) => {
      const { set } = request.params;
      const { text, links, reason } = request.body;
      const intent = askedBy(request, "put-policy-set", "policy-set", set);
      await events.watched(intent, () =>
        keeper.changePolicies(intent, reason ?? `set ${set}`, (bundle) =>
          merged(bundle, { [set]: { text, ...(links && { links }) } }),
        ),
      );
      return answer();
    },
  );

  http.delete<{ Params: Static<typeof wire.SetName> }>(
    "/v1/policies/:set",
    { schema: { summary: "Do without a stored set", params: wire.SetName } },
    async (request) => {
      const { set } = request.params;
      const intent = askedBy(request, "delete-policy-set", "policy-set", set);
      await events.watched(intent, () =>
        keeper.changePolicies(intent, `without set ${set}`, (bundle) => {
          if (!Object.hasOwn(bundle.sets, set)) throw missing(set);
          return merged(bundle, { [set]: null });
        }),
      );
      return answer();
    },
  );

  http.put<{ Body: Static<typeof wire.SchemaBody> }>(
    "/v1/policy-schema",
    {
      bodyLimit: POLICY_BODY_BYTES,
      schema: { summary: "Store the schema that policies and entities must fit, or none", body: wire.SchemaBody },
    },
    async (request) => {
      const { schema, reason } = request.body;
      const intent = askedBy(request, "put-policy-schema", "policy-schema", "schema");
      await events.watched(intent, () =>
        keeper.changePolicies(intent, reason ?? "schema", (bundle) => merged(bundle, {}, schema)),
      );
      return answer();
    },
  );

  http.get(
    "/v1/policy-versions",
    { schema: { summary: "Versions of the stored policies, newest first" } },
    async () => ({
      versions: await store.versions(),
    }),
  );

  http.post<{ Params: Static<typeof wire.VersionNumber>; Body: Static<typeof wire.ReasonBody> }>(
    "/v1/policy-versions/:number/restore",
    {
      schema: {
        summary: "Use the stored policies of a version again, as a new version",
        params: wire.VersionNumber,
        body: wire.ReasonBody,
      },
    },
    async (request) => {
      const { number } = request.params;
      const { reason } = request.body;
      const intent = askedBy(request, "restore-policy-version", "policy-version", String(number));
      await events.watched(intent, () =>
        keeper.changePolicies(intent, reason ?? `back to version ${number}`, (_, bundleOf) => bundleOf(number)),
      );
      return answer();
    },
  );
}

/** The bundle with sets put, or with null left out, and with another schema, or with null without. */
function merged(bundle: Bundle, sets: Readonly<Record<string, PolicyText | null>>, schema?: string | null): Bundle {
  const entries = Object.entries({ ...bundle.sets, ...sets }).filter(
    (entry): entry is [string, PolicyText] => entry[1] !== null,
  );
  const kept = schema === undefined ? bundle.schema : (schema ?? undefined);
  return { sets: Object.fromEntries(entries), ...(kept !== undefined && { schema: kept }) };
}

function missing(set: string): MnoError {
  return new MnoError("MNO_POLICY_NOT_FOUND", `There is no stored set ${JSON.stringify(set)}`);
}
