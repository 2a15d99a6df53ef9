/** Path templates of OpenAPI 3 (`/users/{id}/files/{name}.{ext}`): what is concrete goes before what is templated. */
export interface RouteMatch<T> {
  readonly route: T;
  readonly parameters: Readonly<Record<string, string>>;
}

interface Node<T> {
  readonly fixed: Map<string, Node<T>>;
  readonly templated: { pieces: readonly string[]; names: readonly string[]; node: Node<T> }[];
  route?: T;
}

export class Routes<T> {
  private readonly root: Node<T> = { fixed: new Map(), templated: [] };

  add(template: string, route: T): void {
    let node = this.root;
    for (const segment of segmentsOf(template)) {
      const pieces = segment.split(/\{[^{}]{0,100}\}/);
      let next: Node<T>;
      if (pieces.length === 1) {
        next = node.fixed.get(segment) ?? { fixed: new Map(), templated: [] };
        node.fixed.set(segment, next);
      } else {
        const names = [...segment.matchAll(/\{([^{}]{0,100})\}/g)].map((match) => match[1]!);
        const known = node.templated.find(
          (one) => one.pieces.join("\0") === pieces.join("\0") && one.names.join("\0") === names.join("\0"),
        );
        next = known?.node ?? { fixed: new Map(), templated: [] };
        // The more is fixed, the earlier it is tried.
        if (known === undefined) {
          node.templated.push({ pieces, names, node: next });
          node.templated.sort((a, b) => b.pieces.join("").length - a.pieces.join("").length);
        }
      }
      node = next;
    }
    node.route = route;
  }

  find(path: string): RouteMatch<T> | undefined {
    const segments = segmentsOf(path);
    // As deep as templates are at most; each level tries what is fixed first.
    return segments.length > 64 ? undefined : descend(this.root, segments, 0, {}, { left: 2_000 });
  }
}

function segmentsOf(path: string): string[] {
  return path.replace(/^\//, "").split("/");
}

function descend<T>(
  node: Node<T>,
  segments: readonly string[],
  at: number,
  parameters: Record<string, string>,
  budget: { left: number },
): RouteMatch<T> | undefined {
  if (budget.left-- <= 0) return undefined;
  if (at === segments.length) return node.route === undefined ? undefined : { route: node.route, parameters };
  const segment = segments[at]!;
  const fixed = node.fixed.get(segment);
  const found = fixed && descend(fixed, segments, at + 1, parameters, budget);
  if (found) return found;
  for (const { pieces, names, node: next } of node.templated) {
    const values = valuesOf(segment, pieces);
    if (values === undefined) continue;
    const named = { ...parameters };
    names.forEach((name, index) => (named[name] = values[index]!));
    const deeper = descend(next, segments, at + 1, named, budget);
    if (deeper) return deeper;
  }
  return undefined;
}

/** What stands between the fixed pieces of a segment, each as short as it can be; none is empty. */
function valuesOf(segment: string, pieces: readonly string[]): string[] | undefined {
  if (!segment.startsWith(pieces[0]!) || !segment.endsWith(pieces.at(-1)!)) return undefined;
  const values: string[] = [];
  let at = pieces[0]!.length;
  for (let i = 1; i < pieces.length; i++) {
    const last = i === pieces.length - 1;
    const end = last ? segment.length - pieces[i]!.length : segment.indexOf(pieces[i]!, at + 1);
    if (end <= at) return undefined;
    values.push(segment.slice(at, end));
    at = end + pieces[i]!.length;
  }
  return values;
}
