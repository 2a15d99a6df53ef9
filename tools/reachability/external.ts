import { allowed, conditional, denied, type LayerDecision } from "./decision";
import { type Flow, flowsOf } from "./flows";
import { OUTSIDE } from "./identity";
import type { MeshLayer } from "./mesh-layer";
import type { DeclaredPort, Protocol, Workload } from "./model";
import { admitsPort, edgesOf, type IpBlock, type Side } from "./network-policy";

/** Places outside the cluster that pods talk to, by address. Cluster DNS is a workload and judged as one. */
type Place = "internet" | "private addresses" | "kubernetes API";

export interface ExternalFlow {
  workload: string;
  direction: "to" | "from";
  place: Place | "DNS";
  flows: Flow[];
}

const ALL = ["0.0.0.0/0", "::/0"];
const PRIVATE: readonly [string, number][] = [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
  ["169.254.0.0", 16],
  ["127.0.0.0", 8],
];
/** Behind the Service of every cluster; 6443 is what most API servers listen on. */
const API_PORTS: DeclaredPort[] = [
  { port: 443, protocol: "TCP" },
  { port: 6443, protocol: "TCP" },
];

/** Where rules let the workload go. Pods have no fixed addresses in manifests: an ipBlock speaks of the outside only. */
export function egressOf(workload: Workload, side: Side): ExternalFlow[] {
  const towards = (place: Place, declared: DeclaredPort[]): ExternalFlow => ({
    workload: workload.id,
    direction: "to",
    place,
    flows: flowsOf(declared, edgesOf(side.rules), (protocol, port) => ({
      egress: decideAddress(side, place, [], protocol, port),
    })),
  });
  const api = towards("kubernetes API", API_PORTS);
  return [
    towards("internet", []),
    towards("private addresses", []),
    { ...api, flows: api.flows.filter((flow) => flow.declared) },
  ];
}

/** What the outside may reach, as far as an address can; a proxy of a mesh has its say. */
export function ingressOf(workload: Workload, side: Side, mesh: MeshLayer): ExternalFlow[] {
  const edges = [...edgesOf(side.rules), ...mesh.edges(workload)];
  return (["internet", "private addresses"] as const).map((place) => ({
    workload: workload.id,
    direction: "from",
    place,
    flows: flowsOf(workload.ports, edges, (protocol, port) => ({
      ingress: decideAddress(side, place, workload.containerPorts, protocol, port),
      mesh: mesh.decide(workload, OUTSIDE, protocol, port),
    })),
  }));
}

/** Whether no address outside the ranges for private use is in the block. */
export function isPrivate(cidr: string): boolean {
  const [address = "", bits = "0"] = cidr.split("/");
  if (address.includes(":")) return /^f[cd]|^fe[89ab]/i.test(address) && Number(bits) >= 7;
  return PRIVATE.some(([network, width]) => Number(bits) >= width && masked(address, width) === masked(network, width));
}

function decideAddress(
  side: Side,
  place: Place,
  named: readonly DeclaredPort[],
  protocol: Protocol,
  port: number,
): LayerDecision {
  if (side.policies.length === 0) return allowed([], "not isolated");
  const found = side.rules.flatMap((rule) => {
    if (!admitsPort(rule.ports, named, protocol, port)) return [];
    if (rule.peers === undefined) return [{ label: rule.label, where: undefined }];
    return rule.ipBlocks
      .filter((block) => covers(block, place))
      .map((block) => ({ label: rule.label, where: isEverywhere(block) ? undefined : describeBlock(block) }));
  });
  const labels = (entries: typeof found): string[] => [...new Set(entries.map(({ label }) => label))];
  const sure = found.filter(({ where }) => where === undefined);
  if (sure.length > 0) return allowed(labels(sure), "a rule admits it");
  if (found.length === 0) {
    return denied(side.policies, `no ${side.direction} rule names its addresses among ${side.policies.join(", ")}`);
  }
  const wheres = [...new Set(found.map(({ where }) => `address in ${String(where)}`))];
  return conditional(labels(found), wheres, "depends on the address");
}

/** The API server's address is not in manifests: any block may hold it. */
function covers(block: IpBlock, place: Place): boolean {
  if (place === "kubernetes API") return true;
  if (place === "internet") return !isPrivate(block.cidr);
  return isPrivate(block.cidr) || ALL.includes(block.cidr);
}

function isEverywhere({ cidr, except = [] }: IpBlock): boolean {
  return ALL.includes(cidr) && except.length === 0;
}

function describeBlock({ cidr, except = [] }: IpBlock): string {
  return except.length === 0 ? cidr : `${cidr} except ${except.join(", ")}`;
}

function masked(address: string, bits: number): number {
  const value = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return Math.floor(value / 2 ** (32 - bits));
}
