import { MnoError } from "../../exports";
import type { Breaker } from "./breaker";

interface Situation {
  limit: number;
  leased: number;
  creating: number;
  waiting: number;
}

export function timeoutError(name: string, waited: number, situation: Situation, { cause }: Breaker): MnoError {
  const { leased, limit, creating, waiting } = situation;
  const factory = cause === undefined ? "" : `; the factory failed: ${messageOf(cause)}`;
  const held = `${leased} of ${limit} held, ${creating} being created, ${waiting} still waiting`;
  return new MnoError(
    "MNO_POOL_ACQUIRE_TIMEOUT",
    `Pool ${name}: nothing came free within ${Math.round(waited)} ms; ${held}${factory}`,
    cause === undefined ? {} : { cause },
  );
}

export function factoryError(name: string, { cause, failures }: Breaker): MnoError {
  const times = failures === 1 ? "" : `, ${failures} times in a row`;
  return new MnoError("MNO_POOL_FACTORY_FAILED", `Pool ${name}: its factory failed${times}: ${messageOf(cause)}`, {
    cause,
  });
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
