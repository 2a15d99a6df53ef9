import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { CloudEvent } from "../../kernel/events/cloudevent";
import type { EndpointChange } from "./engine";

/** Events that wait for the database; the oldest go when it is away for too long, and the log says how many. */
const MOST_WAITING = 1000;

export type EndpointEvent = CloudEvent<"mno.scalability.endpoint.ejected" | "mno.scalability.endpoint.restored">;

/** The event of what the engine found out about an endpoint. `since` turns its monotonic times into those of the clock. */
export function endpointEvent(
  upstream: string,
  change: EndpointChange,
  now: number,
  monotonicNow: number,
): EndpointEvent {
  const id = change.type === "health" ? change.id : change.ejection.id;
  const common = {
    specversion: "1.0" as const,
    id: randomUUID(),
    source: "/mno/global-load-balancer",
    subject: upstream,
    time: new Date(now).toISOString(),
    datacontenttype: "application/json" as const,
  };
  const by = change.type === "health" ? ("probe" as const) : ("outlier" as const);
  if (change.type === "restored" || (change.type === "health" && change.healthy)) {
    return { ...common, type: "mno.scalability.endpoint.restored", data: { upstream, endpoint: id, by } };
  }
  const reason = change.type === "health" ? (change.fault ?? "its probes fail") : change.ejection.reason;
  const until = change.type === "health" ? null : new Date(now + change.ejection.until - monotonicNow).toISOString();
  return { ...common, type: "mno.scalability.endpoint.ejected", data: { upstream, endpoint: id, by, reason, until } };
}

/** Events on their way into the outbox: the data plane does not wait for the database. */
export class EventQueue {
  private waiting: CloudEvent[] = [];

  constructor(private readonly log: Logger) {}

  add(event: CloudEvent): void {
    this.waiting.push(event);
    if (this.waiting.length <= MOST_WAITING) return;
    const lost = this.waiting.shift();
    this.log.error({ event: lost }, "the database is away for too long: an event is lost");
  }

  /** Hands everything to `store`; what it did not take stays. */
  async flush(store: (events: readonly CloudEvent[]) => Promise<void>): Promise<void> {
    const batch = [...this.waiting];
    if (batch.length === 0) return;
    await store(batch);
    const stored = new Set(batch);
    this.waiting = this.waiting.filter((event) => !stored.has(event));
  }
}
