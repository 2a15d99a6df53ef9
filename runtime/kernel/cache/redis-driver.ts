import { RedisDriver } from "bentocache/drivers/redis";
import type { RedisConnections } from "./redis";

/** What one L2 command came to. */
export type L2Result = "hit" | "miss" | "error";

/** bentocache's Redis driver over connections that are guarded against hanging servers, with its reads counted. */
export class GuardedRedisDriver extends RedisDriver {
  constructor(
    config: Record<string, unknown>,
    private readonly connections: RedisConnections,
    private readonly onRead: (result: L2Result) => void,
  ) {
    super({ ...config, connection: connections.commands });
  }

  override async get(key: string): Promise<string | undefined> {
    try {
      const value = await this.connections.guard(() => super.get(key));
      this.onRead(value === undefined ? "miss" : "hit");
      return value;
    } catch (error) {
      this.onRead("error");
      throw error;
    }
  }

  override set(key: string, value: string, ttl?: number): Promise<boolean> {
    return this.connections.guard(() => super.set(key, value, ttl));
  }

  override delete(key: string): Promise<boolean> {
    return this.connections.guard(() => super.delete(key));
  }
}
