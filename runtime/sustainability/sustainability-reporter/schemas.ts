import { type Static, Type } from "@sinclair/typebox";
import { TEXT_PATTERN } from "../../kernel/http/text";
import { FORMATS } from "./formats";

/** The wire forms of the engine's HTTP interface. Reports themselves go out as canonical text. */

const closed = { additionalProperties: false } as const;
const Name = (description: string) => Type.String({ minLength: 1, maxLength: 253, pattern: TEXT_PATTERN, description });
const Time = (description: string) => Type.String({ format: "date-time", description });

const FormatName = Type.Unsafe<(typeof FORMATS)[number]>({
  type: "string",
  enum: [...FORMATS],
  default: "json",
  description: "Form of the answer",
});

const PERIOD = {
  from: Time("Start of the period: a whole hour in UTC"),
  to: Time("End of the period, not in it: a whole hour in UTC"),
};
const FILTER = {
  tenant: Type.Optional(Name("Only this tenant's")),
  workload: Type.Optional(Name("Only this workload's")),
  region: Type.Optional(Name("Only this region's")),
};

export const ReportQuery = Type.Object({ ...PERIOD, ...FILTER, format: FormatName }, closed);
export type ReportQuery = Static<typeof ReportQuery>;

export const ExplainQuery = Type.Object(
  {
    ...PERIOD,
    ...FILTER,
    limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: "At most so many summands" }),
  },
  closed,
);
export type ExplainQuery = Static<typeof ExplainQuery>;

export const FormatQuery = Type.Object({ format: FormatName }, closed);
export type FormatQuery = Static<typeof FormatQuery>;

export const CloseRequest = Type.Object(
  {
    ...PERIOD,
    reason: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1000,
        pattern: TEXT_PATTERN,
        description: "Why a closed report is restated; kept with the revision",
      }),
    ),
  },
  closed,
);
export type CloseRequest = Static<typeof CloseRequest>;

const ReportId = Type.String({ pattern: "^rpt_[0-9]{10}_[0-9]{10}$", description: "Id of a closed report" });
export const ReportPath = Type.Object({ id: ReportId }, closed);
export type ReportPath = Static<typeof ReportPath>;
export const RevisionPath = Type.Object(
  { id: ReportId, n: Type.Integer({ minimum: 1, description: "Revision" }) },
  closed,
);
export type RevisionPath = Static<typeof RevisionPath>;

const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]);

/** A revision without its body. */
export const RevisionAnswer = Type.Object(
  {
    reportId: Type.String(),
    revision: Type.Integer(),
    madeAt: Type.String({ format: "date-time" }),
    sha256: Type.String({ description: "Of the report's JSON form, byte by byte" }),
    signature: Type.Union([
      Type.Object(
        { algorithm: Type.String(), keyId: Type.String(), publicKey: Type.String(), value: Type.String() },
        closed,
      ),
      Type.Null(),
    ]),
    signed: Type.Boolean(),
    reason: Type.String({ description: "Why there is this revision" }),
    changes: Type.Array(Type.Object({ path: Type.String(), before: Scalar, after: Scalar }, closed), {
      description: "Figures that differ from the revision before",
    }),
  },
  closed,
);
export type RevisionAnswer = Static<typeof RevisionAnswer>;

export const RevisionList = Type.Object({ items: Type.Array(RevisionAnswer) }, closed);

export const PeriodList = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          reportId: Type.String(),
          from: Type.String({ format: "date-time" }),
          to: Type.String({ format: "date-time" }),
          revisions: Type.Integer(),
        },
        closed,
      ),
      { description: "Closed periods, the earliest first" },
    ),
  },
  closed,
);
