import { formatTime, percent, show } from "./text";
import type { Sample, View } from "./view";
import { whys } from "./why";

/** One second as one line of text, for logs and pipes. */
export function plainLine({ fabric }: Pick<View, "fabric">, sample: Sample): string {
  const { elastic, scaling, balancer, pools } = fabric;
  const forecast = scaling?.forecast ? ` forecast ${show(scaling.forecast.replicas)}` : "";
  const shares = balancer?.endpoints.map(
    ({ share, inFlight }) => `${percent(share).replace(" ", "")}/${show(inFlight)}`,
  );
  const gauges = elastic?.gauges.map(({ name, used, total }) => `${name} ${percent(total > 0 ? used / total : 0)}`);
  const leases = pools?.pools.map(
    ({ name, leased, maximum, waiting }) => `${name} ${show(leased)}/${show(maximum)}+${show(waiting)}`,
  );
  return [
    formatTime(sample.atSeconds),
    `load ${show(sample.offered)}/s served ${show(sample.served)} failed ${show(sample.failed)} shed ${show(sample.shed)}`,
    `p50 ${show(sample.p50Ms)} p99 ${show(sample.p99Ms)} ms`,
    `replicas ${show(sample.ready)}/${show(sample.desired)}${forecast}`,
    `endpoints ${shares ? shares.join(" ") : "–"}`,
    gauges ? gauges.join(" ") : "capacity –",
    leases && leases.length > 0 ? leases.join(" ") : "pools –",
  ].join(" | ");
}

/** Tells each engine's newest decision once, when it is new. */
export class PlainWhys {
  private readonly told = new Map<string, string>();

  lines(view: Pick<View, "fabric">): string[] {
    const fresh = whys(view).filter(({ engine, time, text, faulty }) => {
      // Picks and measurements differ each second: of those a reason is told when its wording is new.
      const key =
        engine === "auto-scaling-engine" || engine === "resource-pool-manager" ? time + text : withoutFigures(text);
      const known = this.told.get(engine) === key;
      this.told.set(engine, key);
      return !known && (time !== "" || faulty || engine === "performance-optimizer");
    });
    return fresh.map(({ name, time, text }) => `  ${name}${time === "" ? "" : ` ${time}`}  ${text}`);
  }
}

const withoutFigures = (text: string): string => text.replace(/\d[\d.,]*/g, "#");
