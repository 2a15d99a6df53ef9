import type { Capacity } from "../capacity";
import type { Demand, Neighbour } from "../demand";
import type { ConstraintFactory } from "./constraint";

const APART = 1;
const TOGETHER = 2;

/**
 * Apart from workloads, and together with others, per node or zone. Replicas count where they are allocated or run. What is
 * to be together with its own kind may start anywhere, as in Kubernetes. Rules bind those that bring them: what is there
 * already refuses nobody.
 */
export const neighbours: ConstraintFactory = (demand, capacity) => {
  const { apartFrom = [], togetherWith = [] } = demand.rules ?? {};
  if (apartFrom.length === 0 && togetherWith.length === 0) return undefined;
  const domainOf = (rule: Neighbour, node: number): string | undefined =>
    rule.per === "zone" ? capacity.nodes[node]?.zone : capacity.nodes[node]?.name;
  const apart = apartFrom.map((rule) => ({ rule, domains: domainsOf(rule, capacity) }));
  const together = togetherWith
    .map((rule) => ({ rule, domains: domainsOf(rule, capacity) }))
    .filter(({ rule, domains }) => domains.size > 0 || !isOwn(rule, demand));
  const apartHere = (node: number) => apart.find(({ rule, domains }) => domains.has(domainOf(rule, node) ?? ""));
  const missingHere = (node: number) => together.find(({ rule, domains }) => !domains.has(domainOf(rule, node) ?? ""));
  return {
    refuses: (node) => (apartHere(node) ? APART : missingHere(node) ? TOGETHER : 0),
    faultOf: (code) => (code === APART ? "not-apart" : "not-together"),
    explain: (node, code) => {
      const rule = (code === APART ? apartHere(node) : missingHere(node))?.rule as Neighbour;
      const where = `${rule.per} ${domainOf(rule, node) ?? ""}`;
      return code === APART
        ? `${rule.workload} is in ${where}, to be apart from it`
        : `${rule.workload} is not in ${where}, to be together with it`;
    },
  };
};

function isOwn({ workload }: Neighbour, demand: Demand): boolean {
  return workload === demand.workload;
}

/** Nodes, or zones, that have replicas of the workload. */
function domainsOf({ workload, per }: Neighbour, capacity: Capacity): ReadonlySet<string> {
  const domains = new Set<string>();
  for (const [name, replicas] of capacity.replicasPerNode({ tenant: "", workload })) {
    const node = replicas > 0 ? capacity.node(name) : undefined;
    if (node) domains.add(per === "zone" ? node.zone : node.name);
  }
  return domains;
}
