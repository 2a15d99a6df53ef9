/**
 * What one inspection may cost at most. Time is linear in `totalChars`: every lexer and pattern reads a text a fixed number
 * of times, and each text is read in at most `variants` forms of at most its own length times `growth`.
 */
export const BUDGET = {
  /** Texts (values and names) of a request that are looked at. */
  fields: 2_000,
  /** UTF-16 units of one text. */
  fieldChars: 65_536,
  /** UTF-16 units of all texts of a request together. */
  totalChars: 262_144,
  /** Bytes at the start of an uploaded file that are looked at. */
  fileChars: 4_096,
  /** Nesting of JSON and XML. */
  depth: 40,
  /** Parts of a multipart body. */
  parts: 200,
  /** Rounds of decoding of one text. */
  rounds: 4,
  /** Findings of one request that are named. */
  findings: 50,
} as const;
