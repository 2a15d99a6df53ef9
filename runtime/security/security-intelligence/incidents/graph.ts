import type { Alert } from "../detection/alert";
import { type Entity, entityKey } from "../ingest/entities";

export interface EntityGraph {
  readonly nodes: readonly (Entity & { alerts: number })[];
  /** Two entities that alerts name together, and how many alerts do. */
  readonly edges: readonly { from: string; to: string; alerts: number }[];
}

/** Who and what the alerts of an incident tie together. */
export function graphOf(alerts: readonly Alert[]): EntityGraph {
  const nodes = new Map<string, Entity & { alerts: number }>();
  const edges = new Map<string, { from: string; to: string; alerts: number }>();
  for (const { entities } of alerts) {
    const keys = entities.map(entityKey).sort();
    for (const entity of entities) {
      const key = entityKey(entity);
      nodes.set(key, { ...entity, alerts: (nodes.get(key)?.alerts ?? 0) + 1 });
    }
    for (const [index, from] of keys.entries()) {
      for (const to of keys.slice(index + 1)) {
        const key = JSON.stringify([from, to]);
        edges.set(key, { from, to, alerts: (edges.get(key)?.alerts ?? 0) + 1 });
      }
    }
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}
