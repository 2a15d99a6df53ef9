/** The security fabric: each engine, and the attack rules of its gateway, beside published figures and peers. */
export const parts = [
  "quantum-cryptography",
  "zero-trust-gateway",
  "http-attacks",
  "behavioral-authentication",
  "threat-detection",
  "security-intelligence",
] as const;
