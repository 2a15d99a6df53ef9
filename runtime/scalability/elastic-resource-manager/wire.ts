import { hash } from "node:crypto";
import type { Allocation } from "./allocation";
import type { Demand, PlacementRules, StrategyName } from "./demand";
import { demandOf, quantitiesOf } from "./quantities";
import type { ReservationRequest } from "./reservation-schemas";
import type * as wire from "./schemas";

/** Between the wire's forms and the engine's. */

/** What requests have that do not say. */
export interface RequestDefaults {
  strategy: StrategyName;
  leaseSeconds: number;
}

export function demandFrom(body: wire.AllocationRequest, defaults: RequestDefaults): Demand {
  const rules = rulesFrom(body);
  return {
    tenant: body.tenant,
    workload: body.workload ?? null,
    replicas: body.replicas ?? 1,
    amount: demandOf(body.requests),
    ...(body.requests.gpuModels && { gpuModels: body.requests.gpuModels }),
    strategy: body.strategy ?? defaults.strategy,
    zone: body.zone ?? null,
    leaseSeconds: body.leaseSeconds ?? defaults.leaseSeconds,
    ...(body.priority !== undefined && { priority: body.priority }),
    ...(body.preemptible && { preemptible: true }),
    ...(body.preempt && { preempt: true }),
    ...(rules && { rules }),
    ...(body.reservationId !== undefined && { reservationId: body.reservationId }),
  };
}

function rulesFrom({
  nodeSelector,
  apartFrom,
  togetherWith,
  maxSkew,
}: wire.AllocationRequest): PlacementRules | undefined {
  const rules = {
    ...(nodeSelector && { nodeSelector }),
    ...(apartFrom && { apartFrom }),
    ...(togetherWith && { togetherWith }),
    ...(maxSkew !== undefined && { maxSkew }),
  };
  return Object.keys(rules).length > 0 ? rules : undefined;
}

/** Of what was asked for, whatever the order of its members. */
export function hashOf(body: wire.AllocationRequest): string {
  const { tenant, workload, replicas, requests, strategy, leaseSeconds, zone } = body;
  const { cpuCores, memoryBytes, gpus, gpuModels, custom } = requests;
  const members: unknown[] = [tenant, workload, replicas, cpuCores, memoryBytes, strategy, leaseSeconds, zone];
  // Only where asked for: the hash of a request that names none is what it was before there were GPUs, and priorities.
  if (gpus !== undefined || gpuModels || custom) members.push(gpus, gpuModels, sorted(custom));
  const { priority, preemptible, preempt, nodeSelector, apartFrom, togetherWith, maxSkew } = body;
  const terms = { priority, preemptible, preempt, nodeSelector: nodeSelector && sorted(nodeSelector), maxSkew };
  const rules = { ...terms, apartFrom: apartFrom?.map(pair), togetherWith: togetherWith?.map(pair) };
  if (Object.values(rules).some((value) => value !== undefined)) members.push(rules);
  if (body.reservationId !== undefined) members.push({ reservationId: body.reservationId });
  return digest(members);
}

export function reservationHashOf(body: ReservationRequest): string {
  return digest([hashOf(body), body.from, body.until]);
}

/** Of a gang: its members' in their order. */
export function gangHashOf(members: readonly wire.AllocationRequest[]): string {
  return digest(members.map(hashOf));
}

export function answerFrom(allocation: Allocation): wire.AllocationAnswer {
  const time = (milliseconds: number | null): string | null =>
    milliseconds === null ? null : new Date(milliseconds).toISOString();
  return {
    id: allocation.id,
    state: allocation.releasedAt === null ? "active" : "released",
    tenant: allocation.tenant,
    workload: allocation.workload,
    replicas: allocation.nodes.length,
    requests: quantitiesOf(allocation.amount),
    nodes: [...allocation.nodes],
    ...(allocation.devices && { devices: allocation.devices.map((each) => [...each]) }),
    strategy: allocation.strategy,
    ...(allocation.priority !== undefined && { priority: allocation.priority }),
    ...(allocation.preemptible && { preemptible: true }),
    ...(allocation.gangId !== undefined && { gangId: allocation.gangId }),
    ...(allocation.reservedFrom !== undefined && { reservedFrom: new Date(allocation.reservedFrom).toISOString() }),
    decisionId: allocation.decisionId,
    createdAt: new Date(allocation.createdAt).toISOString(),
    expiresAt: time(allocation.expiresAt),
    releasedAt: time(allocation.releasedAt),
    releaseReason: allocation.releaseReason,
  };
}

const sorted = (record: object = {}) => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
const pair = ({ workload, per }: { workload: string; per: string }) => [workload, per];
const digest = (value: unknown) => hash("sha256", JSON.stringify(value), "base64url");
