/**
 * A logistic regression as an ONNX file, its protocol buffers written by hand: y = Sigmoid(x W + b), operator set 13.
 * Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
export function logisticRegression(weights: readonly number[], bias: number): Buffer {
  const node = (operator: string, inputs: string[], output: string): Buffer =>
    message([...inputs.map((name) => text(1, name)), text(2, output), text(4, operator)]);
  const tensor = (name: string, dims: number[], values: readonly number[]): Buffer => {
    const raw = Buffer.alloc(values.length * 4);
    values.forEach((value, index) => raw.writeFloatLE(value, index * 4));
    return message([...dims.map((dim) => varint(1, dim)), varint(2, FLOAT), text(8, name), bytes(9, raw)]);
  };
  const value = (name: string, dims: number[]): Buffer => {
    const shape = message(dims.map((dim) => bytes(1, message([varint(1, dim)]))));
    const type = message([bytes(1, message([varint(1, FLOAT), bytes(2, shape)]))]);
    return message([text(1, name), bytes(2, type)]);
  };
  const graph = message([
    bytes(1, node("MatMul", ["x", "W"], "m")),
    bytes(1, node("Add", ["m", "b"], "a")),
    bytes(1, node("Sigmoid", ["a"], "y")),
    text(2, "logistic"),
    bytes(5, tensor("W", [weights.length, 1], weights)),
    bytes(5, tensor("b", [1], [bias])),
    bytes(11, value("x", [1, weights.length])),
    bytes(12, value("y", [1, 1])),
  ]);
  return message([varint(1, 8), bytes(7, graph), bytes(8, message([text(1, ""), varint(2, 13)]))]);
}

const FLOAT = 1;
const message = (fields: readonly Buffer[]): Buffer => Buffer.concat(fields);
const varint = (field: number, value: number): Buffer => Buffer.from([...number(field << 3), ...number(value)]);
const bytes = (field: number, value: Buffer): Buffer =>
  Buffer.concat([Buffer.from([...number((field << 3) | 2), ...number(value.length)]), value]);
const text = (field: number, value: string): Buffer => bytes(field, Buffer.from(value));

/** Base 128, least significant first. */
function number(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...number(value >>> 7)];
}
