/**
 * Published results of "Let's Wait Awhile" (Wiesner et al., Middleware 2021, doi 10.1145/3464298.3493399), in percent saved, at
 * 5 % forecast error where nothing else is said. NIGHTLY is read off the vector figure of its repository
 * (img/nightly_result.pdf, 40 points over 163.25 units): the 17 windows of 0 to +-8 h. ML is its table: next workday and
 * semi-weekly, not interruptible and interruptible.
 */
const BASE = 53.665625;
const POINTS_PER_UNIT = 40 / 163.25;

const HEIGHTS: Record<string, readonly number[]> = {
  ger: [
    53.665625, 54.302634, 55.865584, 58.326786, 59.385828, 60.293866, 60.78183, 61.520603, 62.626374, 64.276316,
    67.02911, 70.671488, 75.949989, 81.300146, 88.166841, 94.382976, 101.5909,
  ],
  gb: [
    53.665625, 61.288455, 66.055763, 70.497272, 73.137958, 75.338634, 77.174469, 78.585347, 79.395787, 79.779297,
    80.2695, 80.690612, 81.189455, 81.607726, 82.369155, 83.475475, 86.09161,
  ],
  fr: [
    53.665625, 56.225557, 59.674157, 63.730298, 65.896595, 67.48882, 68.515379, 69.483993, 70.32993, 71.109051,
    72.226772, 73.074045, 74.07246, 74.655006, 75.336925, 75.899179, 76.42859,
  ],
};

export const NIGHTLY: Record<string, readonly number[]> = Object.fromEntries(
  Object.entries(HEIGHTS).map(([region, heights]) => [region, heights.map((y) => (y - BASE) * POINTS_PER_UNIT)]),
);

export const ML: Record<string, readonly number[]> = {
  ger: [5.91, 7.93, 14.11, 18.11],
  gb: [6.56, 9.03, 14.73, 19.66],
  fr: [4.77, 5.92, 11.12, 13.33],
};
