import { attributesOf } from "../lex/html";
import { type Text } from "../lex/text";
import { bounded, type TextRule, words } from "./rule";
import { isFree, isProse, isTerse } from "./where";
import { BREAK_OUT, OPEN_ELEMENT, PAGE_ELEMENTS, RICH, splitElement } from "./xss-elements";

/** Elements that run, load or rebase something by themselves. */
const ACTIVE =
  words(`script iframe frame frameset object embed applet meta base link style svg math xml xss form isindex bgsound
  layer ilayer portal noscript template foreignobject import vmlframe animate animatetransform animatemotion set handler listener
  htmlfile marquee comment noembed noframes plaintext xmp title textarea keygen event-source html body head video audio
  image input button select details dialog ?import ?xml-stylesheet !entity !doctype !attlist`);

/** Of these, what editors of rich text never let users write. */
const RUNNING =
  words(`script iframe frame frameset object embed applet meta base link style svg math isindex bgsound layer
  ilayer portal foreignobject vmlframe animate animatetransform animatemotion handler ?import event-source noscript
  !entity template noembed plaintext xmp keygen import`);

const URL_ATTRIBUTES =
  words(`href src action formaction data xlink:href poster background code codebase srcdoc dynsrc lowsrc
  from to values by manifest ping srcset content classid archive cite longdesc usemap profile icon`);

const SCRIPT_URL = bounded(
  "^(?:javascript|vbscript|livescript|mocha|jscript|view-source|feed:javascript|data:(?:text/(?:html|xml|javascript|plain)|image/svg|application/|,|;|[^,]{0,60}base64))",
);
const SCRIPT_STYLE = bounded("(?:expression\\(|behaviou?r:|-moz-binding|@import|javascript:|vbscript:)");

/** An address as a browser reads it: control characters and blanks dropped. */
function address(value: string): string {
  return value.toLowerCase().replace(/[\s\p{Cc}]/gu, "");
}

/** `onload`, `onfocusin`, also such as nobody has heard of yet. */
const HANDLER = bounded("^on[a-z]{3,50}$");

function hostile(attributes: readonly (readonly [string, string])[]): boolean {
  return attributes.some(([name, value]) => {
    if (HANDLER.test(name)) return true;
    if (name === "style") return SCRIPT_STYLE.test(address(value));
    return (URL_ATTRIBUTES.has(name) || name === "") && SCRIPT_URL.test(address(value));
  });
}

/** The text read as if it stood in an attribute that its first quote closes. */
function insideAttribute(text: Text): boolean {
  for (const quote of ['"', "'", "`"]) {
    const at = text.raw.indexOf(quote);
    if (at < 0) continue;
    const rest = attributesOf(text.raw, at + 1).attributes;
    if (rest.slice(0, 20).some(([name, value]) => HANDLER.test(name) && value !== "")) return true;
  }
  return false;
}

/** Calls and properties of the browser that an injected script needs. Looked for in the text without comments and blanks. */
const SCRIPT_CALL = bounded(
  "(?:^|[^a-z0-9_.$])(?:alert|confirm|prompt|eval|settimeout|setinterval|setimmediate|atob|btoa|execscript|newfunction|importscripts|requestanimationframe)(?:\\?\\.)?[(`]",
);
const DOCUMENT = bounded(
  "(?:^|[^a-z0-9_$])(?:document|window|self|top|parent|globalthis|frames|this|location|navigation|opener)(?:\\)|\\?\\.){0,2}(?:\\.(?:cookie|write(?:ln)?\\(|domain|body|location|localstorage|sessionstorage|documentelement|createelement|getelement|queryselector|innerhtml|href=|assign\\(|replace\\(|navigate|open\\(|eval|alert|name\\b|forms\\[)|\\[)",
);
const TAGGED_CALL = bounded(
  "(?:\\[[^\\]]{0,40}\\]|reflect|object|array|function)\\.[a-z]{2,20}\\.(?:call|apply|bind)[`(]|\\.(?:call|apply)`",
);

const XSS_ADDRESS = bounded("(?:^|[^a-z0-9])(?:javascript|vbscript|livescript)\\s{0,4}:(?![ ]?[a-z]{1,20}[ .,])");
const XSS_SCRIPT_COOKIE = bounded(
  "(?:^|[^a-z0-9_$])(?:document(?:\\)|\\?\\.){0,2}(?:\\.(?:cookie|write(?:ln)?\\(|domain=|location|createelement\\()|\\[)|(?:window|self|top|parent|globalthis|frames)(?:\\)){0,2}\\[[\"'`/\\\\(a-z+])",
);
const XSS_OBFUSCATED = bounded("[\\[\\]()!+{}]{16}");
const XSS_OBFUSCATED_2 = bounded("(?:!\\[\\]|\\+\\[\\]|\\[\\]\\[|\\(!\\[)");
const XSS_PAGE = bounded(
  "(?:^|[^a-z0-9_$])(?:document\\.(?:domain|body|location|queryselector|getelement|forms|url\\b|referrer|baseuri|documentelement|defaultview|implementation|evaluate|open\\()|window\\.(?:location|open|name\\b|eval|atob|onerror)|(?:local|session)storage\\.|location\\.(?:href|hash|assign|replace)|\\.(?:innerhtml|outerhtml|insertadjacenthtml|srcdoc)[=(])",
);
const XSS_DANGEROUS_ATTRIBUTE = bounded(
  "(?:^|[^a-z0-9])(?:formaction|srcdoc|xlink:href|xml:base)\\s{0,10}=|<!entity\\s|(?:^|[\\s\"'=(,;])data\\s{0,4}:[^,<]{0,80},\\s{0,4}<|data:text/html|<\\?import[\\s/+]|<import\\w{0,20}\\s{0,10}=|(?:^|[^a-z0-9])@import\\b.{0,40}(?:url|['\"])",
);
const XSS_HANDLER_NAME = bounded("(?:^|[\\s\"'/`])on[a-z]{3,50}\\s{0,10}=");
const XSS_CHARSET = bounded(
  "(?:\\xbc|\\u043c)[^<>]{1,200}(?:\\xbe|\\u043e)[^<>]{0,200}(?:\\xbc|\\u043c)/[^<>]{1,60}(?:\\xbe|\\u043e)",
);
const XSS_STYLE = bounded(
  "(?:style[=:][^>]{0,200}(?:expression\\(|behavio)|:expression\\(|-moz-binding:|;behavior:url\\(|:url\\(javascript)",
);
const XSS_HANDLER_TEXT_IN_NAME = bounded("(?:^|[\\s\"'`;/])on[a-z]{3,50}\\s{0,10}(?:=|$)");
const XSS_HANDLER_TEXT = bounded("(?:[\\s\"'`;>)]|^)on[a-z]{3,50}\\s{0,10}=(?!=)");
const XSS_HANDLER_TEXT_2 = bounded("^on[a-z]{3,50}$");
const XSS_SCRIPT_WORDS = bounded(
  "(?:fromcharcode|(?:^|[^a-z])import(?:[\\s(/*]{1,10}[\"'({]| [^;]{1,80} from )|\\.innerhtml|\\.constructor[\\[(.]|new function\\(|:\\s{0,5}url\\(javascript|infoo\\.|\\s{2}in[a-z.]{1,30}=)",
);

const TEXT_RULES: readonly TextRule[] = [
  {
    id: "xss-handler",
    what: "an element carries an event handler or a script address",
    test: (text) => isFree(text) && text.html.some((tag) => hostile(tag.attributes)),
  },
  {
    id: "xss-element",
    what: "an element that runs or loads something",
    test: (text) => isFree(text) && text.html.some((tag) => !tag.closing && RUNNING.has(tag.name)),
  },
  {
    id: "xss-attribute",
    what: "a quote is closed, and an event handler follows",
    test: (text) => isFree(text) && text.has("=") && insideAttribute(text),
  },
  {
    id: "xss-address",
    what: "an address that runs a script",
    test: (text) => isFree(text) && text.has(":") && XSS_ADDRESS.test(text.lower.replace(/[\t\n\r\0]/g, "")),
  },
  {
    id: "xss-script-cookie",
    what: "a script reaches for the document",
    test: (text) => isFree(text) && text.has(".[") && XSS_SCRIPT_COOKIE.test(text.compact),
  },
  {
    id: "xss-script-call",
    what: "a script calls what only browsers have",
    test: (text) => isFree(text) && text.has("(`") && SCRIPT_CALL.test(text.compact) && !isTalk(text),
  },
  {
    id: "xss-tagged-call",
    what: "a function is called by a template, without brackets",
    test: (text) => isFree(text) && text.has("`") && TAGGED_CALL.test(text.compact),
  },
  {
    id: "xss-obfuscated",
    what: "a script in which brackets stand for letters",
    test: (text) => isFree(text) && text.has("[") && XSS_OBFUSCATED.test(text.raw) && XSS_OBFUSCATED_2.test(text.raw),
  },
  {
    id: "xss-page",
    what: "a script reads or changes the page",
    test: (text) =>
      isFree(text) && text.has(".") && !isProse(text) && text.field.kind !== "path" && XSS_PAGE.test(text.compact),
  },
  {
    id: "xss-dangerous-attribute",
    what: "an attribute that runs or loads something",
    test: (text) => isFree(text) && text.has("=<") && XSS_DANGEROUS_ATTRIBUTE.test(text.lower),
  },
  {
    id: "xss-handler-name",
    what: "a parameter's name holds an event handler",
    test: (text) => isFree(text) && text.field.isName && text.has("=") && XSS_HANDLER_NAME.test(text.lower),
  },
  {
    id: "xss-charset",
    what: "angle brackets in an encoding that drops the high bit",
    test: (text) => isFree(text) && XSS_CHARSET.test(text.raw),
  },
  {
    id: "xss-style",
    what: "a style that runs a script",
    test: (text) => isFree(text) && text.has("(:") && XSS_STYLE.test(text.compact),
  },
  {
    id: "xss-script-encoded",
    what: "a script in Microsoft's script encoding",
    test: (text) => isFree(text) && text.has("#") && text.raw.includes("#@~^"),
  },
  {
    id: "xss-form-element",
    what: "an element that no editor of rich text writes",
    test: (text) =>
      isFree(text) &&
      !isProse(text) &&
      text.html.some((tag) => !tag.closing && PAGE_ELEMENTS.has(tag.name) && tag.attributes.length > 0),
  },
  {
    id: "xss-split-element",
    what: "the name of an element, with characters in it that some browsers skip",
    test: (text) => isFree(text) && text.has("<") && splitElement(text.lower),
  },
  {
    id: "xss-break-out",
    what: "a quote and a tag are closed, and another tag begins",
    test: (text) => text.has("<") && text.has(">") && isTerse(text) && isFree(text) && BREAK_OUT.test(text.lower),
  },
  {
    id: "xss-open-element",
    what: "an element with attributes that the page around the value would close",
    test: (text) => text.has("<") && text.has("=") && isTerse(text) && isFree(text) && OPEN_ELEMENT.test(text.lower),
  },
  {
    id: "xss-any-element",
    what: "an element of a page",
    test: (text) =>
      isFree(text) &&
      !isProse(text) &&
      text.html.some(
        (tag) =>
          (ACTIVE.has(tag.name) ||
            (!RICH.has(tag.name) && !/^[?!%]/.test(tag.name) && tag.attributes.some(([, value]) => value !== ""))) &&
          (tag.attributes.length > 0 || tag.closing || RUNNING.has(tag.name)),
      ),
  },
  {
    id: "xss-handler-text",
    what: "the name of an event handler and an equals sign",
    test: (text) =>
      isFree(text) &&
      isTerse(text) &&
      (text.field.isName || text.has("=")) &&
      (text.field.isName ? XSS_HANDLER_TEXT_IN_NAME : XSS_HANDLER_TEXT).test(text.lower) &&
      !XSS_HANDLER_TEXT_2.test(text.lower),
  },
  {
    id: "xss-document",
    what: "a script reaches for the page",
    test: (text) => isFree(text) && isTerse(text) && text.has(".[") && DOCUMENT.test(text.compact),
  },
  {
    id: "xss-script-words",
    what: "statements of a script",
    level: "high",
    test: (text) =>
      isFree(text) && !isProse(text) && (SCRIPT_CALL.test(text.compact) || XSS_SCRIPT_WORDS.test(text.lower)),
  },
  {
    id: "xss-comment-end",
    what: "the end of a comment of HTML",
    level: "high",
    test: (text) => isFree(text) && text.has(">") && (text.raw.includes("-->") || text.raw.includes("--!>")),
  },
];

const IS_TALK = bounded(
  "(?:alert|confirm|prompt|eval|settimeout|setinterval|setimmediate|atob|btoa|function|execscript|importscripts)(?:\\?\\.)?[(`]",
);

/** "Confirm (see below)": a word of a sentence before a bracket. */
function isTalk(text: Text): boolean {
  return !IS_TALK.test(text.lower.replace(/\/\*.{0,200}?\*\//g, ""));
}

export const XSS_RULES = TEXT_RULES;
