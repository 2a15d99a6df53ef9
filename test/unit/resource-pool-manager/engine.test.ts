import assert from "node:assert/strict";
import { type Situation, takeTurn } from "../../../runtime/scalability/resource-pool-manager/engine";
import type { Lease, Ticket } from "../../../runtime/scalability/resource-pool-manager/lease";
import type { Acquire, Outcome } from "../../../runtime/scalability/resource-pool-manager/operations";

const NOW = 1_000_000;
const TIMING = { presenceMilliseconds: 3000, placeMilliseconds: 10_000 };

const situation = (slots: string[], rest: Partial<Situation> = {}): Situation => ({
  definition: { name: "db", kind: "members", slots, leaseSeconds: 60, leakAfterSeconds: null },
  fence: 7,
  lastPosition: rest.tickets?.at(-1)?.position ?? 0,
  exhaustedSince: null,
  active: [],
  tickets: [],
  byKey: new Map(),
  over: new Map(),
  ...rest,
});

const ask = (name: string, rest: Partial<Acquire> = {}): Acquire => ({
  kind: "acquire",
  ticket: `tkt_${name}`,
  leaseId: `lse_${name}`,
  request: { holder: name, count: 1, leaseSeconds: null, site: null },
  key: null,
  askedAt: NOW,
  isLast: false,
  ...rest,
});

const lease = (slot: string, rest: Partial<Lease> = {}): Lease => ({
  id: `lse_of_${slot}`,
  pool: "db",
  slots: [slot],
  holder: "holder",
  site: null,
  fencingToken: 1,
  grantedAt: NOW - 5000,
  expiresAt: NOW + 5000,
  endedAt: null,
  endReason: null,
  ...rest,
});

const elsewhere = (name: string, rest: Partial<Ticket> = {}): Ticket => ({
  id: `tkt_${name}`,
  position: 1,
  count: 1,
  holder: name,
  key: null,
  requestHash: null,
  askedAt: NOW - 1000,
  presentUntil: NOW + 1000,
  keptUntil: NOW + 1000,
  ...rest,
});

const kinds = (outcomes: readonly Outcome[]): string[] => outcomes.map(({ kind }) => kind);

describe("a pool's turn", () => {
  it("leases in the order of arrival, with ascending fencing tokens", () => {
    const { outcomes, changes } = takeTurn(situation(["a", "b"]), [ask("x"), ask("y"), ask("z")], NOW, TIMING);
    assert.deepEqual(kinds(outcomes), ["granted", "granted", "waiting"]);
    assert.deepEqual(
      changes.granted.map(({ lease }) => [lease.holder, lease.slots, lease.fencingToken]),
      [
        ["x", ["a"], 8],
        ["y", ["b"], 9],
      ],
    );
    assert.equal(changes.fence, 9);
    assert.deepEqual(changes.exhausted, { waiting: 1, leased: 2 });
    assert.deepEqual(
      changes.ticketsKept.map(({ id }) => id),
      ["tkt_z"],
    );
  });

  it("leaves to a request at another replica what that is about to take", () => {
    const before = situation(["a"], { tickets: [elsewhere("other")] });
    const { outcomes, changes } = takeTurn(before, [ask("x")], NOW, TIMING);
    assert.deepEqual(outcomes, [{ kind: "waiting", ahead: 1 }]);
    assert.equal(changes.granted.length, 0);
  });

  it("passes over who is not there, and forgets who lost the place", () => {
    const tickets = [
      elsewhere("away", { presentUntil: NOW, keptUntil: NOW + 1 }),
      elsewhere("lost", { position: 2, presentUntil: NOW - 1, keptUntil: NOW }),
    ];
    const { outcomes, changes } = takeTurn(situation(["a"], { tickets }), [ask("x")], NOW, TIMING);
    assert.deepEqual(kinds(outcomes), ["granted"]);
    assert.deepEqual(changes.ticketsDropped, ["tkt_lost"]);
  });

  it("ends what is over before it looks for what is free, to the millisecond", () => {
    const before = (expiresAt: number): Situation => situation(["a"], { active: [lease("a", { expiresAt })] });
    assert.deepEqual(kinds(takeTurn(before(NOW), [ask("x")], NOW, TIMING).outcomes), ["granted"]);
    assert.deepEqual(kinds(takeTurn(before(NOW + 1), [ask("x")], NOW, TIMING).outcomes), ["waiting"]);
    const renewal = { kind: "renew", leaseId: "lse_of_a", leaseSeconds: null } as const;
    assert.deepEqual(kinds(takeTurn(before(NOW), [renewal], NOW, TIMING).outcomes), ["failed"]);
  });

  it("gives two requests under one key one lease between them", () => {
    const key = { value: "k", requestHash: "h" };
    const pair = [ask("first", { key }), ask("second", { key })];
    const { outcomes, changes } = takeTurn(situation(["a", "b"]), pair, NOW, TIMING);
    assert.deepEqual(kinds(outcomes), ["granted", "granted"]);
    assert.equal(changes.granted.length, 1);
    const other = ask("third", { key: { value: "k", requestHash: "other" } });
    const clash = takeTurn(situation([]), [other], NOW, TIMING);
    assert.deepEqual(kinds(clash.outcomes), ["failed"]); // more slots than the pool has
    const waiting = takeTurn(situation(["a"], { active: [lease("a")] }), [pair[0]!, other], NOW, TIMING);
    assert.deepEqual(kinds(waiting.outcomes), ["waiting", "failed"]);
  });

  it("lists the first slots of a holder, and how many there are", () => {
    const slots = Array.from({ length: 10_000 }, (_, index) => String(index));
    const before = situation(slots, { active: [lease("0", { slots })] });
    const { changes } = takeTurn(before, [ask("x", { isLast: true })], NOW, TIMING);
    const [holder] = changes.refused[0]!.holders;
    assert.deepEqual([holder?.slots, holder?.slotCount], [slots.slice(0, 8), 10_000]);
  });

  it("puts a newcomer behind every ticket, and refuses one where too many wait", () => {
    const many = (count: number): Ticket[] =>
      Array.from({ length: count }, (_, index) => elsewhere(String(index), { position: index + 1 }));
    const tickets = many(2000);
    const behind = takeTurn(situation(["a"], { tickets, lastPosition: 7000 }), [ask("x")], NOW, TIMING);
    assert.deepEqual(
      behind.changes.ticketsKept.map(({ position }) => position),
      [7001],
    );
    const full = situation(["a"], { tickets: many(2001) });
    const { outcomes, changes } = takeTurn(full, [ask("x"), ask("0")], NOW, TIMING);
    assert.deepEqual(kinds(outcomes), ["failed", "granted"], "who has a place keeps it");
    assert.equal((outcomes[0] as Extract<Outcome, { kind: "failed" }>).error.code, "MNO_POOL_QUEUE_FULL");
    assert.deepEqual(changes.ticketsKept, []);
  });

  it("leases nothing that was taken out of the pool, and lets its leases go on", () => {
    const before = situation(["b"], { active: [lease("a")] });
    const { outcomes, changes } = takeTurn(before, [ask("x"), ask("y")], NOW, TIMING);
    assert.deepEqual(kinds(outcomes), ["granted", "waiting"]);
    assert.deepEqual(changes.granted[0]?.lease.slots, ["b"]);
    assert.deepEqual(changes.ended, []);
  });

  it("says that a place is kept only where it is", () => {
    const before = situation(["a"], { active: [lease("a")] });
    const refusal = ask("x", { key: { value: "k", requestHash: "h" }, isLast: true });
    const keeping = takeTurn(before, [refusal], NOW, TIMING);
    assert.equal((keeping.outcomes[0] as Extract<Outcome, { kind: "refused" }>).placeKept, true);
    assert.deepEqual(
      keeping.changes.ticketsKept.map(({ keptUntil }) => keptUntil),
      [NOW + 10_000],
    );
    const none = takeTurn(before, [refusal], NOW, { ...TIMING, placeMilliseconds: 0 });
    assert.equal((none.outcomes[0] as Extract<Outcome, { kind: "refused" }>).placeKept, false);
    assert.deepEqual(none.changes.ticketsKept, []);
  });
});
