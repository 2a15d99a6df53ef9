import type { EventType } from "../../kernel/events/catalogue";
import type { CloudEvent } from "../../kernel/events/cloudevent";
import type { TraceCarrier } from "../../kernel/telemetry/traces";
import type { Allocation, ReleaseReason } from "./allocation";
import { quantitiesOf } from "./quantities";

/** The event of a grant. Its id follows from the allocation's, so that it is the same however often it is published. */
export function allocatedEvent(allocation: Allocation, trace: TraceCarrier): CloudEvent {
  return envelope("mno.scalability.resource.allocated", "allocated", allocation, allocation.createdAt, trace, {
    allocationId: allocation.id,
    decisionId: allocation.decisionId,
    tenant: allocation.tenant,
    workload: allocation.workload,
    replicas: allocation.nodes.length,
    requests: quantitiesOf(allocation.amount),
    nodes: [...allocation.nodes],
    strategy: allocation.strategy,
    expiresAt: allocation.expiresAt === null ? null : new Date(allocation.expiresAt).toISOString(),
  });
}

/** The event of capacity that came back. */
export function releasedEvent(
  allocation: Allocation,
  reason: ReleaseReason,
  now: number,
  trace: TraceCarrier,
): CloudEvent {
  return envelope("mno.scalability.resource.released", "released", allocation, now, trace, {
    allocationId: allocation.id,
    tenant: allocation.tenant,
    workload: allocation.workload,
    replicas: allocation.nodes.length,
    reason,
  });
}

function envelope<T extends EventType>(
  type: T,
  verb: string,
  allocation: Allocation,
  time: number,
  trace: TraceCarrier,
  data: CloudEvent<T>["data"],
): CloudEvent<T> {
  return {
    specversion: "1.0",
    id: `${allocation.id}.${verb}`,
    source: "/mno/elastic-resource-manager",
    type,
    subject: allocation.workload ?? allocation.tenant,
    time: new Date(time).toISOString(),
    datacontenttype: "application/json",
    data,
    ...trace,
  };
}
