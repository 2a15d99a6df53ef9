export interface NatsBusOptions {
  /** Prefix of the streams' and subjects' names; buses of different names share nothing. `[a-z0-9-]+`. */
  name: string;
  /** Declared size of the event stream, in bytes, where this process creates it. */
  maxBytes: number;
  /** Copies of each stream in a NATS cluster. */
  replicas: number;
  /** How long the server waits for a sign of life of a delivered event before it delivers it again, in milliseconds. */
  ackWaitMilliseconds: number;
  /** How long a dead replica keeps its consumers from the others, in milliseconds. */
  leaseMilliseconds: number;
  /** How long the server is waited for, in milliseconds. */
  timeoutMilliseconds: number;
}

export const NATS_DEFAULTS: NatsBusOptions = {
  name: "mno",
  maxBytes: 1024 ** 3,
  replicas: 1,
  ackWaitMilliseconds: 10_000,
  leaseMilliseconds: 10_000,
  timeoutMilliseconds: 5_000,
};

/** Names on the server, all derived from the bus's name. */
export function natsNames(name: string) {
  return {
    events: `${name}-events`,
    dead: `${name}-dead-letters`,
    leases: `${name}-leases`,
    eventSubject: (type: string) => `${name}.events.${type}`,
    typeOf: (subject: string) => subject.slice(name.length + ".events.".length),
    deadSubject: (consumer: string) => `${name}.dead.${consumer}`,
    redriveSubject: (consumer: string) => `${name}.redrive.${consumer}`,
    leaseSubject: (consumer: string) => `${name}.lease.${consumer}`,
  };
}

export type NatsNames = ReturnType<typeof natsNames>;
