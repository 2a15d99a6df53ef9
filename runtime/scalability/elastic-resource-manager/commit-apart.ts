import { MnoError } from "../../exports";
import type { Operation, Outcome } from "./operations";

/** SQLSTATE classes that speak of a statement's values: data, constraints, limits. Source: PostgreSQL, appendix A. */
const OF_VALUES = /^(22|23|54)/;

/**
 * Commits the operations together; where that fails by what may be the fault of one of them, each by itself, so that no other
 * fails with it. `commit` must leave nothing behind where it throws such an error.
 */
export async function commitApart(
  operations: readonly Operation[],
  commit: (operations: readonly Operation[]) => Promise<readonly Outcome[]>,
): Promise<readonly Outcome[]> {
  try {
    return await commit(operations);
  } catch (error) {
    if (operations.length === 1 || !mayBeOfOne(error)) throw error;
  }
  const outcomes: Outcome[] = [];
  for (const operation of operations) outcomes.push(await alone(operation, commit));
  return outcomes;
}

async function alone(
  operation: Operation,
  commit: (operations: readonly Operation[]) => Promise<readonly Outcome[]>,
): Promise<Outcome> {
  try {
    const [outcome] = await commit([operation]);
    return outcome as Outcome;
  } catch (error) {
    if (error instanceof MnoError) return { kind: "failed", error };
    return {
      kind: "failed",
      error: new MnoError("MNO_INTERNAL", "The fault was logged under the request's id", { cause: error }),
    };
  }
}

/** Not where the database is away or too slow: the others would fare no better, and where a commit's end is unknown, twice. */
function mayBeOfOne(error: unknown): boolean {
  if (error instanceof MnoError) return error.code !== "MNO_STORE_UNAVAILABLE";
  const { code } = error as { code?: unknown };
  return typeof code !== "string" || OF_VALUES.test(code);
}
