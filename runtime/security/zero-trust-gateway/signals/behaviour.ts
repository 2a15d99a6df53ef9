import { request as send } from "undici";
import { MnoError } from "../../../exports";
import { type Clock, within } from "../../../kernel/clock";
import type { TraceCarrier } from "../../../kernel/telemetry/traces";
import type { Sibling } from "../../../kernel/http/sibling";
import type { GatewayRequest, Risk } from "../contracts";
import { CircuitBreaker } from "./circuit-breaker";

/** A user waits for it. */
const ANSWER_MILLISECONDS = 200;
const MOST_BYTES = 64 * 1024;
const BASE = "/behavioral-authentication/v1/assessments";
const LEVELS: readonly unknown[] = ["low", "medium", "high"];

/** Whose behaviour, as far as the gateway knows. */
export interface Behaver {
  readonly userId: string;
  readonly sessionId?: string;
  readonly sessionAgeSeconds?: number;
  /** Digest of the device's secret. */
  readonly deviceId?: string;
}

/** A risk, and the assessment that can be asked why. */
export interface AssessedRisk extends Risk {
  readonly assessmentId: string;
}

export type AssessmentOutcome = "success" | "failure" | "step-up-passed" | "step-up-failed";

/** Where the runtime is that has behavioural authentication, and what it wants to see. */
export interface BehaviourOptions extends Sibling {
  readonly clock: Clock;
  /** Of the span that is active, so that the assessment is part of the request's trace. */
  readonly carrier: () => TraceCarrier;
  readonly observe: (outcome: "assessed" | "failed" | "open", seconds: number) => void;
}

/** Behavioural authentication over HTTP: what it thinks of a user now, and what became of it. */
export interface Behaviour {
  /** Errors: MNO_RISK_UNAVAILABLE, within 200 ms, and at once after it was away several times in a row. */
  assess(behaver: Behaver, request: GatewayRequest, given?: Samples): Promise<AssessedRisk>;
  /** Best effort: false where it could not be told. */
  report(assessmentId: string, outcome: AssessmentOutcome): Promise<boolean>;
}

/** Keystrokes and movements as the login page sampled them; passed on as they are, for their schema is the engine's. */
export interface Samples {
  readonly keystrokes?: unknown;
  readonly mouse?: unknown;
}

export class HttpBehaviour implements Behaviour {
  private readonly breaker: CircuitBreaker;

  constructor(private readonly options: BehaviourOptions) {
    this.breaker = new CircuitBreaker(options.clock);
  }

  async assess(behaver: Behaver, request: GatewayRequest, { keystrokes, mouse }: Samples = {}): Promise<AssessedRisk> {
    const { clock, observe } = this.options;
    if (!this.breaker.tryPass()) {
      observe("open", 0);
      throw unavailable("it was away several times in a row; it is asked again in a few seconds");
    }
    const begun = clock.now();
    const { userId, sessionId, sessionAgeSeconds, deviceId } = behaver;
    const userAgent = request.headers["user-agent"]?.[0]?.slice(0, 4096).replaceAll("\t", " ");
    try {
      const answer = await this.post(BASE, {
        subject: { userId, ...(sessionId !== undefined && { sessionId }) },
        context: {
          address: request.address,
          ...(userAgent !== undefined && { userAgent }),
          ...(deviceId !== undefined && { deviceId }),
          ...(sessionAgeSeconds !== undefined && { sessionAgeSeconds }),
        },
        ...(keystrokes !== undefined && { keystrokes }),
        ...(mouse !== undefined && { mouse }),
      });
      const risk = riskIn(answer, clock.now());
      this.breaker.succeeded();
      observe("assessed", (clock.now() - begun) / 1000);
      return risk;
    } catch (cause) {
      if (cause instanceof Refused) {
        // It is there: what one client sent must not keep others from being assessed.
        this.breaker.succeeded();
        if (keystrokes !== undefined || mouse !== undefined) return this.assess(behaver, request);
      } else this.breaker.failed();
      observe("failed", (clock.now() - begun) / 1000);
      throw unavailable(cause instanceof Error ? cause.message : String(cause), cause);
    }
  }

  async report(assessmentId: string, outcome: AssessmentOutcome): Promise<boolean> {
    try {
      await this.post(`${BASE}/${encodeURIComponent(assessmentId)}/outcome`, { outcome });
      return true;
    } catch {
      return false;
    }
  }

  private async post(path: string, body: unknown): Promise<unknown> {
    const { baseUrl, headers, clock, carrier } = this.options;
    const giveUp = new AbortController();
    const late = (): Error => {
      giveUp.abort();
      return new Error(`no answer within ${ANSWER_MILLISECONDS} ms`);
    };
    return within(
      clock,
      ANSWER_MILLISECONDS,
      async () => {
        const answer = await send(baseUrl + path, {
          method: "POST",
          headers: { ...headers, ...carrier(), "content-type": "application/json" },
          body: JSON.stringify(body),
          signal: giveUp.signal,
        });
        const text = await textOf(answer.body);
        if (answer.statusCode >= 400 && answer.statusCode < 500) throw new Refused(`status ${answer.statusCode}`);
        if (answer.statusCode >= 300) throw new Error(`status ${answer.statusCode}`);
        return JSON.parse(text) as unknown;
      },
      late,
    );
  }
}

/** The question was not a good one. */
class Refused extends Error {}

function unavailable(why: string, cause?: unknown): MnoError {
  return new MnoError("MNO_RISK_UNAVAILABLE", `Behavioural authentication gave no assessment: ${why}`, { cause });
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error("its answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** What is not understood is no assessment: an answer that cannot be read must not count as low. */
function riskIn(answer: unknown, time: number): AssessedRisk {
  const { assessmentId, level, probability, reasons } = (answer ?? {}) as Record<string, unknown>;
  const readable =
    typeof assessmentId === "string" &&
    LEVELS.includes(level) &&
    typeof probability === "number" &&
    probability >= 0 &&
    probability <= 1 &&
    Array.isArray(reasons);
  if (!readable) throw new Error("its answer is not an assessment");
  return {
    assessmentId,
    level: level as Risk["level"],
    probability,
    reasons: (reasons as unknown[]).filter((reason) => typeof reason === "string").slice(0, 20),
    time,
  };
}
