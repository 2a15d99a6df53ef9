import type { ServerResponse } from "node:http";
import { Type } from "@sinclair/typebox";
import Fastify, { type FastifyInstance, type FastifyRequest, LogController } from "fastify";
import type { Logger } from "pino";
import { MnoError } from "../../../exports";
import type { Clock } from "../../clock";
import { isLoopback } from "../../http/access";
import { installProblems } from "../../http/problems";
import { sameSecret } from "../../same-secret";
import type { ClusterNode, IsolationOptions, ResumeOptions } from "../cluster";
import { watchStream } from "./watch-stream";
import type { Workloads } from "./workloads";

/**
 * The HTTP API of the supervisor, on loopback at the `url` in supervisor.json. Every request carries
 * `Authorization: Bearer <token of supervisor.json>`; bodies and answers are JSON; an error is a problem document
 * (application/problem+json: type, title, status, detail, code, faults). <status> is a WorkloadStatus (cluster.ts), <spec> a
 * WorkloadSpec (exports/workload-spec.ts); secretEnvironment reads as "***".
 *
 *   GET    /v1/nodes                                    200 {nodes: ClusterNode[]}
 *   GET    /v1/workloads                                200 {workloads: <status>[]}
 *   GET    /v1/workloads/<name>                         200 <status>; 404 MNO_WORKLOAD_NOT_FOUND
 *   PUT    /v1/workloads/<name>          <spec>         201 <status> when new, else 200; 422 MNO_WORKLOAD_INVALID (faults by JSON
 *                                                       pointer), 409 MNO_WORKLOAD_CONFLICT, 409 MNO_PORT_IN_USE
 *   PUT    /v1/workloads/<name>/scale    {replicas}     200 <status>; 404, 422 MNO_WORKLOAD_INVALID
 *   POST   /v1/workloads/<name>/suspend                 200 <status>; 404
 *   POST   /v1/workloads/<name>/resume   {annotations?} 200 <status>; 404; 409 MNO_WORKLOAD_CONFLICT while isolated
 *   POST   /v1/workloads/<name>/renew                   200 <status>, suspended; 404; 409 MNO_WORKLOAD_CONFLICT where it is no job
 *                                                       that is over
 *   POST   /v1/workloads/<name>/isolate  {reason}       200 <status>, suspended, with `isolation`; 404
 *   POST   /v1/workloads/<name>/release                 200 <status>, when what was held is gone; 404
 *   DELETE /v1/workloads/<name>                         204 when every process is gone, also where there was none
 *   GET    /v1/workloads/<name>/logs?lines=100          200 {lines: string[]}, oldest first, at most 10000; 404
 *   GET    /v1/watch                                    200 application/x-ndjson without end, one object per line: {type: "applied",
 *                                                       status} per workload, {type: "listed"}, then {type: "applied" | "changed" |
 *                                                       "deleted", status} as it happens, and {type: "heartbeat", time} every 5 s
 *   POST   /v1/shutdown                                 202 {}; stops every replica, then the supervisor; workloads start again with
 *                                                       the next one. It is gone when supervisor.json is
 *
 * While it stops, changes are refused with 503 MNO_CLUSTER_UNREACHABLE. 401 MNO_UNAUTHENTICATED without the token, 421
 * MNO_HOST_REFUSED for a Host header that does not name loopback.
 */
export function createServer(options: {
  workloads: Workloads;
  node: () => ClusterNode;
  token: string;
  clock: Clock;
  log: Logger;
  /** Ends the watches when aborted. */
  signal: AbortSignal;
  shutDown: () => void;
}): FastifyInstance {
  const { workloads, clock, signal } = options;
  const app = Fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 256 },
  }) as unknown as FastifyInstance;
  installProblems(app);
  app.addHook("onRequest", async (request) => {
    authorize(request, options.token);
  });

  app.get("/v1/nodes", () => ({ nodes: [options.node()] }));
  app.get("/v1/workloads", () => ({ workloads: workloads.list() }));
  app.get<Named>("/v1/workloads/:name", (request) => workloads.get(request.params.name));
  app.put<Named>("/v1/workloads/:name", async (request, reply) => {
    const { created, status } = await workloads.apply(request.params.name, request.body);
    return reply.code(created ? 201 : 200).send(status);
  });
  app.put<Named & { Body: { replicas?: unknown } | null }>("/v1/workloads/:name/scale", (request) =>
    workloads.scale(request.params.name, request.body?.replicas),
  );
  app.post<Named>("/v1/workloads/:name/suspend", (request) => workloads.suspend(request.params.name));
  app.post<Named & { Body: ResumeOptions | undefined }>(
    "/v1/workloads/:name/resume",
    { schema: { body: ResumeBody } },
    (request) => workloads.resume(request.params.name, request.body?.annotations),
  );
  app.post<Named>("/v1/workloads/:name/renew", (request) => workloads.renew(request.params.name));
  app.post<Named & { Body: IsolationOptions }>(
    "/v1/workloads/:name/isolate",
    { schema: { body: IsolateBody } },
    (request) => workloads.isolate(request.params.name, request.body.reason),
  );
  app.post<Named>("/v1/workloads/:name/release", (request) => workloads.release(request.params.name));
  app.delete<Named>("/v1/workloads/:name", async (request, reply) => {
    await workloads.delete(request.params.name);
    return reply.code(204).send();
  });
  app.get<Named & { Querystring: { lines: number } }>(
    "/v1/workloads/:name/logs",
    { schema: { querystring: Type.Object({ lines: Type.Integer({ minimum: 1, maximum: 10_000, default: 100 }) }) } },
    async (request) => ({ lines: await workloads.logs(request.params.name, request.query.lines) }),
  );
  app.get("/v1/watch", (_, reply) => {
    reply.hijack();
    const response: ServerResponse = reply.raw;
    response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
    watchStream(response, workloads, clock, signal);
  });
  app.post("/v1/shutdown", (_, reply) => {
    reply.raw.once("finish", options.shutDown);
    return reply.code(202).send({});
  });
  return app;
}

const ResumeBody = Type.Union([
  Type.Null(),
  Type.Object(
    { annotations: Type.Optional(Type.Record(Type.String(), Type.String())) },
    { additionalProperties: false },
  ),
]);

const IsolateBody = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 1024 }) },
  { additionalProperties: false },
);

interface Named {
  Params: { name: string };
}

/** The Host header is checked too, so that a web page which re-binds its DNS name to 127.0.0.1 gets nowhere. */
function authorize(request: FastifyRequest, token: string): void {
  const name = (request.headers.host ?? "").replace(/:\d+$/, "");
  if (!isLoopback(name))
    throw new MnoError("MNO_HOST_REFUSED", `The Host header is "${name}"; it must be 127.0.0.1 or localhost`);
  if (!sameSecret(request.headers.authorization ?? "", `Bearer ${token}`)) {
    throw new MnoError(
      "MNO_UNAUTHENTICATED",
      "Send Authorization: Bearer <token>, with the token of the folder's supervisor.json",
    );
  }
}
