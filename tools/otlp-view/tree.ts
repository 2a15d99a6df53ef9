import type { ViewedSpan } from "./spans";

export interface SpanNode {
  span: ViewedSpan;
  children: SpanNode[];
}

/** One trace: spans under their parents, siblings in order of their start. */
export interface TraceTree {
  traceId: string;
  /** Roots, and spans whose parent has not (yet) been received. */
  roots: SpanNode[];
  spanCount: number;
}

/** Builds the tree of one trace's spans. A span that was sent twice (exporters retry) appears once, as last received. */
export function buildTree(traceId: string, spans: readonly ViewedSpan[]): TraceTree {
  const nodes = new Map(spans.map((span) => [span.spanId, { span, children: [] as SpanNode[] }]));
  const roots: SpanNode[] = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(node.span.parentSpanId);
    if (parent && !descendsFrom(parent, node, nodes)) parent.children.push(node);
    else roots.push(node);
  }
  const byStart = (a: SpanNode, b: SpanNode): number => Number(a.span.startNs - b.span.startNs);
  for (const node of nodes.values()) node.children.sort(byStart);
  return { traceId, roots: roots.sort(byStart), spanCount: nodes.size };
}

/** Whether `node`'s ancestors include `other`: only a broken exporter sends that, and it must not hide the spans. */
function descendsFrom(node: SpanNode, other: SpanNode, nodes: ReadonlyMap<string, SpanNode>): boolean {
  const seen = new Set<SpanNode>();
  for (let at: SpanNode | undefined = node; at && !seen.has(at); at = nodes.get(at.span.parentSpanId)) {
    if (at === other) return true;
    seen.add(at);
  }
  return false;
}
