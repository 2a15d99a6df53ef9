import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { SegmentedLog } from "../../runtime/kernel/events/embedded/log";
import { openBus } from "../../runtime/kernel/events/open";
import { busContract, busDependencies, Collector, eventually, hasCode, note, readAll, SCALED, scaled } from "./bus";

busContract("embedded", async ({ maxBytes }) => {
  const folder = await mkdtemp(join(tmpdir(), "mno-bus-"));
  const open = () =>
    openBus(`embedded:${folder}`, busDependencies(), maxBytes === undefined ? {} : { embedded: { maxBytes } });
  let bus = await open();
  return {
    bus,
    async reopen() {
      await bus.close();
      return (bus = await open());
    },
    // The bus refuses to publish it, so it goes to the log beneath.
    inject: (type, json) => (bus as unknown as { log: SegmentedLog }).log.append([{ type, json }]),
    async cleanUp() {
      await bus.close();
      await rm(folder, { recursive: true });
    },
  };
});

describe("the embedded bus and kill -9", function () {
  this.timeout(30_000);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "mno-bus-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Runs the child until `enough` of its lines, kills it, and returns all that it printed. */
  async function killAfter(mode: string, enough: (lines: string[]) => boolean): Promise<string[]> {
    const script = join(__dirname, "../support/bus-child.ts");
    const args = ["-r", "ts-node/register/transpile-only", script, folder, mode];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const gone = once(child, "exit");
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (enough(lines)) child.kill("SIGKILL");
    }
    const [, signal] = (await gone) as [number | null, string | null];
    assert.equal(signal, "SIGKILL");
    return lines;
  }

  it("keeps every acknowledged event of a publisher that was killed, and takes its stale lock over", async () => {
    const acknowledged = await killAfter("publish", (lines) => lines.length >= 200);
    const bus = await openBus(`embedded:${folder}`, busDependencies());
    const stored = (await readAll(bus)).map(({ event }) => note(event));
    await bus.close();
    for (const line of acknowledged) assert.ok(stored.includes(line), `${line} was acknowledged and is gone`);
    assert.deepEqual(
      stored,
      stored.map((_, index) => String(index)),
    );
  });

  it("delivers again what a killed consumer was handling; a fatal event ends among the dead letters", async () => {
    const fatal = scaled("a", "fatal");
    const publisher = await openBus(`embedded:${folder}`, busDependencies());
    await publisher.publish([scaled("b", "fine"), fatal, scaled("a", "after")]);
    await publisher.close();
    for (let attempt = 1; attempt <= 3; attempt++) {
      const lines = await killAfter("consume", (seen) => seen.some((line) => line.startsWith("fatal")));
      assert.ok(lines.includes(`fatal:${attempt}`), `attempt ${attempt}: ${lines.join(" ")}`);
    }
    const bus = await openBus(`embedded:${folder}`, busDependencies());
    const handled = new Collector<string>();
    const options = { consumer: "c", types: [SCALED] as const, maxDeliveries: 3 };
    await bus.subscribe(options, async (event) => handled.add(note(event)));
    await eventually(async () => handled.values.includes("after"), Boolean);
    assert.ok(!handled.values.includes("fatal"));
    assert.deepEqual(
      (await bus.deadLetters("c")).map(({ event, attempts }) => [event, attempts]),
      [[fatal, 3]],
    );
    await bus.close();
  });

  it("refuses a folder that another bus has open", async () => {
    const bus = await openBus(`embedded:${folder}`, busDependencies());
    await assert.rejects(openBus(`embedded:${folder}`, busDependencies()), hasCode("MNO_STATE_LOCKED"));
    await bus.close();
    await (await openBus(`embedded:${folder}`, busDependencies())).close();
  });
});
