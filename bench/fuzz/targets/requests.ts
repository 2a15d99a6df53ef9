import { fieldsOf } from "../../../runtime/kernel/http-inspection/parse/fields";
import { createSignatures } from "../../../runtime/kernel/http-inspection/signatures";
import { BUDGET } from "../../../runtime/kernel/http-inspection/limits";
import { forward } from "../../../runtime/kernel/proxy/headers";
import { TrustedPeers } from "../../../runtime/kernel/proxy/peers";
import { readTarget } from "../../../runtime/security/zero-trust-gateway/enforcement/target";
import { type InboundMessage, understand } from "../../../runtime/security/zero-trust-gateway/enforcement/understand";
import { ACCEPTED, type AnyTarget, holds, target } from "../target";

const SQL = "1' OR 1=1--";
const WORDS = ["%27", "UNION SELECT", "<script>", "../", "${jndi:", ";", "&", "=", "%u0027", "\u0000", "--", "/*"];

/** What inspection says of a content: its faults, which are its refusals. */
function inspected(method: string, at: string, headers: Record<string, string[]>, body?: Buffer): string {
  const fields = fieldsOf({ method, target: at, headers }, body);
  const characters = fields.list.reduce((sum, { value }) => sum + value.length, 0);
  holds(fields.list.length <= BUDGET.fields, "more fields than the budget has");
  holds(characters <= BUDGET.totalChars, "more characters than the budget has");
  const { oddities, list } = fields;
  const odd = Object.entries(oddities).flatMap(([name, count]) => (Number(count) > 0 ? [name] : []));
  if (fields.faults.size === 0) return `${ACCEPTED}: ${String(Math.min(list.length, 20))} ${odd.join(" ")}`;
  return [...fields.faults].sort().join("+");
}

const content = (name: string, type: string, seeds: readonly string[], words: readonly string[]): AnyTarget =>
  target<Buffer>({
    name: `http-inspection: ${name}`,
    kind: "bytes",
    seeds: seeds.map((seed) => Buffer.from(seed)),
    words,
    milliseconds: 50,
    run: (body) => inspected("POST", "/x", { "content-type": [type] }, body),
  });

const PART = (name: string, value: string): string =>
  `--b\r\nContent-Disposition: form-data; ${name}\r\n\r\n${value}\r\n`;

const inspection: readonly AnyTarget[] = [
  target<string>({
    name: "http-inspection: target, cookies, headers",
    kind: "text",
    seeds: ["/a/b?c=d&e=f%20g|k=v; l=m|text/html", `/x?q=${SQL}&a[]=1&a[]=2|s=%27;t="q"|https://a/b?c=${SQL}#d`],
    words: WORDS,
    milliseconds: 50,
    run: (input) => {
      const [at = "", cookie = "", other = ""] = input.split("|");
      return inspected("GET", at, { cookie: [cookie], referer: [other], "user-agent": [other] });
    },
  }),
  content("form", "application/x-www-form-urlencoded", ["a=1&b=2+3&c=%41%c3%a9", `q=${SQL}&a[b][c]=d&&=&x`], WORDS),
  content(
    "multipart",
    "multipart/form-data; boundary=b",
    [
      `${PART('name="a"', "1")}${PART('name="f"; filename="a.txt"', "text")}--b--\r\n`,
      `${PART("name=a; filename=b.php", "<?php")}${PART('name="x"', SQL)}--b--`,
    ],
    [
      "--b",
      "--b--",
      "\r\n\r\n",
      "Content-Disposition: form-data; ",
      'filename="',
      "filename*=utf-8''",
      "Content-Type: ",
    ],
  ),
  content(
    "JSON",
    "application/json",
    ['{"a":[1,2.5e3,null,true,"x\\u0027"],"b":{"c":{"d":"e"}}}', `["${SQL}",{"__proto__":{"a":1}},"\\ud800"]`],
    ['{"a":', "[[", '":"', "\\u0000", "\\", "1e999", "]", "}", "//", "NaN"],
  ),
  content(
    "XML",
    "application/xml",
    [
      '<?xml version="1.0"?><a b="c"><!-- d --><e>f&lt;&#39;</e><![CDATA[g]]></a>',
      `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///c">]><a>&b;</a>`,
    ],
    ["<!ENTITY", "<![CDATA[", "]]>", "<!--", "-->", "&#x27;", "<a ", "/>", "</a>", "<?"],
  ),
];

const signatures = createSignatures({ level: "strict" });

const rules = target<string>({
  name: "http-inspection: attack rules (strict)",
  kind: "text",
  seeds: [
    SQL,
    "<img src=x onerror=alert(1)>",
    "; cat /etc/passwd | sh",
    "../../etc/passwd",
    "${jndi:ldap://a/b}",
    "<?php system($_GET['a']); ?>",
    "http://169.254.169.254/latest",
    "a perfectly honest sentence, with 'quotes' (and more)",
  ],
  words: [
    ...WORDS,
    "select * from",
    "sleep(5)",
    "`id`",
    "$(id)",
    "javascript:",
    "&#x3c;",
    "char(65)",
    "|| '",
    "cmd.exe /c",
  ],
  share: 0.2,
  milliseconds: 250,
  run: (value) => {
    const { refused, findings, score } = signatures.inspect({
      method: "GET",
      target: `/x?q=${encodeURIComponent(value.toWellFormed())}`,
      headers: { host: ["a"], "user-agent": ["Mozilla/5.0"], accept: ["*/*"] },
    });
    holds(Number.isFinite(score), "the score is no number");
    holds(!refused || findings.length > 0, "refused for nothing");
    // Both are answers to be had: which rules spoke tells how far an input came.
    return `${ACCEPTED}: ${findings.map(({ rule }) => rule).join(" ")}`;
  },
});

const paths = target<string>({
  name: "gateway: request targets",
  kind: "text",
  seeds: ["/a/b;c=d/e%20f?g=h&i", "/", "/%C3%A9/x/./../y/?", "/a:b@c/!$&'()*+,;="],
  words: ["%2e", "%2F", "%5c", "..", "./", ";", "%25", "%00", "%C3", "//", "?", "#", "\\"],
  milliseconds: 20,
  run: (text) => {
    const { path, canonical, query } = readTarget(text);
    const again = readTarget(query === "" ? canonical : `${canonical}?${query}`);
    holds(again.canonical === canonical && again.path === path && again.query === query, "not idempotent");
    holds(!/(^|\/)\.\.?(\/|$)/.test(path), "a dot segment is left");
    return ACCEPTED;
  },
});

const PEER = { address: "203.0.113.7", trusted: false, secure: true };

/** Lines `name: value`, the first being method, target, version and whether a proxy is believed. */
const messages = target<string>({
  name: "gateway: messages (headers, framing, authority)",
  kind: "text",
  seeds: [
    "GET /a?b 1.1 t\nhost: shop.test:8443\nx-forwarded-for: 198.51.100.9, 203.0.113.7\nx-forwarded-proto: https\ncookie: a=b",
    "POST /a 2 f\n:authority: shop\n:scheme: https\ncontent-type: text/plain\nauthorization: Bearer x\nx-mno-subject: root",
    "PUT /a/b 1.1 f\nhost: [2001:db8::1]\ncontent-length: 3\nconnection: close, x-a\nte: trailers\nx_y: 1",
    'GET /a 1.1 t\nhost: a\nforwarded: for="[2001:db8::1]:1";proto=https\nx-forwarded-client-cert: Hash=ab;URI=spiffe://a/b\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  ],
  words: [
    "\ntransfer-encoding: chunked",
    "\ncontent-length: 5",
    "\nhost: b",
    "\nconnection: authorization",
    "\nx-forwarded-for: ",
    "\nauthorization: ",
    "\nx_forwarded_for: 1",
    "OPTIONS",
    "http://a/",
    "\n",
    ": ",
    ",",
  ],
  milliseconds: 20,
  run: (text) => {
    const [first = "", ...lines] = text.split("\n");
    const [method = "", at = "", version = "", trusted] = first.split(" ");
    const rawHeaders = lines.flatMap((line) => {
      const colon = line.indexOf(": ");
      return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 2)];
    });
    const message: InboundMessage = {
      id: "id",
      time: 0,
      method,
      target: at,
      rawHeaders,
      version: version === "2" ? "2" : "1.1",
      peer: { ...PEER, trusted: trusted === "t" },
      certificate: () => undefined,
      traceparent: "",
      isTrusted: (address) => address === "203.0.113.7",
    };
    const { request, forwarded } = understand(message);
    for (let index = 0; index < forwarded.headers.length; index += 2) {
      const [name = "", value = ""] = [forwarded.headers[index]?.toLowerCase(), forwarded.headers[index + 1]];
      holds(!name.startsWith("x-mno-"), "a header of the gateway's own goes on");
      holds(!/[\r\n\0]/.test(name + value), "a header breaks its line");
    }
    holds(Object.getPrototypeOf(request.headers) === null, "headers inherit");
    return ACCEPTED;
  },
});

const forwarding = target<string>({
  name: "proxy: headers that go on",
  kind: "text",
  seeds: [
    "/a?b\nhost: a.test\nconnection: close, x-a\nx-a: b\ncookie: c=d\ncookie: e=f\nx-forwarded-for: 192.0.2.1",
    'http://b.test/c\nhost: b.test\nforwarded: for="[2001:db8::1]"\ntransfer-encoding: chunked\nte: trailers\nupgrade: websocket',
  ],
  words: [
    "\ncontent-length: 1",
    "\ntransfer-encoding: ",
    "chunked",
    "\nhost: x",
    ", ",
    "\nconnection: host",
    "\n:path: /",
  ],
  milliseconds: 20,
  run: (text) => {
    const [at = "", ...lines] = text.split("\n");
    const rawHeaders = lines.flatMap((line) => {
      const [name = "", ...rest] = line.split(": ");
      return [name, rest.join(": ")];
    });
    const options = { legacy: false, trusted: true, peer: "192.0.2.9", secure: false, protocol: "http" };
    const { headers, path } = forward({ method: "GET", target: at, rawHeaders, ...options });
    const named = headers.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host");
    holds(named.length === 1, "not exactly one host goes on");
    holds(path.startsWith("/") || path === "*", "a target that is no path goes on");
    return ACCEPTED;
  },
});

const peers = target<string>({
  name: "proxy: trusted addresses and blocks",
  kind: "text",
  seeds: ["10.0.0.0/8", "2001:db8::/32", "::ffff:192.0.2.1", "192.0.2.1"],
  words: ["/", "::", "ffff", ".", "0", "/128", "%eth0"],
  milliseconds: 20,
  run: (text) => {
    new TrustedPeers([text]);
    return ACCEPTED;
  },
});

export const REQUEST_TARGETS = [...inspection, rules, paths, messages, forwarding, peers];
