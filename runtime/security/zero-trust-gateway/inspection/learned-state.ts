import { type Static, Type } from "@sinclair/typebox";
import Ajv from "ajv";
import { createHmac, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { deflateRaw, inflateRaw } from "node:zlib";
import { MnoError } from "../../../exports";

/** The form of rows; rows of another one are another release's, and are left alone. */
export const FORMAT = 1;
/** Of one endpoint's state, as JSON: 50 parameters of 7 KB have room. */
const MOST_BYTES = 2 ** 20;

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Amount = Type.Number({ minimum: 0 });
/** Base64 of so many bytes. */
const packed = (bytes: number) => {
  const length = Math.ceil(bytes / 3) * 4;
  return Type.String({ minLength: length, maxLength: length, pattern: "^[A-Za-z0-9+/]*={0,2}$" });
};

const Value = Type.Object(
  {
    count: Count,
    mean: Amount,
    m2: Amount,
    classes: Type.Array(Amount, { minItems: 6, maxItems: 6 }),
    types: Type.Partial(
      Type.Object(
        {
          integer: Count,
          decimal: Count,
          boolean: Count,
          uuid: Count,
          date: Count,
          hex: Count,
          word: Count,
          email: Count,
          address: Count,
          text: Count,
        },
        closed,
      ),
    ),
    values: Type.Union([Type.Array(Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 }), { maxItems: 32 }), Type.Null()]),
    cells: packed(4096),
    contexts: packed(1024),
  },
  closed,
);

/** What `EndpointModel.state()` gives, and nothing else. */
const Learned = Type.Object(
  {
    endpoint: Type.String({ minLength: 1, maxLength: 2048 }),
    count: Count,
    trimmed: Count,
    scores: Type.Array(Amount, { maxItems: 512 }),
    parameters: Type.Array(Type.Object({ name: Type.String({ maxLength: 256 }), count: Count, model: Value }, closed), {
      maxItems: 50,
    }),
  },
  closed,
);
export type Learned = Static<typeof Learned>;

const fits = new Ajv({ strict: true, allErrors: false }).compile<Learned>(Learned);
const pack = promisify(deflateRaw);
const unpack = promisify<Buffer, { maxOutputLength: number }, Buffer>(inflateRaw);

/** A state as it is stored, with a code by which it is known not to have been changed. */
export interface Sealed {
  readonly state: Buffer;
  readonly seal: Buffer;
}

export async function seal(learned: unknown, key: Buffer): Promise<Sealed> {
  const state = await pack(Buffer.from(JSON.stringify(learned)));
  return { state, seal: codeOf(state, key) };
}

/** Errors: MNO_INSPECTION_STATE_INVALID for what was not sealed with the key, and for what no model can have learned. */
export async function unseal({ state, seal: given }: Sealed, key: Buffer): Promise<Learned> {
  const expected = codeOf(state, key);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw invalid("its seal is not ours");
  let learned: unknown;
  try {
    learned = JSON.parse((await unpack(state, { maxOutputLength: MOST_BYTES })).toString("utf8"));
  } catch (cause) {
    throw invalid("it cannot be read", cause);
  }
  if (!fits(learned)) {
    const [fault] = fits.errors ?? [];
    throw invalid(`${fault?.instancePath ?? ""} ${fault?.message ?? "is not as it has to be"}`);
  }
  const names = learned.parameters.map(({ name }) => name);
  if (new Set(names).size !== names.length) throw invalid("a parameter is there twice");
  if (learned.parameters.some(({ count }) => count > learned.count))
    throw invalid("a parameter came more often than requests");
  return learned;
}

function codeOf(state: Buffer, key: Buffer): Buffer {
  return createHmac("sha256", key)
    .update(`mno-grammar-${String(FORMAT)}!`)
    .update(state)
    .digest();
}

function invalid(why: string, cause?: unknown): MnoError {
  return new MnoError("MNO_INSPECTION_STATE_INVALID", `The learned state of an endpoint is not used: ${why}`, {
    cause,
  });
}
