import { StringDecoder } from "node:string_decoder";
import type { Readable } from "node:stream";

/** A longer line is cut, so that a process which never ends its line cannot fill the supervisor's memory. */
const MAX_LINE = 64 * 1024;

/** Hands the stream's lines to `write`, and reads on only when they are written. Resolves at the stream's end. */
export async function readLines(stream: Readable, write: (lines: string[]) => Promise<void>): Promise<void> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.write(chunk as Buffer)).split("\n");
    rest = lines.pop() ?? "";
    while (rest.length > MAX_LINE) {
      lines.push(rest.slice(0, MAX_LINE));
      rest = rest.slice(MAX_LINE);
    }
    if (lines.length > 0) await write(lines);
  }
  rest += decoder.end();
  if (rest !== "") await write([rest]);
}
