/** Processor names as /proc/cpuinfo has them, by the architecture of the power table (factors/power.ts). First match holds. */
const PATTERNS: readonly (readonly [pattern: RegExp, architecture: string])[] = [
  [/EPYC 7\d\d1\b|EPYC 7\d[1-9]1P?\b|Ryzen (Threadripper )?1\d{3}/, "EPYC 1st Gen"],
  [/EPYC 7\w\d2|Ryzen (Threadripper )?[23]\d{3}/, "EPYC 2nd Gen"],
  [/EPYC 7\w\d3|EPYC 9V7\d|Ryzen (Threadripper PRO )?5\d{3}/, "EPYC 3rd Gen"],
  [/EPYC (8\w\d4|9\w\d4)/, "EPYC 4th Gen"],
  [/EPYC 9\w\d5/, "EPYC 5th Gen"],
  [/Xeon.* 6\d{3}[PE]\b/, "Granite Rapids"],
  [/Xeon.*(Platinum|Gold|Silver|Bronze) \d5\d\d/, "Emerald Rapids"],
  [/Xeon.*(Platinum|Gold|Silver|Bronze) \d4\d\d/, "Sapphire Rapids"],
  [/Xeon.*(Platinum|Gold|Silver|Bronze) \d3\d\d/, "Ice Lake"],
  [/Xeon.*(Platinum|Gold|Silver|Bronze) \d2\d\d/, "Cascade Lake"],
  [/Xeon.*(Platinum|Gold|Silver|Bronze) \d1\d\d/, "Skylake"],
  [/Xeon.*E[357]-\d+\w* v4/i, "Broadwell"],
  [/Xeon.*E[357]-\d+\w* v3/i, "Haswell"],
  [/Xeon.*E[357]-\d+\w* v2/i, "Ivy Bridge"],
  [/Xeon.*E[357]-\d+/i, "Sandy Bridge"],
  [/Core.* i\d-[89]\d{3}/, "Coffee Lake"],
  [/Neoverse-N1|Graviton2/i, "Graviton2"],
  [/Neoverse-V1|Graviton3/i, "Graviton3"],
  [/Neoverse-V2|Graviton4/i, "Graviton4"],
];

/** The architecture of a processor by its model name; undefined where the table has none. */
export function architectureOf(modelName: string): string | undefined {
  return PATTERNS.find(([pattern]) => pattern.test(modelName))?.[1];
}
