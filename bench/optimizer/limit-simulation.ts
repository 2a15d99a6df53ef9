import type { ConcurrencyLimit } from "../../runtime/kernel/concurrency-limit/limit";
import { Limiter, type Permit } from "../../runtime/kernel/concurrency-limit/limiter";
import { EventQueue } from "../balancer/event-queue";
import { exponential } from "../balancer/random";

/** A server with a knee: so many requests at once take their own time, the others wait, first in, first out. */
export interface Scenario {
  /** Slots from each time on (seconds, ascending, the first at 0): the knee. */
  slots: readonly { at: number; count: number }[];
  /** One service time in milliseconds; `now` in seconds. */
  service: (random: () => number, now: number) => number;
  /** Poisson arrivals a second. */
  rate: number;
  seconds: number;
}

export interface LimitRun {
  /** Mean of the limit in each second. */
  limits: number[];
  arrived: number;
  rejected: number;
  /** Finished in each second. */
  finished: number[];
  /** Milliseconds from arrival to end, with the second of arrival. */
  latencies: { second: number; milliseconds: number }[];
}

export interface Contender {
  limit: ConcurrencyLimit;
  queue: boolean;
}

/** Plays one scenario against one limit in simulated time. */
export function simulate(scenario: Scenario, { limit, queue }: Contender, random: () => number): LimitRun {
  const agenda = new EventQueue<() => void>();
  const limiter = new Limiter(limit, { queue });
  const run: LimitRun = { limits: [], arrived: 0, rejected: 0, finished: [], latencies: [] };
  const finished = new Array<number>(scenario.seconds).fill(0);
  const sums = new Array<number>(scenario.seconds).fill(0);
  const waiting: (() => void)[] = [];
  let now = 0;
  let slots = 0;
  let busy = 0;
  const serve = (): void => {
    while (busy < slots && waiting.length > 0) {
      busy += 1;
      waiting.shift()!();
    }
  };
  const second = (): number => Math.min(scenario.seconds - 1, Math.floor(now / 1000));
  const arrive = (): void => {
    const arrivedAt = now;
    const at = second();
    run.arrived += 1;
    const taken = limiter.offer(now, (permit: Permit) => {
      waiting.push(() =>
        agenda.push(now + scenario.service(random, now / 1000), () => {
          busy -= 1;
          finished[second()]! += 1;
          run.latencies.push({ second: at, milliseconds: now - arrivedAt });
          limiter.finish(permit, now);
          serve();
        }),
      );
      serve();
    });
    if (!taken) run.rejected += 1;
    agenda.push(now + exponential(random, 1000 / scenario.rate), arrive);
  };
  for (const { at, count } of scenario.slots) {
    agenda.push(at * 1000, () => {
      slots = count;
      serve();
    });
  }
  agenda.push(0, arrive);
  for (let tenth = 1; tenth < scenario.seconds * 10; tenth++) {
    agenda.push(tenth * 100, () => void (sums[second()]! += limit.limit / 10));
  }
  for (let event = agenda.pop(); event && event.at < scenario.seconds * 1000; event = agenda.pop()) {
    now = event.at;
    event.item();
  }
  return { ...run, finished, limits: sums.map((sum, at) => (at === 0 ? sum * (10 / 9) : sum)) };
}
