/**
 * Group commit: what is submitted while a commit runs waits and is committed together. At most one commit runs at a time,
 * so `commit` needs no lock against itself. Each submission settles with its own outcome, and only after its commit; when
 * the commit fails all of its submissions fail with its error.
 */
export class Batcher<Operation, Outcome> {
  private waiting: Submission<Operation, Outcome>[] = [];
  private running: Promise<void> | undefined;

  constructor(
    private readonly commit: (operations: readonly Operation[]) => Promise<readonly Outcome[]>,
    /** Operations in one commit; bounds how long the event loop and the transaction are held. */
    private readonly limit = 256,
  ) {}

  submit(operation: Operation): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ operation, resolve, reject });
      this.running ??= this.run();
    });
  }

  /** Resolves when everything submitted so far has settled. */
  async drain(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    // Requests that arrive in one turn of the event loop go together, also when nothing was running.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.limit);
      try {
        const outcomes = await this.commit(batch.map(({ operation }) => operation));
        batch.forEach(({ resolve }, index) => resolve(outcomes[index] as Outcome));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      // Lets the answers go out, and their clients' next requests in, before the next batch is cut.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.running = undefined;
  }
}

interface Submission<Operation, Outcome> {
  operation: Operation;
  resolve: (outcome: Outcome) => void;
  reject: (error: unknown) => void;
}
