import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import { decide } from "./engine";
import { noteKey, type Note } from "./audited";
import type { Key, KeyOperation } from "./key";
import type { KeyStore } from "./key-store";
import type { CryptoPolicy } from "./policy";

const FRESH_MILLISECONDS = 1000;

/** Keys by id and alias, as the store had them a second ago at most: so soon a key disabled by another replica is so here. */
export class KeyDirectory {
  private readonly known = new Map<string, { key: Key; until: number }>();

  constructor(
    private readonly store: KeyStore,
    readonly policy: CryptoPolicy,
    private readonly clock: Pick<Clock, "now">,
    private readonly capacity: number,
  ) {}

  /** Errors: MNO_KEY_NOT_FOUND. */
  async get(idOrAlias: string): Promise<Key> {
    const known = this.known.get(idOrAlias);
    if (known !== undefined && known.until > this.clock.now()) return known.key;
    const key = await this.store.find(idOrAlias);
    this.known.delete(idOrAlias);
    if (key === undefined) throw keyNotFound(idOrAlias);
    if (this.known.size >= this.capacity) this.known.clear();
    this.known.set(idOrAlias, { key, until: this.clock.now() + FRESH_MILLISECONDS });
    return key;
  }

  /** The key, where the caller may do this with it. Errors: MNO_KEY_NOT_FOUND and those of `decide`. */
  async allowed(idOrAlias: string, operation: KeyOperation, caller: string, note: Note): Promise<Key> {
    const key = await this.get(idOrAlias);
    this.require(key, operation, caller, note);
    return key;
  }

  require(key: Key, operation: KeyOperation, caller: string, note: Note): void {
    noteKey(note, key);
    const { reasons, refusal } = decide(key, operation, caller, this.policy, this.clock.now());
    note.reasons.push(...reasons);
    if (refusal === undefined) return;
    throw new MnoError(refusal.code, `${operation} with key ${key.id} is refused: ${refusal.reasons.join("; ")}`, {
      extensions: { reasons: refusal.reasons },
    });
  }

  forget(): void {
    this.known.clear();
  }
}

export function keyNotFound(idOrAlias: string): MnoError {
  return new MnoError("MNO_KEY_NOT_FOUND", `There is no key with the id or alias "${idOrAlias}"`);
}
