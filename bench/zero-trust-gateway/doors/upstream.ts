import http from "node:http";
import type { AddressInfo } from "node:net";

/** A server that answers at once. Prints its port. */
const server = http.createServer((_request, response) => response.end("hello"));
server.listen(0, "127.0.0.1", () => process.stdout.write(`${String((server.address() as AddressInfo).port)}\n`));
process.on("SIGTERM", () => process.exit(0));
