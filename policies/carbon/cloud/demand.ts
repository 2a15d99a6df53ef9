/** What a cloud resource takes, in the words that all providers share. */
import type { Resource } from "../../shared/rule";
import type { Provider } from "../factors";
import type { Count } from "../scaling";

export interface Storage {
  gigabytes: number;
  medium: "ssd" | "hdd";
  /** How many times the provider keeps it. */
  copies: number;
}

export interface Demand {
  provider: Provider;
  /** The machine types that may run. Of several any may be chosen: the hungriest counts. Empty: storage only. */
  machines: readonly (string | undefined)[];
  count: Count;
  /** How the maximum came about. */
  basis: string;
  /** Storage of each machine. */
  storage: readonly Storage[];
}

/** The demand; or why it has no bound; undefined: the resource uses no power of its own. */
export type DemandResult = Demand | { problem: string } | undefined;

/** What a reader may look up beside its resource. */
export interface Surroundings {
  /** Launch and instance templates of the stack. */
  templates: readonly Resource[];
  /** Autoscalers that are resources of their own. */
  autoscalers: readonly Resource[];
  /** Gigabytes counted for what says no size. */
  assumedGigabytes: number;
}

export type Reader = (resource: Resource, surroundings: Surroundings) => DemandResult;

export function ssd(gigabytes: number, copies: number): Storage {
  return { gigabytes, medium: "ssd", copies };
}

export function noMaximum(key: string): { problem: string } {
  return { problem: `names no maximum size (${key}), so nothing bounds its power` };
}
