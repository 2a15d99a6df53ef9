import { MnoError } from "../../../exports";
import type { LimitState, Principal, Risk } from "../contracts";
import { forgeryOf } from "../csrf/guard";
import type { CsrfTokens } from "../csrf/tokens";
import { type Asked, askedOf, type RouteTable } from "../routing/table";
import type { Route } from "../routing/route";
import { Grant, type GrantFacts } from "./grant";
import type { EnforcementParts } from "./parts";
import { questionOf } from "./question";
import type { DecisionRecord, Via } from "./record";
import { Stages, type StageDependencies } from "./stages";
import { Trail } from "./trail";
import { traceIdOf } from "./trace";
import { type InboundMessage, understand, type Understood } from "./understand";

export interface EnforcementDependencies extends StageDependencies {
  readonly parts: EnforcementParts;
  readonly tokens: CsrfTokens;
  /** The routes in force, asked for with each request. */
  readonly routes: () => RouteTable;
  /** Milliseconds since 1970. */
  readonly time: () => number;
  /** Called once with each decision. */
  readonly decided: (record: DecisionRecord) => void;
}

/** Where the request's content is, for the one who decides. */
export interface ContentSource {
  /** Reads it whole. Errors: MNO_REQUEST_TOO_LARGE, MNO_REQUEST_MALFORMED. */
  readonly read: (limits: Route["content"]) => Promise<Buffer>;
}

export interface Admitted {
  readonly grant: Grant;
  /** The content, where it was read. */
  readonly content: Buffer | undefined;
}

/** A request is not let through; the decision is recorded. */
export class Refusal extends Error {
  constructor(
    readonly error: MnoError,
    readonly record: DecisionRecord,
  ) {
    super(error.message, { cause: error });
  }
}

interface Question {
  readonly upgrade: boolean;
  /** Undefined where the request has none. */
  readonly content: ContentSource | "not shown" | undefined;
  /** SPIFFE id of the workload that the request goes to. */
  readonly destination?: string | undefined;
}

/**
 * Decides on requests, in the order of contracts.ts. Default deny: only a decision that allows and names a policy leads to a grant, and
 * every fault of a part leads to a refusal. Each request ends in exactly one record.
 */
export class Enforcement {
  private readonly stages: Stages;

  constructor(private readonly dependencies: EnforcementDependencies) {
    this.stages = new Stages(dependencies);
  }

  /** Makes a request of a message. Errors: Refusal. */
  enter(message: InboundMessage, via: Via): Entered {
    const { id, time, method, target, peer, traceparent } = message;
    const path = target.split("?", 1)[0]?.slice(0, 1024) ?? "";
    const unread = {
      id,
      time,
      method: method.slice(0, 32),
      authority: "",
      path,
      query: "",
      address: peer.address,
      headers: {},
    };
    const trail = new Trail({ ...unread, traceId: traceIdOf(traceparent) }, via, []);
    try {
      const understood = this.stages.now("understand", trail, () => understand(message));
      return { understood, trail: new Trail(understood.request, via, understood.stripped) };
    } catch (error) {
      throw this.refuse(trail, error as MnoError);
    }
  }

  /** Errors: Refusal. */
  async admit({ understood, trail }: Entered, question: Question): Promise<Admitted> {
    return this.recorded(trail, async () => {
      const { principal, asked, limits, awaitsToken } = await this.clear(understood, trail, question);
      const content = await this.content(understood, trail, asked.route, question.content);
      const { csrf } = asked.route;
      if (awaitsToken) this.guard(trail, understood, { principal, options: csrf, upgrade: question.upgrade }, content);
      const { upgrade, destination } = question;
      const facts = { request: understood.request, principal, asked, limits, upgrade, destination };
      return { grant: this.issue(trail, facts), content };
    });
  }

  /**
   * Decides again on what a grant let in and lasts. Errors: Refusal, where it may not go on.
   */
  async renew({ record, request, principal, upgrade, destination }: GrantFacts, id: string): Promise<void> {
    const trail = new Trail({ ...request, id, time: this.dependencies.time() }, record.via, []);
    trail.takesBack = record.id;
    await this.recorded(trail, async () => {
      const { identity } = this.dependencies.parts;
      // The route as it is now: it may be gone, or go elsewhere.
      const now = this.stages.now("route", trail, () => this.asked(request, trail, upgrade));
      trail.inspection = {
        score: record.score,
        refused: false,
        findings: record.findings,
        excluded: record.excluded,
      };
      const renewed = await this.stages.later("renew", trail, () => identity.identifier.renew(principal, request));
      trail.principal = renewed;
      if (renewed.type !== principal.type || renewed.id !== principal.id) {
        throw new MnoError("MNO_ACCESS_DENIED", "The credentials now belong to somebody else");
      }
      const risk = await this.risk(trail, renewed, request, now.route);
      await this.decide(trail, { request, principal: renewed, asked: now, risk, destination });
    });
  }

  /** Records the refusal of what could not be understood, or of what the gateway answers itself. */
  refuse(trail: Trail, error: MnoError): Refusal {
    const record = trail.record(error);
    this.dependencies.decided(record);
    return new Refusal(error, record);
  }

  /** Inspection, origin and rate of what the gateway answers itself; nobody has to be identified for it. Errors: Refusal. */
  async guardReserved({ understood, trail }: Entered): Promise<readonly LimitState[]> {
    return this.recorded(trail, async () => {
      const { request } = understood;
      const anonymous: Principal = {
        type: "Anonymous",
        id: request.address,
        method: "anonymous",
        attributes: {},
        parents: [],
      };
      this.inspect(understood, trail, undefined);
      this.guard(trail, understood, { principal: anonymous, options: RESERVED_CSRF, upgrade: false }, undefined);
      return this.stages.later("limit", trail, () => this.dependencies.parts.identity.limiter.take(anonymous, request));
    });
  }

  /** Whatever goes wrong inside becomes one recorded refusal. */
  private async recorded<T>(trail: Trail, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const coded =
        error instanceof MnoError
          ? error
          : new MnoError("MNO_ENFORCEMENT_UNAVAILABLE", "The gateway could not decide", { cause: error });
      if (coded !== error)
        this.dependencies.log.error({ err: error }, "the gateway could not decide; the request is refused");
      throw this.refuse(trail, coded);
    }
  }

  private async clear(
    understood: Understood,
    trail: Trail,
    { upgrade, destination, content }: Question,
  ): Promise<{ principal: Principal; asked: Asked; limits: readonly LimitState[]; awaitsToken: boolean }> {
    const { request } = understood;
    const { identity } = this.dependencies.parts;
    const asked = this.stages.now("route", trail, () => this.asked(request, trail, upgrade));
    const { mode } = asked.route.content;
    const later = mode === "inspect" && content !== undefined && content !== "not shown";
    this.inspect(understood, trail, later ? "later" : undefined);
    const principal = await this.stages.later("identify", trail, () => identity.identifier.identify(request));
    trail.principal = principal;
    const guarded = { principal, options: asked.route.csrf, upgrade };
    const awaitsToken = this.guard(trail, understood, guarded, later ? "later" : undefined);
    const limits = await this.stages.later("limit", trail, () => identity.limiter.take(principal, request));
    const risk = await this.risk(trail, principal, request, asked.route);
    await this.decide(trail, { request, principal, asked, risk, destination });
    return { principal, asked, limits, awaitsToken };
  }

  private asked(request: Understood["request"], trail: Trail, upgrade: boolean): Asked {
    const route = this.dependencies.routes().find(request);
    if (!route) throw new MnoError("MNO_ROUTE_NOT_FOUND", `No route serves ${request.path} of ${request.authority}`);
    trail.route = route.name;
    if (trail.via === "proxy" && !route.upstream) {
      throw new MnoError(
        "MNO_ROUTE_NOT_FOUND",
        `The route ${route.name} has no upstream: a mesh asks about it, and forwards`,
      );
    }
    const asked = askedOf(route, request, upgrade);
    if (!asked) {
      throw new MnoError(
        "MNO_METHOD_NOT_ALLOWED",
        `The route ${route.name} takes no ${upgrade ? "WEBSOCKET" : request.method}`,
      );
    }
    trail.asked = asked;
    return asked;
  }

  /** `content`: undefined where there is none; "later" where it is still to be read. */
  private inspect({ request }: Understood, trail: Trail, content: Buffer | "later" | undefined): void {
    const { inspector, headInspector, rulesOf } = this.dependencies.parts;
    const rules = trail.route === undefined ? undefined : rulesOf(trail.route);
    this.stages.now(Buffer.isBuffer(content) ? "content" : "inspect", trail, () => {
      trail.inspection =
        content === "later"
          ? headInspector.inspect(request, undefined, rules)
          : inspector.inspect(request, content, rules);
      const { monitored } = trail.inspection;
      if (monitored === true && !trail.exceptions.includes("attack-monitored"))
        trail.exceptions.push("attack-monitored");
      if (!trail.inspection.refused) return;
      // What gave it away is in the record; an attacker need not know.
      throw new MnoError("MNO_ATTACK_SUSPECTED", "The request looks like an attack");
    });
  }

  /** Whether it has to be asked again with the content, which may hold the token that is missing. */
  private guard(
    trail: Trail,
    { request }: Understood,
    guarded: { readonly principal: Principal; readonly options: Route["csrf"]; readonly upgrade: boolean },
    content: Buffer | "later" | undefined,
  ): boolean {
    return this.stages.now("forgery", trail, () => {
      const read = Buffer.isBuffer(content) ? content : undefined;
      const forgery = forgeryOf({ ...guarded, request, tokens: this.dependencies.tokens, content: read });
      if (forgery === undefined) return false;
      if (forgery.mayFollow && content === "later") return true;
      throw new MnoError("MNO_FORGERY_SUSPECTED", forgery.why);
    });
  }

  private async risk(
    trail: Trail,
    principal: Principal,
    request: Understood["request"],
    { whenRiskUnavailable }: Route,
  ): Promise<Risk | undefined> {
    try {
      const risk = this.dependencies.parts.identity.risk;
      trail.risk = await this.stages.later("risk", trail, () => risk.riskOf(principal, request));
    } catch (error) {
      if (whenRiskUnavailable !== "decide" || (error as MnoError).status < 500) throw error;
      trail.exceptions.push("risk-unavailable");
    }
    return trail.risk;
  }

  private async decide(
    trail: Trail,
    facts: Pick<GrantFacts, "request" | "principal" | "asked" | "destination"> & { risk: Risk | undefined },
  ): Promise<void> {
    const { parts, time } = this.dependencies;
    const decision = await this.stages.traced("policy", trail, () => {
      const inspection = trail.inspection ?? { score: 0, refused: false, findings: [] };
      return parts.decisions.decide(questionOf({ ...facts, inspection, now: time() }));
    });
    trail.decision = decision;
    if (decision.allowed && decision.policies.length > 0) return;
    if (decision.advice.includes("step_up")) {
      const stepUp = parts.identity.stepUp(facts.principal, facts.request);
      if (stepUp) throw stepUp;
    }
    const { method } = facts.principal;
    if (method === "anonymous") throw new MnoError("MNO_UNAUTHENTICATED", "The request needs credentials");
    throw new MnoError("MNO_ACCESS_DENIED", "No policy allows the request");
  }

  private async content(
    understood: Understood,
    trail: Trail,
    { name, content }: Route,
    source: Question["content"],
  ): Promise<Buffer | undefined> {
    const validator = this.dependencies.parts.validatorOf(name);
    if (source === undefined || source === "not shown" || content.mode === "stream") {
      if (source !== undefined) trail.exceptions.push("content-unread");
      this.stages.now("content", trail, () => validator?.validate(understood.request));
      return undefined;
    }
    const body = await this.dependencies.tracer.span("gateway content", {}, () => source.read(content));
    this.stages.now("content", trail, () => validator?.validate(understood.request, body));
    this.inspect(understood, trail, body);
    return body;
  }

  private issue(trail: Trail, facts: Omit<GrantFacts, "record">): Grant {
    const record = trail.record();
    const grant = Grant.issue({ ...facts, record });
    this.dependencies.decided(record);
    return grant;
  }
}

/** A request on its way in. */
export interface Entered {
  readonly understood: Understood;
  readonly trail: Trail;
}

/** The gateway's own routes set cookies and end sessions. */
const RESERVED_CSRF: Route["csrf"] = { mode: "enforce", token: "fallback", field: "csrf_token", trustedOrigins: [] };
