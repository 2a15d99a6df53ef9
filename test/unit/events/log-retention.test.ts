import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { ManualClock } from "../../../runtime/kernel/clock";
import { SegmentedLog } from "../../../runtime/kernel/events/embedded/log";
import { hasCode } from "../../contract/bus";

describe("the embedded log's retention", () => {
  let folder: string;
  let log: SegmentedLog;
  let clock: ManualClock;
  let needed: number;
  const append = (): Promise<void> => log.append([{ type: "t", json: JSON.stringify("x".repeat(100)) }]);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "mno-log-"));
    clock = new ManualClock(1_000_000);
    needed = 1;
    const options = {
      sync: false,
      maxBytes: 5000,
      retentionBytes: 2000,
      retentionMilliseconds: 60_000,
      segmentBytes: 500,
    };
    const deps = { clock, log: pino({ level: "silent" }) };
    log = await SegmentedLog.open(folder, options, deps, () => ({ sequence: needed, consumer: "slow" }));
  });
  afterEach(async () => {
    await log.close();
    await rm(folder, { recursive: true });
  });

  it("keeps settled events up to the retained size, for replay", async () => {
    for (let index = 0; index < 100; index++) {
      await append();
      needed = log.nextSequence;
    }
    assert.ok(log.bytes > 1500 && log.bytes <= 3000, `${log.bytes} bytes`);
    assert.ok(log.firstSequence > 1);
    assert.equal((await log.read(1))[0]?.sequence, log.firstSequence);
  });

  it("removes settled events once they are older than the retained time", async () => {
    for (let index = 0; index < 10; index++) await append();
    needed = log.nextSequence;
    await clock.advance(60_001);
    await append();
    assert.ok(log.firstSequence > 1);
    assert.equal(log.nextSequence, 12);
  });

  it("is full at its declared size, naming who needs what, and keeps all of it", async () => {
    await assert.rejects(
      async () => {
        for (;;) await append();
      },
      (error: Error) =>
        hasCode("MNO_BUS_FULL")(error) && /consumer slow still needs events from sequence 1/.test(error.message),
    );
    assert.ok(log.bytes <= 5000);
    assert.equal(log.firstSequence, 1);
    needed = log.nextSequence;
    await append();
    assert.ok(log.firstSequence > 1);
  });

  it("finds the first event of a time", async () => {
    for (let index = 0; index < 10; index++) {
      await append();
      await clock.advance(1000);
    }
    assert.equal(await log.sequenceAt(1_000_000), 1);
    assert.equal(await log.sequenceAt(1_004_000), 5);
    assert.equal(await log.sequenceAt(1_004_001), 6);
    assert.equal(await log.sequenceAt(9_999_999), 11);
  });
});
