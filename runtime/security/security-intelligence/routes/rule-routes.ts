import type { FastifyInstance } from "fastify";
import { loadSigma, type LoadedSigma } from "../../../kernel/sigma/load";
import type { Placeholders } from "../../../kernel/sigma/modifiers";
import * as wire from "../schemas";

export function ruleRoutes(
  http: FastifyInstance,
  {
    loaded,
    placeholders,
    reload,
  }: { loaded: () => LoadedSigma; placeholders: Placeholders; reload: () => Promise<LoadedSigma> },
): void {
  http.get(
    "/v1/rules",
    { schema: { summary: "Sigma rules and correlations in use, and what was refused, and why" } },
    async () => answerOf(loaded()),
  );

  http.post<{ Body: wire.RuleText }>(
    "/v1/rules/check",
    { schema: { summary: "Whether Sigma documents would be accepted; nothing is kept", body: wire.RuleText } },
    async ({ body }) => answerOf(loadSigma([{ source: "request", text: body.text }], { placeholders })),
  );

  http.post("/v1/rules/reload", { schema: { summary: "Read the folder of rules again" } }, async () =>
    answerOf(await reload()),
  );
}

function answerOf({ rules, correlations, refused, danglingFilters }: LoadedSigma): unknown {
  return {
    rules: rules.map(({ id, name, title, level, status, logsource, tags, author }) => ({
      id,
      name: name ?? null,
      title,
      level,
      status: status ?? null,
      logsource,
      tags,
      author: author ?? null,
    })),
    correlations: correlations.map(
      ({ id, name, title, level, type, rules: of, groupBy, timespanMilliseconds, tags }) => ({
        id,
        name: name ?? null,
        title,
        level,
        type,
        rules: of,
        groupBy,
        timespanSeconds: timespanMilliseconds / 1000,
        tags,
      }),
    ),
    refused,
    danglingFilters,
  };
}
