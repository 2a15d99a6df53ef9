import { mkdirSync } from "node:fs";
import { MnoError } from "../../runtime/exports";
import { acquireProcessLock } from "../../runtime/kernel/process-lock";
import { STATE } from "../paths";
import { LOCK } from "./workspace";

export const say = (line: string): void => void process.stdout.write(`${line}\n`);
export const report = (line: string): void => say(`  ${line}`);

/**
 * Runs one command of the platform under the state folder's lock. Ctrl-C reaches the programs it started, which end in
 * their own good time (Pulumi finishes the step at hand); this process waits for them, so that the lock is never given up
 * while they still write.
 */
export function runCommand(purpose: string, work: () => Promise<number>): void {
  let interrupted = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (!interrupted)
        process.stderr.write(`\n${purpose}: interrupted; finishing the step at hand. It is safe to run again.\n`);
      interrupted = true;
    });
  }
  main().then(
    (code) => process.exit(interrupted ? 130 : code),
    (error: unknown) => {
      process.stderr.write(`${describe(error)}\n`);
      process.exit(interrupted ? 130 : 1);
    },
  );

  async function main(): Promise<number> {
    mkdirSync(STATE, { recursive: true, mode: 0o700 });
    const release = acquireProcessLock(LOCK, purpose);
    try {
      return await work();
    } finally {
      release();
    }
  }
}

function describe(error: unknown): string {
  if (error instanceof MnoError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
