import { MnoError } from "../../../exports";
import type { Clock } from "../../../kernel/clock";
import type { GatewayRequest, Principal, Risk, RiskSource } from "../contracts";
import type { SubjectChange } from "../identity/parts";
import { DEVICE_COOKIE, readSecret } from "../sessions/cookie";
import { digestOf, type Session } from "../sessions/session";
import { clientOf, type Sessions } from "../sessions/sessions";
import type { AssessedRisk, Behaver, Behaviour } from "./behaviour";
import type { KnownRisk, RiskStore } from "./risk-store";
import { freshProof, stepUpRequired } from "./step-up";

const REMEMBERED = 50_000;
const LEVELS = { low: 0, medium: 1, high: 2 } as const;

interface Assessed {
  readonly risk: AssessedRisk;
  /** Address, client and device that were assessed: another one is assessed anew. */
  readonly context: string;
}

export interface RiskSourceOptions {
  readonly store: RiskStore;
  readonly sessions: Pick<Sessions, "find" | "end">;
  /** Absent: risk is known from signals only. */
  readonly behaviour: Behaviour | undefined;
  readonly clock: Clock;
  /** An assessment is good for that long, in the context that it was made in. */
  readonly assessmentMilliseconds: number;
  /** A proof is fresh for that long. */
  readonly proofMilliseconds: number;
}

/**
 * Continuous verification: the worst of what signals say of the user, the session, the device and the workload, and of what
 * behavioural authentication thinks of the user in this context. High risk stops a session; medium makes its user prove again.
 */
export class ContinuousRisk implements RiskSource {
  private readonly assessed = new Map<string, Assessed>();
  private readonly underWay = new Map<string, Promise<Assessed>>();

  constructor(private readonly options: RiskSourceOptions) {}

  /** Errors: MNO_RISK_UNAVAILABLE, MNO_SESSION_STOPPED, MNO_STEP_UP_REQUIRED. */
  async riskOf(principal: Principal, request: GatewayRequest): Promise<Risk> {
    const { clock } = this.options;
    if (principal.type === "Anonymous") {
      return { level: "low", probability: 0, reasons: ["nobody is identified"], time: clock.now() };
    }
    const device = deviceOf(principal, request);
    const signalled = await this.signalled(principal, device);
    const assessed = principal.type === "User" ? await this.assessment(principal, request, device) : undefined;
    const risk = worst([...signalled, ...(assessed === undefined ? [] : [assessed])], clock.now());
    if (principal.session === undefined) return this.judgeToken(principal, risk);
    if (risk.level === "high") return this.stop(principal.session.id, risk);
    if (risk.level === "medium") await this.demandProof(principal.session.id, request, risk);
    return risk;
  }

  /** What a login was assessed as, or the session before its step-up: its next request is not assessed again. */
  remember(session: Session, request: GatewayRequest, risk: AssessedRisk): void {
    this.keep(session.id, { risk, context: contextOf(request, session.device ?? undefined) });
  }

  /** What was assessed of a session last, on this replica. */
  assessmentOf(session: Session): AssessedRisk | undefined {
    return this.assessed.get(session.id)?.risk;
  }

  /** To be wired to the changes of subjects. */
  forget({ kind, subject }: SubjectChange): void {
    if (subject === "*") this.assessed.clear();
    else if (kind === "session") this.assessed.delete(subject);
  }

  private async signalled(principal: Principal, device: string | undefined): Promise<KnownRisk[]> {
    const { store } = this.options;
    const workload = principal.attributes.workload;
    const found = await Promise.all([
      principal.type === "User" ? store.of("user", principal.id) : store.of("workload", principal.id),
      typeof workload === "string" ? store.of("workload", workload) : undefined,
      principal.session && store.of("session", principal.session.id),
      device === undefined ? undefined : store.of("device", device),
    ]);
    return found.filter((risk) => risk !== undefined);
  }

  private async assessment(
    principal: Principal,
    request: GatewayRequest,
    device: string | undefined,
  ): Promise<Risk | undefined> {
    const { behaviour, clock, assessmentMilliseconds } = this.options;
    if (behaviour === undefined) return undefined;
    const key = principal.session?.id ?? tokenKey(principal);
    const context = contextOf(request, device);
    const known = this.assessed.get(key);
    if (known?.context === context && clock.now() - known.risk.time < assessmentMilliseconds) return known.risk;
    // Requests that come together are assessed together.
    const shared = `${key} ${context}`;
    let running = this.underWay.get(shared);
    if (running === undefined) {
      const behaver: Behaver = {
        userId: principal.id,
        ...(device !== undefined && { deviceId: device }),
        ...(principal.session && {
          sessionId: principal.session.id,
          sessionAgeSeconds: Math.max(0, (clock.now() - principal.session.establishedAt) / 1000),
        }),
      };
      running = behaviour
        .assess(behaver, request)
        .then((risk) => ({ risk, context }))
        .finally(() => this.underWay.delete(shared));
      this.underWay.set(shared, running);
    }
    const assessed = await running;
    this.keep(key, assessed);
    return assessed.risk;
  }

  private keep(key: string, assessed: Assessed): void {
    this.assessed.delete(key);
    this.assessed.set(key, assessed);
    if (this.assessed.size > REMEMBERED) this.assessed.delete(this.assessed.keys().next().value as string);
  }

  private async stop(sessionId: string, risk: Risk): Promise<never> {
    await this.options.sessions.end({ id: sessionId }, `high risk: ${risk.reasons[0] ?? "no reason was given"}`);
    throw new MnoError("MNO_SESSION_STOPPED", `The session was stopped: ${risk.reasons.join("; ")}`, {
      extensions: { reasons: risk.reasons },
    });
  }

  /** Fresh enough is a proof since the risk arose, or a recent one in this very context. */
  private async demandProof(sessionId: string, request: GatewayRequest, risk: Risk): Promise<void> {
    const { sessions, clock, proofMilliseconds } = this.options;
    const session = await sessions.find(sessionId);
    if (session.authenticatedAt > risk.time && session.assurance !== "reduced") return;
    const { address, agent } = clientOf(request);
    const sameClient = session.client.address === address && session.client.agent === agent;
    if (sameClient && freshProof(session, clock.now(), proofMilliseconds)) return;
    throw stepUpRequired(`The risk is medium: ${risk.reasons.join("; ")}`, proofMilliseconds);
  }

  /** A program cannot be asked for a second factor; its user can, where the token says when they last proved who they are. */
  private judgeToken(principal: Principal, risk: Risk): Risk {
    if (principal.type !== "User" || risk.level !== "medium") return risk;
    const provedAt = principal.attributes.authenticatedAt;
    if (typeof provedAt === "number" && provedAt >= risk.time - this.options.proofMilliseconds) return risk;
    throw stepUpRequired(`The risk is medium: ${risk.reasons.join("; ")}`, this.options.proofMilliseconds);
  }
}

function worst(risks: readonly Risk[], now: number): Risk {
  let found: Risk | undefined;
  for (const risk of risks) {
    const more =
      found === undefined ? 1 : LEVELS[risk.level] - LEVELS[found.level] || risk.probability - found.probability;
    if (more > 0) found = risk;
  }
  return found ?? { level: "low", probability: 0, reasons: ["nothing speaks against it"], time: now };
}

/** Device id out of a claim, or of our own cookie. */
function deviceOf(principal: Principal, request: GatewayRequest): string | undefined {
  const claimed = principal.attributes.deviceId;
  if (typeof claimed === "string") return claimed;
  const secret = readSecret(request, DEVICE_COOKIE);
  return secret === undefined ? undefined : digestOf(secret);
}

function contextOf(request: GatewayRequest, device: string | undefined): string {
  const { address, agent } = clientOf(request);
  return JSON.stringify([address, agent, device ?? null]);
}

function tokenKey({ id, attributes }: Principal): string {
  return JSON.stringify([id, attributes.clientId ?? null, attributes.keyThumbprint ?? null]);
}
