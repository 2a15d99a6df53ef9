import { ecsFormat } from "@elastic/ecs-pino-format";
import { context, trace } from "@opentelemetry/api";
import pino, { type DestinationStream, type Logger } from "pino";

export const LOG_LEVELS = ["DEBUG", "INFO", "WARN", "ERROR"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Never written, wherever they appear in a logged object. */
const SECRET_PATHS = ["authorization", "token", "password", "secretEnvironment", "apiToken"].flatMap((key) => [
  key,
  `*.${key}`,
  `*.*.${key}`,
]);

/** JSON lines with Elastic Common Schema keys; the active trace and span ids are in every line. */
export function createLogger(service: string, level: LogLevel, destination?: DestinationStream): Logger {
  const ecs = ecsFormat({ serviceName: service, apmIntegration: false });
  const options = {
    ...ecs,
    formatters: { ...ecs.formatters, level: (label: string) => ({ "log.level": label.toUpperCase() }) },
    level: level.toLowerCase(),
    redact: { paths: SECRET_PATHS, censor: "***" },
    mixin: () => {
      const span = trace.getSpan(context.active())?.spanContext();
      return span ? { "trace.id": span.traceId, "span.id": span.spanId } : {};
    },
  };
  return destination ? pino(options, destination) : pino(options);
}
