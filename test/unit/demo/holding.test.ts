import assert from "node:assert/strict";
import { once } from "node:events";
import { json } from "node:stream/consumers";
import { ManualClock } from "../../../runtime/kernel/clock";
import { Api } from "../../../tools/demo-load/api";
import { Holding } from "../../../tools/demo-load/holding";
import { reserveOwnUse } from "../../../tools/demo-load/reservation";
import { takeTurn } from "../../../tools/demo-load/run-lease";
import { allocation, answerJson, lease, leasePage, listen, poolList } from "./engine-answers";

const never = new AbortController().signal;
const POOL = "/resource-pool-manager/v1/pools/demo-load";
const LEASE = `/resource-pool-manager/v1/leases/${lease.id}`;
const exhausted = { code: "MNO_POOL_EXHAUSTED", detail: "Pool demo-load had nothing" };

interface Call {
  call: string;
  body?: unknown;
  key?: string;
}

/** A platform that gives `answer` to each call ("METHOD path"), or nothing while that is undefined; and all calls made. */
async function platform(answer: (call: string, index: number) => [status: number, body?: unknown] | undefined) {
  const calls: Call[] = [];
  const { server, origin, close } = await listen((request, response) => {
    void (async () => {
      const body = request.headers["content-type"] ? await json(request) : undefined;
      const call = `${String(request.method)} ${String(request.url)}`;
      const key = request.headers["idempotency-key"];
      calls.push({ call, ...(body !== undefined && { body }), ...(typeof key === "string" && { key }) });
      server.emit("call", call);
      const given = answer(call, calls.length - 1);
      if (given) answerJson(response, ...given);
    })();
  });
  const api = new Api(origin);
  return { api, calls, server, close: () => api.close().then(close) };
}

describe("demo load: its turn", () => {
  it("creates the pool, waits in the queue under one key, says for whom, and gives the lease back", async () => {
    let asked = 0;
    const { api, calls, close } = await platform((call) => {
      if (call === `GET ${POOL}`) return [404, { code: "MNO_POOL_NOT_FOUND", detail: "no such pool" }];
      if (call === `PUT ${POOL}`) return [201, poolList.items[1]];
      if (call === `GET ${POOL}/leases`) return [200, leasePage];
      if (call === `POST ${POOL}/acquire`) return (asked += 1) < 3 ? [409, exhausted] : [201, lease];
      return [204];
    });
    const said: string[] = [];
    const clock = new ManualClock();
    try {
      const turn = await takeTurn({ api, holder: "me", clock, signal: never, say: (text) => said.push(text) });
      assert.ok(turn);
      assert.deepEqual(said, [
        "Waiting for the turn: another run has had it since 10:00:01 UTC (--no-lease does not wait)",
      ]);
      assert.equal(turn.since, lease.grantedAt);
      await turn.release();
      await turn.release();
      assert.equal(turn.lost, undefined);
    } finally {
      await close();
    }
    assert.deepEqual(
      calls.map(({ call }) => call),
      [
        `GET ${POOL}`,
        `PUT ${POOL}`,
        `POST ${POOL}/acquire`,
        `GET ${POOL}/leases`,
        `POST ${POOL}/acquire`,
        `GET ${POOL}/leases`,
        `POST ${POOL}/acquire`,
        `DELETE ${LEASE}`,
      ],
    );
    assert.deepEqual(calls[1]?.body, { slots: 1, leaseSeconds: 20 });
    const acquires = calls.filter(({ call }) => call.endsWith("/acquire"));
    assert.deepEqual(
      acquires.map(({ body }) => body),
      [0, 30, 30].map((waitSeconds) => ({ holder: "me", leaseSeconds: 20, waitSeconds })),
    );
    assert.equal(new Set(acquires.map(({ key }) => key)).size, 1);
    assert.match(acquires[0]?.key ?? "", /^[0-9a-f-]{36}$/);
  });

  it("stops waiting when it is interrupted, without a word", async () => {
    const interrupt = new AbortController();
    const { api, server, close } = await platform((call) =>
      call === `GET ${POOL}` ? [200, poolList.items[1]] : undefined,
    );
    const said: string[] = [];
    try {
      const turn = takeTurn({
        api,
        holder: "me",
        clock: new ManualClock(),
        signal: interrupt.signal,
        say: (text) => said.push(text),
      });
      for (let call = ""; !call.endsWith("/acquire");) [call] = (await once(server, "call")) as [string];
      interrupt.abort();
      assert.equal(await turn, undefined);
      assert.deepEqual(said, []);
    } finally {
      await close();
    }
  });

  it("goes on without when the engines refuse or do not answer, and says so once", async () => {
    const { api, close } = await platform((call) =>
      call.includes("elastic") ? [409, { code: "MNO_ALLOCATION_OVER_CAPACITY", detail: "no node fits" }] : [503],
    );
    const said: string[] = [];
    const say = (text: string): void => void said.push(text);
    const clock = new ManualClock();
    try {
      assert.equal(await takeTurn({ api, holder: "me", clock, signal: never, say }), undefined);
      assert.equal(await reserveOwnUse(api, clock, say), undefined);
      assert.deepEqual(said, [
        "The resource pool manager gives no turn (HTTP 503); going on without one.",
        "The elastic resource manager reserves nothing for the replay (no node fits); going on without.",
      ]);
    } finally {
      await close();
    }
  });
});

describe("demo load: what it holds", () => {
  it("is renewed three times a lease, survives an engine that does not answer for a while, and knows when it is lost", async () => {
    const renewals: [number, unknown?][] = [
      [200, lease],
      [503],
      [200, lease],
      [409, { code: "MNO_LEASE_OVER", detail: "it has ended" }],
    ];
    const { api, calls, server, close } = await platform(() => renewals.shift());
    const clock = new ManualClock();
    let sleeps = 0;
    const counted = {
      now: () => clock.now(),
      sleep(milliseconds: number, signal?: AbortSignal) {
        sleeps += 1;
        return clock.sleep(milliseconds, signal);
      },
    };
    const holding = new Holding(
      api,
      { path: LEASE, leaseSeconds: 30, since: lease.grantedAt, what: "the turn" },
      counted,
    );
    try {
      for (let renewal = 1; renewal <= 4; renewal += 1) {
        assert.equal(holding.lost, undefined);
        const called = once(server, "call");
        await clock.advance(10_000);
        await called;
        // The next sleep begins when the answer is in.
        while (sleeps === renewal && holding.lost === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      assert.equal(holding.lost, "the turn is lost: it has ended");
      await holding.release();
      assert.deepEqual(
        calls.map(({ call }) => call),
        Array.from({ length: 4 }, () => `POST ${LEASE}/renew`),
      );
      assert.deepEqual(calls[0]?.body, { leaseSeconds: 30 });
    } finally {
      await close();
    }
  });

  it("includes what the replay itself uses, and is given back", async () => {
    const { api, calls, close } = await platform((call) => (call.startsWith("POST") ? [201, allocation] : [204]));
    try {
      const reservation = await reserveOwnUse(api, new ManualClock(), (text) => assert.fail(text));
      await reservation?.release();
      assert.deepEqual(calls, [
        {
          call: "POST /elastic-resource-manager/v1/allocations",
          body: { tenant: "demo-load", requests: { cpuCores: 0.2, memoryBytes: 134217728 }, leaseSeconds: 20 },
        },
        { call: `DELETE /elastic-resource-manager/v1/allocations/${allocation.id}` },
      ]);
    } finally {
      await close();
    }
  });
});
