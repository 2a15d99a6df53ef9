import { Registry } from "prom-client";
import pino, { type Logger } from "pino";
import { MnoError } from "../../runtime/exports";
import { systemClock } from "../../runtime/kernel/clock";
import { createMetrics } from "../../runtime/kernel/telemetry/metrics";
import { tracer } from "../../runtime/kernel/telemetry/traces";
import type {
  AccessDecision,
  AccessQuestion,
  GatewayRequest,
  Inspection,
  LimitState,
  Principal,
  ReservedRoute,
  Risk,
} from "../../runtime/security/zero-trust-gateway/contracts";
import { DataPlane, type DataPlaneOptions } from "../../runtime/security/zero-trust-gateway/data-plane";
import { AssertionSigner } from "../../runtime/security/zero-trust-gateway/forwarding/assertion";
import type { GatewayIdentity, SubjectChange } from "../../runtime/security/zero-trust-gateway/identity/parts";
import { createInstruments } from "../../runtime/security/zero-trust-gateway/instruments";
import { validateRoutes } from "../../runtime/security/zero-trust-gateway/routing/validate";
import type { Cleanup } from "./balancer";

export const silent: Logger = pino({ level: "silent" });

export const ALICE: Principal = {
  type: "User",
  id: "alice",
  method: "session",
  attributes: { department: "sales" },
  parents: [{ type: "Group", id: "staff" }],
  session: { id: "session-of-alice", establishedAt: 0, authenticatedAt: 0, assurance: "mfa" },
};
export const NOBODY: Principal = {
  type: "Anonymous",
  id: "127.0.0.1",
  method: "anonymous",
  attributes: {},
  parents: [],
};
export const ALLOWED: AccessDecision = {
  allowed: true,
  policies: ["staff-may"],
  version: "v1",
  errors: [],
  advice: [],
};
export const DENIED: AccessDecision = { allowed: false, policies: [], version: "v1", errors: [], advice: [] };

/**
 * The parts that the gateway asks, as a test wants them: alice is who says `authorization: Bearer alice`, carol is alice with a session
 * (cookie `who=alice`), anybody else is anonymous; staff may all.
 */
export class Parts {
  readonly questions: AccessQuestion[] = [];
  readonly inspected: { request: GatewayRequest; body: Buffer | undefined }[] = [];
  private readonly listeners: ((change: SubjectChange) => void)[] = [];
  routes: ReservedRoute[] = [];

  identify = async (request: GatewayRequest): Promise<Principal> => {
    if (request.headers.authorization?.[0] === "Bearer alice") {
      const { session: _session, ...rest } = ALICE;
      return { ...rest, method: "bearer" };
    }
    return request.headers.cookie?.[0]?.includes("who=alice") ? ALICE : NOBODY;
  };
  renew = async (principal: Principal, _request: GatewayRequest): Promise<Principal> => principal;
  riskOf = async (): Promise<Risk> => ({ level: "low", probability: 0.01, reasons: [], time: Date.now() });
  take = async (): Promise<readonly LimitState[]> => [];
  decide = (question: AccessQuestion): AccessDecision => (question.principal.type === "User" ? ALLOWED : DENIED);
  inspect = (_request: GatewayRequest, _body?: Buffer): Inspection => ({ score: 0, refused: false, findings: [] });
  validate: ((request: GatewayRequest, body?: Buffer) => void) | undefined;
  stepUp: GatewayIdentity["stepUp"] = () => undefined;
  headersOf: GatewayIdentity["headersOf"] = (error): Record<string, string> =>
    error.status === 401 ? { "www-authenticate": 'Bearer realm="test"' } : {};

  /** Something changed that decisions rest on. */
  changed(): void {
    for (const listener of this.listeners) listener({ kind: "user", subject: "*" });
  }

  private look(request: GatewayRequest, body: Buffer | undefined): Inspection {
    this.inspected.push({ request, body });
    return this.inspect(request, body);
  }

  get parts(): DataPlaneOptions["parts"] {
    return {
      identity: {
        identifier: {
          identify: (request) => this.identify(request),
          renew: (principal, request) => this.renew(principal, request),
        },
        risk: { riskOf: () => this.riskOf() },
        limiter: { take: () => this.take() },
        routes: this.routes,
        stepUp: (principal, request) => this.stepUp(principal, request),
        headersOf: (error, request) => this.headersOf(error, request),
        limitHeaders: (): Record<string, string> => ({}),
        onChange: (listener) => void this.listeners.push(listener),
      },
      decisions: {
        decide: (question) => {
          this.questions.push(question);
          return this.decide(question);
        },
      },
      inspector: { inspect: (request, body) => this.look(request, body) },
      headInspector: { inspect: (request) => this.look(request, undefined) },
      rulesOf: () => undefined,
      validatorOf: () => (this.validate === undefined ? undefined : { validate: this.validate }),
    };
  }
}

export interface TestGateway {
  readonly plane: DataPlane;
  readonly parts: Parts;
  readonly port: number;
  readonly registry: Registry;
}

/** A gateway in front of one upstream, with parts of the test's making. */
export async function startGateway(
  cleanup: Cleanup,
  routes: readonly object[],
  options: Partial<DataPlaneOptions> & { readonly double?: Parts } = {},
): Promise<TestGateway> {
  const { double: parts = new Parts(), ...rest } = options;
  const registry = new Registry();
  const plane = new DataPlane(
    {
      listen: "127.0.0.1:0",
      extAuthzListen: undefined,
      extAuthzGrpcListen: undefined,
      extAuthzPrefix: "",
      tls: undefined,
      trustedProxies: [],
      parts: parts.parts,
      csrfKey: Buffer.alloc(32, 7),
      partMilliseconds: 1000,
      renewMilliseconds: 300,
      mostRequests: 1000,
      contentBytes: 10_000_000,
      decisionsKept: 1000,
      tellAllowed: true,
      instruments: createInstruments(createMetrics(registry)),
      tracer,
      log: silent,
      clock: systemClock,
      ...rest,
    },
    await AssertionSigner.open(undefined),
  );
  plane.apply(validateRoutes(routes));
  await plane.open();
  cleanup.add(plane, (each) => each.close(100));
  return { plane, parts, port: portOf(plane.addresses.gateway), registry };
}

export function portOf(address: string | undefined): number {
  return Number(address?.slice(address.lastIndexOf(":") + 1) ?? 0);
}

export function unavailable(): never {
  throw new MnoError("MNO_POLICY_UNAVAILABLE", "No policy set is loaded");
}
