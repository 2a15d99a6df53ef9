import { type Static, Type } from "@sinclair/typebox";

const closed = { additionalProperties: false } as const;
const Name = Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$" });
const Severity = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: 5,
    description: "Least severity of incidents: 1 informational to 5 critical; 3 by default",
  }),
);
const PerMinute = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 6000, description: "Messages a minute at most; 30 by default" }),
);
const common = { name: Name, minSeverity: Severity, perMinute: PerMinute };

/** Where incidents are told. */
export const Channel = Type.Union([
  Type.Object(
    {
      ...common,
      kind: Type.Literal("webhook"),
      url: Type.String({ pattern: "^https?://" }),
      secret: Type.Optional(
        Type.String({ minLength: 16, description: "Key of the HMAC-SHA256 that signs each message" }),
      ),
    },
    closed,
  ),
  Type.Object({ ...common, kind: Type.Literal("slack"), url: Type.String({ pattern: "^https?://" }) }, closed),
  Type.Object(
    {
      ...common,
      kind: Type.Literal("syslog"),
      host: Type.String({ minLength: 1, maxLength: 253 }),
      port: Type.Integer({ minimum: 1, maximum: 65_535 }),
      transport: Type.Union([Type.Literal("udp"), Type.Literal("tcp"), Type.Literal("tls")]),
      ca: Type.Optional(Type.String({ description: "PEM certificates that the server's must be signed by" })),
    },
    closed,
  ),
]);
export type Channel = Static<typeof Channel>;

/** What is told. */
export interface Message {
  /** The same for the same news: receivers can tell a repetition. */
  readonly id: string;
  readonly incident: string;
  readonly title: string;
  readonly status: string;
  /** 1 to 5. */
  readonly severity: number;
  readonly confidence: number;
  readonly entities: readonly string[];
  readonly techniques: readonly string[];
  readonly alertCount: number;
  /** RFC 3339. */
  readonly time: string;
}
