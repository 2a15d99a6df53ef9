import type { TObject } from "@sinclair/typebox";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { EngineName } from "../../exports";
import type { Cache } from "../cache/cache";
import type { Clock } from "../clock";
import type { Cluster } from "../cluster/cluster";
import type { EventBus } from "../events/bus";
import type { Outbox } from "../events/outbox";
import type { Intensity } from "../intensity/intensity";
import type { Database } from "../store/database";
import type { Metrics } from "../telemetry/metrics";
import type { Tracer } from "../telemetry/traces";
import type { WorkerPool } from "../workers/pool";

/**
 * An engine as the kernel runs it. `start` wires routes, consumers and loops through its context and returns; it may be
 * called again after a crash, always with a fresh context. Whatever it starts it hands to `context.onStop`, which runs in
 * reverse order when the agent drains.
 */
export interface AgentDefinition<Config = unknown> {
  name: EngineName;
  /** Schema of the agent's own configuration; keys come from `MNO_<KEY>` or the file's section of the agent's name. */
  configuration: TObject;
  /** Reads of its API need the token, as writes do: what it tells is about people, keys or defences. */
  confidential?: boolean;
  start(context: AgentContext<Config>): Promise<void>;
}

export interface AgentContext<Config = unknown> {
  readonly name: EngineName;
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** The agent's own HTTP application; its routes appear under `/<agent name>`. Schemas are TypeBox; errors are MnoError. */
  readonly http: FastifyInstance;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  /** Infrastructure, shared by the agents of one process; opened on first use. */
  readonly bus: EventBus;
  /** To be nudged after a transaction that enqueued events (kernel/events/outbox.ts) was committed. */
  readonly outbox: Outbox;
  readonly database: Database;
  readonly cache: Cache;
  readonly cluster: Cluster;
  readonly workers: WorkerPool;
  /** Carbon intensity of the grid, in the one signal that the process is configured for. */
  readonly intensity: Intensity;
  /** Aborted when the agent drains. */
  readonly signal: AbortSignal;

  /** Runs `work` every `milliseconds` (never overlapping) until the agent drains; a failure is logged, counted and retried. */
  readonly every: (name: string, milliseconds: number, work: () => Promise<void>) => void;

  /**
   * Calls `start` each time this replica begins to lead its engine: at once where the engine has one process. What is wired
   * through the term runs until the term ends, and has stopped before another replica may lead. A fault of `start` is one of
   * the agent.
   */
  readonly whileLeading: (start: (term: LeaderTerm) => Promise<void>) => void;

  /** Adds a condition to `/readyz`; the agent is ready when all its checks resolve. */
  readonly readyWhen: (name: string, check: () => Promise<void>) => void;

  /** Registers a clean-up; run in reverse order of registration. */
  readonly onStop: (cleanup: () => Promise<void>) => void;
}

/** A stretch of time in which this replica, and no other, leads its engine. */
export interface LeaderTerm {
  /** Larger than that of every term before; 0 where there is one process. */
  readonly number: number;
  /** Aborted when the term ends. */
  readonly signal: AbortSignal;
  /** As the context's, until the term ends. */
  readonly every: AgentContext["every"];
  readonly onStop: AgentContext["onStop"];
}
