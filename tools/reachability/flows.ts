import { combine, type LayerDecision, type Verdict } from "./decision";
import { type DeclaredPort, type Protocol, PROTOCOLS } from "./model";
import { describePorts, join, pieces, type PortRange } from "./ports";

export interface Layers {
  egress?: LayerDecision;
  ingress?: LayerDecision;
  mesh?: LayerDecision;
}

/** One answer for one port, or for all ports that share it. */
export interface Flow extends Layers {
  /** "8080/TCP http", "9000-9005/TCP" or "any other port". */
  ports: string;
  /** Whether containers or Services declare the port. */
  declared: boolean;
  /** The waypoint that carries it; without one it goes straight to the pod's address. */
  via?: string;
  verdict: Verdict;
}

interface Group {
  layers: Layers;
  ranges: PortRange[];
}

/**
 * Asks `judge` for every declared port, and for as many others as are needed to know all of them.
 * @param edges Ports that rules name, where an answer may change.
 */
export function flowsOf(
  declared: readonly DeclaredPort[],
  edges: readonly number[],
  judge: (protocol: Protocol, port: number) => Layers,
): Flow[] {
  const own = declared.map((port) => declaredFlow(port, judge(port.protocol, port.port)));
  const groups = new Map<string, Group>();
  const widest = new Map<Protocol, { group: Group; size: number }>();
  for (const protocol of PROTOCOLS) {
    const skip = new Set(declared.filter((port) => port.protocol === protocol).map(({ port }) => port));
    const sizes = new Map<Group, number>();
    for (const { first, last } of pieces(edges, skip)) {
      const layers = judge(protocol, first);
      const key = signature(layers);
      const group = groups.get(key) ?? { layers, ranges: [] };
      groups.set(key, group);
      group.ranges.push({ protocol, first, last });
      sizes.set(group, (sizes.get(group) ?? 0) + last - first + 1);
    }
    for (const [group, size] of sizes) {
      if (size > (widest.get(protocol)?.size ?? 0)) widest.set(protocol, { group, size });
    }
    for (const group of groups.values()) group.ranges = join(group.ranges, skip);
  }
  const cut = [...groups.values()].map((group) => {
    const rest = PROTOCOLS.filter((protocol) => widest.get(protocol)?.group === group);
    return { layers: group.layers, rest, named: group.ranges.filter(({ protocol }) => !rest.includes(protocol)) };
  });
  const other = declared.length > 0 || cut.some(({ named }) => named.length > 0);
  const others = cut.map(({ layers, rest, named }) => {
    const ports = [...(named.length > 0 ? [describePorts(named)] : []), ...restLabel(rest, other)].join(", ");
    return { rest: rest.length, flow: { ports, declared: false, verdict: verdictOf(layers), ...layers } };
  });
  others.sort((a, b) => a.rest - b.rest);
  return [...own, ...others.map(({ flow }) => flow)];
}

export function declaredFlow({ port, protocol, name }: DeclaredPort, layers: Layers): Flow {
  const label = `${String(port)}/${protocol}${name === undefined ? "" : ` ${name}`}`;
  return { ports: label, declared: true, verdict: verdictOf(layers), ...layers };
}

/** The widest answer of a protocol stands for whatever no other row names. */
function restLabel(protocols: readonly Protocol[], other: boolean): string[] {
  if (protocols.length === 0) return [];
  const which = other ? "any other" : "any";
  return [protocols.length === PROTOCOLS.length ? `${which} port` : `${which} ${protocols.join(" or ")} port`];
}

function verdictOf({ egress, ingress, mesh }: Layers): Verdict {
  return combine([egress, ingress, mesh].filter((layer) => layer !== undefined));
}

function signature({ egress, ingress, mesh }: Layers): string {
  return `${textOf(egress)}\n\n${textOf(ingress)}\n\n${textOf(mesh)}`;
}

/** Decisions are often one object for many ports; each is written out once. */
const texts = new WeakMap<LayerDecision, string>();

function textOf(layer: LayerDecision | undefined): string {
  if (!layer) return "";
  const known = texts.get(layer);
  if (known !== undefined) return known;
  const text = [layer.verdict, ...layer.rules, ...layer.conditions, layer.why].join("\n");
  texts.set(layer, text);
  return text;
}
