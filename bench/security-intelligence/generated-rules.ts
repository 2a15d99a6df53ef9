import { seeded } from "../../runtime/kernel/random";

/** Field -> how a value of it looks: those of process creation, as most public rules speak of it. */
const WORDS = [
  "powershell",
  "cmd",
  "rundll32",
  "certutil",
  "whoami",
  "net",
  "schtasks",
  "wmic",
  "bitsadmin",
  "mshta",
  "curl",
  "reg",
];
const FIELDS = ["Image", "ParentImage", "CommandLine", "OriginalFileName", "User", "CurrentDirectory"];

/** Sigma rules of the shape of the public ones, by every modifier; synthetic. */
export function generatedRules(count: number, seed: number): string[] {
  const random = seeded(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const token = (): string => `${pick(WORDS)}${Math.floor(random() * 1e6).toString(36)}`;
  const items: (() => [string, unknown])[] = [
    () => ["Image|endswith", [`\\${token()}.exe`, `\\${token()}.exe`]],
    () => ["CommandLine|contains|all", [` -${token()}`, token()]],
    () => ["CommandLine|contains", [token(), `${token()} *${token()}`]],
    () => ["CommandLine|contains|windash", ` -${token()} `],
    () => ["CommandLine|base64offset|contains", token()],
    () => ["CommandLine|wide|base64offset|contains", token()],
    () => ["CommandLine|re", `${token()}\\s+[a-f0-9]{4}(x|y)?$`],
    () => ["CommandLine|re|i", `^${token()}.+${token()}`],
    () => ["OriginalFileName", `${token()}.exe`],
    () => ["ParentImage|startswith", `C:\\${token()}\\`],
    () => ["User|contains|cased", token().toUpperCase()],
    () => ["DestinationIp|cidr", `10.${Math.floor(random() * 200)}.0.0/16`],
    () => ["Size|gte", Math.floor(random() * 1e6)],
    () => ["IntegrityLevel|neq", "System"],
    () => ["Hashes|exists", true],
    () => ["UtcTime|hour|gte", 20],
    () => [`${pick(FIELDS)}|fieldref`, "TargetImage"],
  ];
  return Array.from({ length: count }, (_, index) => {
    const selection = Object.fromEntries([pick(items)(), items[index % items.length]!()]);
    const filter = Object.fromEntries([[`${pick(FIELDS)}|startswith`, `C:\\Program Files\\${token()}\\`]]);
    return JSON.stringify({
      title: `Generated ${index}`,
      name: `generated-${index}`,
      logsource: { product: "windows", category: "process_creation" },
      detection: { selection, filter_main: filter, condition: "selection and not 1 of filter_main*" },
      level: "medium",
    });
  });
}

/** Process creations, none of which the rules above are about but by chance. */
export function processEvents(count: number, seed: number): Record<string, unknown>[] {
  const random = seeded(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  return Array.from({ length: count }, (_, index) => {
    const image = `C:\\Windows\\System32\\${pick(WORDS)}.exe`;
    return {
      EventID: 1,
      UtcTime: new Date(Date.UTC(2026, 0, 1) + index * 100).toISOString(),
      Image: image,
      OriginalFileName: `${pick(WORDS)}.exe`,
      ParentImage: `C:\\Windows\\System32\\${pick(WORDS)}.exe`,
      CommandLine: `"${image}" -${pick(WORDS)} ${Math.floor(random() * 1e9).toString(36)} C:\\Users\\u${Math.floor(random() * 500)}\\file.txt`,
      CurrentDirectory: "C:\\Windows\\System32\\",
      User: `CORP\\u${Math.floor(random() * 500)}`,
      IntegrityLevel: "Medium",
      Hashes: `SHA256=${Math.floor(random() * 1e15).toString(16)}`,
      ProcessId: Math.floor(random() * 65536),
    };
  });
}
