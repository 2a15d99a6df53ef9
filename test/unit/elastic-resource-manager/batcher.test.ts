import assert from "node:assert/strict";
import { Batcher } from "../../../runtime/scalability/elastic-resource-manager/batcher";

/** A commit that ends when the test says so. */
class Commits {
  readonly batches: number[][] = [];
  private readonly ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  private readonly begun: (() => void)[] = [];

  readonly run = async (operations: readonly number[]): Promise<number[]> => {
    this.batches.push([...operations]);
    const end = new Promise<void>((resolve, reject) => this.ends.push({ resolve, reject }));
    this.begun.shift()?.();
    await end;
    return operations.map((each) => each * 10);
  };

  next(): Promise<void> {
    return new Promise((resolve) => this.begun.push(resolve));
  }

  end(error?: Error): void {
    const end = this.ends.shift();
    if (error) end?.reject(error);
    else end?.resolve();
  }
}

describe("group commit", () => {
  it("commits together what arrives while a commit runs, and answers each with its own outcome after it", async () => {
    const commits = new Commits();
    const batcher = new Batcher(commits.run);
    let begun = commits.next();
    const first = batcher.submit(1);
    await begun;
    begun = commits.next();
    const settled: number[] = [];
    const later = [2, 3, 4].map((each) => batcher.submit(each).then((outcome) => settled.push(outcome)));
    assert.deepEqual(commits.batches, [[1]]);
    commits.end();
    assert.equal(await first, 10);
    await begun;
    assert.deepEqual(commits.batches, [[1], [2, 3, 4]]);
    assert.deepEqual(settled, [], "no answer before the commit");
    commits.end();
    await Promise.all(later);
    assert.deepEqual(settled, [20, 30, 40]);
  });

  it("fails every submission of a failed commit and goes on with the next batch", async () => {
    const commits = new Commits();
    const batcher = new Batcher(commits.run);
    let begun = commits.next();
    const failing = Promise.allSettled([batcher.submit(1), batcher.submit(2)]);
    await begun;
    begun = commits.next();
    const following = batcher.submit(3);
    commits.end(new Error("disk full"));
    assert.deepEqual(
      (await failing).map((result) => (result as PromiseRejectedResult).reason.message as string),
      ["disk full", "disk full"],
    );
    await begun;
    commits.end();
    assert.equal(await following, 30);
  });

  it("cuts batches at its limit and drains when all have settled", async () => {
    const sizes: number[] = [];
    const batcher = new Batcher<number, number>((operations) => {
      sizes.push(operations.length);
      return Promise.resolve([...operations]);
    }, 3);
    const all = Promise.all(Array.from({ length: 8 }, (_, i) => batcher.submit(i)));
    await batcher.drain();
    assert.deepEqual(await all, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(sizes, [3, 3, 2]);
  });
});
