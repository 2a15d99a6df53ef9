import { validateEvent } from "../../../runtime/kernel/events/codec";
import { ACCEPTED, holds, target } from "../target";

const cloudEvents = target<unknown>({
  name: "platform: CloudEvents",
  kind: "JSON",
  seeds: [
    {
      ...{
        specversion: "1.0",
        id: "1",
        source: "/mno/zero-trust-gateway",
        subject: "alice",
        datacontenttype: "application/json",
      },
      ...{ type: "mno.security.risk.changed", time: "2026-03-01T12:00:00.000Z" },
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      data: {
        subjectType: "user",
        subject: "alice",
        previousLevel: "low",
        level: "high",
        because: "decision-1",
        expiresAt: "2026-03-01T13:00:00.000Z",
        reasons: ["travel"],
        probability: 0.9,
      },
    },
  ],
  words: ["mno.security.session.revoked", "1.0", "specversion", "traceparent", "data", "time"],
  milliseconds: 20,
  run: (value) => {
    const event = validateEvent(value);
    holds(JSON.stringify(validateEvent(JSON.parse(JSON.stringify(event)))) === JSON.stringify(event), "not idempotent");
    return ACCEPTED;
  },
});

export const PLATFORM_TARGETS = [cloudEvents];
