import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { OcsfEvent } from "../../kernel/ocsf/schema";
import { SigmaEngine } from "../../kernel/sigma/engine";
import { OCSF_FIELDS } from "../../kernel/sigma/fields";
import { loadSigma, type Refusal } from "../../kernel/sigma/load";
import { EventView } from "../../kernel/sigma/view";
import type { Finding } from "./alerts/alert";

const LATENESS_MILLISECONDS = 60_000;
const CATEGORIES: Readonly<Record<number, string>> = { 3002: "authentication", 4002: "http_activity" };
const SEVERITY = { informational: 1, low: 2, medium: 3, high: 4, critical: 5 } as const;

/** Sigma rules over the events, as `product: ocsf`; HTTP activity as `category: webserver` besides. */
export class SigmaRules {
  private constructor(
    private readonly engine: SigmaEngine,
    readonly count: number,
    readonly refused: readonly Refusal[],
  ) {}

  /** Rules of the folder and the folders in it. A rule that cannot be used is refused alone. */
  static async open(folder: string): Promise<SigmaRules> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((one) => one.isFile() && /\.ya?ml$/.test(one.name))
      .map((one) => join(one.parentPath, one.name));
    const loaded = loadSigma(
      await Promise.all(files.sort().map(async (source) => ({ source, text: await readFile(source, "utf8") }))),
    );
    const engine = new SigmaEngine(loaded, { latenessMilliseconds: LATENESS_MILLISECONDS });
    return new SigmaRules(engine, loaded.rules.length + loaded.correlations.length, loaded.refused);
  }

  judge(event: OcsfEvent, eventId: string): Finding[] {
    const view = new EventView(event, OCSF_FIELDS);
    const category = CATEGORIES[event.class_uid] ?? `class_${event.class_uid}`;
    const logsources = [
      { product: "ocsf", category, service: event.metadata.product.name },
      ...(event.class_uid === 4002 ? [{ category: "webserver" }] : []),
    ];
    const seen = new Set<string>();
    return logsources.flatMap((logsource) =>
      this.engine.process({ uid: eventId, time: event.time, logsource, view }).flatMap(({ rule, count, group }) => {
        if (seen.has(rule.id)) return [];
        seen.add(rule.id);
        const technique = rule.tags.map((tag) => /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(tag)?.[1]).find((uid) => uid);
        return [
          {
            detector: `sigma:${rule.id}`,
            entity:
              Object.values(group)[0] ??
              event.src_endpoint?.ip ??
              event.user?.uid ??
              event.actor?.user?.uid ??
              "unknown",
            title: rule.title,
            why: rule.description || rule.title,
            severity: SEVERITY[rule.level],
            score: count,
            threshold: 1,
            contributions: Object.entries(group).map(([feature, value]) => ({
              feature,
              value,
              usual: "any",
              share: 0,
            })),
            members: {},
            technique: technique === undefined ? null : { uid: technique.toUpperCase(), name: technique.toUpperCase() },
            eventId,
            time: event.time,
          },
        ];
      }),
    );
  }
}
