import { Type } from "@sinclair/typebox";
import type { FastifyInstance, FastifyReply } from "fastify";
import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import type { ReportBody } from "./engine";
import { type Filter } from "./filter";
import { carbonTxt, type Format, MEDIA_TYPES, type Publication, render } from "./formats";
import type { Instruments } from "./instruments";
import type { Period } from "./market";
import type { Revision, ReportStore } from "./report-store";
import type { Reporter } from "./reporter";
import {
  CloseRequest,
  ExplainQuery,
  FormatQuery,
  PeriodList,
  ReportPath,
  ReportQuery,
  RevisionAnswer,
  RevisionList,
  RevisionPath,
} from "./schemas";

export interface RouteDependencies {
  name: string;
  reporter: Reporter;
  reports: ReportStore;
  publication: Publication | undefined;
  instruments: Instruments;
  clock: Clock;
}

const Text = Type.String({ description: "The report in the form that was asked for" });

/** The engine's HTTP API. */
export function installRoutes(http: FastifyInstance, deps: RouteDependencies): void {
  const { name, reporter, reports, instruments } = deps;
  const send = (reply: FastifyReply, format: Format, body: ReportBody, revision: Revision | null): FastifyReply => {
    const text = format === "carbon-txt" ? published(deps, body, revision) : render(format, body, revision);
    // Names in it are others' input: escaped, and should that ever fail, nothing of theirs is run.
    void reply.header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");
    return reply.type(MEDIA_TYPES[format]).header("x-content-type-options", "nosniff").send(text);
  };
  const sendRevision = (reply: FastifyReply, format: Format, revision: Revision): FastifyReply => {
    void reply.header("etag", `"${revision.sha256}.${format}"`).header("mno-sha256", revision.sha256);
    void reply.header("mno-revision", String(revision.revision));
    // The bytes that were signed, as they are.
    if (format === "json") return reply.type(MEDIA_TYPES.json).send(revision.body);
    return send(reply, format, JSON.parse(revision.body) as ReportBody, revision);
  };

  http.get<{ Querystring: ReportQuery }>(
    "/v1/reports",
    {
      schema: {
        operationId: "getReport",
        tags: ["reports"],
        summary: "The report of a period as its figures are now; provisional until the period is closed",
        querystring: ReportQuery,
        response: { 200: Text },
      },
    },
    async ({ query }, reply) => {
      const stop = instruments.reportTimer();
      const body = await reporter.report(periodOf(query), filterOf(query));
      stop();
      return await send(reply, query.format, body, null);
    },
  );

  http.post<{ Body: CloseRequest }>(
    "/v1/reports",
    {
      schema: {
        operationId: "closeReport",
        tags: ["reports"],
        summary: "Close a period, or restate a closed one with a reason; the same figures again make no revision",
        body: CloseRequest,
        response: { 200: RevisionAnswer, 201: RevisionAnswer },
      },
    },
    async ({ body }, reply) => {
      const { revision, created } = await reporter.close(periodOf(body), body.reason);
      if (created) void reply.code(201).header("location", `/${name}/v1/reports/${revision.reportId}`);
      return answerOf(revision);
    },
  );

  http.get(
    "/v1/periods",
    {
      schema: {
        operationId: "listPeriods",
        tags: ["reports"],
        summary: "Closed periods",
        response: { 200: PeriodList },
      },
    },
    async () => ({
      items: (await reports.list()).map(({ id, period, revisions }) => ({
        reportId: id,
        from: new Date(period.from).toISOString(),
        to: new Date(period.to).toISOString(),
        revisions,
      })),
    }),
  );

  http.get<{ Params: ReportPath; Querystring: FormatQuery }>(
    "/v1/reports/:id",
    {
      schema: {
        operationId: "getClosedReport",
        tags: ["reports"],
        summary: "The latest revision of a closed report",
        params: ReportPath,
        querystring: FormatQuery,
        response: { 200: Text },
      },
    },
    async ({ params, query }, reply) => {
      const revision = await reports.latest(params.id);
      if (!revision) throw missing(params.id);
      return await sendRevision(reply, query.format, revision);
    },
  );

  http.get<{ Params: ReportPath }>(
    "/v1/reports/:id/revisions",
    {
      schema: {
        operationId: "listRevisions",
        tags: ["reports"],
        summary: "All revisions of a closed report, the first one first: hash, signature, reason and what changed",
        params: ReportPath,
        response: { 200: RevisionList },
      },
    },
    async ({ params }) => {
      const revisions = await reports.revisions(params.id);
      if (revisions.length === 0) throw missing(params.id);
      return { items: revisions.map(answerOf) };
    },
  );

  http.get<{ Params: RevisionPath; Querystring: FormatQuery }>(
    "/v1/reports/:id/revisions/:n",
    {
      schema: {
        operationId: "getRevision",
        tags: ["reports"],
        summary: "One revision of a closed report, as it was",
        params: RevisionPath,
        querystring: FormatQuery,
        response: { 200: Text },
      },
    },
    async ({ params, query }, reply) => {
      const revision = await reports.find(params.id, params.n);
      if (!revision) throw missing(`${params.id}, revision ${params.n}`);
      return await sendRevision(reply, query.format, revision);
    },
  );

  http.get<{ Querystring: ExplainQuery }>(
    "/v1/totals/explain",
    {
      schema: {
        operationId: "explainTotals",
        tags: ["reports"],
        summary: "What the totals of a period are made of: each summand with its method, signal, source and dates",
        querystring: ExplainQuery,
        response: { 200: Type.Object({}, { additionalProperties: true, description: "Rule, totals and summands" }) },
      },
    },
    ({ query }) => reporter.explain(periodOf(query), filterOf(query), query.limit),
  );
}

const missing = (what: string): MnoError =>
  new MnoError("MNO_REPORT_NOT_FOUND", `There is no closed report ${what}; GET /v1/periods has those there are`);

const periodOf = ({ from, to }: { from: string; to: string }): Period => ({
  from: Date.parse(from),
  to: Date.parse(to),
});

const filterOf = ({ tenant, workload, region }: Filter): Filter => ({
  ...(tenant !== undefined && { tenant }),
  ...(workload !== undefined && { workload }),
  ...(region !== undefined && { region }),
});

function published({ publication, clock }: RouteDependencies, body: ReportBody, revision: Revision | null): string {
  if (!publication) {
    throw new MnoError(
      "MNO_REPORT_NOT_PUBLISHED",
      "A carbon.txt links to a published report: set MNO_SR_PUBLICATION to where this one is",
    );
  }
  const updated = new Date(revision?.madeAt ?? clock.now()).toISOString().slice(0, 10);
  return carbonTxt(publication, body.period, updated);
}

function answerOf({ body: _, madeAt, ...revision }: Revision): RevisionAnswer {
  return { ...revision, madeAt: new Date(madeAt).toISOString(), signed: revision.signature !== null };
}
