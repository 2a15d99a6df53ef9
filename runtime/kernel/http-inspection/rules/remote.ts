import { type Text } from "../lex/text";
import { bounded, type TextRule } from "./rule";
import { isFree, isParameter, isProse } from "./where";

const SCHEME = bounded("(?:^|[^a-z0-9+.-])([a-z][a-z0-9+.-]{1,20}):/{0,3}([^\\s/?#\"'<>]{1,255})", "g");

/** Schemes that a fetching server follows to where it should not go. */
const ODD_SCHEMES = new Set(
  "gopher dict ldap ldaps ldapi tftp sftp jar netdoc file smb ssh2 expect phar zip php glob ogg rar data rtmp svn jndi rmi cifs compress.zlib compress.bzip2 view-source imap imaps pop3 smtp telnet mailto-x netdoc local_file turbo gopher".split(
    " ",
  ),
);

const METADATA = bounded(
  "^(?:169\\.254\\.169\\.254|192\\.0\\.0\\.192|100\\.100\\.100\\.200|metadata(?:\\.[a-z0-9.-]{1,60})?|[a-z0-9.-]{0,40}\\.internal|rancher-metadata|168\\.63\\.129\\.16|fd00:ec2::254|instance-data)(?::\\d{1,5})?$",
);
const LOCAL_NAME = bounded(
  "^(?:[^@]{0,100}@)?(?:localhost|localtest\\.me|[a-z0-9.-]{0,60}\\.(?:localhost|localdomain|localtest\\.me|nip\\.io|sslip\\.io|xip\\.io|lvh\\.me|vcap\\.me|burpcollaborator\\.net|oastify\\.com|interact\\.sh|oast\\.(?:fun|pro|live|site|me|online)|dnslog\\.cn|ceye\\.io|beeceptor\\.com|requestbin\\.net|webhook\\.site|canarytokens\\.com|ngrok\\.io|requestrepo\\.com|pipedream\\.net))(?::\\d{1,5})?$",
);

/** IPv4 as decimal, octal or hexadecimal in one to four parts, as inet_aton takes it; undefined for anything else. */
export function ipv4Of(host: string): number | undefined {
  const parts = host.replace(/\.$/, "").split(".");
  if (parts.length > 4) return undefined;
  let value = 0;
  for (const [index, part] of parts.entries()) {
    const number = /^0x[0-9a-f]{1,10}$/.test(part)
      ? parseInt(part, 16)
      : /^0[0-7]{1,12}$/.test(part)
        ? parseInt(part, 8)
        : /^(?:0|[1-9]\d{0,9})$/.test(part)
          ? Number(part)
          : NaN;
    if (Number.isNaN(number)) return undefined;
    const last = index === parts.length - 1;
    if (number > (last ? 256 ** (5 - parts.length) - 1 : 255)) return undefined;
    value = last ? value + number : value + number * 256 ** (3 - index);
  }
  return value;
}

function isInner(address: number): boolean {
  const [a, b] = [address >>> 24, (address >>> 16) & 255];
  return (
    a === 0 ||
    a === 127 ||
    a === 10 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 192 && b === 0)
  );
}

function hostOf(authority: string): string {
  return authority
    .slice(authority.lastIndexOf("@") + 1)
    .replace(/:\d{1,5}$/, "")
    .toLowerCase();
}

function addresses(text: Text): { scheme: string; authority: string; at: number }[] {
  if (!text.has(":")) return [];
  return [...text.lower.matchAll(SCHEME)]
    .slice(0, 50)
    .map((match) => ({ scheme: match[1]!, authority: match[2]!, at: match.index }));
}

const INNER_HOST = bounded(
  "^\\s{0,4}(?://|\\\\\\\\)?(\\[[0-9a-f:.]{2,45}\\]|[a-z0-9.-]{1,100})(:\\d{1,5})?(?:[/?#]|$)",
);
/** Loopback, mapped and link-local addresses of IPv6 alone, and whole numbers before a port or a path. */
const INNER_NUMBER = bounded(
  "^\\s{0,4}(?://)?(?:\\[?(?:(?:0{0,4}:){2,7}0{0,3}1|::ffff:[0-9a-f.:]{2,40}|fd00:ec2::254|fe80:[0-9a-f:]{2,40})\\]?(?:[/?#]|$)|(?:0x[0-9a-f]{8}|0177\\.[\\d.]{1,12}|2130706433|2852039166)(?::\\d{1,5}|[/?#]))",
);
const INNER_HOST_2 = bounded("[/?#]");
const INNER_HOST_3 = bounded("\\.(?:local|internal|intranet|corp|lan|home|localdomain|svc|consul|cluster\\.local)$");
const INNER_HOST_4 = bounded("^(?:127|0x|017)");

function innerHost(text: string, further: boolean): boolean {
  const match = INNER_HOST.exec(text);
  if (match === null || (further && match[2] === undefined && !INNER_HOST_2.test(text))) return false;
  const host = match[1]!;
  if (
    METADATA.test(host) ||
    host === "localhost" ||
    host.startsWith("[") ||
    LOCAL_NAME.test(host) ||
    INNER_HOST_3.test(host)
  )
    return host.includes(".") || host.startsWith("[") || host === "localhost";
  const address = host.includes(".") || match[2] !== undefined ? ipv4Of(host) : undefined;
  return address !== undefined && isInner(address) && (host.split(".").length === 4 || INNER_HOST_4.test(host));
}

const WEB = new Set(["http", "https", "ftp", "ftps", "ws", "wss", "url"]);

const SSRF_INNER_ADDRESS = bounded("^\\[(?:::1?|::ffff:|f[cd][0-9a-f]{2}:|fe80:|0{1,4}:)");
const SSRF_SCHEME = bounded("[a-z0-9.]:/{1,3}");
const RFI_QUESTION_MARK = bounded("^\\s{0,4}(?:file|ftps?|https?|wss?|url)(?::[^\\s?#]{0,400})?\\?{1,10}$");
const RFI_INCLUDE = bounded("\\binclude\\s{0,4}\\(\\s{0,4}[\"']?(?:https?|ftps?|file):");
const RFI_INCLUDE_2 = bounded(
  "(?:^|\\b)(?:mosconfig_\\w{1,30}|_(?:globals|conf|config|server|session|env|files)\\b|root_?path|abs(?:olute)?_?path|include_?(?:path|file|dir|page)?|phpbb_\\w{1,20}|path_?to_?\\w{1,20}|inc(?:lude)?dir|basedir|base_?path|pear_?(?:dir|path)|doc(?:ument)?_?root|lib_?(?:dir|path)|class_?path|gallery_basedir|install_folder|ibase|theme_?path|g_\\w{1,20}|env\\[|config\\[)",
);
const SSRF_DATA = bounded(
  "^\\s{0,4}data:(?://)?(?!image/(?:png|jpe?g|gif|webp|avif|bmp|x-icon)|font/|audio/|video/|application/(?:pdf|font|octet))[a-z]{1,20}/[a-z0-9.+-]{1,60}(?:$|[;,])",
);

export const REMOTE_RULES: readonly TextRule[] = [
  {
    id: "ssrf-inner-address",
    what: "an address inside the network or of a cloud's metadata service",
    test: (text) =>
      isFree(text) &&
      text.field.name !== "referer" &&
      addresses(text).some(({ scheme, authority }) => {
        if (!WEB.has(scheme) && !ODD_SCHEMES.has(scheme)) return false;
        const host = hostOf(authority);
        const address = ipv4Of(host);
        return (
          METADATA.test(host) ||
          LOCAL_NAME.test(host) ||
          (address !== undefined && (isInner(address) || !/^\d{1,3}(\.\d{1,3}){3}$/.test(host))) ||
          SSRF_INNER_ADDRESS.test(host)
        );
      }),
  },
  {
    id: "ssrf-inner-host",
    what: "an address inside the network, without a scheme",
    test: (text) =>
      isParameter(text) &&
      !text.field.isName &&
      text.has(":/x0") &&
      (INNER_NUMBER.test(text.lower) || (text.has(":/") && innerHost(text.lower, true))),
  },
  {
    id: "ssrf-inner-host-bare",
    what: "the name or number of a host inside the network",
    level: "high",
    test: (text) => isParameter(text) && !text.field.isName && text.has(".:lt") && innerHost(text.lower, false),
  },
  {
    id: "ssrf-scheme",
    what: "an address of a scheme that reads files or speaks to other services",
    test: (text) =>
      isFree(text) &&
      !isProse(text) &&
      addresses(text).some(({ scheme }) => scheme !== "data" && ODD_SCHEMES.has(scheme)) &&
      SSRF_SCHEME.test(text.lower),
  },
  {
    id: "rfi-numeric-host",
    what: "a whole address with a number for a host",
    test: (text) =>
      isFree(text) &&
      text.field.name !== "referer" &&
      !isProse(text) &&
      addresses(text).some(
        ({ scheme, authority, at }) =>
          WEB.has(scheme) && at >= 0 && (ipv4Of(hostOf(authority)) !== undefined || hostOf(authority).startsWith("[")),
      ),
  },
  {
    id: "rfi-question-mark",
    what: "an address that cuts off what the application appends",
    test: (text) => isParameter(text) && text.has("?") && !isProse(text) && RFI_QUESTION_MARK.test(text.lower),
  },
  {
    id: "rfi-include",
    what: "a variable of an application is set to an address",
    test: (text) =>
      (text.field.kind === "query" || text.field.kind === "form" || text.field.kind === "path") &&
      (RFI_INCLUDE.test(text.lower) ||
        (addresses(text).some(({ at, scheme }) => at <= 1 && (WEB.has(scheme) || scheme === "file")) &&
          RFI_INCLUDE_2.test(text.field.name))),
  },
  {
    id: "rfi-address",
    what: "a parameter is an address of another site",
    level: "strict",
    test: (text) =>
      (isParameter(text) || text.field.kind === "path") &&
      !text.field.isName &&
      !isProse(text) &&
      addresses(text).some(
        ({ scheme, at }) => (WEB.has(scheme) || scheme === "file") && (at <= 1 || text.field.kind === "path"),
      ),
  },
  {
    id: "ssrf-data",
    what: "an address that is its own content",
    test: (text) => isParameter(text) && SSRF_DATA.test(text.lower),
  },
];
