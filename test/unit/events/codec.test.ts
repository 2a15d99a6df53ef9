import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import { ManualClock } from "../../../runtime/kernel/clock";
import { createEvent, validateEvent } from "../../../runtime/kernel/events/codec";
import { hasCode, SCALED, scaled } from "../../contract/bus";

describe("the event codec", () => {
  it("fills in the envelope from the clock, the ids and the trace context", () => {
    const data = { workload: "w", decisionId: "d", fromReplicas: 0, toReplicas: 1, reason: "r" };
    const event = createEvent(
      { type: SCALED, source: "/mno/auto-scaling-engine", subject: "w", data },
      {
        clock: new ManualClock(Date.parse("2026-01-02T03:04:05.678Z")),
        tracer: { carrier: () => ({ traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01` }) },
        id: () => "id-1",
      },
    );
    assert.deepEqual(event, {
      specversion: "1.0",
      id: "id-1",
      source: "/mno/auto-scaling-engine",
      type: SCALED,
      subject: "w",
      time: "2026-01-02T03:04:05.678Z",
      datacontenttype: "application/json",
      data,
      traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`,
    });
    assert.equal(validateEvent(event), event);
  });

  const faultyFields = (change: object): string[] => {
    try {
      validateEvent({ ...scaled("w"), ...change });
    } catch (error) {
      assert.ok(error instanceof MnoError);
      assert.equal(error.code, "MNO_EVENT_INVALID");
      return error.faults.map(({ field }) => field);
    }
    return [];
  };

  it("accepts extension attributes and refuses every faulty member by name", () => {
    assert.deepEqual(faultyFields({ partitionkey: "p" }), []);
    assert.deepEqual(faultyFields({ subject: "" }), ["/subject"]);
    assert.deepEqual(faultyFields({ time: "2026-01-01T00:00:00+02:00" }), ["/time"]);
    assert.deepEqual(faultyFields({ id: "line\nbreak", source: "elsewhere" }).sort(), ["/id", "/source"]);
    assert.deepEqual(faultyFields({ traceparent: "none" }), ["/traceparent"]);
    assert.deepEqual(faultyFields({ data: { ...scaled("w").data, surplus: 1 } }), ["/data"]);
  });

  it("tells an unknown type from what is no event", () => {
    assert.throws(() => validateEvent({ type: "toString" }), hasCode("MNO_EVENT_TYPE_UNKNOWN"));
    for (const value of [null, [], "text", {}]) assert.throws(() => validateEvent(value), hasCode("MNO_EVENT_INVALID"));
  });
});
