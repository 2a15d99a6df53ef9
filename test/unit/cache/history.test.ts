import assert from "node:assert/strict";
import { checkHistory, type HistoryEvent } from "../../support/cache-history";

/** The checker of test/services/cache-replicas.test.ts finds what it is for. */
describe("checkHistory", () => {
  const bounds = { maxStale: 100, lifetime: 1_000, slack: 10 };
  const write = (at: number, version: number): HistoryEvent => ({ type: "write", at, replica: "a", key: "k", version });
  const invalidation = (at: number, version: number, acknowledgedAt?: number): HistoryEvent => ({
    ...{ type: "invalidation", at, replica: "a", key: "k", version },
    ...(acknowledgedAt === undefined ? {} : { acknowledgedAt }),
  });
  const read = (at: number, version: number, replica = "b"): HistoryEvent => ({
    ...{ type: "read", at, endedAt: at + 1, replica, key: "k", version },
  });
  const check = (...events: HistoryEvent[]) => checkHistory(events, bounds);

  it("allows another replica the bound, and measures what it took of it", () => {
    const report = check(write(10, 1), invalidation(11, 1, 12), read(50, 0), read(111, 0), read(112, 1));
    assert.deepEqual(report, { reads: 3, invalidations: 1, staleReads: 2, longestStale: 100, violations: [] });
  });

  it("finds a read beyond the bound", () => {
    assert.deepEqual(check(write(10, 1), invalidation(11, 1, 12), read(122, 0)).violations, [
      "b read k version 0 at 122: invalidated 111 ms before",
    ]);
  });

  it("finds an old read in the replica that invalidated, at once", () => {
    assert.equal(check(write(10, 1), invalidation(11, 1, 12), read(13, 0, "a")).violations.length, 1);
    assert.equal(check(write(10, 1), invalidation(11, 1, 14), read(13, 0, "a")).violations.length, 0);
  });

  it("allows what nobody invalidated the value's own lifetime", () => {
    assert.deepEqual(check(write(10, 1), invalidation(11, 1), read(1_020, 0)).violations, []);
    assert.equal(check(write(10, 1), read(1_021, 0)).violations.length, 1);
  });

  it("takes an older version that comes back for stale, and one that nobody wrote for wrong", () => {
    const known = [write(10, 1), invalidation(11, 1, 12), write(20, 2), invalidation(21, 2, 22)];
    assert.equal(check(...known, read(200, 1)).violations.length, 1);
    assert.deepEqual(check(...known, read(200, 3)).violations, [
      "b read k version 3 at 200: it was not written by then",
    ]);
  });
});
