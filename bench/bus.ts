import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, nanos } from "@nats-io/transport-node";
import { pino } from "pino";
import { systemClock } from "../runtime/kernel/clock";
import type { EventBus } from "../runtime/kernel/events/bus";
import type { CloudEvent } from "../runtime/kernel/events/cloudevent";
import { createEvent } from "../runtime/kernel/events/codec";
import { type BusOptions, openBus } from "../runtime/kernel/events/open";
import { createMetrics } from "../runtime/kernel/telemetry/metrics";
import { tracer } from "../runtime/kernel/telemetry/traces";
import { NatsProcess } from "../test/support/nats-process";
import { type BenchRow, median, spread } from "./contract";

const TYPE = "mno.scalability.workload.scaled";
const REPETITIONS = 5;
/** Publishes under way at the same time, and events in each; the same for the bus and for its peer. */
const BATCH = 250;
const WINDOW = 4;
const SUBJECTS = 100;

/**
 * Events per second, published until durable and consumed until settled, both at the same time. In-process with and
 * without fdatasync; over NATS beside bare nats.js with the same payloads, ids for deduplication, window and explicit acks,
 * in turn within one run.
 */
export async function run(_options: { data?: string } = {}): Promise<BenchRow[]> {
  const server = await NatsProcess.start();
  try {
    const samples = { sync: [] as number[], noSync: [] as number[], nats: [] as number[], raw: [] as number[] };
    for (let repetition = 0; repetition <= REPETITIONS; repetition++) {
      const measured = {
        sync: await embedded(60_000, true),
        noSync: await embedded(60_000, false),
        nats: await overNats(server.url, 20_000, repetition),
        raw: await bareNats(server.url, 20_000, repetition),
      };
      // The first round warms the compiler and the disk up.
      if (repetition === 0) continue;
      for (const key of ["sync", "noSync", "nats", "raw"] as const) samples[key].push(measured[key]);
    }
    const row = (work: string, ours: number[], peers: Record<string, number>): BenchRow => ({
      work,
      metric: "events_per_second",
      unit: "1/s",
      better: "higher",
      ours: median(ours),
      spread: spread(ours),
      peers,
    });
    return [
      row("publish and consume, embedded, fdatasync", samples.sync, {}),
      row("publish and consume, embedded, no fdatasync", samples.noSync, {}),
      row("publish and consume, NATS JetStream", samples.nats, { "nats.js": median(samples.raw) }),
    ];
  } finally {
    await server.remove();
  }
}

async function embedded(count: number, sync: boolean): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "mno-bench-bus-"));
  try {
    return await throughBus(`embedded:${folder}`, count, { embedded: { sync } });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const overNats = (url: string, count: number, repetition: number): Promise<number> =>
  throughBus(url, count, { nats: { name: `bench${repetition}`, maxBytes: 200_000_000 } });

async function throughBus(url: string, count: number, options: BusOptions): Promise<number> {
  const log = pino({ level: "silent" });
  const bus: EventBus = await openBus(url, { clock: systemClock, log, tracer, metrics: createMetrics() }, options);
  try {
    const batches = makeBatches(count);
    const done = countdown(count);
    await bus.subscribe({ consumer: "bench", types: [TYPE], maxInFlight: 256 }, async () => done.one());
    const started = performance.now();
    await Promise.all([publishAll(batches, (batch) => bus.publish(batch)), done.all]);
    return (count * 1000) / (performance.now() - started);
  } finally {
    await bus.close();
  }
}

/** The same through @nats-io/jetstream alone. */
async function bareNats(url: string, count: number, repetition: number): Promise<number> {
  const nc = await connect({ servers: url });
  try {
    const stream = `raw${repetition}`;
    const js = jetstream(nc);
    const jsm = await jetstreamManager(nc);
    await jsm.streams.add({ name: stream, subjects: [`${stream}.>`], max_bytes: 200_000_000 });
    await jsm.consumers.add(stream, {
      durable_name: "bench",
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(10_000),
      max_ack_pending: 1024,
    });
    const batches = makeBatches(count);
    const done = countdown(count);
    const consumer = await js.consumers.get(stream, "bench");
    const messages = await consumer.consume({
      max_messages: 512,
      callback: (message) => {
        message.json();
        message.ack();
        done.one();
      },
    });
    const publish = async (batch: CloudEvent[]): Promise<void> => {
      const subject = `${stream}.${TYPE}`;
      await Promise.all(batch.map((event) => js.publish(subject, JSON.stringify(event), { msgID: event.id })));
    };
    const started = performance.now();
    await Promise.all([publishAll(batches, publish), done.all]);
    const elapsed = performance.now() - started;
    await messages.close();
    return (count * 1000) / elapsed;
  } finally {
    await nc.close();
  }
}

function makeBatches(count: number): CloudEvent[][] {
  const event = (index: number): CloudEvent => {
    const subject = `workload-${index % SUBJECTS}`;
    const data = {
      workload: subject,
      decisionId: `d${index}`,
      fromReplicas: 1,
      toReplicas: 2,
      reason: "cpu above 70 %",
    };
    return createEvent({ type: TYPE, source: "/mno/bench", subject, data }, { clock: systemClock, tracer });
  };
  return Array.from({ length: count / BATCH }, (_, batch) =>
    Array.from({ length: BATCH }, (__, index) => event(batch * BATCH + index)),
  );
}

/** Publishes the batches in order, WINDOW of them under way at a time. */
async function publishAll(batches: CloudEvent[][], publish: (batch: CloudEvent[]) => Promise<void>): Promise<void> {
  const queue = batches.values();
  await Promise.all(
    Array.from({ length: WINDOW }, async () => {
      for (const batch of queue) await publish(batch);
    }),
  );
}

function countdown(count: number): { one(): void; all: Promise<void> } {
  let left = count;
  let resolveAll = (): void => undefined;
  const all = new Promise<void>((resolve) => (resolveAll = resolve));
  return { one: () => void (--left === 0 && resolveAll()), all };
}
