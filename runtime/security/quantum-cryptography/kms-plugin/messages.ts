import { BinaryWriter } from "google-protobuf";
import { readEntry, readMessage, readText } from "../../../kernel/grpc/messages";

/** The messages of Kubernetes' KMS v2 API, by their field numbers (k8s.io/kms/apis/v2/api.proto). */
export interface EncryptRequest {
  plaintext: Uint8Array;
  /** Names the call in the logs of both sides. */
  uid: string;
}

export interface EncryptAnswer {
  /** Below 1 kB. */
  ciphertext: Uint8Array;
  /** Below 1 kB; a change of it makes the API server encrypt anew. */
  keyId: string;
  /** Kept beside the ciphertext in etcd, in the open; keys are domain names, all together below 32 kB. */
  annotations: ReadonlyMap<string, Uint8Array>;
}

export interface DecryptRequest extends EncryptAnswer {
  uid: string;
}

export function readEncryptRequest(bytes: Uint8Array): EncryptRequest {
  const request: EncryptRequest = { plaintext: new Uint8Array(), uid: "" };
  readMessage(bytes, (field, reader) => {
    if (field === 1) request.plaintext = reader.readBytes();
    else if (field === 2) request.uid = readText(reader);
    else return false;
    return true;
  });
  return request;
}

export function readDecryptRequest(bytes: Uint8Array): DecryptRequest {
  const annotations = new Map<string, Uint8Array>();
  const request: DecryptRequest = { ciphertext: new Uint8Array(), uid: "", keyId: "", annotations };
  readMessage(bytes, (field, reader) => {
    if (field === 1) request.ciphertext = reader.readBytes();
    else if (field === 2) request.uid = readText(reader);
    else if (field === 3) request.keyId = readText(reader);
    else if (field === 4)
      annotations.set(...readEntry(reader.readBytes(), (value) => value.readBytes(), new Uint8Array()));
    else return false;
    return true;
  });
  return request;
}

/** `healthz` is "ok", or what is wrong. */
export function writeStatus(healthz: string, keyId: string): Buffer {
  const writer = new BinaryWriter();
  writer.writeString(1, "v2");
  writer.writeString(2, healthz);
  writer.writeString(3, keyId);
  return Buffer.from(writer.getResultBuffer());
}

export function writeEncrypted({ ciphertext, keyId, annotations }: EncryptAnswer): Buffer {
  const writer = new BinaryWriter();
  writer.writeBytes(1, ciphertext);
  writer.writeString(2, keyId);
  for (const entry of annotations) {
    writer.writeMessage(3, entry, ([key, value]: [string, Uint8Array], inner: BinaryWriter) => {
      inner.writeString(1, key);
      inner.writeBytes(2, value);
    });
  }
  return Buffer.from(writer.getResultBuffer());
}

export function writeDecrypted(plaintext: Uint8Array): Buffer {
  const writer = new BinaryWriter();
  writer.writeBytes(1, plaintext);
  return Buffer.from(writer.getResultBuffer());
}
