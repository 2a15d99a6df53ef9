import { Agent, request } from "undici";
import type { HttpProbe } from "../../../exports";
import type { Clock } from "../../clock";

/** Kubernetes' defaults, but for a readiness that is asked more often: nothing but loopback lies between. */
export const READINESS_DEFAULTS = { periodSeconds: 2, timeoutSeconds: 1, failureThreshold: 3 };
export const LIVENESS_DEFAULTS = { periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 3 };

/** Until it first succeeds a probe is repeated this fast, so that nobody waits a period for a process that is up. */
const EAGER_MS = 150;

/** A connection each: a kept one would still answer where new clients no longer get through. */
const agent = new Agent({ pipelining: 0, connections: 1000 });

/** undefined where healthy, else why not. */
async function probeOnce(
  probe: HttpProbe,
  address: string,
  timeoutMs: number,
  clock: Clock,
): Promise<string | undefined> {
  const done = new AbortController();
  const timeout = clock.sleep(timeoutMs, done.signal).then(
    () => `no answer within ${String(timeoutMs / 1000)} s`,
    () => undefined,
  );
  const answer = request(`http://${address}${probe.path}`, { dispatcher: agent, signal: done.signal }).then(
    async ({ statusCode, body }) => {
      await body.dump();
      return statusCode >= 200 && statusCode < 400 ? undefined : `status ${String(statusCode)}`;
    },
  );
  try {
    return await Promise.race([answer, timeout]);
  } catch (error) {
    return (error as Error).message;
  } finally {
    answer.catch(() => undefined); // after a timeout the request is aborted below, and nobody waits for it any more
    done.abort();
  }
}

export interface ProbeListener {
  /** Called at every healthy answer. */
  healthy(): void;
  /** Called at each failure from the threshold on, with why. */
  unhealthy(reason: string): void;
}

/** Asks again and again until `signal` is aborted. */
export async function watchProbe(
  probe: HttpProbe & typeof READINESS_DEFAULTS,
  options: { address: string; eager: boolean; clock: Clock; signal: AbortSignal },
  listener: ProbeListener,
): Promise<void> {
  const { address, clock, signal } = options;
  const periodMs = probe.periodSeconds * 1000;
  let pauseMs = options.eager ? Math.min(EAGER_MS, periodMs) : periodMs;
  let failures = 0;
  while (await slept(clock, pauseMs, signal)) {
    const reason = await probeOnce(probe, address, probe.timeoutSeconds * 1000, clock);
    if (signal.aborted) return;
    failures = reason === undefined ? 0 : failures + 1;
    if (reason === undefined) {
      pauseMs = periodMs;
      listener.healthy();
    } else if (failures >= probe.failureThreshold) listener.unhealthy(`GET ${probe.path}: ${reason}`);
  }
}

function slept(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return clock.sleep(milliseconds, signal).then(
    () => true,
    () => false,
  );
}
