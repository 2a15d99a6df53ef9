export interface PoolStats {
  /** Most leases at once; `maximum`, unless it was set lower. */
  limit: number;
  idle: number;
  leased: number;
  /** Under test or reset. */
  inCare: number;
  creating: number;
  destroying: number;
  waiting: number;
  /** Since the pool was made: leases that ended, and for how long they were held together. */
  released: number;
  heldMilliseconds: number;
}
