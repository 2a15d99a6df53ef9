import { type Static, Type } from "@sinclair/typebox";
import { gunzipSync, gzipSync } from "node:zlib";

export const JobSchema = Type.Object({
  id: Type.String({ description: "Id" }),
  pipeline: Type.String({ description: "Pipeline that a model is made for" }),
  assumption: Type.Union([Type.Literal("normals"), Type.Literal("unlabelled")], {
    description: "What the rows are said to be",
  }),
  state: Type.Union([Type.Literal("running"), Type.Literal("done"), Type.Literal("failed")], { description: "State" }),
  progress: Type.Number({ minimum: 0, maximum: 1, description: "Share that is done" }),
  startedAt: Type.String({ format: "date-time", description: "When it was asked for" }),
  rows: Type.Integer({ minimum: 1, description: "Rows given" }),
  seed: Type.Integer({ minimum: 0, description: "With the same rows it makes the same model" }),
  model: Type.Union([Type.String(), Type.Null()], { description: "Id of the model, when it is done" }),
  fault: Type.Union([Type.String(), Type.Null()], { description: "Why it failed" }),
});
export type Job = Static<typeof JobSchema>;

/** Uncompressed; what the largest request holds is far below. */
const LARGEST_BYTES = 512 * 2 ** 20;

/** Rows of a job, to begin it again after a crash. */
export const packRows = (raw: Float64Array): Buffer =>
  gzipSync(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength));

export function unpackRows(packed: Uint8Array): Float64Array {
  const plain = gunzipSync(packed, { maxOutputLength: LARGEST_BYTES });
  return new Float64Array(plain.buffer.slice(plain.byteOffset, plain.byteOffset + plain.byteLength));
}
