/** Rows in the order of their scores, ties together: what is needed for the area under the curve, again and again. */
export class Ranking {
  private readonly order: Uint32Array;

  constructor(
    private readonly scores: Float64Array,
    private readonly labels: Uint8Array,
  ) {
    this.order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]!);
  }

  /** Area under the receiver operating characteristic (Mann-Whitney, ties counting half), each row as often as given. */
  area(weights?: Uint16Array): number {
    const { scores, labels, order } = this;
    let negativesBelow = 0;
    let positives = 0;
    let sum = 0;
    for (let from = 0; from < order.length;) {
      const score = scores[order[from]!];
      let positivesHere = 0;
      let negativesHere = 0;
      let to = from;
      for (; to < order.length && scores[order[to]!] === score; to++) {
        const weight = weights === undefined ? 1 : weights[order[to]!]!;
        if (labels[order[to]!] === 1) positivesHere += weight;
        else negativesHere += weight;
      }
      sum += positivesHere * (negativesBelow + negativesHere / 2);
      positives += positivesHere;
      negativesBelow += negativesHere;
      from = to;
    }
    return sum / (positives * negativesBelow);
  }
}

export const areaUnderCurve = (scores: Float64Array, labels: Uint8Array): number => new Ranking(scores, labels).area();

/** Share of rows that a threshold puts on the right side, and of normal rows that it calls attacks. */
export function atThreshold(scores: Float64Array, labels: Uint8Array, threshold: number) {
  let right = 0;
  let normals = 0;
  let falsePositives = 0;
  scores.forEach((score, row) => {
    const isAlarm = score > threshold;
    if (isAlarm === (labels[row] === 1)) right++;
    if (labels[row] === 1) return;
    normals++;
    if (isAlarm) falsePositives++;
  });
  return { accuracy: right / scores.length, falsePositiveRate: falsePositives / normals };
}

/** 2.5 % and 97.5 % of the difference of areas over paired bootstrap resamples. */
export function differenceInterval(ours: Ranking, peer: Ranking, rows: number, random: () => number): [number, number] {
  const resamples = rows > 100_000 ? 100 : 1000;
  const differences = new Float64Array(resamples);
  const weights = new Uint16Array(rows);
  for (let resample = 0; resample < resamples; resample++) {
    weights.fill(0);
    for (let draw = 0; draw < rows; draw++) weights[Math.floor(random() * rows)]! += 1;
    differences[resample] = ours.area(weights) - peer.area(weights);
  }
  differences.sort();
  return [differences[Math.floor(resamples * 0.025)]!, differences[Math.ceil(resamples * 0.975) - 1]!];
}
