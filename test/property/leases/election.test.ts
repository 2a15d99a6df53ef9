import assert from "node:assert/strict";
import fc from "fast-check";
import { Candidate } from "../../../runtime/kernel/cluster/leases/candidate";
import { type LeaseRecord, leaseTimes, type VersionedLease } from "../../../runtime/kernel/cluster/leases/lease";

/** A store that does what an API server does: compare-and-set by version. */
class Store {
  lease: VersionedLease | undefined;
  private version = 0;

  write(record: LeaseRecord, version: string | undefined): VersionedLease | undefined {
    if (this.lease?.version !== version) return undefined;
    this.lease = { ...record, version: String((this.version += 1)) };
    return this.lease;
  }
}

/** One candidate's exchange with the store as it is under way: each step of it may be any time after the one before. */
interface Exchange {
  startedAt: number;
  proposal: LeaseRecord;
  version: string | undefined;
  answer?: VersionedLease | undefined;
}

const CANDIDATES = 3;
const times = leaseTimes(8);

/** An exchange that nothing comes between, and the same one step by step. */
const WHOLE = ["read", "propose", "store", "answer"] as const;

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("exchange" as const), who: fc.nat(CANDIDATES - 1) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), milliseconds: fc.integer({ min: 1, max: 4000 }) }),
  },
  ...(["read", "propose", "store", "lose", "answer", "stop"] as const).map((kind) => ({
    weight: kind === "lose" || kind === "stop" ? 1 : 3,
    arbitrary: fc.record({ kind: fc.constant(kind), who: fc.nat(CANDIDATES - 1) }),
  })),
);

describe("leader election", () => {
  it("never has two leaders, whatever is delayed, lost or stopped, and terms only grow", () => {
    let elected = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 200, size: "max" }), (steps) => {
        let now = 0;
        const store = new Store();
        // Clocks of machines agree on durations, on nothing else.
        const origin = (who: number): number => who * 1e6;
        const candidates = Array.from({ length: CANDIDATES }, (_, who) => new Candidate(`c${String(who)}`, times));
        const exchanges = new Map<number, Exchange>();
        const terms = new Map<number, number>();
        const check = (): void => {
          const leaders = candidates.flatMap((each, who) => (each.leadsUntil > now + origin(who) ? [who] : []));
          assert.ok(leaders.length <= 1, `candidates ${leaders.join(" and ")} lead at once`);
          for (const who of leaders) {
            const term = candidates[who]!.term;
            const holder = terms.get(term);
            assert.ok(holder === undefined || holder === who, `term ${String(term)} was another's`);
            assert.ok(Math.max(0, ...terms.keys()) <= term, "an older term leads again");
            if (holder === undefined) elected += 1;
            terms.set(term, who);
          }
        };
        const take = (kind: "read" | "propose" | "store" | "lose" | "answer" | "stop", who: number): void => {
          const candidate = candidates[who]!;
          const exchange = exchanges.get(who);
          const mine = now + origin(who);
          if (kind === "read") candidate.observed(store.lease, mine);
          if (kind === "stop") candidate.stepDown();
          if (kind === "propose") {
            const proposal = candidate.proposal(mine);
            if (proposal) exchanges.set(who, { startedAt: mine, proposal, version: candidate.version });
          }
          if (kind === "store" && exchange) exchange.answer = store.write(exchange.proposal, exchange.version);
          if (kind === "answer" && exchange?.answer) candidate.written(exchange.answer, exchange.startedAt);
          if (kind === "lose" || kind === "answer") exchanges.delete(who);
        };
        for (const each of steps) {
          if (each.kind === "pass") {
            now += each.milliseconds;
          } else {
            for (const kind of each.kind === "exchange" ? WHOLE : [each.kind]) take(kind, each.who);
          }
          check();
        }
      }),
      { numRuns: 1000 },
    );
    assert.ok(elected > 1000, `only ${String(elected)} terms began: the steps show nothing`);
  });
});
