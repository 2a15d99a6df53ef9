import type { EventType } from "../../kernel/events/catalogue";
import type { CloudEvent } from "../../kernel/events/cloudevent";
import type { TraceCarrier } from "../../kernel/telemetry/traces";
import type { Changes } from "./engine";
import type { PoolDefinition } from "./lease";

/** The events of a turn. Their ids follow from what happened, so that they are the same however often they are published. */
export function eventsOf(
  { name, slots }: PoolDefinition,
  { ended, exhausted }: Changes,
  now: number,
  trace: TraceCarrier,
): CloudEvent[] {
  const envelope = <T extends EventType>(type: T, id: string, data: CloudEvent<T>["data"]): CloudEvent<T> => ({
    specversion: "1.0",
    id,
    source: "/mno/resource-pool-manager",
    type,
    subject: name,
    time: new Date(now).toISOString(),
    datacontenttype: "application/json",
    data,
    ...trace,
  });
  const events: CloudEvent[] = ended
    .filter(({ reason }) => reason === "expired")
    .map(({ lease }) =>
      envelope("mno.scalability.lease.expired", `${lease.id}.expired`, {
        leaseId: lease.id,
        pool: name,
        holder: lease.holder,
        site: lease.site,
        slots: [...lease.slots],
        fencingToken: lease.fencingToken,
        heldSeconds: (now - lease.grantedAt) / 1000,
      }),
    );
  if (exhausted) {
    const data = { pool: name, maximum: slots.length, ...exhausted };
    events.push(envelope("mno.scalability.pool.exhausted", `${name}.exhausted.${now}`, data));
  }
  return events;
}
