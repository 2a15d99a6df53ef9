import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import { commitApart } from "../../../runtime/scalability/elastic-resource-manager/commit-apart";
import type { Operation, Outcome } from "../../../runtime/scalability/elastic-resource-manager/operations";

const operations = ["a", "bad", "c"].map((id): Operation => ({ kind: "release", id, trace: {} }));

/** Commits all or nothing, and throws where the bad operation is among them. */
function commits(error: Error) {
  const batches: string[][] = [];
  const commit = (some: readonly Operation[]): Promise<Outcome[]> => {
    const ids = some.map((operation) => (operation as Extract<Operation, { kind: "release" }>).id);
    batches.push(ids);
    if (ids.includes("bad")) return Promise.reject(error);
    return Promise.resolve(some.map(() => ({ kind: "released" })));
  };
  return { batches, commit };
}

describe("a batch with a bad operation", () => {
  it("fails only that one, where the fault may be its own", async () => {
    for (const error of [
      new RangeError("Invalid time value"),
      Object.assign(new Error("unsupported Unicode escape sequence"), { code: "22P05" }),
      new MnoError("MNO_EVENT_INVALID", "data.tenant must be a string"),
    ]) {
      const { batches, commit } = commits(error);
      const outcomes = await commitApart(operations, commit);
      assert.deepEqual(
        outcomes.map(({ kind }) => kind),
        ["released", "failed", "released"],
      );
      const failure = (outcomes[1] as Extract<Outcome, { kind: "failed" }>).error;
      assert.equal(failure instanceof MnoError && error instanceof MnoError ? failure : failure.cause, error);
      assert.deepEqual(batches, [["a", "bad", "c"], ["a"], ["bad"], ["c"]]);
    }
  });

  it("fails whole where the database is at fault, and is not tried again", async () => {
    for (const error of [
      new MnoError("MNO_STORE_UNAVAILABLE", "PostgreSQL does not answer"),
      Object.assign(new Error("canceling statement due to statement timeout"), { code: "57014" }),
    ]) {
      const { batches, commit } = commits(error);
      await assert.rejects(commitApart(operations, commit), error);
      assert.equal(batches.length, 1);
    }
  });
});
