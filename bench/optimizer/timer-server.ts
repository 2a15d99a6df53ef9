import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { seeded } from "../../runtime/kernel/random";
import { exponential } from "../balancer/random";

/**
 * A server with a knee, as a process of its own: it works on `slots` requests at once, each for a random time (exponential,
 * `milliseconds` on average) that it spends on a timer; the others wait, first in, first out. Messages change the slots.
 */
const milliseconds = Number(process.argv[2]);
let slots = Number(process.argv[3]);
const random = seeded(7);
const waiting: (() => void)[] = [];
let busy = 0;

function serve(): void {
  while (busy < slots && waiting.length > 0) {
    busy += 1;
    waiting.shift()!();
  }
}

const server = createServer((_, response) => {
  waiting.push(() =>
    setTimeout(
      () => {
        busy -= 1;
        response.end("done");
        serve();
      },
      exponential(random, milliseconds),
    ),
  );
  serve();
});
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("message", (message: { slots: number }) => {
  slots = message.slots;
  serve();
});
process.on("disconnect", () => process.exit(0));
