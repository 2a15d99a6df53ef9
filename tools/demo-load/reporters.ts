import type { Writable } from "node:stream";
import type { WriteStream } from "node:tty";
import { drawFrame } from "./frame";
import { plainLine, PlainWhys } from "./plain";
import { Screen } from "./screen";
import { inColour, inMonochrome, type Paint } from "./text";
import type { View } from "./view";

/** Shows a run while it goes on. */
export interface Reporter {
  show(view: View): void;
  close(): void;
}

/** Charts, redrawn in place. */
export function screenReporter(terminal: WriteStream, environment: NodeJS.ProcessEnv): Reporter {
  // https://no-color.org: set and not empty; getColorDepth knows TERM=dumb and terminals without colour.
  const colours = !environment.NO_COLOR && terminal.getColorDepth(environment) > 1;
  const paint: Paint = colours ? inColour : inMonochrome;
  let latest: View | undefined;
  const screen = new Screen(terminal, (size) => (latest ? drawFrame(latest, size, paint) : []));
  screen.start();
  return {
    show(view) {
      latest = view;
      screen.draw();
    },
    close: () => screen.close(),
  };
}

/** One line a second, and one for each decision that is new. */
export function plainReporter(output: Writable): Reporter {
  const reasons = new PlainWhys();
  return {
    show(view) {
      for (const line of reasons.lines(view)) output.write(`${line}\n`);
      const sample = view.samples.at(-1);
      if (sample) output.write(`${plainLine(view, sample)}\n`);
    },
    close: () => undefined,
  };
}
