import type { MnoError } from "../../exports";
import type { TraceCarrier } from "../../kernel/telemetry/traces";
import type { Allocation } from "./allocation";
import type { Decision } from "./decision";
import type { Demand } from "./demand";
import type { Quota } from "./quotas";
import type { IdempotencyKey } from "./store";

/** What may be asked of the ledger; several of them share one transaction. */
export type Operation =
  /** `others` are the rest of its gang: all of them are granted or none is. */
  | { kind: "allocate"; demand: Demand; others?: readonly Demand[]; key?: IdempotencyKey; trace: TraceCarrier }
  /** null: as declared. */
  | { kind: "set-quota"; tenant: string; quota: Quota | null }
  /** Nodes that are gone for good: gangs with a replica there are released whole. */
  | { kind: "lose-nodes"; nodes: ReadonlySet<string> }
  | { kind: "release"; id: string; trace: TraceCarrier }
  | { kind: "renew"; id: string; leaseSeconds: number }
  | { kind: "expire"; ids: readonly string[] };

/** What each operation comes to once its transaction is committed. */
export type Outcome =
  /** Of a gang, its first member. */
  | { kind: "granted"; allocation: Allocation; created: true; decision: Decision }
  /** The key's earlier grant; nothing new was made. */
  | { kind: "granted"; allocation: Allocation; created: false }
  | { kind: "refused"; decision: Decision }
  | { kind: "released" }
  | { kind: "renewed"; allocation: Allocation }
  | { kind: "quota-set" }
  /** Allocations released. */
  | { kind: "expired" | "nodes-lost"; count: number }
  | { kind: "failed"; error: MnoError };
