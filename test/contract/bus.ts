import assert from "node:assert/strict";
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import fc from "fast-check";
import { pino } from "pino";
import { systemClock } from "../../runtime/kernel/clock";
import type { Delivery, EventBus, StoredEvent } from "../../runtime/kernel/events/bus";
import type { CloudEvent } from "../../runtime/kernel/events/cloudevent";
import { createEvent } from "../../runtime/kernel/events/codec";
import type { BusDependencies } from "../../runtime/kernel/events/open";
import { createMetrics } from "../../runtime/kernel/telemetry/metrics";
import { tracer } from "../../runtime/kernel/telemetry/traces";
import { MnoError } from "../../runtime/exports";

export const SCALED = "mno.scalability.workload.scaled";
export const RELEASED = "mno.scalability.resource.released";

export function busDependencies(): BusDependencies {
  return { clock: systemClock, log: pino({ level: "silent" }), tracer, metrics: createMetrics() };
}

/** An event of `subject`; `note` tells events apart. */
export function scaled(subject: string, note = "demand"): CloudEvent<typeof SCALED> {
  const data = { workload: subject, decisionId: "d1", fromReplicas: 1, toReplicas: 2, reason: note };
  return createEvent({ type: SCALED, source: "/mno/test", subject, data }, { clock: systemClock, tracer });
}

export function released(subject: string): CloudEvent<typeof RELEASED> {
  const data = { allocationId: "a1", tenant: subject, workload: null, replicas: 1, reason: "released" as const };
  return createEvent({ type: RELEASED, source: "/mno/test", subject, data }, { clock: systemClock, tracer });
}

export const note = (event: CloudEvent): string => (event as CloudEvent<typeof SCALED>).data.reason;

/** Collects values and lets a test wait for a number of them. */
export class Collector<T> {
  readonly values: T[] = [];
  private waiting: { count: number; resolve: () => void }[] = [];

  add(value: T): void {
    this.values.push(value);
    for (const { count, resolve } of this.waiting) if (this.values.length >= count) resolve();
  }

  async count(count: number): Promise<T[]> {
    if (this.values.length < count) await new Promise<void>((resolve) => this.waiting.push({ count, resolve }));
    return this.values;
  }
}

/** Asks again until the answer satisfies: for what becomes so after an event that a test cannot see, such as an ack. */
export async function eventually<T>(ask: () => Promise<T>, satisfied: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const value = await ask();
    if (satisfied(value)) return value;
    if (Date.now() > deadline) assert.fail(`never came true; last: ${JSON.stringify(value)}`);
    await systemClock.sleep(10);
  }
}

export async function readAll(bus: EventBus, options?: Parameters<EventBus["read"]>[0]): Promise<StoredEvent[]> {
  const stored: StoredEvent[] = [];
  for await (const event of bus.read(options)) stored.push(event);
  return stored;
}

export const hasCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof MnoError && error.code === code;

export interface BusUnderTest {
  bus: EventBus;
  /** Closes the bus and opens another over the same events. */
  reopen(): Promise<EventBus>;
  /** Puts the text into the log as if a faulty emitter had published it under the type. */
  inject(type: string, json: string): Promise<void>;
  cleanUp(): Promise<void>;
}

/** What every EventBus must do. `open` gives an empty bus whose declared size is `maxBytes`. */
export function busContract(name: string, open: (options: { maxBytes?: number }) => Promise<BusUnderTest>): void {
  describe(`event bus contract: ${name}`, () => {
    let under: BusUnderTest;
    let bus: EventBus;

    beforeEach(async () => {
      under = await open({});
      bus = under.bus;
    });
    afterEach(() => under.cleanUp());

    const backoffMilliseconds = (): number => 1;

    it("delivers every published event to every consumer, whole", async () => {
      const events = [scaled("a"), scaled("b"), scaled("a")];
      const first = new Collector<CloudEvent>();
      const second = new Collector<CloudEvent>();
      await bus.subscribe({ consumer: "first", types: [SCALED] }, async (event) => first.add(event));
      await bus.publish(events);
      await bus.subscribe({ consumer: "second", types: [SCALED] }, async (event) => second.add(event));
      assert.deepEqual(byId(await first.count(3)), byId(events));
      assert.deepEqual(byId(await second.count(3)), byId(events));
    });

    it("delivers only the types that were asked for, and settles past the others", async () => {
      const got = new Collector<string>();
      await bus.publish([released("a"), scaled("a", "1"), released("b"), scaled("b", "2")]);
      await bus.subscribe({ consumer: "c", types: [SCALED] }, async (event) => got.add(note(event)));
      assert.deepEqual((await got.count(2)).sort(), ["1", "2"]);
      await eventually(
        () => bus.lag("c"),
        (lag) => lag === 0,
      );
    });

    it("delivers several types to one consumer in one order per subject", async () => {
      const events = [scaled("a"), released("a"), scaled("a"), released("a")];
      await bus.publish([events[0] as CloudEvent, events[1] as CloudEvent]);
      await bus.publish([events[2] as CloudEvent, events[3] as CloudEvent]);
      const got = new Collector<string>();
      await bus.subscribe({ consumer: "c", types: [SCALED, RELEASED] }, async (event) => got.add(event.id));
      assert.deepEqual(
        await got.count(4),
        events.map(({ id }) => id),
      );
    });

    it("refuses an event that does not fit its schema, and stores nothing of its batch", async () => {
      const bad = { ...scaled("a"), data: { workload: "", toReplicas: -1 } } as unknown as CloudEvent;
      await assert.rejects(bus.publish([scaled("a"), bad]), (error: MnoError) => {
        assert.equal(error.code, "MNO_EVENT_INVALID");
        const fields = error.faults.map(({ field }) => field);
        for (const field of ["/1/data/workload", "/1/data/toReplicas", "/1/data/decisionId", "/1/data/reason"]) {
          assert.ok(fields.includes(field), `${field} is not among ${fields.join(", ")}`);
        }
        return true;
      });
      const unknown = { ...scaled("a"), type: "mno.scalability.nothing.done" } as unknown as CloudEvent;
      await assert.rejects(bus.publish(unknown), hasCode("MNO_EVENT_TYPE_UNKNOWN"));
      assert.deepEqual(await readAll(bus), []);
    });

    it("retries a failing handler with growing attempts and the asked-for backoff", async () => {
      const attempts = new Collector<number>();
      const retries: number[] = [];
      await bus.subscribe(
        { consumer: "c", types: [SCALED], backoffMilliseconds: (retry) => (retries.push(retry), 1) },
        async (_, delivery) => {
          attempts.add(delivery.attempt);
          if (delivery.attempt < 4) throw new Error("not yet");
        },
      );
      await bus.publish(scaled("a"));
      assert.deepEqual(await attempts.count(4), [1, 2, 3, 4]);
      assert.deepEqual(retries, [1, 2, 3]);
      await eventually(
        () => bus.lag("c"),
        (lag) => lag === 0,
      );
      assert.deepEqual(await bus.deadLetters("c"), []);
    });

    it("holds back only the subject of an event that is being retried", async () => {
      const order = new Collector<string>();
      let mended = false;
      await bus.subscribe(
        { consumer: "c", types: [SCALED], maxInFlight: 1, maxDeliveries: 1000, backoffMilliseconds },
        async (event) => {
          if (event.subject === "bad" && !mended) throw new Error("broken");
          order.add(`${event.subject}${note(event)}`);
        },
      );
      await bus.publish([scaled("bad", "1"), scaled("good", "1"), scaled("bad", "2"), scaled("good", "2")]);
      assert.deepEqual(await order.count(2), ["good1", "good2"]);
      mended = true;
      assert.deepEqual(await order.count(4), ["good1", "good2", "bad1", "bad2"]);
    });

    it("sets an event aside after maxDeliveries, goes on with its subject, and brings it back on redrive", async () => {
      const handled = new Collector<string>();
      let mended = false;
      await bus.subscribe({ consumer: "c", types: [SCALED], maxDeliveries: 3, backoffMilliseconds }, async (event) => {
        if (note(event) === "poison" && !mended) throw new Error("indigestible");
        handled.add(note(event));
      });
      const poison = scaled("a", "poison");
      await bus.publish([poison, scaled("a", "next")]);
      assert.deepEqual(await handled.count(1), ["next"]);
      const letters = await bus.deadLetters("c");
      assert.equal(letters.length, 1);
      assert.deepEqual(letters[0]?.event, poison);
      assert.equal(letters[0]?.attempts, 3);
      assert.match(letters[0]?.error ?? "", /indigestible/);
      assert.deepEqual(await bus.deadLetters("other"), []);
      mended = true;
      await bus.redrive("c", poison.id);
      assert.deepEqual(await handled.count(2), ["next", "poison"]);
      assert.deepEqual(await bus.deadLetters("c"), []);
      await assert.rejects(bus.redrive("c", poison.id), hasCode("MNO_NOT_FOUND"));
    });

    it("keeps a redrive for a consumer that is not there, and sets the event aside again when it fails again", async () => {
      const options = { consumer: "c", types: [SCALED] as const, maxDeliveries: 1 };
      const failing = new Collector<number>();
      const event = scaled("a");
      const subscription = await bus.subscribe(options, async () => {
        failing.add(1);
        throw new Error("first cause");
      });
      await bus.publish(event);
      await eventually(
        () => bus.deadLetters("c"),
        (letters) => letters.length === 1,
      );
      await subscription.close();
      await bus.redrive("c", event.id);
      bus = await under.reopen();
      await bus.subscribe(options, async () => {
        throw new Error("second cause");
      });
      const letters = await eventually(
        () => bus.deadLetters("c"),
        (found) => found.length === 1,
      );
      assert.match(letters[0]?.error ?? "", /second cause/);
      assert.deepEqual(failing.values, [1]);
    });

    it("sets aside at once what does not fit its schema when consumed", async () => {
      const handled = new Collector<string>();
      await bus.subscribe({ consumer: "c", types: [SCALED] }, async (event) => handled.add(event.id));
      await under.inject(SCALED, JSON.stringify({ ...scaled("a"), data: {} }));
      await under.inject(SCALED, "{ no JSON");
      const good = scaled("a");
      await bus.publish(good);
      assert.deepEqual(await handled.count(1), [good.id]);
      const letters = await eventually(
        () => bus.deadLetters("c"),
        (found) => found.length === 2,
      );
      for (const letter of letters) assert.match(letter.error, /MNO_EVENT_INVALID/);
      assert.equal(letters[1]?.event, "{ no JSON");
    });

    it("delivers again what a handler had not settled when its subscription closed", async () => {
      const begun = new Collector<Delivery>();
      const event = scaled("a");
      const subscription = await bus.subscribe({ consumer: "c", types: [SCALED] }, (_, delivery) => {
        begun.add(delivery);
        return new Promise((_resolve, reject) =>
          delivery.signal.addEventListener("abort", () => reject(new Error("cut"))),
        );
      });
      await bus.publish(event);
      await begun.count(1);
      await subscription.close();
      bus = await under.reopen();
      const handled = new Collector<string>();
      await bus.subscribe({ consumer: "c", types: [SCALED] }, async ({ id }, delivery) => {
        assert.ok(delivery.attempt > 1);
        handled.add(id);
      });
      assert.deepEqual(await handled.count(1), [event.id]);
    });

    it("waits for running handlers when it closes, and counts them as settled", async () => {
      const begun = new Collector<string>();
      let finish = (): void => undefined;
      await bus.subscribe({ consumer: "c", types: [SCALED] }, (event) => {
        begun.add(event.id);
        return new Promise((resolve) => (finish = resolve));
      });
      await bus.publish(scaled("a"));
      await begun.count(1);
      let closed = false;
      const reopening = under.reopen().then((reopened) => ((closed = true), reopened));
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(closed, false);
      finish();
      bus = await reopening;
      assert.equal(await bus.lag("c"), 0);
    });

    it("keeps a consumer's position across a reopen", async () => {
      const before = new Collector<string>();
      await bus.subscribe({ consumer: "c", types: [SCALED] }, async (event) => before.add(note(event)));
      await bus.publish([scaled("a", "1"), scaled("a", "2")]);
      await before.count(2);
      await eventually(
        () => bus.lag("c"),
        (lag) => lag === 0,
      );
      bus = await under.reopen();
      await bus.publish(scaled("a", "3"));
      assert.equal(await bus.lag("c"), 1);
      const after = new Collector<string>();
      await bus.subscribe({ consumer: "c", types: [SCALED] }, async (event) => after.add(note(event)));
      assert.deepEqual(await after.count(1), ["3"]);
    });

    it("replays from a sequence, a time, the beginning or the end", async () => {
      await bus.publish([scaled("a", "1"), scaled("a", "2")]);
      await systemClock.sleep(5);
      const time = new Date().toISOString();
      await systemClock.sleep(5);
      await bus.publish([scaled("a", "3"), released("a"), scaled("a", "4")]);
      const notes = async (from: Parameters<EventBus["read"]>[0]): Promise<string[]> =>
        (await readAll(bus, from)).map(({ event }) => note(event));
      const all = await readAll(bus);
      assert.equal(all.length, 5);
      assert.deepEqual(await notes({ types: [SCALED] }), ["1", "2", "3", "4"]);
      assert.deepEqual(await notes({ from: { time }, types: [SCALED] }), ["3", "4"]);
      assert.deepEqual(await notes({ from: { sequence: all[1]?.sequence ?? 0 }, types: [SCALED] }), ["2", "3", "4"]);
      assert.deepEqual(await notes({ from: "end" }), []);

      const consumed = { second: new Collector<string>(), late: new Collector<string>(), end: new Collector<string>() };
      const types = [SCALED] as const;
      const from = { sequence: all[1]?.sequence ?? 0 };
      await bus.subscribe({ consumer: "second", types, from }, async (event) => consumed.second.add(note(event)));
      await bus.subscribe({ consumer: "late", types, from: { time } }, async (event) => consumed.late.add(note(event)));
      await bus.subscribe({ consumer: "end", types, from: "end" }, async (event) => consumed.end.add(note(event)));
      await bus.publish(scaled("a", "5"));
      assert.deepEqual(await consumed.second.count(4), ["2", "3", "4", "5"]);
      assert.deepEqual(await consumed.late.count(3), ["3", "4", "5"]);
      assert.deepEqual(await consumed.end.count(1), ["5"]);
    });

    it("never has more than maxInFlight events at the handler", async () => {
      let running = 0;
      let most = 0;
      const done = new Collector<number>();
      await bus.publish(Array.from({ length: 60 }, (_, index) => scaled(`s${index}`)));
      await bus.subscribe({ consumer: "c", types: [SCALED], maxInFlight: 7 }, async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        done.add(1);
      });
      await done.count(60);
      assert.equal(most, 7);
    });

    it("lets a second subscription of a consumer stand by and take over", async () => {
      const first = new Collector<string>();
      const second = new Collector<string>();
      const options = { consumer: "c", types: [SCALED] as const };
      const active = await bus.subscribe(options, async (event) => first.add(note(event)));
      await bus.publish(scaled("a", "1"));
      await first.count(1);
      await bus.subscribe(options, async (event) => second.add(note(event)));
      await bus.publish(scaled("a", "2"));
      await first.count(2);
      await active.close();
      await bus.publish(scaled("a", "3"));
      assert.deepEqual(await second.count(1), ["3"]);
      assert.deepEqual(first.values, ["1", "2"]);
    });

    it("refuses a publish, storing nothing of it, while a consumer needs what fills the log; then makes room", async () => {
      await under.cleanUp();
      under = await open({ maxBytes: 100_000 });
      bus = under.bus;
      await (await bus.subscribe({ consumer: "slow", types: [SCALED] }, async () => undefined)).close();
      const batch = (): CloudEvent[] => Array.from({ length: 20 }, () => scaled("a", "x".repeat(300)));
      let accepted = 0;
      await assert.rejects(async () => {
        for (; accepted < 1000; accepted += 20) await bus.publish(batch());
      }, hasCode("MNO_BUS_FULL"));
      assert.ok(accepted >= 20, "not even one batch fits");
      assert.equal((await readAll(bus)).length, accepted);
      const handled = new Collector<number>();
      await bus.subscribe({ consumer: "slow", types: [SCALED] }, async () => handled.add(1));
      await handled.count(accepted);
      await eventually(
        () => bus.lag("slow"),
        (lag) => lag === 0,
      );
      await bus.publish(batch());
      await handled.count(accepted + 20);
    });

    it("refuses options that make no sense, and everything once it is closed", async () => {
      const nothing = async (): Promise<void> => undefined;
      await assert.rejects(
        bus.subscribe({ consumer: "Not Valid", types: [], maxInFlight: 0 }, nothing),
        (error: MnoError) => {
          assert.deepEqual(
            error.faults.map(({ field }) => field),
            ["/consumer", "/types", "/maxInFlight"],
          );
          return error.code === "MNO_CONFIG_INVALID";
        },
      );
      await assert.rejects(bus.lag("nobody"), hasCode("MNO_NOT_FOUND"));
      await bus.ping();
      await bus.close();
      await bus.close();
      await assert.rejects(bus.ping(), hasCode("MNO_BUS_CLOSED"));
      await assert.rejects(bus.publish(scaled("a")), hasCode("MNO_BUS_CLOSED"));
      await assert.rejects(bus.subscribe({ consumer: "c", types: [SCALED] }, nothing), hasCode("MNO_BUS_CLOSED"));
    });

    it("handles every event at least once and each subject in publication order, whatever fails", async () => {
      let run = 0;
      const plan = fc.array(fc.record({ subject: fc.constantFrom("a", "b", "c", "d"), failures: fc.nat(2) }), {
        minLength: 1,
        maxLength: 40,
      });
      await fc.assert(
        fc.asyncProperty(plan, fc.integer({ min: 1, max: 8 }), async (steps, maxInFlight) => {
          const consumer = `run-${run++}`;
          const events = steps.map(({ subject }, index) => scaled(subject, String(index)));
          const failures = new Map(steps.map(({ failures: count }, index) => [events[index]?.id ?? "", count]));
          const succeeded = new Collector<CloudEvent>();
          const options = {
            consumer,
            types: [SCALED] as const,
            from: "end" as const,
            maxInFlight,
            backoffMilliseconds,
          };
          const subscription = await bus.subscribe(options, async (event) => {
            const left = failures.get(event.id) ?? 0;
            failures.set(event.id, left - 1);
            await new Promise((resolve) => setImmediate(resolve));
            if (left > 0) throw new Error("planned");
            succeeded.add(event);
          });
          await bus.publish(events);
          await succeeded.count(events.length);
          await subscription.close();
          for (const subject of new Set(steps.map((step) => step.subject))) {
            const inSubject = (list: CloudEvent[]): string[] =>
              list.filter((e) => e.subject === subject).map(({ id }) => id);
            assert.deepEqual(inSubject(succeeded.values), inSubject(events));
          }
        }),
        { numRuns: 15 },
      );
    });

    it("carries the trace from the publisher through the event into the handler's spans", async () => {
      const exporter = new InMemorySpanExporter();
      const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      propagation.setGlobalPropagator(new W3CTraceContextPropagator());
      trace.setGlobalTracerProvider(provider);
      try {
        const handled = new Collector<CloudEvent>();
        const subscription = await bus.subscribe({ consumer: "c", types: [SCALED] }, (event) =>
          tracer.span("inner", {}, async () => handled.add(event)),
        );
        // One without a trace context gets that of the publish span; one that has it, as a relayed one does, keeps it.
        const fresh = scaled("a");
        const relayed = { ...scaled("b"), traceparent: "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01" };
        await tracer.span("request", {}, () => bus.publish(fresh));
        await bus.publish(relayed);
        const events = await handled.count(2);
        await subscription.close();
        assert.equal(events.find(({ id }) => id === relayed.id)?.traceparent, relayed.traceparent);
        const spans = exporter.getFinishedSpans();
        const request = spans.find(({ name: spanName }) => spanName === "request");
        const chain = spans.filter((span) => span.spanContext().traceId === request?.spanContext().traceId);
        assert.deepEqual(
          chain.map((span) => span.name).sort(),
          [`consume ${SCALED}`, "inner", `publish ${SCALED}`, "request"].sort(),
        );
        const parentOf = (child: string): string | undefined => {
          const parentId = chain.find((span) => span.name === child)?.parentSpanContext?.spanId;
          return chain.find((span) => span.spanContext().spanId === parentId)?.name;
        };
        assert.equal(parentOf("inner"), `consume ${SCALED}`);
        assert.equal(parentOf(`consume ${SCALED}`), `publish ${SCALED}`);
        assert.equal(parentOf(`publish ${SCALED}`), "request");
      } finally {
        await provider.shutdown();
        trace.disable();
        propagation.disable();
        context.disable();
      }
    });
  });
}

const byId = (events: readonly CloudEvent[]): CloudEvent[] => [...events].sort((a, b) => (a.id < b.id ? -1 : 1));
