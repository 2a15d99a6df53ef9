/** What a parent asks of a child process, and what it is answered: over the process's own channel, one at a time or many. */
export interface Question {
  id: number;
  method: string;
  parameter: unknown;
}

export interface Answer {
  id: number;
  value?: unknown;
  error?: string;
}

/** Serves the parent until it goes away. */
export function answerParent(methods: Record<string, (parameter: never) => Promise<unknown>>): void {
  process.on("message", ({ id, method, parameter }: Question) => {
    const answer = (rest: Omit<Answer, "id">): void => void process.send?.({ id, ...rest });
    Promise.resolve()
      .then(() => methods[method]!(parameter as never))
      .then(
        (value) => answer({ value }),
        (error: Error) => answer({ error: String(error.stack) }),
      );
  });
  process.on("disconnect", () => process.exit());
}
