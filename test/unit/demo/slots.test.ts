import assert from "node:assert/strict";
import { Slots } from "../../../examples/demo-service/slots";
import { MnoError } from "../../../runtime/exports";

const never = new AbortController().signal;

describe("demo service: slots", () => {
  it("serves as many as there are slots and then in order of arrival", async () => {
    const slots = new Slots(2, 10);
    const started: string[] = [];
    const all = ["a", "b", "c", "d"].map((name) => slots.acquire(never).then(() => started.push(name)));
    await Promise.all(all.slice(0, 2));
    assert.deepEqual(started, ["a", "b"]);
    assert.equal(slots.inFlight, 4);

    slots.release();
    await all[2];
    assert.deepEqual(started, ["a", "b", "c"]);
    slots.release();
    await all[3];
    assert.deepEqual(started, ["a", "b", "c", "d"]);

    slots.release();
    slots.release();
    assert.equal(slots.inFlight, 0);
  });

  it("refuses beyond the bound of the queue, and takes again when there is room", async () => {
    const slots = new Slots(1, 1);
    await slots.acquire(never);
    const queued = slots.acquire(never);
    await assert.rejects(
      slots.acquire(never),
      (error) =>
        error instanceof MnoError && error.code === "MNO_OVERLOADED" && error.message.includes("1 requests wait"),
    );
    slots.release();
    await queued;
    const next = slots.acquire(never);
    assert.equal(slots.inFlight, 2);
    slots.release();
    await next;
  });

  it("forgets a waiter that gave up, and hands its place to the next", async () => {
    const slots = new Slots(1, 5);
    const impatient = new AbortController();
    await slots.acquire(never);
    const given = slots.acquire(impatient.signal);
    const patient = slots.acquire(never);
    impatient.abort(new Error("client went away"));
    await assert.rejects(given, /client went away/);
    assert.equal(slots.inFlight, 2);
    slots.release();
    await patient;
    assert.equal(slots.inFlight, 1);
  });
});
