import type { Static } from "@sinclair/typebox";
import type { Clock } from "../../runtime/kernel/clock";
import type { AllocationAnswer } from "../../runtime/scalability/elastic-resource-manager/schemas";
import type { Api } from "./api";
import { Holding } from "./holding";

const PATH = "/elastic-resource-manager/v1/allocations";
const LEASE_SECONDS = 20;

/** What the replay itself takes of the machine at the default speed and scale, so that capacity granted to others does not count on it. */
const OWN_USE = { cpuCores: 0.2, memoryBytes: 128 * 1024 * 1024 };

/** Allocates what the replay itself uses. undefined where that is refused or nobody answers; `say` was told why then. */
export async function reserveOwnUse(api: Api, clock: Clock, say: (text: string) => void): Promise<Holding | undefined> {
  try {
    const body = { tenant: "demo-load", requests: OWN_USE, leaseSeconds: LEASE_SECONDS };
    const { id, createdAt } = (await api.send("POST", PATH, { body, timeoutMs: 5000 })) as Static<
      typeof AllocationAnswer
    >;
    return new Holding(
      api,
      { path: `${PATH}/${id}`, leaseSeconds: LEASE_SECONDS, since: createdAt, what: "the reservation" },
      clock,
    );
  } catch (error) {
    say(
      `The elastic resource manager reserves nothing for the replay (${(error as Error).message}); going on without.`,
    );
    return undefined;
  }
}
