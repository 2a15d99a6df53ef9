import { randomUUID } from "node:crypto";
import type { Clock } from "../../../kernel/clock";
import type { Database } from "../../../kernel/store/database";
import { ocsfEvent } from "../../../kernel/ocsf/event";
import { OCSF_CLASSES } from "../../../kernel/ocsf/schema";
import type { LogRecord } from "./block";
import type { EventLog } from "./log";

/** What the log says of records that it no longer has. */
export interface Pruned {
  readonly classUid: number;
  /** Milliseconds: what is older is gone. */
  readonly before: number;
}

/** OCSF Entity Management, whose activity 4 is to delete; events of that class are kept for ever. */
export const PRUNED_CLASS = OCSF_CLASSES.entityManagement;
const OPERATION = "security-log.prune";
const SECOND = 1000;

/**
 * Deletes records whose time is up, by class, and says so in the log first: a record that is gone and that no such statement is
 * about was removed by somebody else.
 */
export class Retention {
  constructor(
    private readonly database: Database,
    private readonly log: EventLog,
    private readonly clock: Clock,
    /** Seconds by class, and of every other class. */
    private readonly seconds: { classes: ReadonlyMap<number, number>; otherwise: number },
  ) {}

  async prune(): Promise<number> {
    const now = this.clock.now();
    const classes = await this.database.query<{ class_uid: number }>("SELECT DISTINCT class_uid FROM si_events");
    let gone = 0;
    for (const { class_uid: classUid } of classes) {
      if (classUid === PRUNED_CLASS) continue;
      const before = now - (this.seconds.classes.get(classUid) ?? this.seconds.otherwise) * SECOND;
      const [old] = await this.database.query<{ one: number }>(
        "SELECT 1 AS one FROM si_events WHERE class_uid = $1 AND time_ms < $2 LIMIT 1",
        [classUid, before],
      );
      if (!old) continue;
      await this.log.append([statement({ classUid, before }, now)]);
      const rows = await this.database.query<{ seq: number }>(
        "DELETE FROM si_events WHERE class_uid = $1 AND time_ms < $2 RETURNING seq",
        [classUid, before],
      );
      gone += rows.length;
    }
    return gone;
  }
}

function statement(pruned: Pruned, now: number): LogRecord {
  const uid = randomUUID();
  const event = ocsfEvent("entityManagement", {
    uid,
    product: "security-intelligence",
    activity_id: 4,
    time: new Date(now),
    api: { operation: OPERATION },
    unmapped: { ...pruned },
  });
  return {
    uid,
    classUid: PRUNED_CLASS,
    time: now,
    severity: event.severity_id,
    user: null,
    address: null,
    session: null,
    text: JSON.stringify(event),
  };
}

/** The statement that a record makes; undefined where it makes none. */
export function prunedOf(record: string): Pruned | undefined {
  if (!record.includes(OPERATION)) return undefined;
  const { api, unmapped, metadata } = JSON.parse(record) as {
    api?: { operation?: string };
    unmapped?: Partial<Pruned>;
    metadata?: { product?: { name?: string } };
  };
  // Others may post events of any class: ingestion keeps this product's name for the engine itself.
  if (api?.operation !== OPERATION || metadata?.product?.name !== "security-intelligence") return undefined;
  const { classUid, before } = unmapped ?? {};
  return typeof classUid === "number" && typeof before === "number" ? { classUid, before } : undefined;
}
