import type { AttributeValue, ViewedSpan } from "./spans";
import type { SpanNode, TraceTree } from "./tree";

const VALUE_WIDTH = 60;

/** The trace as indented text: service, span name, duration, attributes, and how it failed if it did. */
export function renderTrace(tree: TraceTree): string {
  const lines = [`trace ${tree.traceId}  ${String(tree.spanCount)} span${tree.spanCount === 1 ? "" : "s"}`];
  tree.roots.forEach((root, index) => renderNode(root, "", index === tree.roots.length - 1, true, lines));
  return lines.join("\n");
}

function renderNode(node: SpanNode, indent: string, isLast: boolean, isRoot: boolean, lines: string[]): void {
  lines.push(`${indent}${isLast ? "└─ " : "├─ "}${describe(node.span, isRoot)}`);
  const below = `${indent}${isLast ? "   " : "│  "}`;
  node.children.forEach((child, index) => renderNode(child, below, index === node.children.length - 1, false, lines));
}

function describe(span: ViewedSpan, isRoot: boolean): string {
  const parts = [`${span.service}: ${span.name}  ${formatDuration(span.endNs - span.startNs)}`];
  const attributes = Object.entries(span.attributes).map(([key, value]) => `${key}=${formatValue(value)}`);
  if (attributes.length > 0) parts.push(attributes.join(" "));
  if (span.error !== undefined) parts.push(`ERROR${span.error === "" ? "" : `: ${span.error}`}`);
  if (isRoot && span.parentSpanId !== "") parts.push(`(parent ${span.parentSpanId} not received)`);
  return parts.join("  ");
}

function formatValue(value: AttributeValue): string {
  const text = typeof value === "string" && !/\s/.test(value) && value !== "" ? value : JSON.stringify(value);
  return text.length > VALUE_WIDTH ? `${text.slice(0, VALUE_WIDTH - 1)}…` : text;
}

/** 950 ns, 12.3 µs, 4.56 ms, 1.20 s: three significant digits. */
function formatDuration(nanoseconds: bigint): string {
  let value = Number(nanoseconds);
  for (const unit of ["ns", "µs", "ms"]) {
    if (Math.abs(value) < 999.5) return `${unit === "ns" ? String(value) : value.toPrecision(3)} ${unit}`;
    value /= 1000;
  }
  return `${value < 999.5 ? value.toPrecision(3) : value.toFixed(0)} s`;
}
