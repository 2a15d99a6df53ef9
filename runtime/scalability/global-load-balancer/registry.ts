import type { Logger } from "pino";
import { MnoError } from "../../exports";
import { explainChanges } from "./changes";
import type { Proxy } from "./proxy";
import type { UpstreamSpec } from "./spec";
import type { StoredUpstream, UpstreamStore, UpstreamVersion } from "./store";
import { validateUpstream } from "./validate";

export interface RegistryDependencies {
  readonly store: UpstreamStore;
  readonly proxy: Proxy;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** The upstreams in force are others now. */
  readonly onChange: () => void;
  readonly onRemoved: (upstream: string) => void;
}

/** Keeps the upstreams that the data plane runs equal to those in the store, whichever replica changed them. */
export class UpstreamRegistry {
  /** In force: name -> version. */
  private readonly versions = new Map<string, number>();
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly dependencies: RegistryDependencies) {}

  /** Errors: MNO_UPSTREAM_INVALID, MNO_UPSTREAM_CHANGED. */
  async put(input: unknown, expected: number | undefined): Promise<UpstreamVersion & { readonly created: boolean }> {
    const { store, now } = this.dependencies;
    const spec = validateUpstream(input);
    const put = await store.put(spec, {
      ...(expected === undefined ? {} : { expected }),
      now: now(),
      explain: (before) => explainChanges(before, spec),
    });
    if (!put) {
      throw new MnoError(
        "MNO_UPSTREAM_CHANGED",
        `Version ${String(expected)} of ${spec.name} is not in force; read it again`,
      );
    }
    await this.sync();
    return put;
  }

  async delete(name: string): Promise<void> {
    if (!(await this.dependencies.store.delete(name))) throw missing(name);
    await this.sync();
  }

  async get(name: string): Promise<StoredUpstream> {
    const found = await this.dependencies.store.get(name);
    if (!found) throw missing(name);
    return found;
  }

  /** Puts in force what the store has and this process does not, one sync at a time. */
  sync(): Promise<void> {
    const next = this.turn.then(() => this.once());
    this.turn = next.catch(() => undefined);
    return next;
  }

  private async once(): Promise<void> {
    const { store, proxy, log, onChange, onRemoved } = this.dependencies;
    const stored = await store.list();
    const names = new Set(stored.map(({ spec }) => spec.name));
    let changed = false;
    for (const { spec, version } of stored) {
      if (this.versions.get(spec.name) === version) continue;
      this.versions.set(spec.name, version);
      changed = true;
      try {
        proxy.apply(spec);
      } catch (error) {
        // Of another release, say: the others must not suffer for it, and this one stays as it was.
        log.error({ err: error, upstream: spec.name, version }, "the stored upstream cannot be put in force");
      }
    }
    for (const name of [...this.versions.keys()]) {
      if (names.has(name)) continue;
      this.versions.delete(name);
      proxy.remove(name);
      onRemoved(name);
      changed = true;
    }
    if (changed) onChange();
  }
}

export function missing(name: string): MnoError {
  return new MnoError("MNO_UPSTREAM_NOT_FOUND", `There is no upstream ${name}`);
}

/** Errors: MNO_CONFIG_INVALID with the faults of all declared upstreams at once. */
export function validateDeclared(inputs: readonly unknown[]): UpstreamSpec[] {
  const faults = inputs.flatMap((input, index) => {
    try {
      validateUpstream(input);
      return [];
    } catch (error) {
      if (!(error instanceof MnoError)) throw error;
      return error.faults.map(({ field, message }) => ({
        field: `MNO_GLB_UPSTREAMS/${String(index)}${field}`,
        message,
      }));
    }
  });
  const specs = faults.length === 0 ? inputs.map(validateUpstream) : [];
  const names = specs.map(({ name }) => name);
  for (const name of new Set(names.filter((each, index) => names.indexOf(each) !== index))) {
    faults.push({ field: "MNO_GLB_UPSTREAMS", message: `has more than one upstream ${name}` });
  }
  if (faults.length === 0) return specs;
  throw new MnoError("MNO_CONFIG_INVALID", faults.map((fault) => `${fault.field} ${fault.message}`).join("; "), {
    faults,
  });
}
