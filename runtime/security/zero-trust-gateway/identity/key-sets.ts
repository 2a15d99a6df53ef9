import { createLocalJWKSet, errors, type FlattenedJWSInput, type JSONWebKeySet, type JWTHeaderParameters } from "jose";
import { MnoError } from "../../../exports";
import type { Clock } from "../../../kernel/clock";
import type { FetchJson } from "./http-json";

const MOST_KEYS = 100;
/** Keys are fetched again after this long. */
const REFRESH_MILLISECONDS = 600_000;
/** A key that is not known makes them be fetched at most this often: anybody can name a key. So does a fetch that failed. */
const COOLDOWN_MILLISECONDS = 30_000;
/** For how long keys serve that could not be fetched anew. */
const STALE_MILLISECONDS = 86_400_000;

type Resolve = ReturnType<typeof createLocalJWKSet>;

export interface KeySetOptions {
  /** For messages. */
  readonly issuer: string;
  /** Where the keys are; discovered once where it has to be. */
  readonly uri: () => Promise<string>;
  readonly fetchJson: FetchJson;
  readonly clock: Clock;
}

/** The public keys of one issuer, as its JWKS has them; what rotates there is followed here. */
export class KeySet {
  private resolve: Resolve | undefined;
  private fetchedAt = -Infinity;
  private triedAt = -Infinity;
  private fetching: Promise<void> | undefined;

  constructor(private readonly options: KeySetOptions) {}

  /**
   * For jose's `jwtVerify`. The key is looked up in the issuer's set by `kid` and algorithm; what the token itself brings along
   * (`jwk`, `jku`, `x5u`) is never used. Errors: MNO_IDENTITY_UNAVAILABLE; those of jose.
   */
  readonly keyOf = async (header: JWTHeaderParameters, token: FlattenedJWSInput): ReturnType<Resolve> => {
    const now = this.options.clock.now();
    if (now - this.fetchedAt > REFRESH_MILLISECONDS) {
      const refreshed = this.refresh();
      // An issuer that is slow to answer holds up nobody while there are keys that serve.
      if (now - this.fetchedAt > STALE_MILLISECONDS) await refreshed;
    }
    try {
      return await this.current()(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (!(await this.refresh())) throw error;
      return this.current()(header, token);
    }
  };

  private current(): Resolve {
    const { issuer, clock } = this.options;
    if (this.resolve === undefined || clock.now() - this.fetchedAt > STALE_MILLISECONDS) {
      throw new MnoError("MNO_IDENTITY_UNAVAILABLE", `The keys of ${issuer} cannot be had at the moment`);
    }
    return this.resolve;
  }

  /** Whether there may be other keys now than before. */
  private async refresh(): Promise<boolean> {
    if (this.fetching === undefined) {
      if (this.options.clock.now() - this.triedAt < COOLDOWN_MILLISECONDS) return false;
      this.triedAt = this.options.clock.now();
      this.fetching = this.fetch().finally(() => (this.fetching = undefined));
    }
    try {
      await this.fetching;
      return true;
    } catch {
      // The keys that are known serve on, for as long as they may; `current` says when not.
      return false;
    }
  }

  private async fetch(): Promise<void> {
    const { uri, fetchJson, clock } = this.options;
    const set = keysIn(await fetchJson(await uri()));
    this.resolve = createLocalJWKSet(set);
    this.fetchedAt = clock.now();
  }
}

/** Public, asymmetric keys only: a symmetric one in a public document would be known to all. */
function keysIn(document: unknown): JSONWebKeySet {
  const keys = (document as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys) || keys.length > MOST_KEYS) throw new Error(`it is not a set of at most ${MOST_KEYS} keys`);
  const usable = (keys as Record<string, unknown>[]).filter(
    (key) => typeof key === "object" && key !== null && key.kty !== "oct" && !("d" in key) && !("priv" in key),
  );
  if (usable.length === 0) throw new Error("it has no public key");
  return { keys: usable };
}
