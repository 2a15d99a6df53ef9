import { Distinct } from "./distinct";

/** What happened in one pane of time. */
class Pane {
  total = 0;
  failures = 0;
  readonly targets = new Distinct();
  readonly failedTargets = new Distinct();

  constructor(readonly index: number) {}
}

/** What happened within the window. */
export interface Activity {
  total: number;
  failures: number;
  targets: number;
  failedTargets: number;
}

/**
 * Activity per key over a window of event time in two panes, so that it is between one and two half windows old. Of more keys
 * than `capacity` the one longest unheard of is forgotten, and counted. An event from before the panes is late, and counted.
 */
export class ActivityWindow {
  private readonly keys = new Map<string, [Pane, Pane]>();
  private readonly paneMilliseconds: number;
  forgotten = 0;
  late = 0;

  constructor(
    windowMilliseconds: number,
    private readonly capacity: number,
  ) {
    this.paneMilliseconds = windowMilliseconds / 2;
  }

  get size(): number {
    return this.keys.size;
  }

  add(key: string, target: string, isFailure: boolean, time: number): Activity | null {
    const index = Math.floor(time / this.paneMilliseconds);
    let panes = this.keys.get(key);
    if (panes === undefined) {
      if (this.keys.size >= this.capacity) {
        this.keys.delete(this.keys.keys().next().value!);
        this.forgotten++;
      }
      panes = [new Pane(index - 1), new Pane(index)];
    } else this.keys.delete(key);
    if (index > panes[1].index)
      panes = index === panes[1].index + 1 ? [panes[1], new Pane(index)] : [new Pane(index - 1), new Pane(index)];
    this.keys.set(key, panes);
    const pane = panes.find((one) => one.index === index);
    if (pane === undefined) {
      this.late++;
      return null;
    }
    pane.total++;
    pane.targets.add(target);
    if (isFailure) {
      pane.failures++;
      pane.failedTargets.add(target);
    }
    return {
      total: panes[0].total + panes[1].total,
      failures: panes[0].failures + panes[1].failures,
      targets: Distinct.union([panes[0].targets, panes[1].targets]),
      failedTargets: Distinct.union([panes[0].failedTargets, panes[1].failedTargets]),
    };
  }
}
