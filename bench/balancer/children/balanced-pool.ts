import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { BalancedPool } from "undici";
import { answerParent } from "./messages";

/** The least that makes undici's BalancedPool a proxy. */
answerParent({
  async open({ ports }: { ports: number[] }) {
    const pool = new BalancedPool(ports.map((port) => `http://127.0.0.1:${port}`));
    const server = createServer((request, response) => {
      const { url = "/", method = "GET", headers } = request;
      const work = headers["x-work"];
      pool.stream(
        { path: url, method: method, headers: { "x-work": String(work) }, opaque: response },
        ({ statusCode, headers: answered }) => response.writeHead(statusCode, answered as Record<string, string>),
        (error) => {
          if (error === null || error === undefined) return;
          if (!response.headersSent) response.writeHead(502);
          response.end();
        },
      );
    });
    server.keepAliveTimeout = 60_000;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  },
});
