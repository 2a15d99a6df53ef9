import { createHash } from "node:crypto";
import type { Logger } from "pino";
import type { Clock } from "../../../kernel/clock";
import type { Grammar, GrammarState } from "../../../kernel/http-inspection/grammar/grammar";
import type { Database, Migration } from "../../../kernel/store/database";
import { FORMAT, type Learned, seal, type Sealed, unseal } from "./learned-state";

const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-grammar",
    sql: `
      CREATE TABLE ztg_grammar (
        key text COLLATE "C" NOT NULL,
        format integer NOT NULL,
        learned bigint NOT NULL,
        saved_at timestamptz NOT NULL,
        state bytea NOT NULL,
        seal bytea NOT NULL,
        PRIMARY KEY (key, format)
      );
      CREATE INDEX ztg_grammar_saved ON ztg_grammar (format, saved_at);
    `,
  },
];

/** Endpoints that are kept: as many as the grammar has. */
const MOST_ENDPOINTS = 500;
/** What was asked for a few times only is learned anew: a scanner's paths are not worth a row. */
const LEAST_LEARNED = 25;
/** Bytes of a row: what is longer was not written by us. */
const MOST_ROW_BYTES = 2 ** 19;
/** Rows that are read together. */
const BATCH = 20;

export interface LearnedStoreOptions {
  readonly database: Database;
  /** Of the seals; the same on all replicas. */
  readonly key: Buffer;
  readonly clock: Clock;
  readonly log: Logger;
  readonly count: (outcome: "loaded" | "refused" | "saved") => void;
}

/** What the grammar learned, over restarts. Of an endpoint that several replicas learn the one that learned most is kept. */
export class LearnedStore {
  /** Requests that each endpoint had learned when it was saved. */
  private readonly saved = new Map<string, number>();
  private turn: Promise<void> = Promise.resolve();

  constructor(private readonly options: LearnedStoreOptions) {}

  async migrate(): Promise<void> {
    await this.options.database.migrate("zero-trust-gateway-grammar", MIGRATIONS);
  }

  /** What can be used of what is stored; the rest is said, removed, and learned anew. */
  async load(): Promise<GrammarState> {
    const { database } = this.options;
    const rows = await database.query<{ key: string }>(
      "SELECT key FROM ztg_grammar WHERE format = $1 ORDER BY saved_at DESC, key LIMIT $2",
      [FORMAT, MOST_ENDPOINTS],
    );
    // The last one is the one that goes last when there is no room.
    const keys = rows.map(({ key }) => key).reverse();
    const endpoints: Learned[] = [];
    for (let from = 0; from < keys.length; from += BATCH) {
      endpoints.push(...(await this.loadBatch(keys.slice(from, from + BATCH))));
    }
    return { version: 1, endpoints };
  }

  private async loadBatch(keys: readonly string[]): Promise<Learned[]> {
    const { database, key, log, count } = this.options;
    const rows = await database.query<Sealed & { key: string }>(
      `SELECT key, substring(state FOR $3) AS state, substring(seal FOR 64) AS seal
       FROM ztg_grammar WHERE format = $1 AND key = ANY($2::text[]) ORDER BY array_position($2::text[], key)`,
      [FORMAT, keys, MOST_ROW_BYTES],
    );
    const loaded: Learned[] = [];
    const refused: string[] = [];
    for (const row of rows) {
      try {
        const learned = await unseal({ state: Buffer.from(row.state), seal: Buffer.from(row.seal) }, key);
        loaded.push(learned);
        this.saved.set(learned.endpoint, learned.count);
        count("loaded");
      } catch (error) {
        log.warn({ err: error, row: row.key }, "what was learned of an endpoint is refused, and is learned anew");
        refused.push(row.key);
        count("refused");
      }
    }
    if (refused.length > 0) {
      await database.query("DELETE FROM ztg_grammar WHERE format = $1 AND key = ANY($2::text[])", [FORMAT, refused]);
    }
    return loaded;
  }

  /** Saves what has learned since, one endpoint after another, until `deadline` (milliseconds since 1970). */
  save(grammar: Grammar, deadline = Infinity): Promise<void> {
    const done = this.turn.then(() => this.saveNow(grammar, deadline));
    this.turn = done.catch(() => undefined);
    return done;
  }

  private async saveNow(grammar: Grammar, deadline: number): Promise<void> {
    const { clock, log } = this.options;
    const learned = grammar.learned();
    for (const endpoint of this.saved.keys()) if (!learned.has(endpoint)) this.saved.delete(endpoint);
    const changed = [...learned].filter(
      ([endpoint, count]) => count >= LEAST_LEARNED && count !== this.saved.get(endpoint),
    );
    for (const [index, [endpoint]] of changed.entries()) {
      if (clock.now() >= deadline) {
        log.warn({ endpoints: changed.length - index }, "there was no time to save all that was learned");
        return;
      }
      const state = grammar.stateOf(endpoint);
      if (state === undefined) continue;
      // Read before it is sealed: the model learns on.
      const { count } = state;
      await this.put(endpoint, count, await seal(state, this.options.key));
      this.saved.set(endpoint, count);
      this.options.count("saved");
    }
    if (changed.length > 0) await this.prune();
  }

  private async put(endpoint: string, learned: number, { state, seal: code }: Sealed): Promise<void> {
    const { database, clock } = this.options;
    await database.query(
      `INSERT INTO ztg_grammar (key, format, learned, saved_at, state, seal) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (key, format) DO UPDATE
       SET learned = excluded.learned, saved_at = excluded.saved_at, state = excluded.state, seal = excluded.seal
       WHERE ztg_grammar.learned <= excluded.learned`,
      [keyOf(endpoint), FORMAT, learned, new Date(clock.now()).toISOString(), state, code],
    );
  }

  private async prune(): Promise<void> {
    await this.options.database.query(
      `DELETE FROM ztg_grammar WHERE format = $1 AND key NOT IN
       (SELECT key FROM ztg_grammar WHERE format = $1 ORDER BY saved_at DESC, key LIMIT $2)`,
      [FORMAT, MOST_ENDPOINTS],
    );
  }
}

/** Endpoints may be long, and have characters that PostgreSQL's texts have not. */
function keyOf(endpoint: string): string {
  return createHash("sha256").update(endpoint).digest("hex");
}
