import type { Queryable } from "../../kernel/store/database";
import { genuinePValue, logEvidence } from "./behaviour/evidence";
import { keystrokeFeatures } from "./behaviour/keystrokes";
import { MOUSE_FEATURES, mouseWindows } from "./behaviour/mouse";
import { distance, fitTemplate, isReplay, leaveOneOut, type Sample } from "./behaviour/template";
import type { BehaviourEvidence } from "./engine";
import type { AssessmentRequest } from "./schemas";
import type { BehaviourStore } from "./store";
import type { Vault } from "./vault";

/** Fewer enrolled samples say nothing. */
export const FEWEST_SAMPLES = 5;
/** What younger samples leave of the oldest is then e^-2 of their weight. */
export const MOST_SAMPLES = 40;
/** Templates of one user: texts typed on several kinds of device, and the mouse. */
const MOST_TEMPLATES = 8;
/**
 * Without another factor only a sample is learned that is no farther out than four of five of the user's own: with 0.05 a
 * flood of impostors, some of whom get in, draws the template after them (`eer_10_updated` of the bench).
 */
export const LEARNED_P_VALUE = 0.2;
/** What was played back is no behaviour. */
const REPLAY_EVIDENCE = 6;

/** Samples of one behaviour, as measured in one attempt. */
export interface Observation {
  name: BehaviourEvidence["name"];
  /** Pseudonym of what was done: samples of one kind are compared. */
  kind: string;
  groups: readonly string[];
  samples: readonly Sample[];
}

interface KeptTemplate {
  groups: readonly string[];
  /** Oldest first, each with the assessment it came from. */
  samples: { from: string; values: Sample }[];
  /** Leave-one-out distances. */
  genuine: readonly number[];
}

export interface Judged extends BehaviourEvidence {
  observation: Observation;
  pValue: number | undefined;
}

/** The users' behavioural templates: judged by, enrolled, aged and taken back. */
export class Templates {
  constructor(
    private readonly store: BehaviourStore,
    private readonly vault: Vault,
  ) {}

  observe({ keystrokes, mouse }: AssessmentRequest): Observation[] {
    const observations: Observation[] = [];
    if (keystrokes !== undefined) {
      const { groups, values } = keystrokeFeatures(keystrokes.presses);
      // Text with another number of keys, or from a device that tells more, is another kind.
      const kind = this.vault.pseudonym("keystrokes", `${keystrokes.field}\0${groups.join(" ")}`);
      observations.push({ name: "keystrokes", kind, groups, samples: [values] });
    }
    const windows = mouse === undefined ? [] : mouseWindows(mouse);
    if (windows.length > 0)
      observations.push({ name: "mouse", kind: "mouse", groups: MOUSE_FEATURES, samples: windows });
    return observations;
  }

  async judge(tx: Queryable, user: string, observations: readonly Observation[]): Promise<Judged[]> {
    if (observations.length === 0) return [];
    const kept = await this.store.templates(tx, user);
    return observations.map((observation) => judge(observation, this.open(user, observation.kind, kept)));
  }

  /** Enrols the samples, the oldest ones leaving; `confirmed`: by another factor, so that they may be unlike those before. */
  async learn(
    tx: Queryable,
    user: string,
    from: string,
    observations: readonly Observation[],
    confirmed: boolean,
  ): Promise<void> {
    const kept = observations.length === 0 ? new Map<string, string>() : await this.store.templates(tx, user);
    for (const observation of observations) {
      const { kind, groups, samples } = observation;
      const template = this.open(user, kind, kept);
      const { pValue } = judge(observation, template);
      if (!confirmed && pValue !== undefined && pValue < LEARNED_P_VALUE) continue;
      const added = samples.map((values) => ({ from, values }));
      await this.put(tx, user, kind, groups, [...(template?.samples ?? []), ...added].slice(-MOST_SAMPLES));
    }
  }

  /** Takes back what was learned from an assessment. */
  async forget(tx: Queryable, user: string, from: string): Promise<void> {
    const kept = await this.store.templates(tx, user);
    for (const kind of kept.keys()) {
      const { groups, samples } = this.open(user, kind, kept)!;
      const left = samples.filter((sample) => sample.from !== from);
      if (left.length < samples.length) await this.put(tx, user, kind, groups, left);
    }
  }

  private open(user: string, kind: string, kept: ReadonlyMap<string, string>): KeptTemplate | undefined {
    const sealed = kept.get(kind);
    return sealed === undefined ? undefined : (this.vault.open(contextOf(user, kind), sealed) as KeptTemplate);
  }

  private async put(
    tx: Queryable,
    user: string,
    kind: string,
    groups: readonly string[],
    samples: KeptTemplate["samples"],
  ): Promise<void> {
    const values = samples.map((sample) => sample.values);
    const genuine = values.length >= FEWEST_SAMPLES ? leaveOneOut(values, groups) : [];
    const sealed = this.vault.seal(contextOf(user, kind), { groups, samples, genuine } satisfies KeptTemplate);
    await this.store.putTemplate(tx, user, kind, sealed, MOST_TEMPLATES);
  }
}

const contextOf = (user: string, kind: string): string => `template/${user}/${kind}`;

function judge(observation: Observation, kept: KeptTemplate | undefined): Judged {
  const { name, groups, samples } = observation;
  const enrolled = kept?.samples.length ?? 0;
  if (kept === undefined || enrolled < FEWEST_SAMPLES) {
    const detail = `${String(enrolled)} of ${String(FEWEST_SAMPLES)} samples enrolled`;
    return { name, evidence: undefined, detail, observation, pValue: undefined };
  }
  const template = fitTemplate(
    kept.samples.map(({ values }) => values),
    groups,
  );
  if (samples.some((sample) => isReplay(template, sample))) {
    const detail = "a sample that was enrolled before, played back";
    return { name, evidence: REPLAY_EVIDENCE, detail, observation, pValue: 0 };
  }
  const pValues = samples.map((sample) => genuinePValue(distance(template, sample), kept.genuine));
  // The mean of e-values is an e-value however they depend on each other; that of one session's windows surely do.
  const mean = pValues.reduce((sum, p) => sum + Math.exp(logEvidence(p)), 0) / pValues.length;
  const pValue = Math.min(...pValues);
  const share = (100 * pValue).toPrecision(2);
  const detail = `${share} % of the user's own samples would be as unlike the ${String(enrolled)} enrolled`;
  return { name, evidence: Math.log(mean), detail, observation, pValue };
}
