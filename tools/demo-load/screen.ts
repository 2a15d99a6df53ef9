import type { WriteStream } from "node:tty";
import type { Size } from "./frame";

const ENTER = "\x1b[?1049h\x1b[?25l"; // alternate screen, cursor off
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const CLEAR_TO_END_OF_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

/** A terminal that is drawn over in place. Whatever ends the process, the cursor and the former screen come back. */
export class Screen {
  private open = false;
  private readonly restore = (): void => this.close();

  constructor(
    private readonly terminal: WriteStream,
    private readonly render: (size: Size) => string[],
  ) {}

  start(): void {
    this.open = true;
    this.terminal.write(ENTER);
    this.terminal.on("resize", this.draw);
    process.once("exit", this.restore);
  }

  readonly draw = (): void => {
    if (!this.open) return;
    const lines = this.render(this.size());
    this.terminal.write(HOME + lines.map((line) => line + CLEAR_TO_END_OF_LINE).join("\r\n") + CLEAR_BELOW);
  };

  /** Restores the terminal and leaves the last picture on it. Idempotent. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    this.terminal.off("resize", this.draw);
    process.off("exit", this.restore);
    this.terminal.write(`${LEAVE}${this.render(this.size()).join("\n")}\n`);
  }

  /** The last column stays empty: at the margin terminals differ in what they clear. */
  private size(): Size {
    return { columns: this.terminal.columns - 1, rows: this.terminal.rows };
  }
}
