import assert from "node:assert/strict";
import pino from "pino";
import type { AccessEvent } from "../../../../runtime/security/zero-trust-gateway/enforcement/event";
import { Journal } from "../../../../runtime/security/zero-trust-gateway/enforcement/journal";
import type { DecisionRecord } from "../../../../runtime/security/zero-trust-gateway/enforcement/record";
import { Trail } from "../../../../runtime/security/zero-trust-gateway/enforcement/trail";
import { MnoError } from "../../../../runtime/exports";

const MOST_WAITING = 10_000;

function journal(): { journal: Journal; lost: () => number } {
  let lost = 0;
  const made = new Journal({
    kept: 100,
    tellAllowed: true,
    log: pino({ enabled: false }),
    instruments: { decided: () => undefined, eventLost: () => void lost++ },
    traceparent: () => undefined,
  });
  return { journal: made, lost: () => lost };
}

function record(id: string, refused = false): DecisionRecord {
  const request = {
    id,
    time: 0,
    method: "GET",
    authority: "a",
    path: "/",
    query: "",
    address: "10.0.0.1",
    headers: {},
  };
  const trail = new Trail(request, "ext-authz-http", []);
  return trail.record(refused ? new MnoError("MNO_ACCESS_DENIED", "No policy allows the request") : undefined);
}

const uid = ({ data }: AccessEvent): string => String(data.metadata.uid);
const failing = (): Promise<void> => Promise.reject(new Error("the bus is away"));

describe("zero-trust gateway: what is told of decisions", () => {
  it("tells all of them in order, a few in each turn of the event loop", async () => {
    const { journal: told } = journal();
    const ids = Array.from({ length: 1000 }, (_, index) => `d${String(index)}`);
    for (const id of ids) told.decided(record(id));
    const batches: string[][] = [];
    let turns = 0;
    let over = false;
    const turn = (): void => {
      turns += 1;
      if (!over) setImmediate(turn);
    };
    setImmediate(turn);
    await told.flush((events) => {
      batches.push(events.map(uid));
      return Promise.resolve();
    });
    over = true;
    assert.deepEqual(batches.flat(), ids);
    assert.ok(Math.max(...batches.map(({ length }) => length)) <= 16);
    assert.ok(turns >= batches.length - 2, `${String(turns)} turns for ${String(batches.length)} batches`);
  });

  it("keeps what the bus did not take, tells it again under the same ids, and tells what is new meanwhile", async () => {
    const { journal: told, lost } = journal();
    for (let index = 0; index < 40; index += 1) told.decided(record(`d${String(index)}`));
    const first = new Map<string, string>();
    await assert.rejects(
      told.flush((events) => {
        for (const event of events) first.set(uid(event), event.id);
        return failing();
      }),
      /the bus is away/,
    );
    told.decided(record("later"));
    const second: AccessEvent[] = [];
    await told.flush(async (events) => void second.push(...events));
    assert.equal(second.length, 41);
    for (const event of second) if (uid(event) !== "later") assert.equal(event.id, first.get(uid(event)));
    assert.equal(lost(), 0);
  });

  it("waits for what is under way: after the last flush nothing is left", async () => {
    const { journal: told } = journal();
    for (let index = 0; index < 20; index += 1) told.decided(record(`d${String(index)}`));
    let release = (): void => undefined;
    let taken = 0;
    const slow = new Promise<void>((resolve) => (release = resolve));
    const under = told.flush(async ({ length }) => {
      await slow;
      taken += length;
    });
    const last = told.flush(() => Promise.resolve());
    setImmediate(release);
    await last;
    assert.equal(taken, 20);
    await under;
  });

  it("holds a bounded number while the bus is away, and what was refused longest", async () => {
    const { journal: told, lost } = journal();
    told.decided(record("refused", true));
    for (let index = 0; index < MOST_WAITING + 99; index += 1) told.decided(record(`d${String(index)}`));
    assert.equal(lost(), 100);
    await assert.rejects(told.flush(failing));
    const kept: string[] = [];
    await told.flush(async (events) => void kept.push(...events.map(uid)));
    assert.equal(kept.length, MOST_WAITING);
    assert.equal(kept[0], "refused");
    assert.equal(kept[1], "d100");
    assert.equal(kept.at(-1), `d${String(MOST_WAITING + 98)}`);
  });
});
