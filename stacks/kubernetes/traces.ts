import type { Connectable } from "../../components";

/** Where OTLP over HTTP is served when the URL names no port. */
const SCHEME_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/** Lets the agents out to the collector at this URL. Network policies know no names: to its port, wherever it is. */
export function allowTraces(otlpEndpoint: string | undefined, agents: readonly Connectable[]): void {
  if (otlpEndpoint === undefined) return;
  const { protocol, port } = new URL(otlpEndpoint);
  const number = port === "" ? (SCHEME_PORTS[protocol] ?? 443) : Number(port);
  for (const { connections } of agents) {
    connections.allowToAddresses("0.0.0.0/0", [number], "It sends its traces to a collector.");
  }
}
