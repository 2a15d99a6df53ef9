import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { TEXT_PATTERN } from "../../kernel/http/text";

/** The wire forms of the engine's HTTP interface. */

const closed = { additionalProperties: false } as const;
const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

const PoolName = Type.String({
  minLength: 1,
  maxLength: 63,
  pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
  description: "Name of the pool",
});
const LeaseSeconds = Type.Integer({
  minimum: 1,
  maximum: 31_536_000,
  description: "Seconds until a lease ends by itself, unless it is renewed",
});
const LeakAfterSeconds = Type.Integer({
  minimum: 1,
  maximum: 31_536_000,
  description: "A lease held for longer, through renewals, is listed as a leak",
});
const Slot = Type.String({ minLength: 1, maxLength: 255, pattern: TEXT_PATTERN });
const Time = Type.String({ format: "date-time" });
const Text = (description: string, maxLength = 255) =>
  Type.String({ minLength: 1, maxLength, pattern: TEXT_PATTERN, description });

const Slots = Type.Integer({ minimum: 1, maximum: 10_000, description: "How many slots there are, all alike" });
const Members = Type.Array(Slot, {
  minItems: 1,
  maxItems: 10_000,
  uniqueItems: true,
  description: "What there is, by name: licence keys, ports, hosts",
});

export const PoolRequest = Type.Object(
  {
    slots: Type.Optional(Slots),
    members: Type.Optional(Members),
    leaseSeconds: Type.Optional(LeaseSeconds),
    leakAfterSeconds: Type.Optional(LeakAfterSeconds),
  },
  { ...closed, description: "Exactly one of slots and members; leaseSeconds is 60 where absent" },
);
export type PoolRequest = Static<typeof PoolRequest>;

export const PoolAnswer = Type.Object(
  {
    name: PoolName,
    kind: Type.Unsafe<"slots" | "members">({ type: "string", enum: ["slots", "members"] }),
    maximum: Type.Integer({ description: "Slots, or members" }),
    members: nullable(Type.Array(Slot)),
    leaseSeconds: LeaseSeconds,
    leakAfterSeconds: nullable(LeakAfterSeconds),
    leased: Type.Integer({ description: "Slots leased, with those that were taken out of the pool since" }),
    leases: Type.Integer(),
    free: Type.Integer({ description: "Slots of the pool that nobody has leased" }),
    waiting: Type.Integer({ description: "Requests in the queue, of all replicas" }),
    exhaustedSince: nullable(Time),
  },
  closed,
);
export type PoolAnswer = Static<typeof PoolAnswer>;

export const PoolList = Type.Object({ items: Type.Array(PoolAnswer) }, closed);

export const AcquireRequest = Type.Object(
  {
    holder: Text("Who the lease is for, so that others can find it"),
    site: Type.Optional(Text("Where in the holder's code; leak reports repeat it", 4096)),
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 1, description: "Slots, all or none" })),
    leaseSeconds: Type.Optional(LeaseSeconds),
    waitSeconds: Type.Optional(
      Type.Number({ minimum: 0, maximum: 60, default: 0, description: "How long to wait in the queue for it" }),
    ),
  },
  closed,
);
export type AcquireRequest = Static<typeof AcquireRequest>;

export const AcquireHeaders = Type.Object({
  "idempotency-key": Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: "^[\\x21-\\x7e]+$",
      description: "The same key with the same body returns the same lease, and keeps the place in the queue",
    }),
  ),
});
export type AcquireHeaders = Static<typeof AcquireHeaders>;

export const RenewRequest = Type.Object({ leaseSeconds: Type.Optional(LeaseSeconds) }, closed);
export type RenewRequest = Static<typeof RenewRequest>;

export const LeaseAnswer = Type.Object(
  {
    id: Type.String(),
    pool: PoolName,
    state: Type.Unsafe<"active" | "released" | "expired">({ type: "string", enum: ["active", "released", "expired"] }),
    slots: Type.Array(Slot, { description: "Numbers, or members" }),
    holder: Type.String(),
    site: nullable(Type.String()),
    fencingToken: Type.Integer({ description: "Larger than that of every earlier lease of the pool" }),
    decisionId: Type.String(),
    heldSeconds: Type.Number({ description: "Until now, or until it ended" }),
    grantedAt: Time,
    expiresAt: Time,
    endedAt: nullable(Time),
  },
  closed,
);
export type LeaseAnswer = Static<typeof LeaseAnswer>;

export const LeasePage = Type.Object({ items: Type.Array(LeaseAnswer), nextCursor: nullable(Type.String()) }, closed);

export const LeakAnswer = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          kind: Type.Unsafe<"expired" | "held-long">({
            type: "string",
            enum: ["expired", "held-long"],
            description: "Neither renewed nor released; or active for longer than leakAfterSeconds",
          }),
          lease: LeaseAnswer,
        },
        closed,
      ),
    ),
    holders: Type.Array(
      Type.Object({ holder: Type.String(), site: nullable(Type.String()), leaks: Type.Integer() }, closed),
      { description: "Who leaks how often, most first" },
    ),
  },
  closed,
);
export type LeakAnswer = Static<typeof LeakAnswer>;

const LeaseId = Type.String({ pattern: "^lse_[0-9a-v]{26}$", description: "Id of a lease" });
const DecisionId = Type.String({ pattern: "^dec_[0-9a-v]{26}$", description: "Id of a decision" });
const Limit = Type.Integer({ minimum: 1, maximum: 500, default: 50, description: "Entries in one answer" });

export const PoolPath = Type.Object({ name: PoolName }, closed);
export type PoolPath = Static<typeof PoolPath>;
export const LeasePath = Type.Object({ id: LeaseId }, closed);
export type LeasePath = Static<typeof LeasePath>;
export const DecisionPath = Type.Object({ id: DecisionId }, closed);
export type DecisionPath = Static<typeof DecisionPath>;

export const LeaseQuery = Type.Object(
  {
    limit: Type.Optional(Limit),
    cursor: Type.Optional(Type.String({ pattern: "^lse_[0-9a-v]{26}$", description: "nextCursor of the page before" })),
  },
  closed,
);
export type LeaseQuery = Static<typeof LeaseQuery>;
export const LimitQuery = Type.Object({ limit: Type.Optional(Limit) }, closed);
export type LimitQuery = Static<typeof LimitQuery>;

export const DecisionAnswer = Type.Object(
  {
    id: Type.String(),
    time: Time,
    pool: PoolName,
    outcome: Type.Unsafe<"granted" | "refused">({ type: "string", enum: ["granted", "refused"] }),
    request: Type.Object(
      {
        holder: Type.String(),
        count: Type.Integer(),
        leaseSeconds: nullable(Type.Integer()),
        site: nullable(Type.String()),
      },
      closed,
    ),
    waitedSeconds: Type.Number(),
    ahead: Type.Integer({ description: "Requests that were before this one when it was decided" }),
    maximum: Type.Integer(),
    free: Type.Integer(),
    holders: Type.Array(
      Type.Object(
        {
          leaseId: Type.String(),
          holder: Type.String(),
          slots: Type.Array(Slot, { description: "The first 8 of them" }),
          slotCount: Type.Integer({ description: "All of them" }),
          heldSeconds: Type.Number(),
          expiresAt: Time,
        },
        closed,
      ),
      { description: "Who had the rest, longest first, 16 at most" },
    ),
    reasons: Type.Array(Type.String()),
  },
  closed,
);

export const DecisionList = Type.Object({ items: Type.Array(DecisionAnswer) }, closed);
