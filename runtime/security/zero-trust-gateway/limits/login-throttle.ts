import type { Clock } from "../../../kernel/clock";
import type { Database } from "../../../kernel/store/database";
import { digestOf, newSecret } from "../sessions/session";
import type { Counter, Counters } from "./counters";
import type { FailedIdentifications } from "./failures";
import { countedAddress } from "./keys";
import { rateLimited } from "./limiter";

/** A device that a user logged in with is known for half a year. */
export const DEVICE_SECONDS = 15_552_000;

/** Failures until nobody is listened to for the rest of the window. */
const QUOTAS = {
  /** Of all devices together that never logged in as the user: brute force against one account. */
  account: { name: "login-account", requests: 10, seconds: 900 },
  /** Of one device that did: its user mistypes, and is not locked out by what others do. */
  device: { name: "login-device", requests: 10, seconds: 900 },
  /** Of one address, whatever the account: spraying. */
  address: { name: "login-address", requests: 50, seconds: 3600 },
} as const;

export interface LoginAttempt {
  readonly userId: string;
  readonly address: string;
  /** The secret out of the device's cookie. */
  readonly deviceSecret: string | undefined;
}

/**
 * Slows down who guesses passwords without letting them lock out the user: strangers share the account's budget, a device
 * that logged in as this user before has its own (device cookies; OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
 * Failures are counted before they are known, so that guesses at the same time count as well, and given back on success.
 */
export class LoginThrottle {
  private readonly account: Counter;
  private readonly device: Counter;
  private readonly address: Counter;

  constructor(
    counters: Counters,
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly failures: FailedIdentifications,
  ) {
    this.account = counters.durable(QUOTAS.account);
    this.device = counters.durable(QUOTAS.device);
    this.address = counters.durable(QUOTAS.address);
  }

  /** Errors: MNO_RATE_LIMITED. */
  async begin(attempt: LoginAttempt): Promise<void> {
    const [counter, key] = await this.budget(attempt);
    // Whose device is known is not locked out by what others do at the same address.
    if (counter !== this.device) this.failures.check(attempt.address);
    const counts = await Promise.all([counter.take(key), this.address.take(countedAddress(attempt.address))]);
    const over = counts.filter(({ over }) => over);
    if (over.length > 0) throw rateLimited(Math.max(...over.map(({ resetSeconds }) => resetSeconds)), []);
  }

  /** A login failed: that counts with the address's other failed identifications. */
  failed(address: string): Promise<void> {
    return this.failures.count(address);
  }

  /** After a success: failures are forgiven to who knew better in the end; the address has but this attempt back, or its others would be too. */
  async succeeded(attempt: LoginAttempt): Promise<void> {
    const [counter, key] = await this.budget(attempt);
    await Promise.all([counter.forget(key), this.address.giveBack(countedAddress(attempt.address))]);
  }

  /** A first factor was right: the address has that attempt back, the account's budget waits for the second. */
  async advanced({ address }: LoginAttempt): Promise<void> {
    await this.address.giveBack(countedAddress(address));
  }

  /** The device's secret as it is, where the user logged in with it before, else a new one that is known from now on. */
  async rememberDevice({ userId, deviceSecret }: Pick<LoginAttempt, "userId" | "deviceSecret">): Promise<string> {
    const secret =
      deviceSecret !== undefined && (await this.isKnown(userId, deviceSecret)) ? deviceSecret : newSecret();
    await this.database.query(
      `INSERT INTO ztg_devices (digest, user_id, expires_at) VALUES ($1, $2, $3)
       ON CONFLICT (digest) DO UPDATE SET expires_at = excluded.expires_at`,
      [digestOf(secret), userId, new Date(this.clock.now() + DEVICE_SECONDS * 1000).toISOString()],
    );
    return secret;
  }

  async prune(): Promise<void> {
    const now = this.clock.now();
    await this.database.query("DELETE FROM ztg_devices WHERE expires_at <= $1", [new Date(now).toISOString()]);
    await this.database.query("DELETE FROM ztg_login_limits WHERE expire <= $1", [Date.now()]);
  }

  private async budget({ userId, deviceSecret }: LoginAttempt): Promise<[Counter, string]> {
    if (deviceSecret !== undefined && (await this.isKnown(userId, deviceSecret))) {
      return [this.device, digestOf(deviceSecret)];
    }
    return [this.account, digestOf(userId)];
  }

  private async isKnown(userId: string, deviceSecret: string): Promise<boolean> {
    const [row] = await this.database.query<{ user_id: string; expires_at: Date }>(
      "SELECT user_id, expires_at FROM ztg_devices WHERE digest = $1",
      [digestOf(deviceSecret)],
    );
    return row !== undefined && row.user_id === userId && row.expires_at.getTime() > this.clock.now();
  }
}
