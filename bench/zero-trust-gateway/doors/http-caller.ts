import { connect, type Socket } from "node:net";
import type { Caller, LoadOptions } from "./load";

/** Connections at the start; more are opened where all wait for an answer. */
const CONNECTIONS = 32;
const HEAD_END = Buffer.from("\r\n\r\n");

/**
 * HTTP/1.1 over connections that stay, one request at a time on each. Written on sockets, so that the generator takes less of the machine
 * than what it measures; it reads answers that have a length.
 */
export class HttpCaller implements Caller {
  private readonly idle: Connection[] = [];
  private readonly all: Connection[] = [];
  private readonly questions: readonly Buffer[];

  constructor(private readonly options: Pick<LoadOptions, "port" | "questions" | "expected">) {
    this.questions = options.questions.map((question) => Buffer.from(question));
    for (let index = 0; index < CONNECTIONS; index += 1) this.idle.push(this.open());
  }

  ask(index: number, answered: (fault: string | undefined) => void): void {
    const at = index % this.questions.length;
    const connection = this.idleOne() ?? this.open();
    connection.ask(this.questions[at]!, (status, content) => {
      this.idle.push(connection);
      if (status !== 200) answered(`status ${String(status)}: ${content.toString()}`);
      else answered(content.includes(this.options.expected[at]!) ? undefined : `it says ${content.toString()}`);
    });
  }

  close(): void {
    for (const connection of this.all) connection.close();
  }

  /** The one that waited longest, so that none waits until the server closes it. */
  private idleOne(): Connection | undefined {
    let connection = this.idle.shift();
    while (connection?.isClosed === true) connection = this.idle.shift();
    return connection;
  }

  private open(): Connection {
    const connection = new Connection(this.options.port);
    this.all.push(connection);
    return connection;
  }
}

class Connection {
  private readonly socket: Socket;
  private received: Buffer = Buffer.alloc(0);
  private waiting: ((status: number, content: Buffer) => void) | undefined;

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.socket.on("data", (chunk) => this.read(chunk));
    this.socket.on("error", () => undefined);
    this.socket.on("close", () => this.answer(0, Buffer.from("the connection broke")));
  }

  ask(question: Buffer, answered: (status: number, content: Buffer) => void): void {
    this.waiting = answered;
    this.socket.write(question);
  }

  get isClosed(): boolean {
    return this.socket.destroyed || this.socket.readableEnded;
  }

  close(): void {
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const end = this.received.indexOf(HEAD_END);
    if (end === -1) return;
    const head = this.received.toString("latin1", 0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) return this.answer(0, Buffer.from(`an answer without a length: ${head}`));
    const from = end + HEAD_END.length;
    if (this.received.length < from + Number(length)) return;
    const content = this.received.subarray(from, from + Number(length));
    this.received = Buffer.alloc(0);
    this.answer(Number(head.slice(9, 12)), content);
  }

  private answer(status: number, content: Buffer): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.(status, content);
  }
}
