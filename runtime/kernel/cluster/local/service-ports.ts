import type { WorkloadPort } from "../../../exports";
import type { Clock } from "../../clock";
import { checkFree } from "./ports";
import { type Backend, ServiceProxy } from "./service-proxy";

/** A change of a workload's ports whose new ports are bound already; one of the two must be called. */
export interface PortChange {
  assigned: Record<string, number>;
  commit(): Promise<void>;
  rollBack(): Promise<void>;
}

/** The stable ports of one workload: proxies for the balanced ones, and the numbers of the direct ones. */
export class ServicePorts {
  /** By port number. */
  private proxies = new Map<number, ServiceProxy>();
  /** Ports to be bound as soon as whoever holds them lets go. */
  private pending = new Set<number>();
  private assigned: Record<string, number> = {};

  constructor(private readonly clock: Clock) {}

  get bound(): boolean {
    return this.pending.size === 0;
  }

  /** The ports that clients can connect to now. */
  get available(): [name: string, port: number][] {
    return Object.entries(this.assigned).filter(([, port]) => !this.pending.has(port));
  }

  /** Binds what is new in `ports`. A port that this workload has already is kept. Errors: MNO_PORT_IN_USE. */
  async prepare(ports: readonly WorkloadPort[]): Promise<PortChange> {
    const fresh = new Map<number, ServiceProxy>();
    const pending = new Set<number>();
    const assigned: Record<string, number> = {};
    const rollBack = async (): Promise<void> => {
      await Promise.all([...fresh.values()].map((proxy) => proxy.close()));
    };
    try {
      for (const { name, port, direct } of ports) {
        const wanted = port === 0 ? (this.assigned[name] ?? 0) : port;
        const ours = Object.values(this.assigned).includes(wanted);
        if (direct) assigned[name] = ours ? wanted : await checkFree(wanted);
        else if (ours) {
          assigned[name] = wanted;
          // It was direct until now: the replica that still listens on it has to go first.
          if (!this.proxies.has(wanted)) pending.add(wanted);
        } else {
          const proxy = new ServiceProxy(this.clock);
          const bound = await proxy.listen(wanted);
          fresh.set(bound, proxy);
          assigned[name] = bound;
        }
      }
    } catch (error) {
      await rollBack();
      throw error;
    }
    const balanced = new Set(ports.filter((port) => !port.direct).map((port) => assigned[port.name]));
    const commit = async (): Promise<void> => {
      const dropped = [...this.proxies].filter(([port]) => !balanced.has(port));
      this.proxies = new Map([...[...this.proxies].filter(([port]) => balanced.has(port)), ...fresh]);
      this.assigned = assigned;
      this.pending = pending;
      await Promise.all(dropped.map(([, proxy]) => proxy.close()));
    };
    return { assigned, commit, rollBack };
  }

  /** Takes the ports of an earlier supervisor's workload, which may have to wait for them. */
  async restore(ports: readonly WorkloadPort[], assigned: Record<string, number>): Promise<void> {
    this.assigned = assigned;
    this.pending = new Set(ports.filter((port) => !port.direct).map((port) => assigned[port.name] as number));
    await this.bindPending();
  }

  /** Tries again to bind what is pending; resolves to why the first of them still cannot be. */
  async bindPending(): Promise<Error | undefined> {
    let failure: Error | undefined;
    for (const port of this.pending) {
      const proxy = new ServiceProxy(this.clock);
      try {
        await proxy.listen(port);
        // While we bound it the workload may have been changed or closed.
        if (this.pending.delete(port)) this.proxies.set(port, proxy);
        else await proxy.close();
      } catch (error) {
        failure ??= error as Error;
      }
    }
    return failure;
  }

  /** Tells the proxies who is ready; `ready` has the backends of the port with that name. */
  setBackends(ready: (portName: string) => Backend[]): void {
    for (const [name, port] of Object.entries(this.assigned)) this.proxies.get(port)?.setBackends(ready(name));
  }

  /** Ends all connections, and each new one, for as long as the workload is cut off. */
  cutOff(cut: boolean): void {
    for (const proxy of this.proxies.values()) proxy.cutOff(cut);
  }

  openConnections(replica: string): number {
    return [...this.proxies.values()].reduce((sum, proxy) => sum + proxy.openConnections(replica), 0);
  }

  async close(): Promise<void> {
    const proxies = [...this.proxies.values()];
    this.proxies = new Map();
    this.pending.clear();
    await Promise.all(proxies.map((proxy) => proxy.close()));
  }
}
