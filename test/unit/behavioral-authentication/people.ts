import type { AssessmentRequest } from "../../../runtime/security/behavioral-authentication/schemas";
import {
  type Features,
  keystrokeFeatures,
  type Press,
} from "../../../runtime/security/behavioral-authentication/behaviour/keystrokes";
import type { PointerSample } from "../../../runtime/security/behavioral-authentication/behaviour/mouse";

const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** SYNTHETIC: holds and gaps of ten keys, of which each typist has his own. */
export class Typist {
  private readonly holds: number[];
  private readonly gaps: number[];

  constructor(private readonly random: () => number) {
    const pace = Math.exp(0.25 * normal(random));
    this.holds = Array.from({ length: 10 }, () => 95 * Math.exp(0.25 * normal(random)));
    this.gaps = Array.from({ length: 10 }, () => 220 * pace * Math.exp(0.4 * normal(random)));
  }

  presses(): Press[] {
    let down = 0;
    return this.holds.map((hold, index) => {
      const press = { down, up: down + hold * Math.exp(0.12 * normal(this.random)) };
      down += this.gaps[index]! * Math.exp(0.15 * normal(this.random));
      return press;
    });
  }

  type(): Features {
    return keystrokeFeatures(this.presses());
  }

  sample(): NonNullable<AssessmentRequest["keystrokes"]> {
    return { field: "password", presses: this.presses() };
  }
}

/** SYNTHETIC: movements with a bell-shaped speed, of which each hand has its own pace, bend and tremor. */
export class Hand {
  private readonly pace: number;
  private readonly bend: number;
  private readonly tremor: number;

  constructor(private readonly random: () => number) {
    this.pace = 350 * Math.exp(0.4 * normal(random));
    this.bend = 0.15 * normal(random);
    this.tremor = 1.2 * Math.exp(0.6 * normal(random));
  }

  move(actions: number): PointerSample[] {
    const samples: PointerSample[] = [];
    let t = 0;
    for (let action = 0; action < actions; action++) {
      const [x, y] = [200 + 600 * this.random(), 200 + 400 * this.random()];
      const [dx, dy] = [300 * normal(this.random), 200 * normal(this.random)];
      const duration = this.pace * Math.exp(0.15 * normal(this.random));
      for (let at = 0; at <= duration; at += 16) {
        const share = at / duration;
        const done = share ** 3 * (10 - 15 * share + 6 * share * share);
        const arc = this.bend * Math.sin(Math.PI * share);
        samples.push({
          t: Math.round(t + at),
          x: x + dx * done - dy * arc + this.tremor * normal(this.random),
          y: y + dy * done + dx * arc + this.tremor * normal(this.random),
        });
      }
      t += duration + 1200;
    }
    return samples;
  }
}
