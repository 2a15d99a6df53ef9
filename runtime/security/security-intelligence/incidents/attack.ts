/**
 * Tactics and techniques of MITRE ATT&CK (Enterprise v17, attack.mitre.org; (c) The MITRE Corporation, reproduced with permission)
 * that the rules and engines here speak of. What is not in the table keeps its number as its name.
 */

const TACTICS: Readonly<Record<string, readonly [uid: string, name: string]>> = {
  reconnaissance: ["TA0043", "Reconnaissance"],
  "resource-development": ["TA0042", "Resource Development"],
  "initial-access": ["TA0001", "Initial Access"],
  execution: ["TA0002", "Execution"],
  persistence: ["TA0003", "Persistence"],
  "privilege-escalation": ["TA0004", "Privilege Escalation"],
  "defense-evasion": ["TA0005", "Defense Evasion"],
  "credential-access": ["TA0006", "Credential Access"],
  discovery: ["TA0007", "Discovery"],
  "lateral-movement": ["TA0008", "Lateral Movement"],
  collection: ["TA0009", "Collection"],
  exfiltration: ["TA0010", "Exfiltration"],
  "command-and-control": ["TA0011", "Command and Control"],
  impact: ["TA0040", "Impact"],
};

const TECHNIQUES: Readonly<Record<string, string>> = {
  T1021: "Remote Services",
  T1046: "Network Service Discovery",
  T1059: "Command and Scripting Interpreter",
  T1068: "Exploitation for Privilege Escalation",
  T1078: "Valid Accounts",
  T1083: "File and Directory Discovery",
  T1087: "Account Discovery",
  T1098: "Account Manipulation",
  "T1098.006": "Account Manipulation: Additional Container Cluster Roles",
  T1110: "Brute Force",
  "T1110.001": "Brute Force: Password Guessing",
  "T1110.003": "Brute Force: Password Spraying",
  "T1110.004": "Brute Force: Credential Stuffing",
  T1134: "Access Token Manipulation",
  T1190: "Exploit Public-Facing Application",
  T1204: "User Execution",
  T1210: "Exploitation of Remote Services",
  T1213: "Data from Information Repositories",
  T1485: "Data Destruction",
  T1486: "Data Encrypted for Impact",
  T1496: "Resource Hijacking",
  T1498: "Network Denial of Service",
  T1499: "Endpoint Denial of Service",
  T1526: "Cloud Service Discovery",
  T1528: "Steal Application Access Token",
  T1530: "Data from Cloud Storage",
  T1539: "Steal Web Session Cookie",
  T1550: "Use Alternate Authentication Material",
  "T1550.001": "Use Alternate Authentication Material: Application Access Token",
  "T1550.004": "Use Alternate Authentication Material: Web Session Cookie",
  T1552: "Unsecured Credentials",
  "T1552.004": "Unsecured Credentials: Private Keys",
  "T1552.007": "Unsecured Credentials: Container API",
  T1562: "Impair Defenses",
  "T1562.001": "Impair Defenses: Disable or Modify Tools",
  "T1562.007": "Impair Defenses: Disable or Modify Cloud Firewall",
  T1567: "Exfiltration Over Web Service",
  T1595: "Active Scanning",
  "T1595.002": "Active Scanning: Vulnerability Scanning",
  T1609: "Container Administration Command",
  T1610: "Deploy Container",
  T1611: "Escape to Host",
  T1613: "Container and Resource Discovery",
  T1621: "Multi-Factor Authentication Request Generation",
};

export interface Attack {
  /** `credential-access`. */
  readonly tactics: readonly string[];
  /** `T1110.004`. */
  readonly techniques: readonly string[];
}

/** The tactics and techniques among the tags of a Sigma rule (`attack.t1110.004`, `attack.credential-access`). */
export function attackOf(tags: readonly string[]): Attack {
  const names = tags.filter((tag) => tag.startsWith("attack.")).map((tag) => tag.slice("attack.".length));
  return {
    tactics: names.map((name) => name.replaceAll("_", "-")).filter((name) => Object.hasOwn(TACTICS, name)),
    techniques: names.filter((name) => /^t\d{4}(\.\d{3})?$/.test(name)).map((name) => name.toUpperCase()),
  };
}

export function tacticOf(name: string): { uid: string; name: string } {
  const [uid, title] = (Object.hasOwn(TACTICS, name) ? TACTICS[name] : undefined) ?? [name, name];
  return { uid, name: title };
}

/** The tactic of this number or title, as other engines name it. */
export function tacticNamed(uidOrName: string): string | undefined {
  return Object.keys(TACTICS).find((name) => TACTICS[name]!.includes(uidOrName) || name === uidOrName);
}

export function techniqueOf(uid: string): { uid: string; name: string } {
  return { uid, name: Object.hasOwn(TECHNIQUES, uid) ? TECHNIQUES[uid]! : uid };
}
