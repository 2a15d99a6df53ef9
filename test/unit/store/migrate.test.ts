import assert from "node:assert/strict";
import { nextPending } from "../../../runtime/kernel/store/migrate";

describe("nextPending", () => {
  const next = (names: string[], applied: string[], sums = names): number =>
    nextPending(
      "set",
      names.map((name) => ({ name, sql: "" })),
      sums,
      applied.map((name) => ({ name, checksum: name })),
    );
  const code = (expected: string, message: RegExp) => (error: unknown) => {
    const { code: found, message: detail } = error as { code: string; message: string };
    return found === expected && message.test(detail);
  };

  it("is the first that is not applied", () => {
    assert.equal(next(["1", "2", "3"], []), 0);
    assert.equal(next(["1", "2", "3"], ["1"]), 1);
    assert.equal(next(["1", "2", "3"], ["1", "2", "3"]), -1);
    assert.equal(next([], ["1"]), -1);
  });

  it("leaves alone what a newer release applied", () => {
    assert.equal(next(["1", "2"], ["1", "2", "3"]), -1);
  });

  it("refuses names out of order and names used twice", () => {
    assert.throws(() => next(["2", "1"], []), code("MNO_STORE_MIGRATION_INVALID", /"1" of set "set" comes after "2"/));
    assert.throws(() => next(["1", "1"], []), code("MNO_STORE_MIGRATION_INVALID", /"1" of set "set" comes after "1"/));
  });

  it("refuses a new migration before one that is applied", () => {
    assert.throws(() => next(["1", "2", "3"], ["1", "3"]), code("MNO_STORE_MIGRATION_INVALID", /"2".*"3" was applied/));
  });

  it("refuses a changed checksum, by name", () => {
    assert.throws(() => next(["1", "2"], ["1"], ["x", "2"]), code("MNO_STORE_MIGRATION_CHANGED", /"1" of set "set"/));
  });
});
