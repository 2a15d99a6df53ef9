import { MnoError } from "../../../exports";
import type { Clock } from "../../../kernel/clock";
import type { Database, Queryable } from "../../../kernel/store/database";
import type { Incident } from "../incidents/incident";
import { entityKey } from "../ingest/entities";
import type { Channel, Message } from "./channel";

export const MAX_ATTEMPTS = 8;
const AT_ONCE = 100;
const MAX_BACKOFF = 600_000;
const MINUTE = 60_000;
const DEFAULT_PER_MINUTE = 30;
const DEFAULT_SEVERITY = 3;

interface Row {
  id: string;
  channel: string;
  attempts: number;
  message: Message;
}

export type Sender = (channel: Channel, message: Message) => Promise<void>;

/**
 * Tells every channel of incidents: queued in the transaction that changes the incident, sent at least once, again with growing
 * pauses, and no faster than the channel may take it. What could not be told after MAX_ATTEMPTS stays in the table as failed.
 */
export class Dispatcher {
  /** When the channel was told, within the last minute. */
  private readonly told = new Map<string, number[]>();

  constructor(
    private readonly database: Database,
    private readonly channels: readonly Channel[],
    private readonly sender: Sender,
    private readonly clock: Clock,
    private readonly onSent: (outcome: "sent" | "retried" | "failed") => void,
  ) {}

  /** News are that it was announced, that it got graver, and that its status changed: not every alert. */
  async queue(tx: Queryable, incident: Incident): Promise<void> {
    if (incident.status === "watching") return;
    const message = messageOf(incident, this.clock.now());
    for (const channel of this.channels) {
      if (incident.severity < (channel.minSeverity ?? DEFAULT_SEVERITY)) continue;
      await tx.query(
        `INSERT INTO si_notifications (id, channel, due_ms, attempts, status, message)
         VALUES ($1, $2, $3, 0, 'waiting', $4::jsonb) ON CONFLICT DO NOTHING`,
        [`${channel.name}/${message.id}`, channel.name, this.clock.now(), JSON.stringify(message)],
      );
    }
  }

  async round(): Promise<void> {
    if (this.channels.length === 0) return;
    const rows = await this.database.query<Row>(
      `SELECT id, channel, attempts, message FROM si_notifications WHERE status = 'waiting' AND due_ms <= $1
       ORDER BY due_ms LIMIT ${AT_ONCE}`,
      [this.clock.now()],
    );
    const byChannel = Map.groupBy(rows, ({ channel }) => channel);
    await Promise.all([...byChannel.values()].map((mine) => this.tell(mine)));
  }

  async prune(before: number): Promise<void> {
    await this.database.query("DELETE FROM si_notifications WHERE due_ms < $1 AND status <> 'waiting'", [before]);
  }

  private async tell(rows: readonly Row[]): Promise<void> {
    for (const row of rows) {
      const channel = this.channels.find(({ name }) => name === row.channel);
      if (!channel) await this.finish(row, "failed", "the channel is no longer configured");
      else if (this.mayTell(channel)) await this.attempt(row, channel);
      else return;
    }
  }

  private async attempt(row: Row, channel: Channel): Promise<void> {
    try {
      await this.sender(channel, row.message);
    } catch (error) {
      if (!(error instanceof MnoError)) throw error;
      const attempts = row.attempts + 1;
      if (attempts >= MAX_ATTEMPTS) return this.finish(row, "failed", error.message);
      const due = this.clock.now() + Math.min(MAX_BACKOFF, 1000 * 2 ** attempts);
      await this.database.query("UPDATE si_notifications SET attempts = $2, due_ms = $3, error = $4 WHERE id = $1", [
        row.id,
        attempts,
        due,
        error.message,
      ]);
      return this.onSent("retried");
    }
    await this.finish(row, "sent", null);
  }

  private async finish(row: Row, status: "sent" | "failed", error: string | null): Promise<void> {
    await this.database.query("UPDATE si_notifications SET status = $2, error = $3 WHERE id = $1", [
      row.id,
      status,
      error,
    ]);
    this.onSent(status);
  }

  private mayTell(channel: Channel): boolean {
    const now = this.clock.now();
    const recent = (this.told.get(channel.name) ?? []).filter((time) => time > now - MINUTE);
    const may = recent.length < (channel.perMinute ?? DEFAULT_PER_MINUTE);
    if (may) recent.push(now);
    this.told.set(channel.name, recent);
    return may;
  }
}

function messageOf(incident: Incident, now: number): Message {
  const { id, status, severity, title, confidence, entities, techniques, alertCount } = incident;
  return {
    id: `${id}-${status}-${severity}`,
    incident: id,
    title,
    status,
    severity,
    confidence,
    entities: entities.map(entityKey),
    techniques,
    alertCount,
    time: new Date(now).toISOString(),
  };
}
