import assert from "node:assert/strict";
import { compileRule } from "../../../runtime/kernel/sigma/rule";
import { loadSigma } from "../../../runtime/kernel/sigma/load";
import { EventView } from "../../../runtime/kernel/sigma/view";
import { KUBERNETES_FIELDS, OCSF_FIELDS, WINDOWS_FIELDS } from "../../../runtime/kernel/sigma/fields";

const compile = (detection: string, placeholders = {}) =>
  compileRule(`title: T\nlogsource: {product: x}\ndetection:\n${detection.replace(/^/gm, "  ")}\n`, { placeholders });

interface Case {
  item: string;
  yes: unknown[];
  no: unknown[];
}

/** Of one field `f`: `item` is what stands behind it. */
const CASES: Record<string, Case> = {
  "text, whatever its case": { item: ": Abc", yes: ["abc", "ABC"], no: ["abcd", "xabc", "", null, undefined] },
  "numbers and text alike": { item: ": 4625", yes: [4625, "4625"], no: [46250, "x4625"] },
  "whole numbers beyond 2^53": {
    item: ": 18446744073709551615",
    yes: ["18446744073709551615"],
    no: ["18446744073709552000"],
  },
  "true and text alike": { item: ": true", yes: [true, "True"], no: [false, 1] },
  "any of a list of values": { item: ": [a, b]", yes: ["A", "b"], no: ["c"] },
  "any item of the event's list": { item: ": a", yes: [["x", "A"], ["a"]], no: [["x"], []] },
  "* and ?": { item: ": 'a*b?d'", yes: ["abcd", "a--bxd", "a\nb😀d"], no: ["abd", "ab cdx"] },
  "an escaped wildcard": { item: String.raw`: 'a\*b'`, yes: ["a*b"], no: ["axb", String.raw`a\*b`] },
  "a backslash before a wildcard": { item: String.raw`: 'a\\*'`, yes: ["a\\b", "a\\"], no: ["a*", "ab"] },
  "both escaped": { item: String.raw`: 'a\\\*'`, yes: ["a\\*"], no: ["a\\b"] },
  "one backslash or two": { item: String.raw`: 'C:\\Win\dir'`, yes: ["c:\\win\\dir"], no: ["c:\\\\win\\dir"] },
  "the empty text": { item: ": ''", yes: [""], no: ["a", null, undefined] },
  null: { item: ": null", yes: [null, undefined], no: ["", "null", 0] },
  contains: { item: "|contains: b*d", yes: ["abcde", "BD"], no: ["db"] },
  startswith: { item: String.raw`|startswith: 'C:\Users\'`, yes: ["c:\\users\\x"], no: ["c:\\users", "xc:\\users\\"] },
  endswith: { item: String.raw`|endswith: '\cmd.exe'`, yes: ["c:\\CMD.exe"], no: ["cmd.exe", "\\cmd.exe "] },
  "contains all": { item: "|contains|all: [a, b]", yes: ["xbxa"], no: ["a", "b"] },
  cased: { item: "|cased: Abc", yes: ["Abc"], no: ["abc"] },
  "contains, cased": { item: "|contains|cased: B", yes: ["aBc"], no: ["abc"] },
  neq: { item: "|neq: a", yes: ["b", undefined, null], no: ["A", ["x", "a"]] },
  "neq of a list": { item: "|neq: [a, b]", yes: ["c"], no: ["a", "B"] },
  "re, case-sensitive, anywhere": { item: "|re: 'a.c'", yes: ["xabcx"], no: ["ABC", "a\nc"] },
  "re|i": { item: "|re|i: '^a+$'", yes: ["AAA"], no: ["AAB"] },
  "re|m": { item: "|re|m: '^b$'", yes: ["a\nb\nc"], no: ["ab"] },
  "re|s": { item: "|re|s: 'a.c'", yes: ["a\nc"], no: ["ac"] },
  "cidr of IPv4": { item: "|cidr: 10.0.0.0/8", yes: ["10.255.1.2", ["x", "10.0.0.0"]], no: ["11.0.0.0", "10", "x"] },
  "cidr of IPv6": {
    item: "|cidr: ['2001:db8::/32', '::1/128']",
    yes: ["2001:DB8::7", "::1"],
    no: ["2001:db9::", "::2"],
  },
  base64: { item: "|base64: foobar", yes: ["Zm9vYmFy"], no: ["Zm9vYmE=", "foobar"] },
  "base64offset|contains": {
    item: "|base64offset|contains: /bin/sh",
    yes: ["", "a", "bc"].map((before) => Buffer.from(`${before}/bin/sh -i`).toString("base64")),
    no: [Buffer.from("/bin/s").toString("base64")],
  },
  "wide|base64offset|contains": {
    item: "|wide|base64offset|contains: ping",
    yes: ["", "x"].map((before) => Buffer.from(`${before}ping`, "utf16le").toString("base64")),
    no: [Buffer.from("ping").toString("base64")],
  },
  "utf16|base64": {
    item: "|utf16|base64: a",
    yes: [Buffer.from([0xff, 0xfe, 0x61, 0]).toString("base64")],
    no: ["YQ=="],
  },
  "utf16be|base64": { item: "|utf16be|base64: a", yes: [Buffer.from([0, 0x61]).toString("base64")], no: ["YQA="] },
  "utf16le alone": { item: "|utf16le: ab", yes: ["a\0b\0"], no: ["ab"] },
  windash: { item: "|windash|contains: ' -a /b'", yes: ["x /a -b", "x –a ―b", "x -A /B"], no: ["x a b"] },
  "windash|base64offset|contains": {
    item: "|windash|base64offset|contains: ' -enc'",
    yes: [Buffer.from("p /enc").toString("base64"), Buffer.from("p –enc").toString("base64")],
    no: [Buffer.from("p enc").toString("base64")],
  },
  "exists: true": { item: "|exists: true", yes: ["", null, 0], no: [undefined] },
  "exists: false": { item: "|exists: false", yes: [undefined], no: ["", null] },
  lt: { item: "|lt: 5", yes: [4, "4.5", -1], no: [5, "x", "", null] },
  lte: { item: "|lte: 5", yes: [5, "5.0"], no: [5.1] },
  gt: { item: "|gt: 1.5", yes: [2, "1.6"], no: [1.5, undefined] },
  gte: { item: "|gte: 0", yes: [0, "0"], no: [-1, " "] },
  fieldref: { item: "|fieldref: other", yes: ["Same"], no: ["sam", undefined] },
  "fieldref|endswith": { item: "|fieldref|endswith: other", yes: ["x\\same"], no: ["samex"] },
  "fieldref|neq": { item: "|fieldref|neq: other", yes: ["else"], no: ["same"] },
  hour: {
    item: "|hour: 23",
    yes: ["2026-11-23T23:05:00+02:00", "2026-11-23 23:00"],
    no: ["2026-11-23T22:00:00Z", "x"],
  },
  "hour|gte": { item: "|hour|gte: 22", yes: ["2026-11-23T22:00:00Z"], no: ["2026-11-23T21:59:59Z"] },
  minute: { item: "|minute|lt: 5", yes: ["2026-01-01T00:04:59Z"], no: ["2026-01-01T00:05:00Z", "2026-01-01"] },
  day: { item: "|day: 31", yes: ["2026-01-31"], no: ["2026-01-30"] },
  week: { item: "|week: 1", yes: ["2026-01-01", "2025-12-29", 1767225600], no: ["2026-01-05", "2025-12-28"] },
  month: { item: "|month: 2", yes: ["2026-02-01", 1770000000000], no: ["2026-03-01"] },
  year: { item: "|year|gt: 2025", yes: ["2026-01-01"], no: ["2025-12-31"] },
};

describe("Sigma: one field", () => {
  for (const [what, { item, yes, no }] of Object.entries(CASES)) {
    it(what, () => {
      const rule = compile(`s:\n  f${item}\ncondition: s`);
      const event = (f: unknown) => ({ other: "same", ...(f === undefined ? {} : { f }) });
      for (const f of yes) assert.ok(rule.matches(event(f)), `should match ${JSON.stringify(f)}`);
      for (const f of no) assert.ok(!rule.matches(event(f)), `should not match ${JSON.stringify(f)}`);
    });
  }

  it("expands placeholders, and takes the escaped percent sign as it is", () => {
    const rule = compile(String.raw`s: {f|expand: '\%a%Servers%'}` + "\ncondition: s", { Servers: ["srv*", "db1"] });
    assert.ok(rule.matches({ f: "%aSRV17" }));
    assert.ok(rule.matches({ f: "%adb1" }));
    assert.ok(!rule.matches({ f: "%adb2" }));
  });
});

describe("Sigma: search identifiers and conditions", () => {
  it("joins a map by AND, a list of maps by OR", () => {
    const rule = compile("s:\n  - {a: 1, b: 2}\n  - {c: 3}\ncondition: s");
    assert.deepEqual(
      [{ a: 1, b: 2 }, { a: 1 }, { c: 3 }, {}].map((event) => rule.matches(event)),
      [true, false, true, false],
    );
  });

  it("looks for keywords in every value of the event, and for all of '|all'", () => {
    const any = compile("k: [evil, 'x*y']\ncondition: k");
    assert.ok(any.matches({ a: { b: ["an EVIL text"] } }));
    assert.ok(any.matches({ a: "1x", b: "y1" }), "the message is one text");
    assert.ok(!any.matches({ evil: 1 }), "names are no values");
    const both = compile("k:\n  '|all': [one, two]\ncondition: k");
    assert.ok(both.matches({ a: "two", b: "one" }));
    assert.ok(!both.matches({ a: "two" }));
    assert.ok(compile("k:\n  '|re': ['a\\d']\ncondition: k").matches({ x: "-a7-" }));
  });

  const searches = "a1: {f: 1}\na2: {g: 1}\nb: {h: 1}\n_c: {i: 1}\n";
  for (const [condition, holds] of [
    ["a1 or a2 and b", (f: boolean, g: boolean, h: boolean) => f || (g && h)],
    ["(a1 or a2) and b", (f: boolean, g: boolean, h: boolean) => (f || g) && h],
    ["not a1 and a2", (f: boolean, g: boolean) => !f && g],
    ["not not a1", (f: boolean) => f],
    ["1 of a* and not b", (f: boolean, g: boolean, h: boolean) => (f || g) && !h],
    ["all of a*", (f: boolean, g: boolean) => f && g],
    ["1 of them", (f: boolean, g: boolean, h: boolean) => f || g || h],
    ["all of them", (f: boolean, g: boolean, h: boolean) => f && g && h],
    ["not 1 of *", (f: boolean, g: boolean, h: boolean, i: boolean) => !(f || g || h || i)],
    ["_c AND NOT a1", (f: boolean, _g: boolean, _h: boolean, i: boolean) => i && !f],
  ] as const) {
    it(condition, () => {
      const rule = compile(`${searches}condition: ${condition}`);
      for (let bits = 0; bits < 16; bits++) {
        const [f, g, h, i] = [1, 2, 4, 8].map((bit) => (bits & bit) > 0) as [boolean, boolean, boolean, boolean];
        const event = { f: +f, g: +g, h: +h, i: +i };
        assert.equal(rule.matches(event), holds(f, g, h, i), JSON.stringify(event));
      }
    });
  }

  it("takes any of a list of conditions", () => {
    const rule = compile(`${searches}condition: [a1 and b, a2]`);
    assert.ok(rule.matches({ g: 1 }));
    assert.ok(!rule.matches({ f: 1 }));
  });

  it("ends in time linear in the event for hostile expressions and texts", () => {
    const rule = compile("s: {f|re: '(a+)+b'}\nt: {f: 'a*a*a*a*a*a*a*b?c'}\ncondition: s or t");
    const started = process.cpuUsage();
    assert.ok(!rule.matches({ f: "a".repeat(50_000) }));
    assert.ok(process.cpuUsage(started).user < 2_000_000);
  });
});

describe("Sigma: fields of events", () => {
  it("finds them nested, flat and in lists, and never what is inherited", () => {
    const view = new EventView({ a: { b: 1, "c.d": 2 }, "x.y": 3, list: [{ z: 4 }, { z: 5 }] });
    assert.deepEqual(
      ["a.b", "a.c.d", "x.y", "list.z"].map((name) => view.field(name).texts),
      [["1"], ["2"], ["3"], ["4", "5"]],
    );
    for (const name of ["toString", "__proto__", "constructor.name", "a.__proto__"]) {
      assert.ok(!view.field(name).present, name);
    }
  });

  it("maps ECS, webserver, Kubernetes and Windows names", () => {
    const ocsf = new EventView({ src_endpoint: { ip: "1.2.3.4" }, http_response: { code: 401 } }, OCSF_FIELDS);
    assert.equal(ocsf.first("source.ip"), "1.2.3.4");
    assert.equal(ocsf.first("c-ip"), "1.2.3.4");
    assert.equal(ocsf.first("sc-status"), "401");
    const audit = new EventView({ objectRef: { resource: "secrets" }, user: { username: "u" } }, KUBERNETES_FIELDS);
    assert.equal(audit.first("resource"), "secrets");
    assert.equal(audit.first("username"), "u");
    const evtx = new EventView(
      {
        Event: {
          System: { EventID: { "#text": 1 }, Provider: { "#attributes": { Name: "Sysmon" } } },
          EventData: { Image: "x.exe" },
        },
      },
      WINDOWS_FIELDS,
    );
    assert.deepEqual(
      ["EventID", "Provider_Name", "Image"].map((name) => evtx.first(name)),
      ["1", "Sysmon", "x.exe"],
    );
  });
});

describe("Sigma: global filters", () => {
  const rule = "title: R\nname: r\nlogsource: {product: x}\ndetection: {s: {a: 1}, condition: s}";
  const filter = (condition: string, product = "x") =>
    `title: F\nlogsource: {product: ${product}}\nfilter: {rules: [r, gone], selection: {User|startswith: adm_}, condition: ${condition}}`;
  const load = (text: string) =>
    loadSigma([
      { source: "r", text: rule },
      { source: "f", text },
    ]);

  for (const condition of ["selection", "not selection"]) {
    it(`suppresses what is selected, written "${condition}"`, () => {
      const { rules, danglingFilters } = load(filter(condition));
      assert.ok(rules[0]!.matches({ a: 1, User: "bob" }));
      assert.ok(!rules[0]!.matches({ a: 1, User: "ADM_bob" }));
      assert.deepEqual(danglingFilters, [{ filter: "F", rule: "gone" }]);
    });
  }

  it("leaves rules for other logs alone", () => {
    assert.ok(load(filter("selection", "y")).rules[0]!.matches({ a: 1, User: "adm_bob" }));
  });
});
