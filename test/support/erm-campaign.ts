import assert from "node:assert/strict";
import { request } from "undici";
import type { ErmProcess } from "./erm-process";

/** What the client knows of one request for capacity. */
interface Order {
  readonly key: string;
  readonly body: { tenant: string; replicas: number; requests: { cpuCores: number; memoryBytes: number } };
  /** unknown: sent and not answered. */
  state: "unknown" | "refused" | "active" | "releasing" | "released";
  allocation?: WireAllocation;
}

interface WireAllocation {
  id: string;
  state: string;
  tenant: string;
  replicas: number;
  requests: { cpuCores: number; memoryBytes: number };
  nodes: string[];
}

/**
 * A client that allocates and releases under idempotency keys, remembers every answer and every missing answer, and checks
 * after each crash that the engine remembers exactly that.
 */
export class Campaign {
  private readonly orders: Order[] = [];

  constructor(
    private readonly name: string,
    private readonly random: () => number,
  ) {}

  /** Ids of everything that was ever granted, and of what was given back. */
  get granted(): string[] {
    return this.orders.flatMap(({ allocation }) => (allocation ? [allocation.id] : []));
  }

  get released(): string[] {
    return this.orders.flatMap(({ state, allocation }) => (state === "released" && allocation ? [allocation.id] : []));
  }

  get unanswered(): number {
    return this.orders.filter(({ state }) => state === "unknown" || state === "releasing").length;
  }

  /** Sends from `clients` clients at once until `signal` aborts or the process stops answering. */
  async load(process: ErmProcess, clients: number, signal: AbortSignal): Promise<void> {
    const client = async (): Promise<void> => {
      while (!signal.aborted) if (!(await this.step(process))) return;
    };
    await Promise.all(Array.from({ length: clients }, client));
  }

  /** After a restart, before anything is sent: what was acknowledged is there, and nothing that was not asked for. */
  async checkRecovered(process: ErmProcess): Promise<void> {
    const active = await this.active(process);
    const expected = this.orders.filter(({ state }) => state === "active");
    for (const { allocation, key } of expected) {
      assert.deepEqual(active.get(allocation?.id ?? ""), allocation, `acknowledged allocation of ${key}`);
    }
    for (const id of this.released) assert.ok(!active.has(id), `${id} was released and is back`);
    const surplus = active.size - expected.length;
    assert.ok(
      surplus <= this.unanswered,
      `${surplus} allocations beyond the acknowledged, ${this.unanswered} unanswered`,
    );
  }

  /** Asks again, with the same keys, for whatever was not answered. */
  async settle(process: ErmProcess): Promise<void> {
    const open = this.orders.filter(({ state }) => state === "unknown" || state === "releasing");
    const answered = await Promise.all(open.map((order) => this.send(process, order, true)));
    assert.ok(answered.every(Boolean), "the process ended while requests were repeated");
  }

  /** With everything answered: the engine holds exactly what the client holds, and no node more than it has. */
  async checkSettled(process: ErmProcess, coresPerNode: number): Promise<void> {
    const active = await this.active(process);
    const expected = this.orders.filter(({ state }) => state === "active").map(({ allocation }) => allocation?.id);
    assert.deepEqual([...active.keys()].sort(), expected.sort());
    const milli = new Map<string, number>();
    for (const { nodes, requests } of active.values()) {
      for (const node of nodes) milli.set(node, (milli.get(node) ?? 0) + Math.round(requests.cpuCores * 1000));
    }
    const capacity = await read<{ nodes: { name: string; allocated: { cpuCores: number } }[] }>(
      process,
      "/v1/capacity",
    );
    for (const { name, allocated } of capacity.nodes) {
      assert.equal(Math.round(allocated.cpuCores * 1000), milli.get(name) ?? 0, `allocated on ${name}`);
      assert.ok(allocated.cpuCores <= coresPerNode, `${name} is over its capacity`);
    }
  }

  /** One request; false when the process does not answer any more. */
  private async step(process: ErmProcess): Promise<boolean> {
    const held = this.orders.filter(({ state }) => state === "active");
    if (held.length > 0 && this.random() < 0.45) {
      const order = held[Math.floor(this.random() * held.length)] as Order;
      order.state = "releasing";
      return this.send(process, order, false);
    }
    const order: Order = {
      key: `${this.name}-${this.orders.length}`,
      body: {
        tenant: `tenant-${Math.floor(this.random() * 3)}`,
        replicas: 1 + Math.floor(this.random() * 2),
        requests: { cpuCores: (1 + Math.floor(this.random() * 50)) / 100, memoryBytes: 1024 },
      },
      state: "unknown",
    };
    this.orders.push(order);
    return this.send(process, order, false);
  }

  private async send(process: ErmProcess, order: Order, repeated: boolean): Promise<boolean> {
    const { allocation, key, body } = order;
    const answer = await (
      order.state === "releasing"
        ? request(`${process.url}/v1/allocations/${allocation?.id ?? ""}`, { method: "DELETE" })
        : request(`${process.url}/v1/allocations`, {
            method: "POST",
            headers: { "content-type": "application/json", "idempotency-key": key },
            body: JSON.stringify(body),
          })
    )
      .then(async ({ statusCode, body: stream }) => ({ statusCode, text: await stream.text() }))
      // No answer, or half of one: the order stays unanswered.
      .catch(() => undefined);
    if (!answer) return false;
    const { statusCode, text } = answer;
    if (order.state === "releasing") {
      assert.equal(statusCode, 204, text);
      order.state = "released";
    } else if (statusCode === 409) {
      order.state = "refused";
    } else {
      // 200 is an earlier grant of the key: only a repeated request can meet one.
      assert.ok(statusCode === 201 || (repeated && statusCode === 200), `${statusCode} ${text}`);
      order.allocation = JSON.parse(text) as WireAllocation;
      order.state = "active";
    }
    return true;
  }

  private async active(process: ErmProcess): Promise<Map<string, WireAllocation>> {
    const found = new Map<string, WireAllocation>();
    for (let cursor: string | null = ""; cursor !== null;) {
      const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const page: { items: WireAllocation[]; nextCursor: string | null } = await read(
        process,
        `/v1/allocations?limit=500${query}`,
      );
      for (const allocation of page.items) {
        assert.ok(!found.has(allocation.id), `${allocation.id} is listed twice`);
        found.set(allocation.id, allocation);
      }
      cursor = page.nextCursor;
    }
    return found;
  }
}

async function read<T>(process: ErmProcess, path: string): Promise<T> {
  const { statusCode, body } = await request(`${process.url}${path}`);
  const text = await body.text();
  assert.equal(statusCode, 200, text);
  return JSON.parse(text) as T;
}
