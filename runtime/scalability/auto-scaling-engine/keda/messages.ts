import { BinaryReader, BinaryWriter } from "google-protobuf";

/** The messages of externalscaler.proto that this side reads and writes, by their field numbers. */
export interface ScaledObjectRef {
  name: string;
  namespace: string;
  scalerMetadata: Map<string, string>;
}

export interface GetMetricsRequest {
  scaledObjectRef: ScaledObjectRef;
  metricName: string;
}

/** A metric with its target or its value; both have the same layout. */
export interface MetricNumber {
  metricName: string;
  number: number;
}

/** Calls `read` with each field's number; what it does not read is passed over, as newer fields have to be. */
function readMessage(bytes: Uint8Array, read: (field: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.nextField() && !reader.isEndGroup()) {
    if (!read(reader.getFieldNumber(), reader)) reader.skipField();
  }
}

export function readScaledObjectRef(bytes: Uint8Array): ScaledObjectRef {
  const ref: ScaledObjectRef = { name: "", namespace: "", scalerMetadata: new Map() };
  readMessage(bytes, (field, reader) => {
    if (field === 1) ref.name = reader.readString();
    else if (field === 2) ref.namespace = reader.readString();
    else if (field === 3) {
      const entry = ["", ""];
      readMessage(reader.readBytes(), (part, inner) => {
        if (part !== 1 && part !== 2) return false;
        entry[part - 1] = inner.readString();
        return true;
      });
      ref.scalerMetadata.set(entry[0] ?? "", entry[1] ?? "");
    } else return false;
    return true;
  });
  return ref;
}

export function readGetMetricsRequest(bytes: Uint8Array): GetMetricsRequest {
  const request: GetMetricsRequest = { scaledObjectRef: readScaledObjectRef(new Uint8Array()), metricName: "" };
  readMessage(bytes, (field, reader) => {
    if (field === 1) request.scaledObjectRef = readScaledObjectRef(reader.readBytes());
    else if (field === 2) request.metricName = reader.readString();
    else return false;
    return true;
  });
  return request;
}

export function writeIsActive(result: boolean): Buffer {
  const writer = new BinaryWriter();
  if (result) writer.writeBool(1, true);
  return Buffer.from(writer.getResultBuffer());
}

/** A GetMetricSpecResponse or a GetMetricsResponse: the whole number for old KEDAs, the float for new ones. */
export function writeMetrics(metrics: readonly MetricNumber[]): Buffer {
  const writer = new BinaryWriter();
  for (const metric of metrics) {
    writer.writeMessage(1, metric, ({ metricName, number }: MetricNumber, inner: BinaryWriter) => {
      inner.writeString(1, metricName);
      inner.writeInt64(2, Math.round(number));
      inner.writeDouble(3, number);
    });
  }
  return Buffer.from(writer.getResultBuffer());
}
