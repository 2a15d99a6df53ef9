import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import { ManualClock } from "../../../runtime/kernel/clock";
import { ApiError } from "../../../runtime/kernel/cluster/kubernetes/api-error";
import type { Call } from "../../../runtime/kernel/cluster/kubernetes/connection";
import { Informer, type ListWatch, WATCH_BACKOFF } from "../../../runtime/kernel/cluster/kubernetes/informer";
import type { KubernetesObject } from "../../../runtime/kernel/cluster/kubernetes/objects";

const object = (name: string, version: number, uid = name): KubernetesObject => ({
  metadata: { name, uid, resourceVersion: String(version) },
});

/** An API server as the test tells it to be: lists answer with `items`, watches with what is sent to the last one. */
class FakeApi implements ListWatch {
  items: KubernetesObject[] = [];
  version = 10;
  fault: Error | undefined;
  readonly lists: Call["query"][] = [];
  readonly watches: Call["query"][] = [];
  private queue: Buffer[] = [];
  private wake = Promise.withResolvers<void>();
  private over: Error | true | undefined;

  async json<T>(_method: "GET", _path: string, { query }: Call = {}): Promise<T> {
    this.lists.push(query);
    if (this.fault) throw this.fault;
    // In pages of two.
    const from = Number(query?.continue ?? 0);
    const next = from + 2 < this.items.length ? String(from + 2) : undefined;
    const metadata = { resourceVersion: String(this.version), continue: next };
    return { metadata, items: this.items.slice(from, from + 2) } as T;
  }

  async stream(_path: string, { query, signal }: Call): Promise<AsyncIterable<Buffer>> {
    this.watches.push(query);
    if (this.fault) throw this.fault;
    this.queue = [];
    this.over = undefined;
    signal?.addEventListener("abort", () => this.end(new Error("aborted")), { once: true });
    return this.body();
  }

  send(type: string, value: unknown): void {
    const line = Buffer.from(`${JSON.stringify({ type, object: value })}\n`);
    this.queue.push(line.subarray(0, 7), line.subarray(7)); // lines come in pieces
    this.wake.resolve();
  }

  end(how: Error | true = true): void {
    this.over = how;
    this.wake.resolve();
  }

  private async *body(): AsyncGenerator<Buffer, void> {
    for (;;) {
      for (const part of this.queue.splice(0)) yield part;
      if (this.over instanceof Error) throw this.over;
      if (this.over) return;
      await this.wake.promise;
      this.wake = Promise.withResolvers();
    }
  }
}

describe("informer", () => {
  let api: FakeApi;
  let clock: ManualClock;
  let informer: Informer<KubernetesObject>;
  let changes: string[];

  beforeEach(() => {
    api = new FakeApi();
    clock = new ManualClock(0);
    changes = [];
    informer = new Informer({
      api,
      path: "/api/v1/pods",
      clock,
      random: () => 0,
      backoff: WATCH_BACKOFF,
      onChange: (before, after) => {
        const name = (after ?? before)?.metadata?.name ?? "";
        changes.push(`${before ? (after ? "~" : "-") : "+"}${name}`);
      },
    });
  });
  afterEach(() => informer.close());

  const names = (): string[] => [...informer.values()].map(({ metadata }) => metadata?.name ?? "");
  const turn = (): Promise<void> => clock.advance(0);

  it("lists in pages, then watches from the list's version, and follows bookmarks", async () => {
    api.items = [object("a", 1), object("b", 2), object("c", 3)];
    await informer.ready();
    assert.deepEqual(names(), ["a", "b", "c"]);
    assert.equal(api.lists.length, 2);
    await turn();
    assert.equal(api.watches[0]?.resourceVersion, "10");
    api.send("ADDED", object("d", 11));
    api.send("MODIFIED", object("a", 12));
    api.send("DELETED", object("b", 13));
    api.send("BOOKMARK", object("", 20));
    await turn();
    assert.deepEqual(changes, ["+a", "+b", "+c", "+d", "~a", "-b"]);
    api.end();
    await turn();
    assert.equal(api.watches[1]?.resourceVersion, "20", "it goes on where it was, without a list");
    assert.equal(api.lists.length, 2);
  });

  it("lists anew when its version is too old, and tells differences only", async () => {
    api.items = [object("a", 1), object("b", 2)];
    await informer.ready();
    await turn();
    changes.length = 0;
    api.items = [object("a", 1), object("c", 30)];
    api.version = 31;
    api.send("ERROR", { code: 410, reason: "Expired", message: "too old resource version" });
    await turn();
    assert.deepEqual(changes, [], "not before it pauses");
    await clock.advance(WATCH_BACKOFF.firstMilliseconds);
    assert.deepEqual(changes, ["-b", "+c"]);
    assert.equal(api.watches.at(-1)?.resourceVersion, "31");
  });

  it("waits longer with each failure, serves what it has for a while, then says why not", async () => {
    await informer.ready();
    await turn();
    const fault = new MnoError("MNO_CLUSTER_UNREACHABLE", "it is away");
    api.fault = fault;
    api.end(fault);
    await turn();
    const before = api.watches.length;
    await clock.advance(5000);
    // Pauses of 125, 250, 500, 1000, 2000 and then 2500 ms.
    assert.equal(api.watches.length - before, 5);
    await informer.ready();
    await clock.advance(15_000);
    await assert.rejects(informer.ready(), fault);
    api.fault = undefined;
    await clock.advance(5000);
    await informer.ready();
  });

  it("fails at once where it was never allowed to list", async () => {
    api.fault = new ApiError(
      403,
      { message: 'pods is forbidden: User "x" cannot list resource "pods" in API group "" in the namespace "shop"' },
      "GET /pods",
    );
    await assert.rejects(informer.ready(), (error: MnoError) => {
      assert.equal(error.code, "MNO_CLUSTER_FORBIDDEN");
      assert.match(error.message, /Role in namespace shop: apiGroups \[""\], resources \["pods"\], verbs \["list"\]/);
      return true;
    });
  });

  it("keeps nobody waiting when it is closed before it could list", async () => {
    api.json = (_method, _path, { signal } = {}) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      });
    const waiting = informer.ready();
    await turn();
    await informer.close();
    await assert.rejects(waiting, /closed before \/api\/v1\/pods was read/);
    await assert.rejects(informer.ready(), /closed/);
  });

  it("takes the answer to a write at once, and nothing older after it", async () => {
    api.items = [object("a", 5)];
    await informer.ready();
    await turn();
    informer.observe(object("a", 15));
    informer.observe(object("new", 16));
    api.send("MODIFIED", object("a", 14));
    api.send("ADDED", object("new", 16));
    await turn();
    assert.deepEqual(changes, ["+a", "~a", "+new"]);
    api.send("DELETED", object("new", 17));
    api.send("BOOKMARK", object("", 20));
    await turn();
    informer.observe(object("new", 16));
    assert.deepEqual(names(), ["a"], "an answer that comes late does not bring back what was deleted");
    api.send("ADDED", object("a", 22, "another"));
    await turn();
    api.send("DELETED", object("a", 21));
    await turn();
    assert.deepEqual(names(), ["a"], "nor does the end of its predecessor take the successor");
  });
});
