import type { FastifyInstance } from "fastify";
import type { Static } from "@sinclair/typebox";
import type { OcsfEvent } from "../../../kernel/ocsf/schema";
import type { Clock } from "../../../kernel/clock";
import { ofAccessLog } from "../ingest/access-log";
import type { Intake } from "../ingest/intake";
import { AuditEventList, ofAudit } from "../ingest/kubernetes";
import { ofRawLog, RawLogs } from "../ingest/raw-log";
import type { Instruments, Source } from "../instruments";
import * as wire from "../schemas";

const BODY_BYTES = 16 * 1024 * 1024;

interface Parts {
  readonly intake: Intake;
  readonly instruments: Instruments;
  readonly clock: Clock;
}

/** The ways in over HTTP. An answer means that the events are durable. */
export function ingestRoutes(http: FastifyInstance, parts: Parts): void {
  void http.register(async (scope) => {
    // A member "__proto__" is data like any other, and read as such: refused, it would take the rest of its batch along, and who
    // can name a member of anything that Kubernetes audits could keep what it does out of the log.
    scope.removeContentTypeParser("application/json");
    const parse = scope.getDefaultJsonParser("ignore", "ignore");
    scope.addContentTypeParser("application/json", { parseAs: "string" }, parse);
    routes(scope, parts);
  });
}

function routes(http: FastifyInstance, { intake, instruments, clock }: Parts): void {
  const take = async (source: Source, events: readonly (OcsfEvent | undefined)[]) => {
    const real = events.filter((event) => event !== undefined);
    try {
      const accepted = await intake.accept(real);
      instruments.ingested(source, accepted);
      return { ...accepted, ignored: events.length - real.length };
    } catch (error) {
      instruments.refused(source, real.length);
      throw error;
    }
  };
  const answer = { response: { 200: wire.Accepted } };

  http.post<{ Body: Static<typeof wire.EventBatch> }>(
    "/v1/events",
    { bodyLimit: BODY_BYTES, schema: { summary: "Store OCSF events", body: wire.EventBatch, ...answer } },
    ({ body }) => take("http", body.events),
  );

  http.post<{ Body: Static<typeof AuditEventList> }>(
    "/v1/kubernetes-audit",
    {
      bodyLimit: BODY_BYTES,
      schema: { summary: "What an API server's audit webhook posts", body: AuditEventList, ...answer },
    },
    ({ body }) =>
      take(
        "kubernetes",
        body.items.map((audit) => ofAudit(audit, clock.now())),
      ),
  );

  http.post<{ Body: Static<typeof wire.AccessLogs> }>(
    "/v1/access-logs",
    {
      bodyLimit: BODY_BYTES,
      schema: { summary: "Lines of Envoy's or Istio's JSON access log", body: wire.AccessLogs, ...answer },
    },
    ({ body }) =>
      take(
        "mesh",
        body.lines.map((line) => ofAccessLog(line, clock.now())),
      ),
  );

  http.post<{ Body: RawLogs }>(
    "/v1/logs",
    {
      bodyLimit: BODY_BYTES,
      schema: { summary: "Logs of any system, as Sigma rules for it see them", body: RawLogs, ...answer },
    },
    ({ body }) =>
      take(
        "logs",
        body.records.map((record) => ofRawLog(record, body.logsource, clock.now())),
      ),
  );
}
