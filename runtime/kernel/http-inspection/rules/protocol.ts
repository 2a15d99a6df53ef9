import { bounded, type RequestRule, words } from "./rule";

const METHODS = words("GET HEAD POST PUT PATCH DELETE OPTIONS");

/** Programs that announce that they look for weaknesses. Their names are how they introduce themselves. */
const SCANNERS = bounded(
  "(?:sqlmap|nikto|nessus|openvas|acunetix|netsparker|invicti|nuclei|arachni|havij|w3af|wpscan|dirbuster|gobuster|feroxbuster|ffuf|wfuzz|dirb\\b|dirsearch|masscan|zmeu|jorgee|morfeus|joomscan|whatweb|skipfish|paros|webinspect|appscan|burpcollaborator|grabber|vega/|hydra|brutus|medusa|metasploit|nmap|fimap|jaeles|commix|xsser|xspider|sqlninja|sqlsus|bsqlbf|absinthe|pangolin|webshag|webtrends security|whisker|cgichk|n-stealth|nsauditor|openvas|prog\\.customcrawler|qualys was|sf/|sysscan|springenwerk|domino hunter|dotdotpwn|grendel-scan|inspath|internet ninja|mysqloit|n-stealth|network-services-auditor|pmafind|blackwidow|revolt|s\\.t\\.a\\.l\\.k\\.e\\.r|sumthin|synapse|teh forest lobster|this is an exploit|toata dragostea|uil2pn|user-agent:|vega|voideye|webbandit|webroot|wordpress hash grabber|zgrab-scan|zap\\b|owasp zap|restler|sitelockspider|detectify|intruder\\.io|probely|struts-pwn|shellshock|tplmap|wapiti|webvulnscan|xenu-attack|zollard|lfimap|autogetcontent|datacha0s|floodgate|get-minimal|gootkit|kiterunner|cmsmap|droopescan|amass|httpx -|katana|subfinder|aquatone|eyewitness|urlscan-attack|bfac|bsqlhacker|core-project/1|mosiac 1|murzillo|nv32ts|fhscan|crowbar|patator|interactsh|log4j-scan|rustbuster|sn1per|ssrfmap|xsstrike|dalfox|waybackurls)",
);
const LESS_SCANNERS = bounded("(?:^|[^a-z])(?:zgrab|urlgrabber|grabber/)");

function headerOf(headers: Readonly<Record<string, readonly string[]>>, name: string): string | undefined {
  return headers[name]?.[0];
}

const SESSION_NAMES = bounded(
  "^(?:\\w{0,10}sess(?:ion)?_?(?:id|token|key)?|(?:j|php|asp\\.net_|aspx?|cf|cgi|web)sess(?:ion)?_?id|jsessionid|phpsessid|aspsessionid\\w{0,10}|sid|cftoken|cfid|[\\w-]{1,20}[._-]session(?:[._-]?(?:id|token))?|connect\\.sid|express[.:]sess|koa[.:]sess|rack\\.session|laravel_session|ci_session|symfony|meteor_login_token|wordpress_logged_in\\w{0,40}|viewstate|zenid|_flask_session|_rails_session|_session_id|sails\\.sid|authjs\\.\\w{1,20}|play_session|grails_session|next-auth\\.[\\w.-]{1,40}|xsrf-session|cakephp|shiny-token|session-id|cfsid|cfsessionid|codeigniter|zend_session|yii_session|slim_session|mojolicious|phx-session|django_session|session|sessionid)$",
);

const PROTOCOL_CONTENT_TYPE = bounded("[^\\w !#$&^+.=;:,\"'/\\\\()?*-]");
const PROTOCOL_CONTENT_TYPE_2 = bounded("[{}%<>@()]");
const PROTOCOL_CONTENT_TYPE_3 = bounded("(?:application|text|image|multipart|audio|video|[a-z]{3,20})/[a-z]");
const PROTOCOL_CONTENT_TYPE_4 = bounded("boundary=[\"']?[-\\w'()+_,.:=?]{0,69}[\"']?(?:$|;)");
const PROTOCOL_CONTENT_TYPE_5 = bounded("charset", "g");
const PROTOCOL_CHARSET = bounded("charset\\s{0,4}=\\s{0,4}[\"']?([^;\"'\\s]{1,60})");
const PROTOCOL_CHARSET_2 = bounded("charset\\s{0,4}=\\s{0,4}[\"']?([^;\"'\\s]{1,60})");
const PROTOCOL_BODY_ENCODING = bounded("^\\s{0,4}(?:identity)?\\s{0,4}$");
const PROTOCOL_LENGTH = bounded("^\\d{1,18}$");
const PROTOCOL_RANGE = bounded("(\\d{1,15})-(\\d{1,15})");
const PROTOCOL_COOKIE_VERSION = bounded("(?:^|;)\\s{0,4}\\$version\\s{0,4}=");
const SESSION_FIXATION = bounded("^https?://([^/?#:]{1,255})");
const PARAMETER_BRACKETS = bounded("\\][^\\[\\].]");
const PARAMETER_BRACKETS_2 = bounded("^[^\\]]{0,100}\\[\\d");

/** Rules over the form of a request, apart from what its texts say. */
export const PROTOCOL_RULES: readonly RequestRule[] = [
  {
    id: "protocol-method",
    what: "a method that no upstream is expected to offer",
    testRequest: ({ method }) => (METHODS.has(method) ? undefined : "method"),
  },
  {
    id: "protocol-scanner",
    what: "the client introduces itself as a scanner for weaknesses",
    testRequest: ({ headers }) =>
      SCANNERS.test((headerOf(headers, "user-agent") ?? "").toLowerCase()) &&
      !LESS_SCANNERS.test((headerOf(headers, "user-agent") ?? "").toLowerCase())
        ? "header.user-agent"
        : undefined,
  },
  {
    id: "protocol-content-type",
    what: "a Content-Type that names a second type or character set, or holds what none holds",
    testRequest: ({ headers }) => {
      const value = (headerOf(headers, "content-type") ?? "").toLowerCase();
      const [type, ...rest] = value.split(/[;,]/);
      if (PROTOCOL_CONTENT_TYPE.test(value) || PROTOCOL_CONTENT_TYPE_2.test(type!)) return "header.content-type";
      const parameters = rest.join(";");
      if (PROTOCOL_CONTENT_TYPE_3.test(parameters.replace(PROTOCOL_CONTENT_TYPE_4, ""))) return "header.content-type";
      return (value.match(PROTOCOL_CONTENT_TYPE_5) ?? []).length > 1 ? "header.content-type" : undefined;
    },
  },
  {
    id: "protocol-charset",
    what: "a character set in which filters read other characters than browsers",
    testRequest: ({ headers }, fields) => {
      const charset = PROTOCOL_CHARSET.exec((headerOf(headers, "content-type") ?? "").toLowerCase())?.[1];
      if (charset !== undefined && !ORDINARY_CHARSETS.has(charset)) return "header.content-type";
      const field = fields.list.find(
        (one) =>
          !one.isName &&
          one.kind === "form" &&
          one.name === "_charset_" &&
          !ORDINARY_CHARSETS.has(one.value.trim().toLowerCase()),
      );
      const part = fields.list.find(
        (one) =>
          one.name === "part.content-type" &&
          !ORDINARY_CHARSETS.has(PROTOCOL_CHARSET_2.exec(one.value.toLowerCase())?.[1] ?? "utf-8"),
      );
      return (field ?? part)?.where;
    },
  },
  {
    id: "protocol-multipart",
    what: "a multipart body that two parsers would read differently",
    testRequest: (_request, { faults }) =>
      [
        "multipart-header-name",
        "multipart-header-characters",
        "multipart-transfer-encoding",
        "multipart-name-characters",
        "multipart-boundary",
      ].some((fault) => faults.has(fault))
        ? "body"
        : undefined,
  },
  {
    id: "protocol-budget",
    what: "more than is looked at: a longer body, more or deeper fields",
    testRequest: (_request, { faults }) =>
      ["too-many-fields", "field-too-long", "request-too-long", "json-too-deep", "xml-too-deep"].find((fault) =>
        faults.has(fault),
      ) === undefined
        ? undefined
        : "body",
  },
  {
    id: "protocol-body-encoding",
    what: "a body that is compressed or otherwise coded, so that nothing in it was looked at",
    testRequest: ({ headers }, _fields, body) =>
      body !== undefined &&
      body.length > 0 &&
      (headers["content-encoding"] ?? []).some((coding) => !PROTOCOL_BODY_ENCODING.test(coding.toLowerCase()))
        ? "header.content-encoding"
        : undefined,
  },
  {
    id: "protocol-length",
    what: "a Content-Length that is no number, or stands beside Transfer-Encoding",
    testRequest: ({ headers }) => {
      const lengths = headers["content-length"] ?? [];
      if (lengths.some((length) => !PROTOCOL_LENGTH.test(length)) || new Set(lengths).size > 1)
        return "header.content-length";
      return lengths.length > 0 && headers["transfer-encoding"] !== undefined ? "header.transfer-encoding" : undefined;
    },
  },
  {
    id: "protocol-range",
    what: "a Range that no client needs",
    testRequest: ({ headers }) => {
      const range = headerOf(headers, "range") ?? headerOf(headers, "request-range");
      if (range === undefined) return undefined;
      const ranges = range.split(",", 100);
      const backwards = ranges.some((one) => {
        const match = PROTOCOL_RANGE.exec(one);
        return match !== null && Number(match[1]) > Number(match[2]);
      });
      return !range.startsWith("bytes=") || ranges.length > 5 || backwards ? "header.range" : undefined;
    },
  },
  {
    id: "protocol-encoding",
    what: "characters encoded as no client encodes them",
    testRequest: (_request, { oddities }) =>
      oddities.overlong || oddities.percentU || oddities.notUtf8 ? "target" : undefined,
    level: "high",
  },
  {
    id: "protocol-cookie-version",
    what: "an old cookie syntax in which a quote swallows other cookies",
    testRequest: ({ headers }) =>
      (headers.cookie ?? []).some((cookie) => PROTOCOL_COOKIE_VERSION.test(cookie.toLowerCase()))
        ? "header.cookie"
        : undefined,
  },
  {
    id: "session-fixation",
    what: "a session's id comes with the address, from another site or from none",
    testRequest: ({ headers }, { parameters, list }) => {
      const named =
        parameters.find((name) => SESSION_NAMES.test(name.toLowerCase())) ??
        list.find((field) => field.isName && field.kind === "json" && SESSION_NAMES.test(field.value.toLowerCase()))
          ?.value;
      if (named === undefined) return undefined;
      const referer = headerOf(headers, "referer");
      if (referer === undefined) return `query.${named}`;
      const host = SESSION_FIXATION.exec(referer.toLowerCase())?.[1];
      const own = (headerOf(headers, "host") ?? "").toLowerCase().replace(/:\d{1,5}$/, "");
      return host !== undefined && host === own ? undefined : host === undefined ? undefined : `query.${named}`;
    },
  },
  {
    id: "parameter-pollution",
    what: "a parameter comes more than once",
    level: "strict",
    testRequest: (_request, { parameters }) => {
      const seen = new Set<string>();
      for (const name of parameters) {
        if (seen.has(name) && !name.endsWith("[]")) return `query.${name}`;
        seen.add(name);
      }
      return undefined;
    },
  },
  {
    id: "parameter-brackets",
    what: "a parameter's name goes on after its bracket",
    level: "strict",
    testRequest: (_request, { parameters }) => {
      const named = parameters.find((name) => PARAMETER_BRACKETS.test(name) || PARAMETER_BRACKETS_2.test(name));
      return named === undefined ? undefined : `query.${named}`;
    },
  },
];

const ORDINARY_CHARSETS = words("utf-8 utf8 iso-8859-1 iso-8859-15 windows-1252 us-ascii ascii");
