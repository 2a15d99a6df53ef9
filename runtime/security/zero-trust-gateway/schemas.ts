import { type Static, Type } from "@sinclair/typebox";
import { STAGES } from "./enforcement/record";
import { Route } from "./routing/route";

const closed = { additionalProperties: false } as const;
const nullable = <T extends ReturnType<typeof Type.String>>(schema: T) => Type.Union([schema, Type.Null()]);
const literals = (values: readonly string[]) => Type.Unsafe<string>({ type: "string", enum: [...values] });
const Entity = Type.Object({ type: Type.String(), id: Type.String() });

export const RoutesAnswer = Type.Object({
  version: Type.Integer({ description: "Grows with every change" }),
  routes: Type.Array(Route),
});
export const RoutesHeaders = Type.Object({
  "if-match": Type.Optional(Type.String({ pattern: '^"[0-9]+"$', description: "Version that is to be replaced" })),
});

export const DecisionPath = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }, closed);
export const DecisionsQuery = Type.Object(
  {
    outcome: Type.Optional(
      Type.Unsafe<"allowed" | "refused" | "unavailable">(literals(["allowed", "refused", "unavailable"])),
    ),
    route: Type.Optional(Type.String({ maxLength: 63 })),
    principal: Type.Optional(Type.String({ maxLength: 512, description: "Id of the principal" })),
    limit: Type.Integer({ minimum: 1, maximum: 500, default: 50 }),
  },
  closed,
);

const Decision = Type.Object({
  id: Type.String(),
  time: Type.String({ format: "date-time" }),
  via: literals(["proxy", "ext-authz-http", "ext-authz-grpc"]),
  outcome: literals(["allowed", "refused", "unavailable"]),
  stage: literals(STAGES),
  code: nullable(Type.String()),
  reason: nullable(Type.String()),
  traceId: nullable(Type.String()),
  request: Type.Object({
    method: Type.String(),
    authority: Type.String(),
    path: Type.String(),
    query: Type.String({ description: "Names of its parameters, kind and length of their values" }),
    address: Type.String(),
    userAgent: nullable(Type.String()),
  }),
  route: nullable(Type.String()),
  principal: Type.Union([
    Type.Object({ type: Type.String(), id: Type.String(), method: Type.String(), session: nullable(Type.String()) }),
    Type.Null(),
  ]),
  action: Type.Union([Entity, Type.Null()]),
  resource: Type.Union([Entity, Type.Null()]),
  policies: Type.Array(Type.String()),
  policyVersion: nullable(Type.String()),
  policyErrors: Type.Array(Type.String()),
  advice: Type.Array(Type.String()),
  risk: Type.Union([
    Type.Object({
      level: Type.String(),
      probability: Type.Number(),
      reasons: Type.Array(Type.String()),
      time: Type.Number({ description: "Milliseconds since 1970" }),
    }),
    Type.Null(),
  ]),
  findings: Type.Array(
    Type.Object({ rule: Type.String(), where: Type.String(), what: Type.String(), score: Type.Number() }),
  ),
  score: Type.Number(),
  excluded: Type.Array(Type.Object({ rule: Type.String(), where: Type.String(), reason: Type.String() }), {
    description: "What was found and does not count, as the route says",
  }),
  stripped: Type.Array(Type.String()),
  exceptions: Type.Array(Type.String()),
  timings: Type.Record(Type.String(), Type.Number(), { description: "Milliseconds of each stage" }),
  status: Type.Union([
    Type.Integer({ description: "Of the upstream's answer; 0: the client went before" }),
    Type.Null(),
  ]),
  takesBack: nullable(Type.String({ description: "Decision that this one took back" })),
});
export const DecisionsAnswer = Type.Object({ items: Type.Array(Decision) });
export const DecisionAnswer = Type.Composite([
  Decision,
  Type.Object({ why: Type.Array(Type.String(), { description: "The decision in sentences" }) }),
]);

export const KeysAnswer = Type.Object({ keys: Type.Array(Type.Record(Type.String(), Type.Unknown())) });
export const StateAnswer = Type.Object({
  addresses: Type.Object({ gateway: nullable(Type.String()), extAuthz: Type.Array(Type.String()) }),
  policyVersion: nullable(Type.String()),
  routes: Type.Array(Type.String()),
  live: Type.Integer({ description: "Answers, streams and tunnels under way" }),
});

export type DecisionPath = Static<typeof DecisionPath>;
export type DecisionsQuery = Static<typeof DecisionsQuery>;
export type RoutesHeaders = Static<typeof RoutesHeaders>;
