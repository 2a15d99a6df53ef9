import { type Static, type TSchema, Type } from "@sinclair/typebox";
import type { FastifyInstance } from "fastify";
import type { IdleFinding } from "./idle";
import type { Keeper } from "./keeper";
import { PLAN_STATES, PlanSchema, type PlanState } from "./plan";
import type { Planner } from "./planner";
import type { Proposer } from "./proposer";
import { adviseRetention } from "./retention";
import type { EnergyStore } from "./store";

const closed = { additionalProperties: false } as const;
const IdParams = Type.Object(
  { id: Type.String({ pattern: "^pln_[0-9a-v]{26}$", description: "Id of a plan" }) },
  closed,
);
type IdParams = Static<typeof IdParams>;
const WorkloadParams = Type.Object(
  {
    workload: Type.String({
      minLength: 1,
      maxLength: 63,
      pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
      description: "Name of the workload",
    }),
  },
  closed,
);
const items = <T extends TSchema>(schema: T) => Type.Object({ items: Type.Array(schema) }, closed);
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

const PlansQuery = Type.Object(
  {
    state: Type.Optional(
      Type.Unsafe<PlanState>({ type: "string", enum: [...PLAN_STATES], description: "Only plans in this state" }),
    ),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 500, default: 100, description: "At most so many, newest first" }),
    ),
  },
  closed,
);

const IdleAnswer = items(
  Type.Object(
    {
      workload: Type.String(),
      state: Type.Unsafe<IdleFinding["state"]>({
        type: "string",
        enum: ["busy", "idle", "zombie", "unknown"],
        description: "unknown: too little was seen to tell",
      }),
      lineCores: nullable(Type.Number({ description: "At or below which an hour is idle" })),
      idleShare: nullable(Type.Number({ description: "Of the observed hours" })),
      observedHours: Type.Integer(),
      idleSince: nullable(Type.String({ format: "date-time" })),
      reason: Type.String(),
      scheduleFault: nullable(
        Type.String({ description: "Why its declared sleep schedule is not followed; no sleep is proposed meanwhile" }),
      ),
    },
    closed,
  ),
);

const BreachBody = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 500, description: "Which objective was breached" }) },
  closed,
);

const RetentionBody = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: 253, description: "What is kept" }),
          medium: Type.Unsafe<"ssd" | "hdd">({ type: "string", enum: ["ssd", "hdd"], description: "Where it is kept" }),
          copies: Type.Integer({ minimum: 1, maximum: 100, description: "Copies in all" }),
          bytes: Type.Number({ minimum: 0, maximum: 1e18, description: "Of one copy, now" }),
          bytesPerDay: Type.Number({ minimum: 0, maximum: 1e18, description: "That are added every day" }),
          keptDays: Type.Number({ minimum: 0, maximum: 36_500, description: "How long it is kept" }),
          neededDays: Type.Number({ minimum: 0, maximum: 36_500, description: "How long anybody needs it" }),
        },
        closed,
      ),
      { minItems: 1, maxItems: 1000, description: "What is stored" },
    ),
  },
  closed,
);

interface RouteDependencies {
  store: EnergyStore;
  planner: Planner;
  proposer: Proposer;
  keeper: Keeper;
}

/** The engine's HTTP API. */
export function installRoutes(http: FastifyInstance, { store, planner, proposer, keeper }: RouteDependencies): void {
  const tags = ["plans"];
  http.get<{ Querystring: Static<typeof PlansQuery> }>(
    "/v1/plans",
    {
      schema: {
        operationId: "listEnergyPlans",
        tags,
        summary: "Plans to save energy, with what they promise and what was measured",
        querystring: PlansQuery,
        response: { 200: items(PlanSchema) },
      },
    },
    async ({ query: { state, limit = 100 } }) => ({
      items: await store.plans({ ...(state && { states: [state] }), limit }),
    }),
  );
  for (const [path, operationId, summary] of [
    ["/v1/plans/:id", "getEnergyPlan", "One plan"],
    ["/v1/decisions/:id", "getDecision", "The same: plans are what this engine decides"],
  ] as const) {
    http.get<{ Params: IdParams }>(
      path,
      { schema: { operationId, tags, summary, params: IdParams, response: { 200: PlanSchema } } },
      ({ params }) => keeper.get(params.id),
    );
  }
  for (const [verb, summary] of [
    ["approve", "Carry the plan out; a dry run unless MNO_EO_MODE is apply"],
    ["done", "An operator has carried out the steps of an approved plan: measure it from now on"],
    ["reject", "Do not carry it out, and do not propose it again for 30 days"],
    ["undo", "Take back what was done"],
  ] as const) {
    http.post<{ Params: IdParams }>(
      `/v1/plans/:id/${verb}`,
      { schema: { operationId: `${verb}EnergyPlan`, tags, summary, params: IdParams, response: { 200: PlanSchema } } },
      ({ params }) => keeper[verb](params.id),
    );
  }
  http.post<{ Params: IdParams; Body: Static<typeof BreachBody> }>(
    "/v1/plans/:id/breach",
    {
      schema: {
        operationId: "reportBreach",
        tags,
        summary: "A service level objective was breached by it: roll it back",
        params: IdParams,
        body: BreachBody,
        response: { 200: PlanSchema },
      },
    },
    ({ params, body }) => keeper.undo(params.id, `breach: ${body.reason}`),
  );
  adviceRoutes(http, planner, proposer, keeper);
}

function adviceRoutes(http: FastifyInstance, planner: Planner, proposer: Proposer, keeper: Keeper): void {
  const tags = ["idleness"];
  http.get(
    "/v1/idle",
    {
      schema: {
        operationId: "listIdle",
        tags,
        summary: "What is idle, a zombie, busy, or not known well enough",
        response: { 200: IdleAnswer },
      },
    },
    async () => ({
      items: [...(await planner.idle())].map(([workload, { idleSince, ...finding }]) => ({
        workload,
        ...finding,
        idleSince: idleSince === null ? null : new Date(idleSince).toISOString(),
      })),
    }),
  );
  http.post<{ Params: Static<typeof WorkloadParams> }>(
    "/v1/workloads/:workload/wake",
    {
      schema: {
        operationId: "wakeWorkload",
        tags,
        summary: "Bring back a workload that a plan has put to sleep, until that stretch of sleep is over",
        params: WorkloadParams,
        response: { 200: PlanSchema },
      },
    },
    ({ params }) => keeper.wake(params.workload),
  );
  http.post<{ Body: Static<typeof RetentionBody> }>(
    "/v1/retention",
    {
      schema: {
        operationId: "adviseRetention",
        tags: ["plans"],
        summary: "Propose to keep stored data only as long as it is needed",
        body: RetentionBody,
        response: { 200: items(PlanSchema) },
      },
    },
    async ({ body }) => {
      const { region, intensity } = await planner.anyMeasured();
      const plans = [];
      for (const kept of body.items) {
        const advice = adviseRetention(kept, intensity);
        if (!advice) continue;
        const step = `keep ${kept.name} ${kept.neededDays} days, not ${kept.keptDays}: ${advice.freedBytes} bytes of each copy go`;
        const plan = await proposer.propose({
          kind: "retention",
          region,
          workloads: [kept.name],
          nodes: [],
          emptied: [],
          action: { do: "steps", steps: [step] },
          expected: advice.expected,
          risk: "high where the needed days are wrong: what was deleted is gone",
          disruption: "none",
          undo: "the old retention is set again; what was deleted does not come back",
          reasons: [`${kept.neededDays} of ${kept.keptDays} kept days are needed`],
        });
        if (plan) plans.push(plan);
      }
      return { items: plans };
    },
  );
}
