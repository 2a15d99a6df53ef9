import type { WorkloadEvent } from "../cluster";

/** Version of the HTTP API and of supervisor.json; grows when a driver of the old one could no longer use the new one. */
export const WIRE_VERSION = 1;

/** Something is sent at least this often on a watch, so that a dead connection shows. */
export const HEARTBEAT_MS = 5_000;

/** Content of supervisor.json. */
export interface SupervisorAddress {
  pid: number;
  /** As in /proc/<pid>/stat, field 22. */
  startedAt: string;
  url: string;
  token: string;
  version: number;
}

/**
 * One line of a watch. First every workload as "applied", then "listed" (what was not named is not there), then changes;
 * "heartbeat" in between.
 */
export type WatchLine = WorkloadEvent | { type: "listed" } | { type: "heartbeat"; time: string };
