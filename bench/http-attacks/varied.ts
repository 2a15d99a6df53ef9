import { type BenignRequest } from "./benign";
import { seeded } from "../../runtime/kernel/random";

/**
 * A second stream of honest requests, composed from words and grammars rather than drawn from a list, so that no two seeds say
 * the same: English that sounds like SQL or a shell, measures, formulas, filters of many query languages, patterns, markdown
 * with code, passwords, titles, paths, consent cookies, clients of every kind. Written before the rules were last changed, and
 * measured with another seed than theirs.
 */
export function variedRequests(count: number, seed: number): BenignRequest[] {
  const next = seeded(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const letters = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet[below(alphabet.length)]).join("");
  const hex = (length: number): string => letters("0123456789abcdef", length);
  const word = (): string => pick(pick([NOUNS, VERBS, SMALL]));
  const name = (): string => `${pick(FIRST)} ${pick(LAST)}`;
  const sentence = (): string => {
    const templates = [
      () => `${pick(VERBS)} a ${pick(NOUNS)} from our ${pick(NOUNS)} and ${pick(VERBS)} the ${pick(NOUNS)}`,
      () => `${name()}'s ${pick(NOUNS)} didn't ${pick(VERBS)}; it's ${pick(SMALL)} the ${pick(NOUNS)}s' fault`,
      () => `Should we ${pick(VERBS)} or ${pick(VERBS)} the ${pick(NOUNS)} where the ${pick(NOUNS)} is like new?`,
      () => `"${pick(VERBS)} it," said ${pick(FIRST)}, 'and ${pick(VERBS)} ${below(90)} more (or ${below(9)})'`,
      () =>
        `${pick(NOUNS)}: ${pick(VERBS)} & ${pick(VERBS)} -- ${below(100)}% ${pick(SMALL)} ${pick(NOUNS)}; see #${below(99)}`,
      () =>
        `${below(20)} ${pick(NOUNS)}s between ${below(9)} and ${10 + below(9)}, having ${pick(NOUNS)} = ${below(9)}`,
      () =>
        `${pick(["L'", "D'", "C'est l'", "All'", "Qu'"])}${pick(["été", "amour", "eau", "histoire", "ultimo"])} n'est pas un${pick(["e", ""])} ${pick(NOUNS)}`,
    ];
    return pick(templates)();
  };
  const paragraph = (): string => Array.from({ length: 2 + below(4) }, () => `${sentence()}. `).join("");
  const terse: Record<string, () => string> = {
    query: () => Array.from({ length: 1 + below(5) }, word).join(" "),
    boolean: () =>
      `${word()} ${pick(["AND", "OR", "and", "or", "NOT"])} ${pick(['"', ""])}${word()}`.replace(/"(\w+)$/, '"$1"'),
    name,
    measure: () =>
      pick([
        `${below(7)}'${below(12)}"`,
        `${below(60)}" screen`,
        `${below(20)}' x ${below(20)}'`,
        `3/4"`,
        `'${below(9)}0s hits`,
        `${below(9)}x${below(9)} ft`,
        `${below(90)}°${below(60)}'${below(60)}"N`,
      ]),
    maths: () =>
      pick([
        `${below(9)}+${below(9)}=${below(18)}`,
        `y = ${below(9)}x + ${below(9)}`,
        "f(x) = sin(x)/x",
        "x^2 + y^2 = z^2",
        `${below(9)} < ${below(20)}`,
        "P(A|B) = 0.5",
        "a >= b",
        `${below(99)}*${below(99)}`,
        "|x| <= 1",
        "n! / (n-k)!",
      ]),
    title: () =>
      pick([
        `${word()} & ${word()}`,
        `${word()} | ${word()}`,
        `${word()} (${word()})`,
        `${word()}: ${word()}`,
        `#${word()}`,
        `${word()}/${word()}`,
        `${word()} - ${word()}!`,
        `[${word()}] ${word()}`,
        `${word()}... ${word()}`,
        `"${word()}"`,
        `'${word()} ${word()}'`,
        `${word()}?!`,
        `<3 ${word()}`,
        `${word()} ;-) ${word()}`,
        `${word()}, ${word()}; ${word()}`,
      ]),
    filter: () =>
      pick([
        `${pick(NOUNS)} eq '${word()}' and ${pick(NOUNS)} gt ${below(99)}`,
        `${pick(NOUNS)}:"${word()} ${word()}" AND date:[2024 TO 2026]`,
        `project = ${word().toUpperCase()} AND status in (Open, "In Progress") ORDER BY created DESC`,
        `${pick(NOUNS)}>${below(99)},${pick(NOUNS)}!=${below(9)}`,
        `${pick(NOUNS)}.${pick(NOUNS)}=in=(a,b)`,
        `contains(${pick(NOUNS)},'${word()}')`,
        `-${pick(NOUNS)},+${pick(NOUNS)}`,
        `{"${pick(NOUNS)}":{"min":${below(9)},"max":null}}`,
        `is:open label:"${word()}" -author:${word()}`,
      ]),
    pattern: () =>
      pick([
        `^[A-Z]{${below(9)}}-\\d+$`,
        "src/**/*.ts",
        ">=1.2.3 <2.0.0 || ^3.0.0",
        'a[href^="http"] > b',
        "YYYY-MM-DD'T'HH:mm",
        "0 */2 * * 1-5",
        "{name} <{mail}>",
        "%d items of %s",
        "*.{js,css}",
        "(?i)error|warn",
        "#,##0.00;(#,##0.00)",
      ]),
    path: () =>
      pick([
        `/home/${pick(FIRST)}/${word()}.txt`,
        `C:\\Users\\${pick(FIRST)}\\${word()}.docx`,
        `${word()} (final) #${below(9)}.pdf`,
        `./${word()}/${word()}`,
        `docs/${word()}/index.html`,
        `~/${word()}`,
        `s3://${word()}-bucket/${hex(8)}.csv`,
        `${word()}_${word()}.tar.gz`,
      ]),
    address: () =>
      pick([
        `https://${word()}.example.com/${word()}?a=${below(9)}&b=${word()}#top`,
        `/${word()}/${word()}?page=${below(9)}`,
        `mailto:${word()}@example.org`,
        `${pick(FIRST)}.${word()}+${below(9)}@mail.example.co.uk`,
        `//cdn.example.net/${hex(6)}.js`,
        `www.${word()}.example/${word()}`,
      ]),
    code: () =>
      pick([
        `${hex(8)}-${hex(4)}`,
        hex(32),
        Buffer.from(hex(30)).toString("base64"),
        `SKU-${below(9e5)}/${hex(3)}`,
        `+${below(99)} (0)${below(999)}-${below(1e6)}`,
        `${below(90)}.${below(1e6)},-${below(180)}.${below(1e6)}`,
        `1.${below(30)}.${below(20)}-rc.${below(9)}+${hex(7)}`,
        `${below(1e9)}:${hex(20)}`,
        `#${hex(6)}`,
        `${below(99)},${below(99)},${below(99)}`,
      ]),
    username: () =>
      pick([
        `${word()}_${word()}${below(99)}`,
        `xX_${word()}_Xx`,
        `${pick(FIRST)}.${pick(LAST)}`,
        `__${word()}__`,
        `@${word()}`,
        `${word()}-${word()}`,
      ]),
  };
  const password = (): string =>
    letters("abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!#$%&*+-.:;=?@^_'\"()<>/|~", 10 + below(9));
  const terseKinds = Object.keys(terse);
  const anyTerse = (): string => terse[pick(terseKinds)]!();
  const codePost = (): string =>
    `# ${sentence()}\n\n${paragraph()}\n\n\`\`\`${pick(["sql", "js", "sh", "php", "html", "java"])}\n${pick(SNIPPETS)}\n\`\`\`\n\n- ${sentence()}\n- **${word()}** ${sentence()}\n\n> ${paragraph()}`;

  type Made = { method: string; target: string; body?: [type: string, text: string] };
  const form = (pairs: Record<string, string>): string => new URLSearchParams(pairs).toString();
  const urlencoded = (pairs: Record<string, string>): [string, string] => [
    "application/x-www-form-urlencoded",
    form(pairs),
  ];
  const json = (value: unknown): [string, string] => ["application/json", JSON.stringify(value)];
  const get = (path: string, pairs: Record<string, string>): Made => ({
    method: "GET",
    target: `${path}?${form(pairs)}`,
  });
  const post = (target: string, body: [string, string]): Made => ({ method: "POST", target, body });
  const kinds: Record<string, () => Made> = {
    ...Object.fromEntries(
      terseKinds.map((kind) => [kind, () => get(`/${pick(NOUNS)}s`, { q: terse[kind]!(), page: String(below(9)) })]),
    ),
    sentence: () => get("/search", { q: sentence() }),
    comment: () => post("/comments", urlencoded({ name: name(), text: paragraph() })),
    markdown: () => post("/posts", json({ title: sentence(), text: codePost() })),
    record: () =>
      post(
        "/api/records",
        json({
          id: hex(24),
          label: anyTerse(),
          note: paragraph(),
          tags: [word(), word()],
          owner: name(),
          meta: { [word()]: anyTerse(), n: below(99), ok: true, no: null },
        }),
      ),
    signup: () => post("/signup", urlencoded({ user: terse.username!(), password: password(), motto: sentence() })),
    sheet: () =>
      post(
        "/sheets/7/cells",
        json({
          range: `A${below(9)}:C${below(99)}`,
          values: [
            [below(99), name(), `${below(9)}%`],
            [anyTerse(), "", "n/a"],
          ],
        }),
      ),
    xml: () =>
      post("/feed", [
        "application/xml",
        `<?xml version="1.0"?><item id="${below(99)}" kind="${word()}"><title>${escaped(anyTerse())}</title><text>${escaped(paragraph())}</text></item>`,
      ]),
    page: () => ({
      method: "GET",
      target: `/${encodeURIComponent(word())}/${encodeURIComponent(
        sentence()
          .toLowerCase()
          .replace(/[^a-z0-9]+/g, "-"),
      )}.html`,
    }),
  };
  const names = Object.keys(kinds);
  return Array.from({ length: count }, (_none, index) => {
    const kind = names[index % names.length]!;
    const { method, target, body } = kinds[kind]!();
    const headers: Record<string, string[]> = {
      host: ["www.example.com"],
      "user-agent": [pick(AGENTS)],
      accept: ["*/*"],
      cookie: [
        `sid=${hex(32)}; OptanonConsent=isGpcEnabled=0&datestamp=Mon+May+04+2026+10%3A${10 + below(49)}%3A12+GMT%2B0200&version=6.33.0&groups=C0001%3A1%2CC0002%3A0; _gcl_au=1.1.${below(1e9)}.${below(1e9)}; last=${encodeURIComponent(anyTerse())}; ab={%22x%22:${below(9)}}`,
      ],
    };
    if (next() < 0.5) headers.referer = [`https://www.example.com/search?q=${encodeURIComponent(anyTerse())}`];
    if (body === undefined) return { id: `varied-${kind}-${index}`, kind, request: { method, target, headers } };
    const bytes = Buffer.from(body[1]);
    headers["content-type"] = [body[0]];
    headers["content-length"] = [String(bytes.length)];
    return { id: `varied-${kind}-${index}`, kind, request: { method, target, headers }, body: bytes };
  });
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const list = (text: string): readonly string[] => text.trim().split(/\s+/);

const NOUNS =
  list(`table plan order user union group date time version password file function script shell cat mouse key index view column row
  number count value price address street city country account invoice ticket host server process system service network head tail top log sleep
  benchmark char year month day hour minute second left right floor round length database schema window document cookie event style image
  template filter object class field history job screen finger tree route mount node package ruby java python perl curl bash watch bill sample`);
const VERBS =
  list(`select update delete insert drop create alter execute merge load find sort cut paste print echo kill make set get put show open
  read write copy move rename replace grant revoke declare cast convert join split format check start stop ping trace wait pass touch
  like call return import export include require require confirm alert prompt submit sleep wake order group limit exist match`);
const SMALL =
  list(`and or not in is as by from where having between like into on with over than then when case if else all any some null true false
  the a an of to for at less more now nice cool free new old best`);
const FIRST = list(
  "Ann Bob Sinéad Jürgen Zoë Aoife Li Olu Ivan Mary-Jane José Nguyễn Max Select Mark Grant Will Rob Pat Sue",
);
const LAST = list(
  "O'Brien D'Arcy O'Neill M'Baye Müller Ng Null Union Smith van-Dyk Case Where Page Drop St.John N'Diaye Or And Cash",
);
const AGENTS = [
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
  "Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-A536B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
  "Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/125.0 Mobile/15E148 Safari/604.1",
  "Wget/1.21.4",
  "curl/7.88.1",
  "Java/17.0.9",
  "Apache-HttpClient/4.5.14 (Java/11.0.22)",
  "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
  "node",
  "python-urllib3/2.2.1",
  "Ruby",
  "Go-http-client/1.1",
  "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
  "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
  "UptimeRobot/2.0",
  "kube-probe/1.31",
  "Prometheus/2.53.0",
  "Dalvik/2.1.0 (Linux; U; Android 12; Pixel 5 Build/SP2A.220505.002)",
  "MyApp/4.2 (iPhone; iOS 17.5; Scale/3.00)",
  "Outlook-iOS/2.0",
  "git/2.45.1",
  "docker/26.1.0 go/go1.22 git-commit/abc kernel/6.6 os/linux arch/amd64",
  "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17628; Pro)",
];
const SNIPPETS = [
  "SELECT u.name, COUNT(o.id) FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE o.total > 10 GROUP BY u.name;",
  "INSERT INTO items (name, price) VALUES ('Chair', 9.99);",
  "const rows = await db.query('select 1'); console.log(rows.length > 0 ? rows[0].id : null);",
  'for f in *.txt; do wc -l "$f" | sort -n; done',
  "docker compose up -d && docker ps",
  "<?php foreach ($items as $item) { echo htmlspecialchars($item); } ?>",
  '<ul class="list"><li>One</li><li>Two</li></ul>',
  "List<String> names = people.stream().map(Person::getName).collect(Collectors.toList());",
];
