import http from "node:http";
import https from "node:https";
import http2 from "node:http2";
import net from "node:net";
import { hostOf, portOf } from "../../kernel/proxy/transport/transport";
import type { ActiveHealth } from "./settings";
import type { UpstreamSpec } from "./spec";

/** Asks one endpoint once whether it is well, on a connection of its own; resolves to what is wrong, or undefined where nothing is. */
export async function probe(address: string, spec: UpstreamSpec, health: ActiveHealth): Promise<string | undefined> {
  const signal = AbortSignal.timeout(health.timeoutSeconds * 1000);
  try {
    if (health.type === "tcp") return await probeTcp(address, signal);
    const status =
      spec.protocol === "http2"
        ? await probeHttp2(address, spec, health, signal)
        : await probeHttp1(address, spec, health, signal);
    return status >= 200 && status < 400 ? undefined : `GET ${health.path} answered ${String(status)}`;
  } catch (error) {
    if (signal.aborted) return `no answer in ${String(health.timeoutSeconds)} s`;
    return (error as Error).message || (error as NodeJS.ErrnoException).code || "the connection failed";
  }
}

function probeTcp(address: string, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: hostOf(address), port: portOf(address), signal });
    socket.once("connect", () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once("error", reject);
  });
}

function probeHttp1(
  address: string,
  { tls }: UpstreamSpec,
  { path }: ActiveHealth,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { host: hostOf(address), port: portOf(address), path, signal, agent: false as const };
    const request = tls
      ? https.request({ ...options, servername: tls.serverName, ...certificateAuthority(tls) })
      : http.request(options);
    request.once("response", (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    request.on("error", reject);
    request.end();
  });
}

function probeHttp2(
  address: string,
  { tls }: UpstreamSpec,
  { path }: ActiveHealth,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(`${tls ? "https" : "http"}://${address}`, {
      ...(tls && { servername: tls.serverName, ...certificateAuthority(tls) }),
    });
    session.on("error", reject);
    signal.addEventListener("abort", () => session.destroy(new Error("too late")), { once: true });
    const stream = session.request({ ":path": path });
    stream.on("error", reject);
    stream.once("response", (head) => {
      resolve(head[":status"] ?? 0);
      session.destroy();
    });
    stream.end();
  });
}

function certificateAuthority({ certificateAuthority: ca }: NonNullable<UpstreamSpec["tls"]>): { ca?: string } {
  return ca === undefined ? {} : { ca };
}
