/** A region that is none: the typical day of a zone, so many times as fast, named `demo-<speed>x-<zone>`. */
export interface DemoRegion {
  zone: string;
  /** How often its day passes in a real one. */
  speed: number;
}

const NAME = /^demo-([1-9]\d{0,3})x-(.+)$/;

/** undefined for the name of a real region. The names of demonstrations say what they are wherever a figure of theirs shows. */
export function demoRegion(name: string): DemoRegion | undefined {
  const [, speed, zone] = NAME.exec(name) ?? [];
  return speed === undefined || zone === undefined ? undefined : { zone, speed: Number(speed) };
}
