import { type Text } from "../lex/text";
import { words } from "./rule";

/** Headers whose grammar is their own and whose values hold quotes, semicolons and parentheses as a matter of course. */
const STRUCTURED =
  words(`accept accept-charset accept-encoding accept-language accept-datetime alt-used authorization baggage
  cache-control cdn-loop connection content-disposition content-encoding content-language content-length content-md5
  content-security-policy content-type date dnt dpop early-data etag expect expires forwarded from host http2-settings
  if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive last-modified link max-forwards origin
  pragma prefer priority proxy-authorization proxy-connection range save-data signature signature-input te traceparent
  tracestate trailer transfer-encoding upgrade upgrade-insecure-requests via warning x-request-id x-forwarded-client-cert
  x-csrf-token x-xsrf-token part.content-disposition part.content-type part.content-length stripe-signature`);

/** Where injected code can stand: everything that a client writes freely. */
export function isFree(text: Text): boolean {
  const { kind, name } = text.field;
  if (kind === "file") return false;
  return kind !== "header" || !(STRUCTURED.has(name) || name.startsWith("sec-"));
}

/** Parameters and bodies: what an application is likely to hand to an interpreter. */
export function isParameter(text: Text): boolean {
  const { kind } = text.field;
  return kind !== "header" && kind !== "path" && kind !== "file" && kind !== "file-name";
}

/** Written for people: several sentences, lines or many words with blanks between them. */
export function isProse(text: Text): boolean {
  if (text.raw.length < 60) return false;
  let blanks = 0;
  let letters = 0;
  for (let i = 0; i < text.raw.length; i++) {
    const code = text.raw.charCodeAt(i);
    if (code === 32 || code === 10) blanks++;
    else if ((code | 32) >= 97 && (code | 32) <= 122) letters++;
    else if (code > 0xbf) letters++;
  }
  return blanks >= 8 && letters > text.raw.length * 0.6;
}

const SECRET = /pass|pwd|secret|token|csrf|hash|signature|captcha/;
/** UTF-16 units up to which a value is judged as a whole. */
const TERSE = 240;

/**
 * A short value of a parameter or cookie that is no sentence: where a fragment of code can only be meant as one. Passwords and
 * tokens are left out, for they are random by intent and no part of a statement; other rules look at them all the same.
 */
export function isTerse(text: Text): boolean {
  const { kind, name, isName } = text.field;
  if (text.raw.length > TERSE || kind === "path" || kind === "file" || kind === "file-name") return false;
  if (kind === "header" && name !== "referer") return false;
  return (isName || !SECRET.test(name)) && !isProse(text);
}
