import type { Clock } from "../../../kernel/clock";
import type { Database, Queryable } from "../../../kernel/store/database";

/** What may be used once, on whichever replica: ids of proofs and of security events, codes that were typed. */
export class Once {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** True for the first who asks for `key`, false for all others until `milliseconds` are over; in a transaction, if it commits. */
  async first(key: string, milliseconds: number, on: Queryable = this.database): Promise<boolean> {
    const now = this.clock.now();
    const [row] = await on.query(
      `INSERT INTO ztg_once (key, expires_at) VALUES ($1, $2)
       ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at WHERE ztg_once.expires_at <= $3 RETURNING key`,
      [key, new Date(now + milliseconds).toISOString(), new Date(now).toISOString()],
    );
    return row !== undefined;
  }

  async prune(): Promise<void> {
    await this.database.query("DELETE FROM ztg_once WHERE expires_at <= $1", [
      new Date(this.clock.now()).toISOString(),
    ]);
  }
}
