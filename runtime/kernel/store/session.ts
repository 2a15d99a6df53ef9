import type { Queryable } from "./database";

/** What the engines give their own migrations beside `query`. */
export interface Session extends Queryable {
  /** Runs a script of statements separated by semicolons, without parameters. */
  execute(script: string): Promise<void>;
}
