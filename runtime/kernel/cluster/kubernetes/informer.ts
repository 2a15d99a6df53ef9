import { StringDecoder } from "node:string_decoder";
import { MnoError } from "../../../exports";
import type { Clock } from "../../clock";
import { type Backoff, backoffMilliseconds } from "../../lifecycle/backoff";
import { ApiError, type ApiStatus, isHttpStatus } from "./api-error";
import type { Call } from "./connection";
import type { KubernetesObject, Metadata } from "./objects";

/** What an informer needs of a connection. */
export interface ListWatch {
  json<T>(method: "GET", path: string, call?: Call): Promise<T>;
  stream(path: string, call: Call): Promise<AsyncIterable<Buffer>>;
}

export interface InformerOptions<T extends KubernetesObject> {
  api: ListWatch;
  path: string;
  fieldSelector?: string;
  clock: Clock;
  random: () => number;
  backoff: Backoff;
  /** What of each object is kept in memory; all of it by default. Name, uid and version must stay. */
  keep?: (object: T) => T;
  /** Told of each change after the object is kept; `after` is undefined where it is gone. */
  onChange?: (before: T | undefined, after: T | undefined) => void;
}

export const WATCH_BACKOFF: Backoff = { firstMilliseconds: 250, capMilliseconds: 5_000 };

/** Without a connection for longer, what is kept is too old to be served. */
const STALE_MILLISECONDS = 15_000;
const PAGE = 500;
/** How long one watch lasts, so that load spreads over API servers anew: from once to twice this. */
const WATCH_SECONDS = 300;

interface List<T> {
  metadata: { resourceVersion?: string; continue?: string };
  items: T[];
}

type WatchLine<T> =
  { type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"; object: T } | { type: "ERROR"; object: ApiStatus };

/**
 * Every object of one kind, kept up to date: a list, then a watch from where the list ended. A watch that ends goes on from
 * the last version seen; one whose version the server has forgotten (410 Gone) is listed anew, and only differences are told.
 */
export class Informer<T extends KubernetesObject> {
  private readonly objects = new Map<string, T>();
  private readonly stop = new AbortController();
  private running: Promise<void> | undefined;
  /** Of the last list, bookmark or event; undefined where a list is due. */
  private version: string | undefined;
  private synced = false;
  private failures = 0;
  private fault: unknown;
  /** When the connection was lost; undefined while there is one. */
  private lostAt: number | undefined;
  private settled = Promise.withResolvers<void>();

  constructor(private readonly options: InformerOptions<T>) {}

  /** Starts it where it does not run yet; resolves when what it keeps may be served. Errors: why it may not. */
  async ready(): Promise<void> {
    this.running ??= this.run();
    if (!this.synced && this.fault === undefined) await this.settled.promise;
    if (this.synced && this.fresh()) return;
    throw this.fault;
  }

  values(): Iterable<T> {
    return this.objects.values();
  }

  /** The answer to a write of ours: kept unless something newer is. */
  observe(object: T): void {
    const known = this.objects.get(keyOf(object));
    // Where the watch has come past it, what the watch said of it counts.
    if (this.synced && (known ? isNewer(object, known) : isLater(versionOf(object), this.version))) this.put(object);
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.running;
    // Whoever still waits is told.
    this.fault ??= new MnoError(
      "MNO_CLUSTER_UNREACHABLE",
      `the connection was closed before ${this.options.path} was read`,
    );
    this.settled.resolve();
  }

  private fresh(): boolean {
    // What is not allowed does not mend itself.
    if (this.fault instanceof MnoError && this.fault.code === "MNO_CLUSTER_FORBIDDEN") return false;
    return this.lostAt === undefined || this.options.clock.now() - this.lostAt < STALE_MILLISECONDS;
  }

  private async run(): Promise<void> {
    const { clock, random, backoff } = this.options;
    const { signal } = this.stop;
    while (!signal.aborted) {
      try {
        if (this.version === undefined) await this.list();
        await this.watch();
      } catch (error) {
        if (signal.aborted) return;
        this.failed(error);
        const milliseconds = backoffMilliseconds(this.failures, backoff, random);
        await clock.sleep(milliseconds, signal).catch(() => undefined);
      }
    }
  }

  private failed(error: unknown): void {
    if (isHttpStatus(error, 410)) this.version = undefined;
    this.failures += 1;
    this.fault = error;
    this.lostAt ??= this.options.clock.now();
    this.settled.resolve();
  }

  private connected(): void {
    this.fault = undefined;
    this.lostAt = undefined;
    this.settled.resolve();
  }

  private async list(): Promise<void> {
    const { api, path, fieldSelector } = this.options;
    const listed = new Map<string, T>();
    let page: List<T> | undefined;
    do {
      const query = { limit: String(PAGE), continue: page?.metadata.continue, fieldSelector };
      page = await api.json<List<T>>("GET", path, { query, signal: this.stop.signal });
      for (const object of page.items) listed.set(keyOf(object), object);
    } while (page.metadata.continue);
    for (const [key, object] of this.objects) if (!listed.has(key)) this.remove(object);
    for (const object of listed.values()) this.put(object);
    this.version = page.metadata.resourceVersion;
    this.synced = true;
  }

  /** Returns when the server ends the watch. */
  private async watch(): Promise<void> {
    const { api, path, fieldSelector, random } = this.options;
    const query = {
      watch: "true",
      allowWatchBookmarks: "true",
      resourceVersion: this.version,
      timeoutSeconds: String(Math.round(WATCH_SECONDS * (1 + random()))),
      fieldSelector,
    };
    const body = await api.stream(path, { query, signal: this.stop.signal });
    this.connected();
    let lines = 0;
    for await (const line of readLines<WatchLine<T>>(body)) {
      lines += 1;
      this.accept(line);
      this.failures = 0;
    }
    // A server that ends every watch at once would otherwise be asked without end.
    if (lines === 0) throw new MnoError("MNO_CLUSTER_UNREACHABLE", `the watch of ${path} ended before it began`);
  }

  private accept(line: WatchLine<T>): void {
    if (line.type === "ERROR") throw new ApiError(line.object.code ?? 500, line.object, `WATCH ${this.options.path}`);
    const { object } = line;
    if (line.type === "DELETED") this.remove(object);
    else if (line.type !== "BOOKMARK") this.put(object);
    this.version = object.metadata?.resourceVersion ?? this.version;
  }

  private put(object: T): void {
    const key = keyOf(object);
    const before = this.objects.get(key);
    if (before && !isNewer(object, before)) return;
    const kept = this.options.keep?.(object) ?? object;
    this.objects.set(key, kept);
    this.options.onChange?.(before, kept);
  }

  private remove(object: T): void {
    const before = this.objects.get(keyOf(object));
    // A deletion that is told late must not take the object that was made anew under its name.
    if (!before || (before.metadata?.uid !== object.metadata?.uid && isNewer(before, object))) return;
    this.objects.delete(keyOf(object));
    this.options.onChange?.(before, undefined);
  }
}

function keyOf({ metadata }: { metadata?: Metadata }): string {
  return `${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`;
}

function versionOf({ metadata }: { metadata?: Metadata }): string {
  return metadata?.resourceVersion ?? "0";
}

/** Versions of one kind are numbers that grow. Source: Kubernetes enhancement 5504, stable since v1.35. */
function isLater(version: string, than: string | undefined): boolean {
  return BigInt(version) > BigInt(than ?? "0");
}

function isNewer(object: KubernetesObject, than: KubernetesObject): boolean {
  return isLater(versionOf(object), versionOf(than));
}

async function* readLines<Line>(body: AsyncIterable<Buffer>): AsyncGenerator<Line, void> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.write(chunk)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield JSON.parse(line) as Line;
  }
}
