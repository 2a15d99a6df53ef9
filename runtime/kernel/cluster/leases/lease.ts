/** The right to lead, as all candidates see it. Times are seconds, as coordination.k8s.io/v1 has them. */
export interface LeaseRecord {
  /** Who leads; empty where nobody does. */
  holder: string;
  /** How long after its last renewal others have to leave it alone. */
  durationSeconds: number;
  /** Grows by one each time somebody begins to lead: the fencing number. */
  transitions: number;
}

/** A record and the version under which it is stored; every write gives a new version. */
export interface VersionedLease extends LeaseRecord {
  version: string;
}

/** Where leases are kept. Writes are compare-and-set. */
export interface LeaseStore {
  read(name: string, signal: AbortSignal): Promise<VersionedLease | undefined>;
  /**
   * Stores the record if the lease is still at `version` (undefined: does not exist); undefined where it is not.
   * After any other failure the write may have been made or not.
   */
  write(
    name: string,
    record: LeaseRecord,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<VersionedLease | undefined>;
}

export interface LeaseTimes {
  /** After the last renewal, before anybody else may take the lease. */
  durationMilliseconds: number;
  /** After the last renewal, before its holder stops leading. Shorter than the duration: the difference is for work to stop. */
  renewMilliseconds: number;
  /** Between two attempts to renew or to take it. */
  retryMilliseconds: number;
}

/** Holder stops at 5/8 of the duration and tries every eighth: 8 s give 5 s and 1 s. */
export function leaseTimes(seconds: number): LeaseTimes {
  const eighth = (seconds * 1000) / 8;
  return { durationMilliseconds: 8 * eighth, renewMilliseconds: 5 * eighth, retryMilliseconds: eighth };
}
