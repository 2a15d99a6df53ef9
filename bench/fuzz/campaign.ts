import { MnoError } from "../../runtime/exports";
import { mutateBytes, mutateJson, mutateText, type Mutator } from "./mutate";
import { mutateProtobuf } from "./protobuf";
import { Random } from "./random";
import { ACCEPTED, type AnyTarget, type Finding, type Kind, type Outcome, type Target } from "./target";

const MUTATORS: Record<Kind, Mutator<never>> = {
  text: mutateText as unknown as Mutator<never>,
  bytes: mutateBytes as unknown as Mutator<never>,
  JSON: mutateJson as unknown as Mutator<never>,
  protobuf: mutateProtobuf as unknown as Mutator<never>,
};
/** Inputs that were answered as none before are kept, and mutated further. */
const MOST_KEPT = 2000;
const MOST_FINDINGS = 5;

/**
 * Feeds a target with mutants of its seeds, and of whatever mutants got an answer that none had got before (its code and sentence are
 * the feedback that coverage would be). The same seed gives the same inputs.
 */
export async function campaign(fuzzed: AnyTarget, inputs: number, seed: number): Promise<Outcome> {
  const { name, kind, words = [], milliseconds } = fuzzed;
  const one = fuzzed as unknown as Target<unknown>;
  const mutate = MUTATORS[kind] as unknown as Mutator<unknown>;
  const random = new Random(seed);
  const corpus = [...one.seeds];
  const seeds = corpus.length;
  const answers = new Set<string>();
  const refused: Record<string, number> = {};
  const findings: Finding[] = [];
  const times = new Float64Array(inputs);
  let accepted = 0;
  let early = 0;
  let longest = 0;
  const found = (what: string, input: unknown): void => {
    if (findings.length < MOST_FINDINGS) findings.push({ what, input: shown(input) });
  };
  for (const input of one.seeds) {
    const { word } = await answerOf(one, input);
    if (word !== ACCEPTED) found(`the seed itself is answered with ${word}`, input);
  }
  const start = performance.now();
  for (let index = 0; index < inputs; index += 1) {
    // Seeds as often as all that was kept: those are what is nearest to being accepted.
    const from = random.below(2) === 0 ? random.below(seeds) : random.below(corpus.length);
    const input = mutate(corpus[from], corpus[random.below(corpus.length)], words, random);
    const before = performance.now();
    let answer = answerOf(one, input);
    if (answer instanceof Promise) answer = await answer;
    const took = performance.now() - before;
    times[index] = took;
    const { word, sentence, fault } = answer;
    if (fault !== undefined) found(fault, input);
    else if (word === ACCEPTED) accepted += 1;
    else refused[word] = (refused[word] ?? 0) + 1;
    if (!answers.has(sentence)) {
      answers.add(sentence);
      if (corpus.length < seeds + MOST_KEPT) corpus.push(input);
    }
    if (took > longest) {
      const honest = took > milliseconds ? await again(one, input) : took;
      if (honest > milliseconds) found(`took ${honest.toFixed(1)} ms, more than ${String(milliseconds)}`, input);
      longest = Math.max(longest, honest);
    }
    if (polluted()) {
      found("a prototype was polluted", input);
      break;
    }
    if (index === Math.floor(inputs / 10)) early = heap();
  }
  const heapGrowth = heap() - early;
  const seconds = (performance.now() - start) / 1000;
  times.sort();
  const counts = { inputs, accepted, refused, answers: answers.size };
  const median = (times[inputs >> 1] ?? 0) * 1000;
  return { name, kind, ...counts, longest: longest * 1000, median, heapGrowth, seconds, findings };
}

interface Answer {
  readonly word: string;
  /** What tells answers apart; without numbers and quoted texts, which are the input's. */
  readonly sentence: string;
  readonly fault?: string;
}

function answerOf(one: Target<unknown>, input: unknown): Answer | Promise<Answer> {
  try {
    const answered = one.run(input);
    return typeof answered === "string"
      ? plain(answered)
      : answered.then(plain, (error: unknown) => refusalOf(one, error));
  } catch (error) {
    return refusalOf(one, error);
  }
}

const plain = (answered: string): Answer => {
  const [word = ""] = answered.split(":", 1);
  return { word, sentence: answered };
};

function refusalOf(one: Target<unknown>, error: unknown): Answer {
  const word = error instanceof MnoError ? error.code : one.refusal?.(error);
  if (word === undefined) {
    const fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { word: "finding", sentence: fault.slice(0, 200), fault };
  }
  const { message } = error as Error;
  return { word, sentence: `${word} ${message.slice(0, 300).replace(/\d+|"[^"]*"|'[^']*'/g, "")}`.slice(0, 160) };
}

/** The least of several times: the machine and the collector have a part in one. */
async function again(one: Target<unknown>, input: unknown): Promise<number> {
  let least = Infinity;
  for (let time = 0; time < 5; time += 1) {
    const before = performance.now();
    await answerOf(one, input);
    least = Math.min(least, performance.now() - before);
  }
  return least;
}

const NAMES = [Object.prototype, Array.prototype, Function.prototype, String.prototype];
const OWN = NAMES.map((prototype) => Reflect.ownKeys(prototype).length);

function polluted(): boolean {
  return NAMES.some((prototype, index) => Reflect.ownKeys(prototype).length !== OWN[index]);
}

/** Bytes in use, behind a collection where there is one to be had. */
function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function shown(input: unknown): string {
  return Buffer.isBuffer(input) ? `base64 ${input.toString("base64")}` : (JSON.stringify(input) ?? String(input));
}
