import type { Answer, Question } from "./case";
import { ours } from "./ours";

export interface Difference {
  /** Place of the question, from 0. */
  place: number;
  question: Question;
  expected: Answer;
  actual: Answer;
}

/** Where this project's engine answers otherwise than the oracle. */
export function differences(questions: readonly Question[], expected: readonly Answer[]): Difference[] {
  return questions.flatMap((question, place) => {
    const answer = expected[place];
    if (!answer) throw new Error(`the oracle did not answer question ${String(place)}`);
    const actual = ours(question);
    return JSON.stringify(actual) === JSON.stringify(answer) ? [] : [{ place, question, expected: answer, actual }];
  });
}
