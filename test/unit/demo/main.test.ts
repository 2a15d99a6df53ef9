import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { EventEmitter } from "node:events";
import { resolve } from "node:path";
import type { WriteStream } from "node:tty";
import { Screen } from "../../../tools/demo-load/screen";

const ROOT = resolve(__dirname, "../../..");

function run(program: string, ...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = ["-r", "ts-node/register/transpile-only", resolve(ROOT, program), ...argv];
  return new Promise((done) => {
    execFile(process.execPath, command, { cwd: ROOT }, (error, stdout, stderr) => {
      done({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

describe("demo load: as a program", () => {
  it("says how to start the platform when nothing listens, and exits 1", async () => {
    const { code, stdout, stderr } = await run("tools/demo-load/main.ts", "--url", "http://127.0.0.1:1");
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /^MNO_TARGET_UNREACHABLE: .* http:\/\/127\.0\.0\.1:1 .*Start the platform with: npm start\n$/);
  });

  it("answers a bad option, and one that leaves nothing to send, with exit code 2", async () => {
    const [unknown, empty] = await Promise.all([
      run("tools/demo-load/main.ts", "--sped", "60"),
      run("tools/demo-load/main.ts", "--scale", "0.001", "--seconds", "1"),
    ]);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /MNO_COMMAND_LINE_INVALID: Unknown option '--sped'[^]*Usage: npm run demo:load/);
    assert.equal(empty.code, 2);
    assert.match(empty.stderr, /leave no request of the trace/);
  });

  it("names a trace that cannot be read", async () => {
    const { code, stderr } = await run("tools/demo-load/main.ts", "--trace", "no/such.csv");
    assert.equal(code, 1);
    assert.match(stderr, /^MNO_TRACE_INVALID: no\/such\.csv cannot be read: ENOENT/);
  });
});

describe("otlp view: as a program", () => {
  it("answers bad options with exit code 2", async () => {
    const [port, out] = await Promise.all([
      run("tools/otlp-view/main.ts", "--port", "x"),
      run("tools/otlp-view/main.ts", "--out", "/no/such/folder/spans.jsonl"),
    ]);
    assert.equal(port.code, 2);
    assert.match(port.stderr, /--port must be a whole number from 0 to 65535; it is "x"[^]*Usage: npm run traces/);
    assert.equal(out.code, 2);
    assert.match(out.stderr, /--out .* cannot be written: ENOENT/);
  });
});

describe("demo load: screen", () => {
  it("draws in place, follows the terminal's size, and gives the cursor and the former screen back once", () => {
    const written: string[] = [];
    const terminal = Object.assign(new EventEmitter(), {
      columns: 81,
      rows: 24,
      write: (text: string) => written.push(text),
    });
    const screen = new Screen(terminal as unknown as WriteStream, ({ columns, rows }) => [
      `${String(columns)}x${String(rows)}`,
      "end",
    ]);
    screen.start();
    screen.draw();
    Object.assign(terminal, { columns: 41, rows: 10 });
    terminal.emit("resize");
    screen.close();
    screen.close();
    terminal.emit("resize");
    assert.deepEqual(written, [
      "\x1b[?1049h\x1b[?25l",
      "\x1b[H80x24\x1b[K\r\nend\x1b[K\x1b[J",
      "\x1b[H40x10\x1b[K\r\nend\x1b[K\x1b[J",
      "\x1b[?25h\x1b[?1049l40x10\nend\n",
    ]);
    assert.equal(terminal.listenerCount("resize"), 0);
  });
});
