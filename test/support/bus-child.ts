import { writeSync } from "node:fs";
import { systemClock } from "../../runtime/kernel/clock";
import { openBus } from "../../runtime/kernel/events/open";
import { busDependencies, note, SCALED, scaled } from "../contract/bus";

/**
 * A process for a test to kill: `node … <folder> <mode>`. `publish` publishes without end and prints each acknowledged note;
 * `consume` prints each note it begins to handle as `<note>:<attempt>`, and never finishes the one called "fatal".
 */
async function main([folder, mode]: string[]): Promise<void> {
  const bus = await openBus(`embedded:${folder ?? ""}`, busDependencies());
  const print = (line: string): void => void writeSync(1, `${line}\n`);
  if (mode === "consume") {
    await bus.subscribe({ consumer: "c", types: [SCALED], maxDeliveries: 3 }, async (event, { attempt }) => {
      // Longer than the position's save period: that a delivery began is on disk before the test can kill this process.
      if (note(event) === "fatal") await systemClock.sleep(100);
      print(`${note(event)}:${attempt}`);
      if (note(event) === "fatal") await new Promise(() => undefined);
    });
    setInterval(() => undefined, 1000);
    return;
  }
  for (let next = 0; ; next += 4) {
    const notes = [0, 1, 2, 3].map((offset) => String(next + offset));
    await Promise.all(notes.map((text) => bus.publish(scaled("a", text)).then(() => print(text))));
  }
}

void main(process.argv.slice(2));
