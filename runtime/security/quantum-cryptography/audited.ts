import { MnoError } from "../../exports";
import type { AuditEntry, AuditLog } from "./audit-log";
import type { Key } from "./key";

/** What an operation tells about itself while it runs. */
export interface Note {
  keyId: string | null;
  keyVersion: number | null;
  suite: string | null;
  reasons: string[];
}

export type Audited<T> = T & { decisionId: string };

const REFUSALS: ReadonlySet<string> = new Set([
  "MNO_KEY_ACCESS_DENIED",
  "MNO_KEY_UNUSABLE",
  "MNO_KEY_NOT_FOUND",
  "MNO_KEY_CONFLICT",
  "MNO_CRYPTO_POLICY_REFUSED",
]);

/** What `Refusals` calls a signature or MAC that is not the message's: verification answers, and refuses nothing. */
const VERIFICATION_FAILED = "verification-failed";

/**
 * Runs the operation and records it, with its outcome and reasons, before anybody learns of the result. The answer, or the
 * error, names the record, where it can be asked why.
 */
export async function audited<T extends object>(
  log: AuditLog,
  caller: string,
  operation: string,
  work: (note: Note) => Promise<T>,
): Promise<Audited<T>> {
  const note: Note = { keyId: null, keyVersion: null, suite: null, reasons: [] };
  const entry = (outcome: AuditEntry["outcome"], code: string | null): AuditEntry => ({
    caller,
    operation,
    ...note,
    outcome,
    code,
  });
  let result: T;
  try {
    result = await work(note);
  } catch (error) {
    const known = error instanceof MnoError ? error : undefined;
    const code = known?.code ?? "MNO_INTERNAL";
    const decisionId = await log.record(entry(REFUSALS.has(code) ? "refused" : "failed", code));
    if (REFUSALS.has(code) || code === "MNO_CRYPTO_OPEN_FAILED") {
      log.onRefused({ caller, operation, keyId: note.keyId, code });
    }
    if (known === undefined) throw error;
    const { message, cause, faults, extensions } = known;
    throw new MnoError(known.code, message, { cause, faults, extensions: { ...extensions, decisionId } });
  }
  const failed = "valid" in result && result.valid === false;
  if (failed) note.reasons.push("it does not verify");
  const decisionId = await log.record(entry("done", null));
  if (failed) log.onRefused({ caller, operation, keyId: note.keyId, code: VERIFICATION_FAILED });
  return { ...result, decisionId };
}

export function noteKey(note: Note, key: Pick<Key, "id" | "suite" | "currentVersion">): void {
  Object.assign(note, { keyId: key.id, keyVersion: key.currentVersion, suite: key.suite });
}
