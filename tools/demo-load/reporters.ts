import type { Writable } from "node:stream";
import type { WriteStream } from "node:tty";
import { inColour, inMonochrome, type Paint } from "./chart";
import { describeDecision, drawFrame, plainLine, type View } from "./frame";
import type { Reporter } from "./run";
import { Screen } from "./screen";

/** Charts, redrawn in place. */
export function screenReporter(terminal: WriteStream, environment: NodeJS.ProcessEnv): Reporter {
  const paint: Paint = environment.NO_COLOR ? inMonochrome : inColour; // https://no-color.org
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

/** One line a second, and one for each scaling. */
export function plainReporter(output: Writable): Reporter {
  return {
    show(view, decisions) {
      for (const decision of decisions) output.write(`scaled  ${describeDecision(decision)}\n`);
      const sample = view.samples.at(-1);
      if (sample) output.write(`${plainLine(sample)}\n`);
    },
    close: () => undefined,
  };
}
