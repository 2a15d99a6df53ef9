import { BinaryWriter } from "google-protobuf";
import { readEntry, readMessage, readText } from "../../../kernel/grpc/messages";

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

export function readScaledObjectRef(bytes: Uint8Array): ScaledObjectRef {
  const ref: ScaledObjectRef = { name: "", namespace: "", scalerMetadata: new Map() };
  readMessage(bytes, (field, reader) => {
    if (field === 1) ref.name = readText(reader);
    else if (field === 2) ref.namespace = readText(reader);
    else if (field === 3) ref.scalerMetadata.set(...readEntry(reader.readBytes(), readText, ""));
    else return false;
    return true;
  });
  return ref;
}

export function readGetMetricsRequest(bytes: Uint8Array): GetMetricsRequest {
  const request: GetMetricsRequest = { scaledObjectRef: readScaledObjectRef(new Uint8Array()), metricName: "" };
  readMessage(bytes, (field, reader) => {
    if (field === 1) request.scaledObjectRef = readScaledObjectRef(reader.readBytes());
    else if (field === 2) request.metricName = readText(reader);
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
