import type { OutlierSettings } from "./settings";

/** What an attempt's end says of the endpoint. */
export type Verdict = "success" | "error" | "gateway-failure";

export interface Ejection {
  readonly id: string;
  /** Milliseconds of the caller's clock. */
  readonly since: number;
  readonly until: number;
  /** One sentence. */
  readonly reason: string;
  /** Ejections in a row that made it so long. */
  readonly times: number;
}

interface Record {
  errors: number;
  gatewayFailures: number;
  requests: number;
  successes: number;
  /** Exponent of the next ejection's length; falls by one with each interval without one. */
  times: number;
  ejection?: Ejection;
}

/**
 * Ejects endpoints by what their answers say, as Envoy's outlier detection does: so many errors or gateway failures in a row at
 * once, a success rate far below the others' at each interval. An ejection lasts base * 2^(n-1), at most `maxEjectionSeconds`.
 * Never more than `maxEjectionPercent` of the endpoints, except that one may always go while another stays.
 */
export class OutlierDetector {
  private readonly records = new Map<string, Record>();

  constructor(private settings: OutlierSettings) {}

  configure(settings: OutlierSettings): void {
    this.settings = settings;
  }

  /** The endpoints that there are; what was known of others is forgotten. */
  retain(ids: Iterable<string>): void {
    const kept = new Set(ids);
    for (const id of this.records.keys()) if (!kept.has(id)) this.records.delete(id);
    for (const id of kept) {
      if (!this.records.has(id)) {
        this.records.set(id, { errors: 0, gatewayFailures: 0, requests: 0, successes: 0, times: 0 });
      }
    }
  }

  ejection(id: string): Ejection | undefined {
    return this.records.get(id)?.ejection;
  }

  /** Counts the end of an attempt; returns the ejection where it was one failure too many. */
  record(id: string, verdict: Verdict, now: number): Ejection | undefined {
    const record = this.records.get(id);
    if (!record) return undefined;
    record.requests += 1;
    if (verdict === "success") {
      record.successes += 1;
      record.errors = 0;
      record.gatewayFailures = 0;
      return undefined;
    }
    record.errors += 1;
    record.gatewayFailures = verdict === "gateway-failure" ? record.gatewayFailures + 1 : 0;
    const { enabled, consecutiveErrors, consecutiveGatewayFailures } = this.settings;
    if (!enabled || record.ejection) return undefined;
    if (record.gatewayFailures >= consecutiveGatewayFailures) {
      return this.eject(id, record, now, `${String(record.gatewayFailures)} gateway failures in a row`);
    }
    if (record.errors >= consecutiveErrors) {
      return this.eject(id, record, now, `${String(record.errors)} errors in a row`);
    }
    return undefined;
  }

  /** Ends the ejections whose time is over. */
  restore(now: number): Ejection[] {
    const over: Ejection[] = [];
    for (const record of this.records.values()) {
      if (!record.ejection || record.ejection.until > now) continue;
      over.push(record.ejection);
      delete record.ejection;
      record.errors = 0;
      record.gatewayFailures = 0;
      record.requests = 0;
      record.successes = 0;
    }
    return over;
  }

  /** Compares the success rates of the interval that ends now, and begins the next. */
  compare(now: number): Ejection[] {
    const { enabled, successRateMinimumEndpoints, successRateRequestVolume, successRateDeviations } = this.settings;
    const rates = [...this.records]
      .filter(([, { ejection, requests }]) => !ejection && requests >= successRateRequestVolume)
      .map(([id, record]) => ({ id, record, rate: record.successes / record.requests }));
    const ejections: Ejection[] = [];
    if (enabled && rates.length >= successRateMinimumEndpoints) {
      const mean = rates.reduce((sum, { rate }) => sum + rate, 0) / rates.length;
      const variance = rates.reduce((sum, { rate }) => sum + (rate - mean) ** 2, 0) / rates.length;
      const threshold = mean - successRateDeviations * Math.sqrt(variance);
      for (const { id, record, rate } of rates.sort((a, b) => a.rate - b.rate)) {
        if (rate >= threshold) break;
        const shown = (value: number): string => `${(value * 100).toFixed(1)} %`;
        const reason = `success rate ${shown(rate)}, below ${shown(threshold)} (the others' mean less ${String(successRateDeviations)} deviations)`;
        const ejection = this.eject(id, record, now, reason);
        if (ejection) ejections.push(ejection);
      }
    }
    for (const record of this.records.values()) {
      record.requests = 0;
      record.successes = 0;
      if (!record.ejection && record.times > 0) record.times -= 1;
    }
    return ejections;
  }

  private eject(id: string, record: Record, now: number, reason: string): Ejection | undefined {
    const { maxEjectionPercent, baseEjectionSeconds, maxEjectionSeconds } = this.settings;
    const count = this.records.size;
    const ejected = [...this.records.values()].filter(({ ejection }) => ejection).length;
    const allowed = Math.min(count - 1, Math.max(1, Math.floor((count * maxEjectionPercent) / 100)));
    if (ejected >= allowed) return undefined;
    const milliseconds = Math.min(maxEjectionSeconds, baseEjectionSeconds * 2 ** record.times) * 1000;
    record.times = Math.min(record.times + 1, 30);
    record.ejection = { id, since: now, until: now + milliseconds, reason, times: record.times };
    return record.ejection;
  }
}
