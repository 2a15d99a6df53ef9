import assert from "node:assert/strict";
import fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { ManualClock } from "../../../runtime/kernel/clock";
import { EmbeddedBus } from "../../../runtime/kernel/events/embedded/embedded-bus";
import { type LogOptions, SegmentedLog } from "../../../runtime/kernel/events/embedded/log";
import { busDependencies, hasCode, note, readAll, scaled } from "../../contract/bus";

const { open, rm } = fs;
const fault = (code: string): Error => Object.assign(new Error(`${code}: injected`), { code });

describe("the embedded log and a disk that fails", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(join(tmpdir(), "mno-log-"));
  });
  afterEach(async () => {
    Object.assign(fs, { open, rm });
    await rm(folder, { recursive: true });
  });

  /** Fails the next opening of a path that ends so, and no later one. */
  function failOpening(ending: string, code: string): void {
    fs.open = ((path: string, ...rest: [string]) => {
      if (!path.endsWith(ending)) return open(path, ...rest);
      fs.open = open;
      return Promise.reject(fault(code));
    }) as typeof fs.open;
  }

  const openLog = (options: Partial<LogOptions> = {}): Promise<SegmentedLog> => {
    const sizes = { maxBytes: 100_000, retentionBytes: 100_000, retentionMilliseconds: 1_000_000, segmentBytes: 300 };
    const deps = { clock: new ManualClock(), log: pino({ level: "silent" }) };
    return SegmentedLog.open(folder, { sync: true, ...sizes, ...options }, deps, () => undefined);
  };
  const append = (log: SegmentedLog, text: string): Promise<void> => log.append([{ type: "t", json: text }]);
  const stored = async (log: SegmentedLog): Promise<string[]> => {
    const texts: string[] = [];
    while (texts.length < log.nextSequence - 1) {
      texts.push(...(await log.read(texts.length + 1)).map(({ json }) => json));
    }
    return texts;
  };

  for (const [what, ending] of [
    ["the next segment", ".log"],
    ["the folder", ""],
  ] as const) {
    for (const [code, answer] of [
      ["EMFILE", "MNO_INTERNAL"],
      ["ENOSPC", "MNO_BUS_FULL"],
    ] as const) {
      it(`refuses only the publish that met ${code} when it opened ${what} to roll`, async () => {
        const log = await openLog();
        const long = "x".repeat(400);
        await append(log, long);
        failOpening(ending === "" ? folder : ending, code);
        await assert.rejects(append(log, "refused"), hasCode(answer));
        assert.equal(fs.open, open, "the fault was met");
        assert.equal(log.fault, undefined);
        await append(log, "next");
        await append(log, "last");
        assert.deepEqual(await stored(log), [long, "next", "last"]);
        await log.close();
        const again = await openLog();
        assert.deepEqual(await stored(again), [long, "next", "last"]);
        await again.close();
      });
    }
  }

  it("leaves nothing of a failed roll in the way of what the active segment takes after it", async () => {
    const log = await openLog({ maxBytes: 500, segmentBytes: 450 });
    await append(log, "first");
    failOpening(folder, "EMFILE");
    // It would fit if the active segment could be sealed and trimmed.
    await assert.rejects(append(log, "x".repeat(440)), hasCode("MNO_INTERNAL"));
    await append(log, "second");
    await log.close();
    const again = await openLog();
    assert.deepEqual(await stored(again), ["first", "second"]);
    await again.close();
  });

  it("is broken, and says so, where a failed write cannot be undone; opened anew it has what was acknowledged", async () => {
    const bus = await EmbeddedBus.open(folder, busDependencies());
    await bus.publish(scaled("a", "kept"));
    await bus.ping();
    const { file } = (bus as unknown as { log: { file: fs.FileHandle } }).log;
    Object.assign(file, {
      datasync: () => Promise.reject(fault("EIO")),
      truncate: () => Promise.reject(fault("EIO")),
    });
    await assert.rejects(bus.publish(scaled("a", "refused")), hasCode("MNO_INTERNAL"));
    await assert.rejects(bus.ping(), hasCode("MNO_INTERNAL"));
    await assert.rejects(bus.publish(scaled("a", "later")), hasCode("MNO_INTERNAL"));
    await bus.close();
    const again = await EmbeddedBus.open(folder, busDependencies());
    await again.ping();
    assert.equal(note((await readAll(again))[0]?.event as ReturnType<typeof scaled>), "kept");
    await again.close();
  });

  it("is broken where the file of a failed roll cannot be removed", async () => {
    const log = await openLog();
    await append(log, "x".repeat(400));
    failOpening(folder, "EMFILE");
    fs.rm = () => Promise.reject(fault("EACCES"));
    await assert.rejects(append(log, "refused"), hasCode("MNO_INTERNAL"));
    await assert.rejects(append(log, "later"), hasCode("MNO_INTERNAL"));
    assert.equal(log.fault?.code, "MNO_INTERNAL");
    await log.close();
    const again = await openLog();
    await append(again, "next");
    assert.deepEqual(await stored(again), ["x".repeat(400), "next"]);
    await again.close();
  });
});
