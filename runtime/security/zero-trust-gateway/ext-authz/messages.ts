import { BinaryWriter } from "google-protobuf";
import { readEntry, readMessage, readText } from "../../../kernel/grpc/messages";
import type { Checked } from "./check";

/**
 * The part of envoy.service.auth.v3 that the gateway reads and writes; numbers are those of
 * https://github.com/envoyproxy/envoy/tree/main/api/envoy/service/auth/v3 (Apache-2.0). Unknown fields are passed over.
 */
export interface CheckRequest {
  readonly source: Peer;
  readonly destination: Peer;
  readonly method: string;
  /** Path and query as they came. */
  readonly path: string;
  readonly host: string;
  readonly scheme: string;
  /** HTTP/1.0, HTTP/1.1, HTTP/2 or HTTP/3. */
  readonly protocol: string;
  /** Name, value, name, value. */
  readonly headers: string[];
  /** Of the content, -1 where unknown. */
  readonly size: number;
  readonly content: Buffer;
}

interface Peer {
  readonly address: string;
  /** SPIFFE id or another name out of the peer's certificate. */
  readonly principal: string;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Throws for bytes that are no message. */
export function readCheckRequest(bytes: Uint8Array): CheckRequest {
  const request: Mutable<CheckRequest> = {
    source: { address: "", principal: "" },
    destination: { address: "", principal: "" },
    method: "",
    path: "",
    host: "",
    scheme: "",
    protocol: "",
    headers: [],
    size: 0,
    content: Buffer.alloc(0),
  };
  readMessage(bytes, (field, reader) => {
    if (field !== 1) return false;
    readMessage(reader.readBytes(), (attribute, inner) => {
      if (attribute === 1) request.source = readPeer(inner.readBytes());
      else if (attribute === 2) request.destination = readPeer(inner.readBytes());
      else if (attribute === 4) readRequest(inner.readBytes(), request);
      else return false;
      return true;
    });
    return true;
  });
  return request;
}

function readPeer(bytes: Uint8Array): Peer {
  const peer: Mutable<Peer> = { address: "", principal: "" };
  readMessage(bytes, (field, reader) => {
    if (field === 1) peer.address = readAddress(reader.readBytes());
    else if (field === 4) peer.principal = readText(reader);
    else return false;
    return true;
  });
  return peer;
}

/** Address.socket_address.address. */
function readAddress(bytes: Uint8Array): string {
  let address = "";
  readMessage(bytes, (kind, reader) => {
    if (kind !== 1) return false;
    readMessage(reader.readBytes(), (field, inner) => {
      if (field !== 2) return false;
      address = readText(inner);
      return true;
    });
    return true;
  });
  return address;
}

function readRequest(bytes: Uint8Array, request: Mutable<CheckRequest>): void {
  readMessage(bytes, (field, reader) => {
    if (field !== 2) return false;
    readMessage(reader.readBytes(), (part, inner) => {
      if (part === 2) request.method = readText(inner);
      else if (part === 3) request.headers.push(...readEntry(inner.readBytes(), readText, ""));
      else if (part === 4) request.path = readText(inner);
      else if (part === 5) request.host = readText(inner);
      else if (part === 6) request.scheme = readText(inner);
      else if (part === 9) request.size = inner.readInt64();
      else if (part === 10) request.protocol = readText(inner);
      else if (part === 11 || part === 12) request.content = Buffer.from(inner.readBytes());
      else if (part === 13) request.headers.push(...readHeaderMap(inner.readBytes()));
      else return false;
      return true;
    });
    return true;
  });
}

/** `header_map`, which stands for `headers` where `encode_raw_headers` is set. */
function readHeaderMap(bytes: Uint8Array): string[] {
  const headers: string[] = [];
  readMessage(bytes, (field, reader) => {
    if (field !== 1) return false;
    const header = ["", ""];
    readMessage(reader.readBytes(), (part, inner) => {
      if (part === 1) header[0] = readText(inner);
      else if (part === 2) header[1] = readText(inner);
      else if (part === 3) header[1] = Buffer.from(inner.readBytes()).toString("latin1");
      else return false;
      return true;
    });
    headers.push(...header);
    return true;
  });
  return headers;
}

/** google.rpc.Code of a refusal. */
const CODES: Readonly<Record<number, number>> = { 400: 3, 401: 16, 404: 5, 413: 8, 429: 8 };
const PERMISSION_DENIED = 7;

export function writeCheckResponse(checked: Checked): Buffer {
  const writer = new BinaryWriter();
  if (checked.allowed) {
    message(writer, 1, () => undefined);
    message(writer, 3, (ok) => {
      writeHeaders(ok, 2, checked.toUpstream);
      for (const name of checked.remove) ok.writeString(5, name);
      writeHeaders(ok, 6, checked.toClient);
    });
  } else {
    message(writer, 1, (status) => status.writeInt32(1, CODES[checked.status] ?? PERMISSION_DENIED));
    message(writer, 2, (denied) => {
      message(denied, 1, (status) => status.writeEnum(1, checked.status));
      writeHeaders(denied, 2, checked.headers);
      denied.writeString(3, checked.body);
    });
  }
  return Buffer.from(writer.getResultBuffer());
}

/** HeaderValueOption: the first value of a name replaces what is there, further ones are appended. */
function writeHeaders(writer: BinaryWriter, field: number, headers: readonly string[]): void {
  const seen = new Set<string>();
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? "";
    message(writer, field, (option) => {
      message(option, 1, (header) => {
        header.writeString(1, name);
        header.writeString(2, headers[index + 1] ?? "");
      });
      message(option, 2, (append) => append.writeBool(1, seen.has(name)));
    });
    seen.add(name);
  }
}

/** Into the same writer, which fills in the length: a writer for each message would cost more than the rest of the answer. */
function message(writer: BinaryWriter, field: number, write: (inner: BinaryWriter) => void): void {
  writer.writeMessage(field, write, (_write, inner) => write(inner));
}
