import { Agent, request } from "undici";
import { ERRORS, type ErrorCode, type FieldFault, MnoError } from "../../../exports";
import type { Clock } from "../../clock";
import { readJson, stateFiles } from "./files";
import { HEARTBEAT_MS, type SupervisorAddress, WIRE_VERSION } from "./wire";

/** How long a request that may be repeated is repeated while the supervisor does not answer: it may be restarting. */
const PATIENCE_MS = 5_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
const READ_TIMEOUT_MS = 10_000;

type Method = "GET" | "PUT" | "POST" | "DELETE";
type Body = Awaited<ReturnType<typeof request>>["body"];

/** The supervisor was not reached: nothing was asked of it, or no answer came back. */
class Unreachable extends Error {
  constructor(
    message: string,
    /** true: certainly not received, so that even a change may be sent again. */
    readonly unsent: boolean,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/**
 * Requests to whichever supervisor runs in the folder now: supervisor.json is read again for each attempt, for the next
 * supervisor has another port and token. Reads are repeated for about 5 s, changes only where they were certainly not received.
 */
export class SupervisorConnection {
  private readonly agent = new Agent({ keepAliveTimeout: 10_000, connectTimeout: 2_000 });
  private readonly path: string;

  constructor(
    private readonly directory: string,
    private readonly clock: Clock,
  ) {
    this.path = stateFiles(directory).supervisor;
  }

  /** Resolves to the answer's JSON. Errors: the supervisor's own, by code; MNO_CLUSTER_UNREACHABLE. */
  async json<T>(method: Method, path: string, body?: unknown): Promise<T> {
    const deadline = this.clock.now() + PATIENCE_MS;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        const answer = await this.send(method, path, body, {
          headersTimeout: method === "GET" ? READ_TIMEOUT_MS : 0,
          bodyTimeout: READ_TIMEOUT_MS,
        });
        return (await parse(answer)) as T;
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        const again = method === "GET" || error.unsent;
        if (!again || this.clock.now() + pauseMs > deadline) throw this.unreachable(error);
        await this.clock.sleep(pauseMs);
      }
    }
  }

  /** One attempt at the watch; its body ends or fails with the connection. */
  watch(signal: AbortSignal): Promise<Body> {
    return this.send("GET", "/v1/watch", undefined, {
      headersTimeout: READ_TIMEOUT_MS,
      bodyTimeout: 3 * HEARTBEAT_MS,
      signal,
    });
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }

  private async send(
    method: Method,
    path: string,
    body: unknown,
    limits: { headersTimeout: number; bodyTimeout: number; signal?: AbortSignal },
  ): Promise<Body> {
    const address = this.address();
    const headers = {
      authorization: `Bearer ${address.token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const payload = body === undefined ? null : JSON.stringify(body);
    let answer: Awaited<ReturnType<typeof request>>;
    try {
      answer = await request(`${address.url}${path}`, {
        dispatcher: this.agent,
        method,
        headers,
        body: payload,
        ...limits,
      });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const unsent = code === "ECONNREFUSED" || code === "UND_ERR_CONNECT_TIMEOUT";
      throw new Unreachable((error as Error).message, unsent, error);
    }
    if (answer.statusCode < 400) return answer.body;
    // The port went to another program, or to another folder's supervisor, since the file was written.
    const problem = await parse(answer.body).catch(() => undefined);
    if (!isProblem(problem) || problem.code === "MNO_UNAUTHENTICATED") {
      throw new Unreachable(`another program answers at ${address.url}`, true);
    }
    throw new MnoError(problem.code, problem.detail, { faults: problem.faults ?? [] });
  }

  private address(): SupervisorAddress {
    const address = readJson(this.path) as SupervisorAddress | undefined;
    if (!address) throw new Unreachable("no supervisor runs there", true);
    if (address.version !== WIRE_VERSION) {
      throw this.unreachable(
        new Error(
          `its supervisor speaks version ${String(address.version)} and this program version ${String(WIRE_VERSION)}`,
        ),
      );
    }
    return address;
  }

  private unreachable(cause: Error): MnoError {
    return new MnoError(
      "MNO_CLUSTER_UNREACHABLE",
      `The local cluster in ${this.directory} does not answer (${cause.message}); start it with: npm start`,
      { cause },
    );
  }
}

async function parse(body: Body): Promise<unknown> {
  let text: string;
  try {
    text = await body.text();
  } catch (error) {
    throw new Unreachable((error as Error).message, false, error);
  }
  return text === "" ? undefined : (JSON.parse(text) as unknown);
}

interface WireProblem {
  code: ErrorCode;
  detail: string;
  faults?: FieldFault[];
}

function isProblem(value: unknown): value is WireProblem {
  const code = (value as Partial<WireProblem> | undefined)?.code;
  return code !== undefined && Object.hasOwn(ERRORS, code);
}
