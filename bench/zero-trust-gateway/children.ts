import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Program } from "./child";

/** A child process that runs one of the programs of `child.ts`, and answers with what it resolves to. */
export class Child {
  private readonly process: ChildProcess;

  constructor(program: Program) {
    this.process = fork(join(__dirname, "child.ts"), [program], {
      execArgv: ["-r", "ts-node/register/transpile-only"],
    });
  }

  get pid(): number {
    return this.process.pid!;
  }

  ask<T>(parameter: unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`a child ended: ${code}`));
      this.process.once("exit", ended);
      this.process.once("message", ({ value, error }: { value?: T; error?: string }) => {
        this.process.off("exit", ended);
        if (error === undefined) resolve(value as T);
        else reject(new Error(error));
      });
      this.process.send(parameter as object);
    });
  }

  stop(): void {
    this.process.kill("SIGKILL");
  }
}
