import { createServer, type Server } from "node:net";
import { MnoError } from "../../../exports";

export const LOOPBACK = "127.0.0.1";

/** Binds `server` on loopback; 0 lets the system choose. Resolves to the port. Errors: MNO_PORT_IN_USE. */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => {
      if (error.code === "EADDRINUSE") {
        reject(
          new MnoError("MNO_PORT_IN_USE", `Another process listens on port ${String(port)} of ${LOOPBACK}`, {
            extensions: { port },
          }),
        );
      } else if (error.code === "EACCES") {
        reject(
          new MnoError(
            "MNO_WORKLOAD_INVALID",
            `Port ${String(port)} needs privileges that the supervisor does not have; choose one from 1024`,
          ),
        );
      } else reject(error);
    };
    server.once("error", refuse);
    server.listen(port, LOOPBACK, () => {
      server.removeListener("error", refuse);
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
}

/** Resolves to the port (a free one for 0) where a process could listen now. Errors: MNO_PORT_IN_USE. */
export async function checkFree(port: number): Promise<number> {
  const probe = createServer();
  const bound = await listen(probe, port);
  await new Promise((resolve) => probe.close(resolve));
  return bound;
}

/** Gives replicas ports of their own; none is given twice while it is held. */
export class PortPool {
  private readonly held = new Set<number>();

  async take(): Promise<number> {
    for (;;) {
      const port = await checkFree(0);
      if (this.held.has(port)) continue;
      this.held.add(port);
      return port;
    }
  }

  release(port: number): void {
    this.held.delete(port);
  }
}
