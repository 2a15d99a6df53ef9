import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { FeatureGroup } from "../../runtime/security/behavioral-authentication/behaviour/keystrokes";

/** Repetitions of one text by several people, oldest first. */
export interface KeystrokeSet {
  name: string;
  columns: readonly FeatureGroup[];
  /** Subject -> repetition -> feature: ms, and pressure and size as the device has them. */
  subjects: readonly (readonly (readonly number[])[])[];
}

const repeat = (group: FeatureGroup, times: number): FeatureGroup[] => Array.from({ length: times }, () => group);

/** Columns of MEU-Mobile KSD: 71, of 14 keys. */
const MEU_COLUMNS: readonly FeatureGroup[] = [
  ...repeat("hold", 14),
  ...repeat("down-down", 13),
  ...repeat("up-down", 13),
  ...repeat("pressure", 14),
  ...repeat("size", 14),
  "mean-hold",
  "mean-pressure",
  "mean-size",
];
const CMU_FILE = "DSL-StrongPasswordData.csv";
const FEWEST_SUBJECTS = 4;

/** MEU-Mobile KSD (one file per subject) and the CMU benchmark (one file), wherever they are below the folder. */
export function readKeystrokes(folder: string): KeystrokeSet[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".csv"));
  const subjects = files
    .filter((file) => basename(file) !== CMU_FILE)
    .sort((a, b) => parseInt(basename(a), 10) - parseInt(basename(b), 10) || (a < b ? -1 : 1))
    .map((file) => meuSubject(readFileSync(join(folder, file), "utf8")))
    .filter((repetitions) => repetitions.length > 10);
  const sets: KeystrokeSet[] = [];
  if (subjects.length >= FEWEST_SUBJECTS) sets.push({ name: "MEU-Mobile KSD", columns: MEU_COLUMNS, subjects });
  for (const file of files.filter((one) => basename(one) === CMU_FILE)) {
    sets.push(cmuSet(readFileSync(join(folder, file), "utf8")));
  }
  return sets;
}

/** Lines of another form, such as a header, are no repetitions. */
function meuSubject(text: string): number[][] {
  return text
    .split(/\r?\n/)
    .map((line) => line.split(",").map((cell) => (cell.trim() === "" ? NaN : Number(cell))))
    .filter((row) => row.length === MEU_COLUMNS.length && row.every(Number.isFinite));
}

/** subject, sessionIndex, rep, then H.*, DD.* and UD.* in seconds. */
function cmuSet(text: string): KeystrokeSet {
  const [header = "", ...lines] = text.split(/\r?\n/).filter((line) => line !== "");
  const names = header.split(",").map((name) => name.replaceAll('"', ""));
  const groupOf = (name: string): FeatureGroup =>
    name.startsWith("H.") ? "hold" : name.startsWith("DD.") ? "down-down" : "up-down";
  const bySubject = new Map<string, number[][]>();
  for (const line of lines) {
    const [subject = "", , , ...cells] = line.split(",");
    bySubject.set(subject, [...(bySubject.get(subject) ?? []), cells.map((cell) => Number(cell) * 1000)]);
  }
  return { name: "CMU", columns: names.slice(3).map(groupOf), subjects: [...bySubject.values()] };
}
