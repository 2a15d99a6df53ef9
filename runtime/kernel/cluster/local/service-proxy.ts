import { connect, createServer, type Socket } from "node:net";
import type { Clock } from "../../clock";
import { listen, LOOPBACK } from "./ports";

/** How long a client's connection waits for a replica to become ready. */
const HOLD_MS = 5_000;
const CONNECT_TIMEOUT_MS = 1_000;
/** Between two attempts when every ready replica refused. */
const RETRY_MS = 50;

export interface Backend {
  /** The replica's name. */
  id: string;
  port: number;
}

/**
 * The stable port of a service: passes each connection to the ready replica with the fewest open ones, in turn among
 * equals. A replica that is no longer a backend gets no new connections; those it has stay until they or it end.
 */
export class ServiceProxy {
  private readonly server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => void this.serve(client));
  private backends: readonly Backend[] = [];
  private readonly open = new Map<string, number>();
  private readonly sockets = new Set<Socket>();
  private waiters: (() => void)[] = [];
  private turn = 0;
  private cut = false;

  constructor(private readonly clock: Clock) {}

  /** Resolves to the port (chosen by the system for 0). Errors: MNO_PORT_IN_USE. */
  listen(port: number): Promise<number> {
    return listen(this.server, port);
  }

  /** Ends every connection, and each new one at once, for as long as it is cut off. */
  cutOff(cut: boolean): void {
    this.cut = cut;
    if (!cut) return;
    for (const socket of this.sockets) socket.destroy();
    this.wake();
  }

  setBackends(backends: readonly Backend[]): void {
    this.backends = backends;
    this.wake();
  }

  /** Connections that the replica has now. */
  openConnections(id: string): number {
    return this.open.get(id) ?? 0;
  }

  /** Stops listening and ends every connection. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    this.wake();
    await closed;
  }

  private wake(): void {
    const { waiters } = this;
    this.waiters = [];
    for (const waiter of waiters) waiter();
  }

  private async serve(client: Socket): Promise<void> {
    this.track(client);
    if (this.cut) return void client.destroy();
    const deadline = this.clock.now() + HOLD_MS;
    const refused = new Set<string>();
    while (!client.destroyed) {
      const backend = this.pick(refused);
      if (!backend) {
        const remaining = deadline - this.clock.now();
        if (remaining <= 0) break;
        // Ready replicas that all refused are asked again shortly; with none ready the next change is awaited.
        await this.changed(this.backends.length > 0 ? Math.min(RETRY_MS, remaining) : remaining);
        refused.clear();
        continue;
      }
      this.count(backend.id, 1);
      const upstream = await this.connect(backend.port);
      if (upstream && !client.destroyed) {
        upstream.once("close", () => {
          this.count(backend.id, -1);
        });
        join(client, upstream);
        return;
      }
      upstream?.destroy();
      this.count(backend.id, -1);
      refused.add(backend.id);
    }
    client.destroy();
  }

  private pick(refused: ReadonlySet<string>): Backend | undefined {
    const candidates = this.backends.filter((backend) => !refused.has(backend.id));
    const fewest = Math.min(...candidates.map((backend) => this.openConnections(backend.id)));
    const equals = candidates.filter((backend) => this.openConnections(backend.id) === fewest);
    this.turn += 1;
    return equals[this.turn % equals.length];
  }

  /** Resolves at the next change of the backends, or after `milliseconds`. */
  private async changed(milliseconds: number): Promise<void> {
    const done = new AbortController();
    const change = new Promise<void>((resolve) => this.waiters.push(resolve));
    await Promise.race([change, this.clock.sleep(milliseconds, done.signal).catch(() => undefined)]);
    done.abort();
  }

  private connect(port: number): Promise<Socket | undefined> {
    return new Promise((resolve) => {
      const upstream = connect({
        host: LOOPBACK,
        port,
        allowHalfOpen: true,
        noDelay: true,
        timeout: CONNECT_TIMEOUT_MS,
      });
      this.track(upstream);
      const fail = (): void => {
        upstream.destroy();
        resolve(undefined);
      };
      upstream.once("error", fail).once("timeout", fail).once("close", fail);
      upstream.once("connect", () => {
        upstream.removeListener("error", fail).removeListener("timeout", fail).removeListener("close", fail);
        upstream.setTimeout(0);
        resolve(upstream);
      });
    });
  }

  private track(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("error", () => undefined); // whatever follows is decided at "close"
    socket.once("close", () => this.sockets.delete(socket));
  }

  private count(id: string, change: 1 | -1): void {
    const open = this.openConnections(id) + change;
    if (open === 0) this.open.delete(id);
    else this.open.set(id, open);
  }
}

/** Passes bytes both ways with back-pressure. The end of one direction leaves the other open; a broken side breaks both. */
function join(client: Socket, upstream: Socket): void {
  client.pipe(upstream);
  upstream.pipe(client);
  for (const [side, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    side.once("close", () => {
      // After an orderly end the other side still has to pass on what it holds, and was told to end by the pipe.
      if (!side.readableEnded || !side.writableFinished) other.destroy();
    });
  }
}
