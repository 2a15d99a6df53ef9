import { MnoError } from "../../exports";
import type { Allocation } from "./allocation";
import type { Capacity } from "./capacity";
import type { Decision } from "./decision";
import type { Demand } from "./demand";
import { type Amount, isSome, plus, quantitiesOf } from "./quantities";
import { requestOf } from "./round";

/** What an allocation takes of a reservation, and what that leaves. */
export interface Draw {
  nodes: readonly string[];
  devices?: readonly (readonly number[])[];
  /** Of the reservation; no nodes where all of it is drawn. */
  left: Allocation;
}

/**
 * Draws replicas from a reservation: its nodes that are ready, in their order. Pure. Errors: MNO_RESERVATION_UNUSABLE, with
 * what stands against it. Quotas are not asked again, for what is reserved is held already.
 */
export function draw(reservation: Allocation, demand: Demand, capacity: Capacity, now: number): Draw {
  const fault = faultOf(reservation, demand, now);
  if (fault !== undefined) throw unusable(reservation.id, fault);
  const usable = reservation.nodes.flatMap((node, replica) => (capacity.node(node)?.ready ? [replica] : []));
  if (usable.length < demand.replicas) {
    const all = reservation.nodes.length;
    throw unusable(
      reservation.id,
      `${demand.replicas} replicas asked for, ${all} left, ${usable.length} of them on nodes that are ready`,
    );
  }
  const drawn = new Set(usable.slice(0, demand.replicas));
  const pick = <T>(list: readonly T[], wanted: boolean) => list.filter((_, replica) => drawn.has(replica) === wanted);
  const { nodes, devices } = reservation;
  return {
    nodes: pick(nodes, true),
    ...(devices && { devices: pick(devices, true) }),
    left: { ...reservation, nodes: pick(nodes, false), ...(devices && { devices: pick(devices, false) }) },
  };
}

/** The decision of a draw: nodes were decided on when it was reserved. */
export function drawnDecision(
  demand: Demand,
  { nodes, devices, left }: Draw,
  { id, time, free }: { id: string; time: string; free: Amount },
): Decision {
  return {
    id,
    time,
    request: requestOf(demand),
    strategy: demand.strategy,
    outcome: "allocated",
    nodes: [],
    considered: 0,
    refusals: {},
    chosen: [...nodes],
    ...(devices && { devices: devices.map((each) => [...each]) }),
    capacity: { before: quantitiesOf(free), after: quantitiesOf(free) },
    reasons: [`drawn from reservation ${left.id}, which has ${left.nodes.length} replicas left`],
  };
}

export function unusable(id: string, why: string): MnoError {
  return new MnoError("MNO_RESERVATION_UNUSABLE", `Reservation ${id}: ${why}`);
}

function faultOf(reservation: Allocation, demand: Demand, now: number): string | undefined {
  const { tenant, workload, amount, reservedFrom = 0, expiresAt } = reservation;
  if (tenant !== demand.tenant) return `it is not of tenant ${demand.tenant}`;
  if (now < reservedFrom) return `it begins at ${new Date(reservedFrom).toISOString()}`;
  if (expiresAt !== null && now >= expiresAt) return `it ended at ${new Date(expiresAt).toISOString()}`;
  // What runs of its workload may fill what is reserved for it: for another workload it would be promised twice.
  if (workload !== null && workload !== demand.workload) return `it is for workload ${workload}`;
  if (demand.zone !== null || demand.gpuModels || demand.rules) return "its nodes are chosen: ask for no others";
  if (isSome(plus(amount, demand.amount, -1))) {
    return `a replica has ${JSON.stringify(quantitiesOf(amount))}, asked for ${JSON.stringify(quantitiesOf(demand.amount))}`;
  }
  return undefined;
}
