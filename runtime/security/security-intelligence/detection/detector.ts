import { SigmaEngine, type SigmaMatch } from "../../../kernel/sigma/engine";
import type { LoadedSigma } from "../../../kernel/sigma/load";
import type { EventView } from "../../../kernel/sigma/view";
import type { OcsfEvent } from "../../../kernel/ocsf/schema";
import { type Alert, alertOfFinding, alertOfMatch } from "./alert";
import { aspectsOf } from "./aspects";

/** Rules over the stream of events; pure but for its memory of what came before. */
export class Detector {
  private readonly engine: SigmaEngine;
  /** The event that a view is of: alerts tell whom it concerns. */
  private readonly events = new WeakMap<EventView, OcsfEvent>();

  constructor(
    readonly loaded: LoadedSigma,
    latenessMilliseconds: number,
  ) {
    this.engine = new SigmaEngine(loaded, { latenessMilliseconds });
  }

  process(event: OcsfEvent): Alert[] {
    const { uid } = event.metadata;
    const matches: SigmaMatch[] = [];
    for (const { logsource, view } of aspectsOf(event)) {
      this.events.set(view, event);
      matches.push(...this.engine.process({ uid, time: event.time, logsource, view }));
    }
    return this.alerts(matches, alertOfFinding(event));
  }

  /** Time has come to this point though no event says so. */
  advance(time: number): Alert[] {
    return this.alerts(this.engine.advance(time));
  }

  stats() {
    return this.engine.stats();
  }

  private alerts(matches: readonly SigmaMatch[], finding?: Alert): Alert[] {
    const alerts = finding ? [finding] : [];
    for (const match of matches) {
      const last = this.events.get(match.view);
      const alert = last && alertOfMatch(match, last);
      if (alert) alerts.push(alert);
    }
    return alerts;
  }
}
