import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { pino } from "pino";
import { ManualClock } from "../../../runtime/kernel/clock";
import { type LogOptions, SegmentedLog } from "../../../runtime/kernel/events/embedded/log";
import { hasCode } from "../../contract/bus";

const OPTIONS: LogOptions = {
  sync: true,
  maxBytes: 1_000_000,
  retentionBytes: 1_000_000,
  retentionMilliseconds: 1_000_000,
  segmentBytes: 2000,
};
const deps = { clock: new ManualClock(), log: pino({ level: "silent" }) };
const openLog = (folder: string, options: Partial<LogOptions> = {}): Promise<SegmentedLog> =>
  SegmentedLog.open(folder, { ...OPTIONS, ...options }, deps, () => ({ sequence: 1, consumer: "c" }));

async function all(log: SegmentedLog): Promise<string[]> {
  const found: string[] = [];
  for (let position = log.firstSequence; position < log.nextSequence;) {
    for (const { sequence, json } of await log.read(position)) {
      assert.equal(sequence, position++);
      found.push(json);
    }
  }
  return found;
}

const segments = async (folder: string): Promise<string[]> =>
  (await readdir(folder))
    .filter((name) => name.endsWith(".log"))
    .sort()
    .map((name) => join(folder, name));

describe("the embedded log", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "mno-log-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  // Publishes of several events, several of them at the same time.
  const waves = fc.array(
    fc.array(fc.array(fc.string({ maxLength: 200 }), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
    {
      minLength: 1,
      maxLength: 12,
    },
  );

  it("loses nothing acknowledged and invents nothing, wherever a crash cuts the last write off", async () => {
    await fc.assert(
      fc.asyncProperty(waves, fc.nat(), async (plan, cut) => {
        await rm(folder, { recursive: true });
        folder = await mkdtemp(join(tmpdir(), "mno-log-"));
        const log = await openLog(folder);
        const published: string[] = [];
        // After each wave: how much was acknowledged, and how long the last segment was then.
        const acknowledged: { events: number; last: string; bytes: number }[] = [];
        for (const wave of plan) {
          await Promise.all(
            wave.map((texts) => {
              const events = texts.map((text) => ({ type: "t", json: JSON.stringify(text) }));
              published.push(...events.map(({ json }) => json));
              return log.append(events);
            }),
          );
          const last = (await segments(folder)).at(-1) ?? "";
          acknowledged.push({ events: published.length, last, bytes: (await stat(last)).size });
        }
        await log.close();
        const last = (await segments(folder)).at(-1) ?? "";
        const size = (await stat(last)).size;
        const bytes = cut % (size + 1);
        await truncate(last, bytes);
        const kept = Math.max(
          0,
          ...acknowledged.filter((wave) => wave.last !== last || wave.bytes <= bytes).map(({ events }) => events),
        );

        const reopened = await openLog(folder);
        const found = await all(reopened);
        assert.ok(found.length >= kept, `${kept} were acknowledged before the cut, ${found.length} are there`);
        assert.deepEqual(found, published.slice(0, found.length));
        // It goes on from there, and a further reopen finds the same.
        await reopened.append([{ type: "t", json: '"next"' }]);
        await reopened.close();
        const again = await openLog(folder);
        assert.deepEqual(await all(again), [...found, '"next"']);
        await again.close();
      }),
      { numRuns: 60 },
    );
  });

  it("refuses damage before the last write, whichever byte it is, and a missing segment", async () => {
    const log = await openLog(folder, { segmentBytes: 200 });
    for (let index = 0; index < 20; index++) await log.append([{ type: "t", json: JSON.stringify(`event ${index}`) }]);
    await log.close();
    const paths = await segments(folder);
    assert.ok(paths.length > 2);
    const originals = await Promise.all(paths.map((path) => readFile(path)));
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const which = at % (paths.length - 1);
        const damaged = Buffer.from(originals[which] as Buffer);
        const offset = at % damaged.length;
        damaged[offset] = (damaged[offset] as number) ^ flip;
        await writeFile(paths[which] as string, damaged);
        await assert.rejects(openLog(folder, { segmentBytes: 200 }), hasCode("MNO_BUS_CORRUPT"));
        await writeFile(paths[which] as string, originals[which] as Buffer);
      }),
      { numRuns: 60 },
    );
    await rm(paths[1] as string);
    await assert.rejects(openLog(folder, { segmentBytes: 200 }), hasCode("MNO_BUS_CORRUPT"));
  });

  it("refuses damage in the middle of the last segment", async () => {
    const log = await openLog(folder);
    for (let index = 0; index < 5; index++) await log.append([{ type: "t", json: `"event ${index}"` }]);
    await log.close();
    const path = (await segments(folder)).at(-1) ?? "";
    const bytes = await readFile(path);
    bytes[60] = (bytes[60] as number) ^ 1;
    await writeFile(path, bytes);
    await assert.rejects(openLog(folder), hasCode("MNO_BUS_CORRUPT"));
  });
});
