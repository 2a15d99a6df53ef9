/** Where the seconds of a `pulumi up` go, read from the events that `pulumi up --json` prints while it runs. */

/** A line of the CLI's output, and when it came. */
export interface Line {
  /** Milliseconds since the command was started. */
  at: number;
  text: string;
}

export interface Phases {
  /** Seconds until the first resource of the program's own: CLI, plugins, SDK and program are loaded. */
  loading: number;
  /** Seconds in which nothing was under way but objects that Pulumi waits for until their pods are ready. */
  pods: number;
  /** The rest: the provider and the API server at work, and whatever the CLI does between steps. */
  objects: number;
}

interface Step {
  metadata: { urn: string; type: string; op: string; new?: { custom?: boolean } };
}

interface EngineEvent {
  resourcePreEvent?: Step;
  resOutputsEvent?: Step;
}

/** What the Kubernetes provider awaits pods for; a Service is ready when it has endpoints. */
const AWAITED = /:(Deployment|StatefulSet|DaemonSet|Job|Pod|Service)$/;

/** `end` is when the command ended, in milliseconds as the lines have it. Lines that are no events are passed over. */
export function phasesOf(lines: readonly Line[], end: number): Phases {
  const awaited = new Set<string>();
  const others = new Set<string>();
  let first: number | undefined;
  let pods = 0;
  let before = 0;
  for (const { at, text } of lines) {
    const event = parse(text);
    const step = (event.resourcePreEvent ?? event.resOutputsEvent)?.metadata;
    if (step?.new?.custom !== true || step.type.startsWith("pulumi:")) continue;
    if (awaited.size > 0 && others.size === 0) pods += at - before;
    before = at;
    first ??= at;
    const underWay = AWAITED.test(step.type) ? awaited : others;
    if (event.resourcePreEvent) underWay.add(step.urn);
    else underWay.delete(step.urn);
  }
  const loading = first ?? end;
  return { loading: loading / 1000, pods: pods / 1000, objects: (end - loading - pods) / 1000 };
}

function parse(text: string): EngineEvent {
  if (!text.startsWith("{")) return {};
  try {
    return JSON.parse(text) as EngineEvent;
  } catch {
    return {}; // a text of the program's that begins like an event
  }
}
