import assert from "node:assert/strict";
import { pino } from "pino";
import { ManualClock } from "../../../runtime/kernel/clock";
import { LeaseElection, SOLE_LEADER, type Term } from "../../../runtime/kernel/cluster/leases/election";
import {
  type LeaseRecord,
  type LeaseStore,
  leaseTimes,
  type VersionedLease,
} from "../../../runtime/kernel/cluster/leases/lease";

/** A lease in memory that can be cut off from a candidate. */
class MemoryLeases implements LeaseStore {
  lease: VersionedLease | undefined;
  private version = 0;

  read(): Promise<VersionedLease | undefined> {
    return Promise.resolve(this.lease);
  }

  write(_name: string, record: LeaseRecord, version: string | undefined): Promise<VersionedLease | undefined> {
    if (this.lease?.version !== version) return Promise.resolve(undefined);
    this.lease = { ...record, version: String((this.version += 1)) };
    return Promise.resolve(this.lease);
  }

  /** The same leases over a connection that can break: `fail` answers with an error, `hang` with nothing. */
  connection(): LeaseStore & { state: "up" | "fail" | "hang" } {
    const through = async <T>(work: () => Promise<T>): Promise<T> => {
      if (connection.state === "fail") throw new Error("the API server is away");
      if (connection.state === "hang") await new Promise(() => undefined);
      return work();
    };
    const connection: LeaseStore & { state: "up" | "fail" | "hang" } = {
      state: "up",
      read: () => through(() => this.read()),
      write: (name, record, version) => through(() => this.write(name, record, version)),
    };
    return connection;
  }
}

describe("leader election by lease", () => {
  const clock = new ManualClock(0);
  const log = pino({ level: "silent" });

  function candidate(leases: MemoryLeases, identity: string) {
    const stop = new AbortController();
    const terms: { number: number; from: number; to?: number }[] = [];
    const store = leases.connection();
    const election = new LeaseElection({
      store,
      name: "test",
      identity,
      times: leaseTimes(8),
      clock,
      random: () => 0,
      log,
    });
    const lead = async ({ number, signal }: Term): Promise<void> => {
      const term: (typeof terms)[0] = { number, from: clock.now() };
      terms.push(term);
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      term.to = clock.now();
    };
    const running = election.run(lead, stop.signal);
    const end = async (): Promise<void> => {
      stop.abort(new Error("draining"));
      await clock.advance(2000);
      await running;
    };
    return { store, terms, end, stop };
  }

  it("elects one, which renews, and hands over at once when it drains", async () => {
    const leases = new MemoryLeases();
    const [one, two] = [candidate(leases, "one"), candidate(leases, "two")];
    await clock.advance(60_000);
    assert.equal(one.terms.length + two.terms.length, 1, "one term in a minute");
    const [leader, other] = one.terms.length > 0 ? [one, two] : [two, one];
    const drainedAt = clock.now();
    await leader.end();
    await clock.advance(1000);
    assert.equal(other.terms.length, 1);
    assert.ok((other.terms[0]?.from ?? Infinity) - drainedAt <= 2000, "it need not wait for the lease to end");
    assert.equal(other.terms[0]?.number, 2);
    await other.end();
    assert.equal(leases.lease?.holder, "");
  });

  for (const state of ["fail", "hang"] as const) {
    it(`stops leading before another may when its requests ${state}, and the other leads within 15 s`, async () => {
      const leases = new MemoryLeases();
      const one = candidate(leases, "one");
      await clock.advance(3500);
      const two = candidate(leases, "two");
      await clock.advance(3000);
      assert.equal(one.terms.length, 1);
      const cutAt = clock.now();
      one.store.state = state;
      await clock.advance(15_000);
      const [ended, began] = [one.terms[0]?.to ?? Infinity, two.terms[0]?.from ?? Infinity];
      assert.ok(ended - cutAt <= 5000, `it led for ${String(ended - cutAt)} ms more`);
      assert.ok(began - ended >= 2000, `another led ${String(began - ended)} ms after`);
      assert.ok(began - cutAt <= 10_000, `nobody led for ${String(began - cutAt)} ms`);
      one.store.state = "up";
      await clock.advance(10_000);
      assert.equal(one.terms.length, 1, "it comes back as a candidate");
      await one.end();
      await two.end();
    });
  }

  it("takes a lease over that was left behind, but only after watching it for its whole duration", async () => {
    const leases = new MemoryLeases();
    leases.lease = { holder: "gone", durationSeconds: 8, transitions: 6, version: "0" };
    const one = candidate(leases, "one");
    await clock.advance(7000);
    assert.equal(one.terms.length, 0);
    await clock.advance(2000);
    assert.equal(one.terms[0]?.number, 7);
    await one.end();
  });

  it("leaves another's lease alone, also where it drains before it notices that it lost its own", async () => {
    const leases = new MemoryLeases();
    const one = candidate(leases, "one");
    const read = one.store.read.bind(one.store);
    one.store.read = async (name, signal) => {
      await clock.sleep(100);
      return read(name, signal);
    };
    await clock.advance(1050);
    assert.equal(one.terms.length, 1);
    leases.lease = { holder: "another", durationSeconds: 8, transitions: 2, version: "theirs" };
    await clock.advance(200); // it reads this when it renews, and looks at what it holds a second later
    await one.end();
    assert.equal(leases.lease.holder, "another");
  });

  it("leads alone where there is nobody else", async () => {
    const stop = new AbortController();
    await SOLE_LEADER.run(async ({ number, signal }) => {
      assert.equal(number, 0);
      assert.equal(signal, stop.signal);
    }, stop.signal);
  });
});
