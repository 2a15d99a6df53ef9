import type { Logger } from "pino";
import { KUBERNETES_ANNOTATIONS, type WorkloadSpec } from "../../exports";
import { parseAwake } from "./awake";
import type { SleepSchedule } from "./schedule";

const KEY = KUBERNETES_ANNOTATIONS.sleepSchedule;

export interface Declaration {
  schedule?: SleepSchedule;
  /** Why what is declared cannot be followed. Nothing is learned instead: its owner wanted something else. */
  fault?: string;
}

/** What is declared of workloads' sleep: in the configuration, else on the workload itself, annotation before label. */
export class Declarations {
  /** Texts that were read, by workload: each is read, and a faulty one told, once. */
  private readonly read = new Map<string, Declaration & { text: string }>();

  constructor(
    private readonly configured: ReadonlyMap<string, SleepSchedule>,
    private readonly log: Pick<Logger, "warn">,
  ) {}

  /** Forgets workloads that are gone. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.read.keys()) if (!names.has(name)) this.read.delete(name);
  }

  of({ name, annotations, labels }: Pick<WorkloadSpec, "name" | "annotations" | "labels">): Declaration {
    const configured = this.configured.get(name);
    if (configured) return { schedule: configured };
    const text = (annotations?.[KEY] ?? labels?.[KEY])?.trim();
    if (!text) {
      this.read.delete(name);
      return {};
    }
    const known = this.read.get(name);
    if (known?.text === text) return known;
    const declaration = readText(text);
    this.read.set(name, { ...declaration, text });
    if (declaration.fault !== undefined)
      this.log.warn({ workload: name, fault: declaration.fault }, "no sleep schedule");
    return declaration;
  }
}

function readText(text: string): Declaration {
  try {
    return { schedule: parseAwake(text) };
  } catch (error) {
    return { fault: `${KEY}: ${error instanceof Error ? error.message : String(error)}` };
  }
}
