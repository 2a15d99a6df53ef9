import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import { ManualClock } from "../../../runtime/kernel/clock";
import type { CloudEvent } from "../../../runtime/kernel/events/cloudevent";
import { Intake } from "../../../runtime/sustainability/sustainability-reporter/intake";
import type { Batch } from "../../../runtime/sustainability/sustainability-reporter/store";
import { measured, START } from "./support";

const event = (id: string): CloudEvent =>
  ({
    id,
    type: "mno.sustainability.energy.measured",
    data: measured([{ workload: "web", tenant: "acme", energy: 1, carbon: 1 }]),
  }) as CloudEvent;

describe("sustainability reporter: intake", () => {
  const sizes: number[] = [];
  let fault: Error | undefined;
  let gate: Promise<void> | undefined;
  const store = {
    add: async ({ records }: Batch) => {
      await gate;
      if (fault) throw fault;
      sizes.push(records.length);
      return { fresh: records.length, late: 0 };
    },
  };
  const make = (over: Pick<typeof store, "add"> = store): Intake =>
    new Intake({
      store: over,
      clock: new ManualClock(START),
      instruments: { added: () => undefined },
      memoryMilliseconds: 86_400_000,
    });
  beforeEach(() => {
    sizes.length = 0;
    fault = undefined;
    gate = undefined;
  });

  it("writes what comes together in one transaction, and what comes meanwhile in the next", async () => {
    const intake = make();
    let open: () => void = () => undefined;
    gate = new Promise((resolve) => (open = resolve));
    const first = [intake.take(event("a")), intake.take(event("b"))];
    await new Promise((resolve) => setImmediate(resolve));
    const second = [intake.take(event("c")), intake.take(event("d")), intake.take(event("e"))];
    open();
    await Promise.all([...first, ...second]);
    assert.deepEqual(sizes, [2, 3]);
  });

  it("fails every event of a transaction that failed, and goes on with the next", async () => {
    const intake = make();
    fault = new MnoError("MNO_STORE_UNAVAILABLE", "the database is away");
    await assert.rejects(intake.take(event("a")), /is away/);
    fault = undefined;
    await intake.take(event("a"));
    assert.deepEqual(sizes, [1]);
  });

  it("loses only the event that the store refuses, not those that came with it", async () => {
    const refusing = {
      add: async ({ records }: Batch) => {
        if (records.some(({ eventId }) => eventId === "bad")) throw new RangeError("out of range");
        sizes.push(records.length);
        return { fresh: records.length, late: 0 };
      },
    };
    const intake = make(refusing);
    const results = await Promise.allSettled(["a", "bad", "b"].map((id) => intake.take(event(id))));
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
    assert.deepEqual(sizes, [1, 1]);
  });
});
