import { existsSync } from "node:fs";
import type { RequestOptions as TlsOptions } from "node:https";
import { homedir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { KubeConfig } from "@kubernetes/client-node";
import { Agent, type Dispatcher, ProxyAgent, request } from "undici";
import { MnoError } from "../../../exports";
import type { Clock } from "../../clock";
import { withoutCredentials } from "../secret-mask";
import { ApiError, type ApiStatus, isHttpStatus } from "./api-error";

export interface Call {
  query?: Readonly<Record<string, string | undefined>>;
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Where a pod finds its own credentials. Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
const SERVICE_ACCOUNT_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** How long certificates and tokens are used before they are read again: files and exec plugins rotate them. */
const CREDENTIALS_MILLISECONDS = 10_000;
const CONNECT_MILLISECONDS = 5_000;
const ANSWER_MILLISECONDS = 30_000;
/** The API server sends a bookmark about every minute; a watch that is silent for longer is cut off. */
const SILENCE_MILLISECONDS = 150_000;

interface Credentials {
  readAt: number;
  dispatcher: Dispatcher;
  headers: Record<string, string>;
}

/**
 * HTTP to one API server, over TLS. The client library reads the kubeconfig, runs credential plugins and rotates tokens; the
 * requests are made here, for its own calls open a connection each.
 */
export class Connection {
  private readonly server: string;
  private credentials: Promise<Credentials> | undefined;
  private readonly dispatchers = new Map<string, Dispatcher>();

  /** Errors: MNO_CLUSTER_URL_INVALID where there is no configuration, or it is not for TLS. */
  constructor(
    source: { kubeconfig?: string; context?: string },
    private readonly clock: Clock,
    private readonly config: KubeConfig = loadConfig(source),
  ) {
    const server = config.getCurrentCluster()?.server;
    if (!server?.startsWith("https://")) {
      const why = server === undefined ? "names no cluster" : `names ${withoutCredentials(server)}, which is not https`;
      throw new MnoError("MNO_CLUSTER_URL_INVALID", `context "${config.getCurrentContext()}" of the kubeconfig ${why}`);
    }
    this.server = server.replace(/\/$/, "");
  }

  /** Errors: ApiError, MNO_CLUSTER_UNREACHABLE. */
  async json<T>(method: Method, path: string, call: Call = {}): Promise<T> {
    return JSON.parse(await this.text(method, path, call)) as T;
  }

  /** undefined where the API server has no such object, or no such kind. */
  async find<T>(path: string, call: Call = {}): Promise<T | undefined> {
    try {
      return await this.json<T>("GET", path, call);
    } catch (error) {
      if (isHttpStatus(error, 404)) return undefined;
      throw error;
    }
  }

  async text(method: Method, path: string, call: Call = {}): Promise<string> {
    return this.reaching(async () => text(await this.send(method, path, call, ANSWER_MILLISECONDS)), call.signal);
  }

  /**
   * Resolves when the API server has begun to answer; the answer's parts then come until the server ends it, the signal
   * aborts, or nothing comes for too long.
   */
  async stream(path: string, call: Call): Promise<AsyncIterable<Buffer>> {
    return this.parts(await this.reaching(() => this.send("GET", path, call, SILENCE_MILLISECONDS), call.signal), call);
  }

  async close(): Promise<void> {
    await Promise.all([...this.dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
  }

  private async *parts(body: Dispatcher.ResponseData["body"], call: Call): AsyncGenerator<Buffer, void> {
    const parts = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    try {
      for (;;) {
        const part = await this.reaching(() => parts.next(), call.signal);
        if (part.done) return;
        yield part.value;
      }
    } finally {
      body.on("error", () => undefined).destroy();
    }
  }

  private async send(
    method: Method,
    path: string,
    call: Call,
    bodyTimeout: number,
    again = true,
  ): Promise<Dispatcher.ResponseData["body"]> {
    const { dispatcher, headers } = await this.authenticate();
    const url = new URL(this.server + path);
    for (const [key, value] of Object.entries(call.query ?? {}))
      if (value !== undefined) url.searchParams.set(key, value);
    const { statusCode, body } = await request(url, {
      method,
      dispatcher,
      headers: {
        ...headers,
        accept: "application/json",
        "user-agent": "machine-native-ops",
        ...(call.body === undefined ? {} : { "content-type": call.contentType ?? "application/json" }),
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal: call.signal ?? null,
      headersTimeout: ANSWER_MILLISECONDS,
      bodyTimeout,
    });
    if (statusCode < 300) return body;
    const status = parseStatus(await text(body));
    if (statusCode === 401 && again) {
      this.credentials = undefined; // revoked or rotated since they were read
      return this.send(method, path, call, bodyTimeout, false);
    }
    throw new ApiError(statusCode, status, `${method} ${path}`);
  }

  private async reaching<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof MnoError || signal?.aborted) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new MnoError(
        "MNO_CLUSTER_UNREACHABLE",
        `the API server at ${withoutCredentials(this.server)} does not answer: ${why}`,
        {
          cause: error,
        },
      );
    }
  }

  private async authenticate(): Promise<Credentials> {
    const present = await this.credentials?.catch(() => undefined);
    if (present && this.clock.now() - present.readAt < CREDENTIALS_MILLISECONDS) return present;
    this.credentials = this.readCredentials();
    return this.credentials;
  }

  private async readCredentials(): Promise<Credentials> {
    const readAt = this.clock.now();
    const options: TlsOptions = {};
    await this.config.applyToHTTPSOptions(options);
    const basic: Record<string, string> = options.auth
      ? { authorization: `Basic ${Buffer.from(options.auth).toString("base64")}` }
      : {};
    const headers = { ...basic, ...(options.headers as Record<string, string> | undefined) };
    return { readAt, headers, dispatcher: this.dispatcherFor(options) };
  }

  /** Connections are kept as long as certificates stay the same. */
  private dispatcherFor({ ca, cert, key, servername, rejectUnauthorized }: TlsOptions): Dispatcher {
    const options = { ca, cert, key, servername, rejectUnauthorized };
    const tls = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    const identity = JSON.stringify(tls);
    let dispatcher = this.dispatchers.get(identity);
    if (!dispatcher) {
      const proxy = this.config.getCurrentCluster()?.proxyUrl;
      const connect = { timeout: CONNECT_MILLISECONDS, keepAlive: true, keepAliveInitialDelay: 30_000 };
      dispatcher = proxy
        ? new ProxyAgent({ uri: proxy, requestTls: { ...tls, ...connect } })
        : new Agent({ connect: { ...tls, ...connect } });
      // Whatever still runs over the former ones comes to its end.
      for (const former of this.dispatchers.values()) void former.close();
      this.dispatchers.clear();
      this.dispatchers.set(identity, dispatcher);
    }
    return dispatcher;
  }
}

function loadConfig({ kubeconfig, context }: { kubeconfig?: string; context?: string }): KubeConfig {
  const config = new KubeConfig();
  const invalid = (why: string): MnoError => new MnoError("MNO_CLUSTER_URL_INVALID", why);
  try {
    if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
    else if (process.env.KUBERNETES_SERVICE_HOST !== undefined && existsSync(SERVICE_ACCOUNT_TOKEN))
      config.loadFromCluster();
    else if (process.env.KUBECONFIG || existsSync(join(homedir(), ".kube", "config"))) config.loadFromDefault();
    else
      throw invalid(
        "there is no service account, no KUBECONFIG and no ~/.kube/config; add ?kubeconfig=<absolute file>",
      );
  } catch (error) {
    if (error instanceof MnoError) throw error;
    throw invalid(`the kubeconfig could not be read: ${(error as Error).message}`);
  }
  if (context !== undefined) {
    if (!config.getContextObject(context)) {
      const known = config.getContexts().map(({ name }) => name);
      throw invalid(`the kubeconfig has no context "${context}"; it has ${known.join(", ") || "none"}`);
    }
    config.setCurrentContext(context);
  }
  return config;
}

function parseStatus(body: string): ApiStatus {
  try {
    return JSON.parse(body) as ApiStatus;
  } catch {
    return { message: body.slice(0, 500) }; // a proxy in between, or the server on its way down
  }
}
