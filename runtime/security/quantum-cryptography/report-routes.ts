import { randomUUID } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import { SUITES, statusAt } from "../../kernel/crypto/suite";
import type { AuditBatches } from "./audit-batches";
import type { AuditRecord } from "./audit-log";
import type { AuditStore } from "./audit-store";
import { cbom } from "./cbom";
import type { EnvelopeStore } from "./envelope-store";
import type { KeyStore } from "./key-store";
import { type CryptoPolicy, datesOf, mayProtect } from "./policy";
import * as wire from "./report-schemas";
import { IdPath } from "./schemas";

export interface ReportRouteOptions {
  store: KeyStore;
  envelopes: EnvelopeStore;
  audit: AuditStore;
  batches: AuditBatches;
  policy: CryptoPolicy;
  clock: Pick<Clock, "now">;
}

const PAGE = 50;

/** What there is, what was done, and why. */
export function installReportRoutes(
  http: FastifyInstance,
  { store, envelopes, audit, batches, policy, clock }: ReportRouteOptions,
): void {
  http.get(
    "/v1/suites",
    {
      schema: {
        summary: "The catalogue of suites, and what the policy says of each",
        response: { 200: wire.SuiteList },
      },
    },
    async () => ({
      items: SUITES.map((suite) => {
        const { deprecatedFrom, forbiddenFrom } = datesOf(policy, suite);
        const { allowed, reasons } = mayProtect(policy, suite.id, clock.now());
        return {
          id: suite.id,
          kind: suite.kind,
          category: suite.category,
          standard: suite.standard,
          deprecatedFrom: deprecatedFrom ?? null,
          forbiddenFrom: forbiddenFrom ?? null,
          status: statusAt(
            { ...(deprecatedFrom && { deprecatedFrom }), ...(forbiddenFrom && { forbiddenFrom }) },
            clock.now(),
          ),
          mayProtect: allowed,
          reasons,
        };
      }),
    }),
  );

  http.get(
    "/v1/cbom",
    {
      schema: {
        summary: "What still uses which suite: a CycloneDX cryptography bill of materials",
        response: { 200: wire.Cbom },
      },
    },
    async () => cbom(await store.suites(), await envelopes.bySuite(), policy, clock.now(), randomUUID()),
  );

  http.get(
    "/v1/rewraps",
    {
      schema: {
        summary: "How far registered envelopes are wrapped anew, latest first",
        response: { 200: wire.RewrapList },
      },
    },
    async () => ({
      items: (await envelopes.jobs(PAGE)).map(({ cursor: _, startedAt, finishedAt, ...job }) => ({
        ...job,
        startedAt: new Date(startedAt).toISOString(),
        finishedAt: finishedAt === null ? null : new Date(finishedAt).toISOString(),
      })),
    }),
  );

  http.get<{ Querystring: wire.RecordQuery }>(
    "/v1/audit/records",
    {
      schema: {
        summary: "Audit records, newest first",
        querystring: wire.RecordQuery,
        response: { 200: wire.RecordList },
      },
    },
    async ({ query: { limit = PAGE, key, before = Number.MAX_SAFE_INTEGER } }) => ({
      items: await audit.list(limit, key ?? null, before),
    }),
  );

  http.get<{ Params: IdPath }>(
    "/v1/audit/records/:id/proof",
    {
      schema: {
        summary: "A record with the proof that it is in its signed batch",
        params: IdPath,
        response: { 200: wire.InclusionAnswer },
      },
    },
    ({ params }) => batches.inclusion(params.id),
  );

  http.post<{ Body: wire.ProofRequest }>(
    "/v1/audit/verify-proof",
    { schema: { summary: "Whether such a proof holds", body: wire.ProofRequest, response: { 200: wire.ProofAnswer } } },
    async ({ body }) => ({ valid: await batches.verifyProof(body) }),
  );

  http.get(
    "/v1/audit/verify",
    {
      schema: { summary: "Look for altered and removed records, in all batches", response: { 200: wire.VerifyAnswer } },
    },
    () => batches.verify(),
  );

  http.get<{ Params: IdPath }>(
    "/v1/decisions/:id",
    {
      schema: {
        summary: "Why an operation was allowed, refused, or failed",
        params: IdPath,
        response: { 200: wire.RecordAnswer },
      },
    },
    async ({ params }) => {
      const found = await audit.find(params.id);
      if (found === undefined) throw new MnoError("MNO_CRYPTO_DECISION_NOT_FOUND", `There is no decision ${params.id}`);
      return JSON.parse(found.record) as AuditRecord;
    },
  );
}
