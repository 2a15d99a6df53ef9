import { createSocket } from "node:dgram";
import { type AddressInfo, createServer, isIPv6, type Socket } from "node:net";
import { respond, type ResolveName } from "./responder";

export interface DnsServer {
  readonly port: number;
  close(): Promise<void>;
}

const TCP_CONNECTIONS = 100;
const TCP_IDLE_MILLISECONDS = 5000;

/** Listens on UDP and TCP of one port; port 0 takes a free one. `fault` hears what went wrong with a socket; the server goes on. */
export async function serveDns(
  listen: string,
  resolve: ResolveName,
  fault: (error: Error) => void,
): Promise<DnsServer> {
  const at = listen.lastIndexOf(":");
  const host = listen.slice(0, at).replace(/^\[|\]$/g, "");
  const tcp = createServer((socket) => converse(socket, resolve, fault));
  tcp.maxConnections = TCP_CONNECTIONS;
  await new Promise<void>((done, reject) => {
    tcp.once("error", reject);
    tcp.listen(Number(listen.slice(at + 1)), host, done);
  });
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket(isIPv6(host) ? "udp6" : "udp4");
  const sockets = new Set<Socket>();
  tcp.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const closeTcp = (): Promise<void> =>
    new Promise((done) => {
      tcp.close(() => done());
      for (const socket of sockets) socket.destroy();
    });
  try {
    await new Promise<void>((done, reject) => {
      udp.once("error", reject);
      udp.bind(port, host, done);
    });
  } catch (error) {
    await closeTcp();
    throw error;
  }
  udp.on("error", fault);
  tcp.on("error", fault);
  udp.on("message", (message, peer) => {
    // Nothing can be sent to port 0, whoever claims to ask from there.
    if (peer.port === 0) return;
    try {
      const answer = respond(message, peer.address, "udp", resolve);
      if (answer) udp.send(answer, peer.port, peer.address, (error) => error && fault(error));
    } catch (error) {
      fault(error as Error);
    }
  });
  return {
    port,
    close: async () => {
      await new Promise<void>((done) => udp.close(() => done()));
      await closeTcp();
    },
  };
}

/** Messages over TCP come with their length before them (RFC 1035, section 4.2.2). A fault costs the connection, and no other. */
function converse(socket: Socket, resolve: ResolveName, fault: (error: Error) => void): void {
  let seen = Buffer.alloc(0);
  socket.setTimeout(TCP_IDLE_MILLISECONDS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    seen = Buffer.concat([seen, chunk]);
    while (seen.length >= 2 && seen.length >= 2 + seen.readUInt16BE(0)) {
      const length = seen.readUInt16BE(0);
      const message = seen.subarray(2, 2 + length);
      seen = seen.subarray(2 + length);
      try {
        const answer = respond(message, socket.remoteAddress ?? "", "tcp", resolve);
        if (!answer) return void socket.destroy();
        const prefix = Buffer.alloc(2);
        prefix.writeUInt16BE(answer.length);
        // A peer that asks and does not read is not waited for.
        if (!socket.write(Buffer.concat([prefix, answer]))) return void socket.destroy();
      } catch (error) {
        fault(error as Error);
        return void socket.destroy();
      }
    }
  });
}
