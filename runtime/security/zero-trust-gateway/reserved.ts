import { MnoError } from "../../exports";
import type { ReservedRoute } from "./contracts";
import type { ContentSource, Enforcement, Entered } from "./enforcement/enforcement";

/** Paths that the gateway answers itself; nothing below it ever goes to an upstream. */
const PREFIX = "/.mno";
const LIMITS = { mode: "inspect", maximumBytes: 65_536, seconds: 10 } as const;

export function isReserved(path: string): boolean {
  const lower = path.toLowerCase();
  return lower === PREFIX || lower.startsWith(`${PREFIX}/`);
}

export interface RawReply {
  readonly status: number;
  /** Name, value, name, value. */
  readonly headers: string[];
  readonly body: string;
}

/** The gateway's own routes: login, logout, signals, keys. */
export class Reserved {
  constructor(
    private readonly routes: readonly ReservedRoute[],
    private readonly enforcement: Enforcement,
  ) {}

  /** Errors: Refusal, and what the route throws. */
  async answer(entered: Entered, content: ContentSource | undefined): Promise<RawReply> {
    const { request } = entered.understood;
    const route = this.routes.find(({ method, path }) => method === request.method && path === request.path);
    if (!route) {
      const error = new MnoError(
        "MNO_ROUTE_NOT_FOUND",
        `The gateway answers nothing at ${request.method} ${request.path}`,
      );
      throw this.enforcement.refuse(entered.trail, error);
    }
    await this.enforcement.guardReserved(entered);
    const body = content === undefined ? Buffer.alloc(0) : await content.read(LIMITS);
    const reply = await route.handle(request, body);
    const headers = ["content-length", String(Buffer.byteLength(reply.body)), "x-content-type-options", "nosniff"];
    for (const [name, value] of Object.entries(reply.headers))
      for (const each of [value].flat()) headers.push(name, each);
    if (!Object.hasOwn(reply.headers, "cache-control")) headers.push("cache-control", "no-store");
    return { status: reply.status, headers, body: reply.body };
  }
}
