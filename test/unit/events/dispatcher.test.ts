import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import { ManualClock } from "../../../runtime/kernel/clock";
import type { DeadLetter, EventHandler, SubscribeOptions } from "../../../runtime/kernel/events/bus";
import { Dispatcher, type Inbound, isUnavailable } from "../../../runtime/kernel/events/dispatcher";
import { busInstruments } from "../../../runtime/kernel/events/instruments";
import { busDependencies, note, SCALED, scaled } from "../../contract/bus";

describe("the dispatcher", () => {
  const START = Date.parse("2026-01-01T00:00:00Z");
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  function setUp(options: Partial<SubscribeOptions>, handler: EventHandler) {
    const clock = new ManualClock(START);
    const deps = { ...busDependencies(), clock };
    const log: string[] = [];
    const letters: DeadLetter[] = [];
    let refusals = 0;
    const dispatcher = new Dispatcher({ consumer: "c", types: [SCALED], ...options }, handler, {
      ...deps,
      instruments: busInstruments(deps.metrics),
    });
    const inbound = (sequence: number, payload: unknown, before = 0): Inbound => ({
      sequence,
      payload,
      deliveriesBefore: before,
      failuresBefore: before,
      begin: () => log.push(`begin ${sequence}`),
      excuse: () => log.push(`excuse ${sequence}`),
      settle: () => log.push(`settle ${sequence}`),
      setAside: async (letter) => {
        if (refusals-- > 0) throw new Error("disk full");
        letters.push(letter);
        log.push(`aside ${sequence}`);
      },
    });
    return { clock, deps, dispatcher, inbound, log, letters, refuseLetters: (count: number) => (refusals = count) };
  }

  it("waits 100 ms, 200 ms, 400 ms before the retries, and sets aside after the fifth delivery", async () => {
    const at: number[] = [];
    const { clock, dispatcher, inbound, letters } = setUp({}, async () => {
      at.push(clock.now() - START);
      throw new TypeError("broken");
    });
    dispatcher.accept(inbound(7, scaled("a")));
    await clock.advance(60_000);
    assert.deepEqual(at, [0, 100, 300, 700, 1500]);
    assert.equal(letters[0]?.error, "TypeError: broken");
    assert.equal(letters[0]?.attempts, 5);
    assert.equal(letters[0]?.time, "2026-01-01T00:00:01.500Z");
  });

  it("stores a dead letter until it is stored, and holds its subject until then", async () => {
    const handled: string[] = [];
    const { clock, dispatcher, inbound, log, refuseLetters } = setUp({ maxDeliveries: 1 }, async (event) => {
      if (note(event) === "bad") throw new Error("broken");
      handled.push(note(event));
    });
    refuseLetters(2);
    dispatcher.accept(inbound(1, scaled("a", "bad")));
    dispatcher.accept(inbound(2, scaled("a", "next")));
    await clock.advance(299);
    assert.deepEqual(handled, []);
    await clock.advance(1);
    await turn();
    assert.deepEqual(handled, ["next"]);
    assert.deepEqual(log, ["begin 1", "aside 1", "begin 2", "settle 2"]);
  });

  it("sets aside an event that no earlier delivery survived, without delivering it", async () => {
    const { dispatcher, inbound, log, letters } = setUp({ maxDeliveries: 3 }, async () => assert.fail("delivered"));
    dispatcher.accept(inbound(1, scaled("a"), 3));
    await turn();
    assert.deepEqual(log, ["aside 1"]);
    assert.equal(letters[0]?.attempts, 3);
  });

  it("excuses a delivery that its own closing cut short, and starts none afterwards", async () => {
    const { dispatcher, inbound, log } = setUp({ maxInFlight: 1 }, (_, { signal }) => {
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("cut"))));
    });
    dispatcher.accept(inbound(1, scaled("a")));
    dispatcher.accept(inbound(2, scaled("b")));
    await turn();
    await Promise.all([dispatcher.close(), dispatcher.close()]);
    assert.deepEqual(log, ["begin 1", "excuse 1"]);
    assert.equal(await dispatcher.demand(), 0);
  });

  it("waits out an outage in order, without a dead letter, and counts only the event's own failures", async () => {
    let away = true;
    const seen: string[] = [];
    const { clock, dispatcher, inbound, letters, log } = setUp({ maxDeliveries: 2 }, async (event, { attempt }) => {
      if (away) throw new MnoError("MNO_STORE_UNAVAILABLE", "gone");
      seen.push(`${note(event)} ${attempt}`);
      if (note(event) === "bad") throw new Error("broken");
    });
    dispatcher.accept(inbound(1, scaled("a", "bad")));
    dispatcher.accept(inbound(2, scaled("a", "next")));
    await clock.advance(10 * 60_000);
    const outages = log.filter((line) => line === "begin 1").length;
    // 100 ms doubled to 25.6 s are 9 retries within 51.1 s; from then on one every 30 s.
    assert.equal(outages, 1 + 9 + Math.floor((600 - 51.1) / 30));
    assert.equal(log.filter((line) => line === "excuse 1").length, outages);
    assert.deepEqual([letters, seen], [[], []]);
    away = false;
    await clock.advance(30_000);
    assert.deepEqual(seen, [`bad ${outages + 1}`, `bad ${outages + 2}`, "next 1"]);
    assert.equal(letters[0]?.attempts, outages + 2);
  });

  it("waits 30 s at most in an outage, whatever the back-off says", async () => {
    let deliveries = 0;
    const { clock, dispatcher, inbound } = setUp({ backoffMilliseconds: () => 3_600_000 }, async () => {
      if (deliveries++ === 0) throw new MnoError("MNO_CLUSTER_UNREACHABLE", "gone");
    });
    dispatcher.accept(inbound(1, scaled("a")));
    await clock.advance(30_000);
    assert.equal(deliveries, 2);
  });

  it("takes for an outage what says 503, and nothing else", () => {
    for (const code of [
      "MNO_STORE_UNAVAILABLE",
      "MNO_CLUSTER_UNREACHABLE",
      "MNO_BUS_UNAVAILABLE",
      "MNO_BUS_FULL",
      "MNO_BUS_CLOSED",
    ] as const)
      assert.equal(isUnavailable(new MnoError(code, "away")), true, code);
    for (const error of [new MnoError("MNO_EVENT_INVALID", "bad"), new Error("503"), { status: 503 }, undefined])
      assert.equal(isUnavailable(error), false);
  });

  it("asks for no more than its window while everything waits behind a retry", async () => {
    const { clock, dispatcher, inbound } = setUp({ maxDeliveries: 1000 }, async () => {
      throw new Error("broken");
    });
    let accepted = 0;
    for (; accepted < 8192;) {
      const demand = await dispatcher.demand();
      for (let index = 0; index < demand; index++) dispatcher.accept(inbound(accepted++, scaled("a")));
    }
    assert.equal(accepted, 8192);
    let more = false;
    void dispatcher.demand().then((demand) => (more = demand > 0));
    await clock.advance(10_000);
    assert.equal(more, false);
    await dispatcher.close();
  });

  it("counts deliveries and dead letters", async () => {
    const { deps, dispatcher, inbound } = setUp({ maxDeliveries: 1 }, async (event) => {
      if (note(event) === "bad") throw new Error("broken");
    });
    for (const [index, text] of ["good", "bad", "good"].entries())
      dispatcher.accept(inbound(index, scaled(`s${index}`, text)));
    dispatcher.accept(inbound(9, { type: "made.up" }));
    await turn();
    const text = await deps.metrics.registry.metrics();
    assert.match(text, new RegExp(`mno_bus_delivered_total\\{consumer="c",type="${SCALED}"\\} 3`));
    assert.match(text, new RegExp(`mno_bus_dead_letters_total\\{consumer="c",type="${SCALED}"\\} 1`));
    assert.match(text, /mno_bus_dead_letters_total\{consumer="c",type="unknown"\} 1/);
  });
});
