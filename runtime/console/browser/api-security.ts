/** What the security page reads of the engines' answers; each engine's OpenAPI document has all of it. */

/** GET /zero-trust-gateway/v1/decisions */
export interface AccessRecord {
  id: string;
  time: string;
  outcome: string;
  stage: string;
  code: string | null;
  reason: string | null;
  request: { method: string; authority: string; path: string; address: string };
  route: string | null;
  principal: { type: string; id: string; method: string } | null;
  policies: string[];
  risk: { level: string; probability: number; reasons: string[] } | null;
  findings: { rule: string; where: string; what: string }[];
}

/** GET /zero-trust-gateway/v1/sessions */
export interface SessionAnswer {
  id: string;
  user: string;
  assurance: string;
  establishedAt: string;
  seenAt: string;
  expiresAt: string;
  agent: string;
}

/** GET /security-intelligence/v1/incidents */
export interface IncidentAnswer {
  id: string;
  status: string;
  title: string;
  severity: number;
  confidence: number;
  firstTime: number;
  lastTime: number;
  entities: { kind: string; id: string }[];
  tactics: string[];
  alertCount: number;
}

/** GET /quantum-cryptography/v1/keys */
export interface KeyAnswer {
  id: string;
  alias: string | null;
  purpose: string;
  suite: string;
  state: string;
  currentVersion: number;
  rotatedAt: string;
}
