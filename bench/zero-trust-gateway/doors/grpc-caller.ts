import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from "node:http2";
import type { Caller, LoadOptions } from "./load";

/** As many as a proxy of some workers has. */
const SESSIONS = 4;
/** Compressed or not, and the message's length. */
const PREFIX_BYTES = 5;

/** Unary calls of gRPC over HTTP/2, written on Node's own sessions: the client library would cost more than the server. */
export class GrpcCaller implements Caller {
  private readonly sessions: readonly ClientHttp2Session[];
  private readonly questions: readonly Buffer[];
  private readonly expected: readonly string[];

  constructor({ port, questions, expected }: Pick<LoadOptions, "port" | "questions" | "expected">) {
    this.sessions = Array.from({ length: SESSIONS }, () => connect(`http://127.0.0.1:${String(port)}`));
    for (const session of this.sessions) session.on("error", () => undefined);
    this.questions = questions.map((question) => framed(Buffer.from(question, "base64")));
    this.expected = expected;
  }

  ask(index: number, answered: (fault: string | undefined) => void): void {
    const at = index % this.questions.length;
    const stream = this.sessions[index % SESSIONS]!.request({
      ":method": "POST",
      ":path": "/envoy.service.auth.v3.Authorization/Check",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const chunks: Buffer[] = [];
    let status = "none";
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("trailers", (trailers: IncomingHttpHeaders) => (status = String(trailers["grpc-status"])));
    stream.on("error", () => (status = "a broken stream"));
    stream.on("close", () => {
      const content = Buffer.concat(chunks);
      if (status !== "0" || stream.rstCode !== constants.NGHTTP2_NO_ERROR) answered(`grpc-status ${status}`);
      else answered(content.includes(this.expected[at]!) ? undefined : `it says ${content.toString("latin1")}`);
    });
    stream.end(this.questions[at]);
  }

  close(): void {
    for (const session of this.sessions) session.destroy();
  }
}

function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
