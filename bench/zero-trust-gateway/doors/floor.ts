import { Server } from "@grpc/grpc-js";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { addUnaryService, bindGrpc, unaryMethod } from "../../../runtime/kernel/grpc/unary";

export interface Floor {
  readonly http: number;
  readonly grpc: number;
}

/** Servers that answer everything and decide nothing: what the platform itself takes. Resolves to their ports. */
export async function run(): Promise<Floor> {
  const server = http.createServer((request, response) => {
    request.resume();
    request.once("end", () => response.setHeader("content-type", "application/json").end('{"decision":true}'));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const grpc = new Server();
  const answer = Buffer.alloc(64);
  addUnaryService(grpc, "envoy.service.auth.v3.Authorization", {
    Check: unaryMethod({ read: (bytes) => bytes, answer: () => Promise.resolve(answer) }),
  });
  return { http: (server.address() as AddressInfo).port, grpc: await bindGrpc(grpc, "127.0.0.1:0", "the floor") };
}
