import { randomUUID } from "node:crypto";
import type { Static } from "@sinclair/typebox";
import type { Clock } from "../../runtime/kernel/clock";
import type { LeaseAnswer, LeasePage } from "../../runtime/scalability/resource-pool-manager/schemas";
import { type Api, ApiRefusal } from "./api";
import { RUN_POOL } from "./fabric";
import { Holding } from "./holding";

const PREFIX = "/resource-pool-manager/v1";
const POOL = `${PREFIX}/pools/${RUN_POOL}`;
/** A run that dies without a word lets the next one begin after so long. */
const LEASE_SECONDS = 20;
/** Of one question; the place in the queue is kept between them. */
const WAIT_SECONDS = 30;
/** An answer that nothing is waited for comes within. */
const ANSWER_MS = 5000;

interface RunLeaseOptions {
  api: Api;
  /** Who is running, so that others know whom they wait for. */
  holder: string;
  clock: Clock;
  /** Ends the wait. */
  signal: AbortSignal;
  say: (text: string) => void;
}

/**
 * The right to put load on the demo service: two runs at once would measure each other. Waits in the pool's queue, first come, first served.
 * undefined when the wait was interrupted or the pools do not answer; `say` was told why then.
 */
export async function takeTurn(options: RunLeaseOptions): Promise<Holding | undefined> {
  const { api, clock, say } = options;
  try {
    await ensurePool(api);
    const lease = await wait(options);
    if (!lease) return undefined;
    return new Holding(
      api,
      { path: `${PREFIX}/leases/${lease.id}`, leaseSeconds: LEASE_SECONDS, since: lease.grantedAt, what: "the turn" },
      clock,
    );
  } catch (error) {
    if (options.signal.aborted) return undefined;
    say(`The resource pool manager gives no turn (${(error as Error).message}); going on without one.`);
    return undefined;
  }
}

async function ensurePool(api: Api): Promise<void> {
  try {
    await api.send("GET", POOL, { timeoutMs: ANSWER_MS });
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.status !== 404) throw error;
    await api.send("PUT", POOL, { body: { slots: 1, leaseSeconds: LEASE_SECONDS }, timeoutMs: ANSWER_MS });
  }
}

async function wait({ api, holder, signal, say }: RunLeaseOptions): Promise<LeaseAnswer | undefined> {
  const headers = { "idempotency-key": randomUUID() };
  let told = "";
  for (let waitSeconds = 0; !signal.aborted; waitSeconds = WAIT_SECONDS) {
    try {
      const body = { holder, leaseSeconds: LEASE_SECONDS, waitSeconds };
      const timeoutMs = waitSeconds * 1000 + ANSWER_MS;
      return (await api.send("POST", `${POOL}/acquire`, { body, headers, timeoutMs, signal })) as LeaseAnswer;
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.code !== "MNO_POOL_EXHAUSTED") throw error;
      const held = await holders(api);
      const text = `Waiting for the turn: ${held} (--no-lease does not wait)`;
      if (text !== told) say((told = text));
    }
  }
  return undefined;
}

async function holders(api: Api): Promise<string> {
  const { items } = (await api.get(`${POOL}/leases`)) as Static<typeof LeasePage>;
  if (items.length === 0) return "nobody has it, others came first";
  return items.map(({ holder, grantedAt }) => `${holder} has had it since ${grantedAt.slice(11, 19)} UTC`).join(", ");
}
