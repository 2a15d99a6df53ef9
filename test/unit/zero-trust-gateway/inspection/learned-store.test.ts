import assert from "node:assert/strict";
import type { Logger } from "pino";
import { MnoError } from "../../../../runtime/exports";
import { ManualClock } from "../../../../runtime/kernel/clock";
import { createGrammar, type Grammar } from "../../../../runtime/kernel/http-inspection/grammar/grammar";
import type { Database } from "../../../../runtime/kernel/store/database";
import { openDatabase } from "../../../../runtime/kernel/store/open";
import { seal, unseal } from "../../../../runtime/security/zero-trust-gateway/inspection/learned-state";
import { LearnedStore } from "../../../../runtime/security/zero-trust-gateway/inspection/learned-store";
import { requestOf, silent, START } from "../identity/support";

const KEY = Buffer.alloc(32, 1);
const ENDPOINT = "shop GET /items";

function learned(requests: number, endpoint = ENDPOINT, grammar = createGrammar({ enough: 50 })): Grammar {
  for (let i = 0; i < requests; i++)
    grammar.learn(endpoint, requestOf({}, { target: `/items?id=${String((i * 7919) % 10_000)}&sort=name` }));
  return grammar;
}

describe("zero-trust gateway: what the grammar learned, stored", () => {
  let database: Database;
  let clock: ManualClock;
  let warnings: { err: MnoError; row: string }[];
  let outcomes: string[];

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
    await storeOf().migrate();
  });
  after(() => database.close());
  beforeEach(async () => {
    clock = new ManualClock(START);
    warnings = [];
    outcomes = [];
    await database.query("DELETE FROM ztg_grammar");
  });

  function storeOf(key = KEY): LearnedStore {
    const log = { warn: (fields: never) => void warnings.push(fields) } as unknown as Logger;
    return new LearnedStore({ database, key, clock, log, count: (outcome) => void outcomes.push(outcome) });
  }
  const rows = () => database.query<{ key: string; learned: number }>("SELECT key, learned FROM ztg_grammar");
  const judge = (grammar: Grammar, target: string) => grammar.judge(ENDPOINT, requestOf({}, { target }));

  it("is there after a restart, and judges as before", async () => {
    const grammar = learned(400);
    await storeOf().save(grammar);
    const again = createGrammar({ enough: 50 }, await storeOf().load());
    for (const target of ["/items?id=5&sort=name", "/items?id=x%27%20or%201=1&sort=name", "/items?new=1"]) {
      assert.deepEqual(judge(again, target), judge(grammar, target));
      assert.equal(judge(again, target).learning, false);
    }
    assert.deepEqual(again.stateOf(ENDPOINT), grammar.stateOf(ENDPOINT));
    assert.deepEqual(
      [again.stateOf("other"), [...again.learned()]],
      [undefined, [[ENDPOINT, grammar.learned().get(ENDPOINT)]]],
    );
    assert.deepEqual(outcomes, ["saved", "loaded"]);
  });

  it("is saved where it changed, and not for what came a few times only", async () => {
    const grammar = learned(100);
    learned(24, "shop GET /rare", grammar);
    const store = storeOf();
    await store.save(grammar);
    await store.save(grammar);
    assert.deepEqual(outcomes, ["saved"]);
    learned(1, ENDPOINT, grammar);
    learned(1, "shop GET /rare", grammar);
    await store.save(grammar);
    assert.deepEqual(outcomes, ["saved", "saved", "saved"]);
    const after = storeOf();
    const again = createGrammar({}, await after.load());
    await after.save(again);
    assert.equal(outcomes.filter((outcome) => outcome === "saved").length, 3);
  });

  it("is that of the replica that learned most", async () => {
    await storeOf().save(learned(300));
    await storeOf().save(learned(200));
    const state = await storeOf().load();
    assert.ok((state.endpoints[0]?.count ?? 0) > 200);
    await storeOf().save(learned(400));
    assert.ok(((await storeOf().load()).endpoints[0]?.count ?? 0) > 300);
  });

  it("is of a bounded number of endpoints, the latest", async () => {
    await database.query(
      `INSERT INTO ztg_grammar SELECT 'old ' || n, 1, 1, $1::timestamptz - n * interval '1 minute', 'x', 'x'
       FROM generate_series(1, 600) AS n`,
      [new Date(START).toISOString()],
    );
    await storeOf().save(learned(50));
    const keys = (await rows()).map(({ key }) => key);
    assert.equal(keys.length, 500);
    assert.ok(keys.includes("old 499") && !keys.includes("old 500"));
  }).timeout(10_000);

  it("is saved until the time is over when the gateway stops", async () => {
    const grammar = learned(50);
    learned(50, "another", grammar);
    await storeOf().save(grammar, clock.now());
    assert.deepEqual([await rows(), warnings.length], [[], 1]);
    await Promise.all([storeOf().save(grammar, clock.now() + 1), storeOf().save(grammar)]);
    assert.equal((await rows()).length, 2);
  });

  describe("that was changed or broke", () => {
    /** The row's content replaced, sealed anew by who has the key. */
    const put = async (state: Buffer, code: Buffer): Promise<void> => {
      await database.query("UPDATE ztg_grammar SET state = $1, seal = $2", [state, code]);
    };
    const refusedWith = async (says: RegExp, key = KEY): Promise<void> => {
      assert.deepEqual(await storeOf(key).load(), { version: 1, endpoints: [] });
      assert.equal(warnings.length, 1);
      assert.equal(warnings[0]?.err.code, "MNO_INSPECTION_STATE_INVALID");
      assert.match(warnings[0]?.err.message ?? "", says);
      assert.deepEqual(outcomes.slice(-1), ["refused"]);
      assert.deepEqual(await rows(), []);
    };
    const whole = async (): Promise<{ state: Buffer; seal: Buffer }> => {
      const [row] = await database.query<{ state: Uint8Array; seal: Uint8Array }>(
        "SELECT state, seal FROM ztg_grammar",
      );
      assert.ok(row);
      return { state: Buffer.from(row.state), seal: Buffer.from(row.seal) };
    };
    beforeEach(() => storeOf().save(learned(60)));

    it("is refused where one bit is another", async () => {
      const { state, seal: code } = await whole();
      state[state.length >> 1]! ^= 1;
      await put(state, code);
      await refusedWith(/seal is not ours/);
    });

    it("is refused where it was cut, is too long, or is empty", async () => {
      const { state, seal: code } = await whole();
      for (const other of [state.subarray(0, 100), Buffer.alloc(2 ** 20, state), Buffer.alloc(0)]) {
        warnings = [];
        await database.query("DELETE FROM ztg_grammar");
        await storeOf().save(learned(60));
        await put(other, code);
        await refusedWith(/seal is not ours/);
      }
      await storeOf().save(learned(60));
      warnings = [];
      await put(state, Buffer.alloc(0));
      await refusedWith(/seal is not ours/);
    });

    it("is refused where another key sealed it", async () => {
      await refusedWith(/seal is not ours/, Buffer.alloc(32, 2));
    });

    it("is refused where it grows beyond all bounds", async () => {
      const bomb = await seal({ endpoint: "x".repeat(50_000_000) }, KEY);
      assert.ok(bomb.state.length < 2 ** 19);
      await put(bomb.state, bomb.seal);
      await refusedWith(/cannot be read/);
    });

    it("is learned anew, and saved again", async () => {
      await put(Buffer.from("x"), Buffer.from("y"));
      const grammar = createGrammar({}, await storeOf().load());
      await storeOf().save(learned(30, ENDPOINT, grammar));
      assert.equal((await storeOf().load()).endpoints[0]?.endpoint, ENDPOINT);
    });

    it("leaves the other rows in use", async () => {
      await database.query("INSERT INTO ztg_grammar VALUES ('zz', 1, 9, now(), 'x', 'y')");
      assert.equal((await storeOf().load()).endpoints.length, 1);
      assert.equal((await rows()).length, 1);
    });

    it("and rows of another release are left alone", async () => {
      await database.query("UPDATE ztg_grammar SET format = 2");
      assert.deepEqual(await storeOf().load(), { version: 1, endpoints: [] });
      assert.deepEqual(warnings, []);
      await storeOf().save(learned(30));
      assert.equal((await rows()).length, 2);
    });
  });

  describe("of a form that no model can have", () => {
    type Loose = Record<string, unknown> & { parameters: Record<string, unknown>[] };
    const base = (): Loose => JSON.parse(JSON.stringify(learned(60).stateOf(ENDPOINT))) as Loose;
    const model = (state: Loose): Record<string, unknown> => state.parameters[0]?.model as Record<string, unknown>;
    const CHANGES: Record<string, (state: Loose) => unknown> = {
      "no endpoint": (state) => delete state.endpoint,
      "an endpoint that is a number": (state) => (state.endpoint = 7),
      "a negative count": (state) => (state.count = -1),
      "a count that is no whole number": (state) => (state.count = 1.5),
      "an endless count": (state) => (state.count = 1e300),
      "scores without end": (state) => (state.scores = Array(513).fill(1)),
      "a score that is null": (state) => (state.scores = [null]),
      "parameters without end": (state) => (state.parameters = Array(51).fill(state.parameters[0])),
      "a parameter twice": (state) => (state.parameters = Array(2).fill(state.parameters[0])),
      "a parameter more often than requests": (state) => (state.parameters[0]!.count = 1_000_000),
      "a member that there is not": (state) => (state.more = 1),
      "a kind that there is not": (state) => (model(state).types = { toString: 1 }),
      "another prototype": (state) =>
        (model(state).types = JSON.parse('{"__proto__": {"integer": 1}}') as Record<string, unknown>),
      "classes that are too few": (state) => (model(state).classes = [1]),
      "cells that are too short": (state) => (model(state).cells = "AAAA"),
      "cells that are no base64": (state) => (model(state).cells = "*".repeat(5464)),
      "values that are texts": (state) => (model(state).values = ["a"]),
    };
    for (const [what, change] of Object.entries(CHANGES)) {
      it(`is refused: ${what}`, async () => {
        const state = base();
        change(state);
        const invalid = (error: unknown) => error instanceof MnoError && error.code === "MNO_INSPECTION_STATE_INVALID";
        await assert.rejects(unseal(await seal(state, KEY), KEY), invalid);
      });
    }

    it("and is taken as it was", async () => {
      const state = await unseal(await seal(base(), KEY), KEY);
      const grammar = createGrammar({ enough: 50 }, { version: 1, endpoints: [state] });
      assert.equal(judge(grammar, "/items?id=1&sort=name").learning, false);
    });
  });
});
