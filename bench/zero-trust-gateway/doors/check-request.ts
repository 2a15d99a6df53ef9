import { BinaryWriter } from "google-protobuf";

/** envoy.service.auth.v3.CheckRequest of a GET with the headers that a browser's request has. */
export function checkRequest(path: string, headers: Readonly<Record<string, string>>): Buffer {
  const message = (write: (writer: BinaryWriter) => void): Uint8Array => {
    const writer = new BinaryWriter();
    write(writer);
    return writer.getResultBuffer();
  };
  const http = message((writer) => {
    writer.writeString(2, "GET");
    for (const [name, value] of Object.entries(headers)) {
      const entry = message((pair) => {
        pair.writeString(1, name);
        pair.writeString(2, value);
      });
      writer.writeBytes(3, entry);
    }
    writer.writeString(4, path);
    writer.writeString(5, "bench.example");
    writer.writeString(6, "http");
  });
  const address = message((writer) =>
    writer.writeBytes(
      1,
      message((socket) => socket.writeString(2, "10.0.0.1")),
    ),
  );
  const attributes = message((writer) => {
    writer.writeBytes(
      1,
      message((peer) => peer.writeBytes(1, address)),
    );
    writer.writeBytes(
      4,
      message((request) => request.writeBytes(2, http)),
    );
  });
  return Buffer.from(message((writer) => writer.writeBytes(1, attributes)));
}
