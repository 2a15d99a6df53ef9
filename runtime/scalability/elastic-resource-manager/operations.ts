import type { MnoError } from "../../exports";
import type { TraceCarrier } from "../../kernel/telemetry/traces";
import type { Allocation } from "./allocation";
import type { Decision } from "./decision";
import type { Demand } from "./demand";
import type { IdempotencyKey } from "./store";

/** What may be asked of the ledger; several of them share one transaction. */
export type Operation =
  | { kind: "allocate"; demand: Demand; key?: IdempotencyKey; trace: TraceCarrier }
  | { kind: "release"; id: string; trace: TraceCarrier }
  | { kind: "renew"; id: string; leaseSeconds: number }
  | { kind: "expire"; ids: readonly string[] };

/** What each operation comes to once its transaction is committed. */
export type Outcome =
  | { kind: "granted"; allocation: Allocation; created: true; decision: Decision }
  /** The key's earlier grant; nothing new was made. */
  | { kind: "granted"; allocation: Allocation; created: false }
  | { kind: "refused"; decision: Decision }
  | { kind: "released" }
  | { kind: "renewed"; allocation: Allocation }
  | { kind: "expired"; count: number }
  | { kind: "failed"; error: MnoError };
