import { type InspectableRequest } from "../../runtime/kernel/http-inspection/inspection";
import { seeded } from "../../runtime/kernel/random";

/** A seeded stream of honest requests, with what honest people and programs write that looks like an attack. */
export interface BenignRequest {
  readonly id: string;
  readonly kind: string;
  readonly request: InspectableRequest;
  readonly body?: Buffer;
}

const NAMES = [
  "O'Brien",
  "D'Angelo",
  "Müller-Lüdenscheidt",
  "Jean-Luc Picard",
  "van der Berg",
  "Ng",
  "Sørensen",
  "Null",
  "Union Jack",
  "Select Smith",
  "Drop",
  "Иван Петров",
  "王小明",
  "山田太郎",
  "محمد علي",
  "María José Carreño Quiñones",
  "Conan O'Neill",
  "St. John's",
];
const STREETS = [
  "12 King's Cross Rd",
  "Straße des 17. Juni 135",
  "5th Ave & E 42nd St",
  "1/2 Elm St., Apt #4",
  "Rue de l'Église 7",
  "C/ Mayor, 3-2º",
  "Flat 3 (rear), 10-12 Queen's Gate",
  "P.O. Box 1=A",
];
const SEARCHES = [
  "how to select a union representative",
  "drop table leaf dining table",
  "rock & roll 'n' blues",
  "c++ vs c#",
  "what is 1 = 1 in boolean algebra",
  '"exact phrase" -exclude',
  "cheap flights London; Paris",
  "cats OR dogs",
  "price < 100 and rating > 4",
  "50% off shoes!!!",
  "AT&T customer service",
  "where is the order by phone menu",
  "script writing course",
  "alert system for home",
  "cat food",
  "python list comprehension",
  "select * from where to eat",
  "java runtime environment download",
  "john (smith)",
  "o'reilly books",
  "insert coin into arcade",
  "5' 10\" in cm",
  "1-2-3 go",
  "update my address",
  "delete account",
  "eval of the season",
  "file system check",
  "node to node distance",
  "echo dot (4th gen)",
  "what's new?",
  "exec summary template",
  "/etc/hosts explained",
  "ping pong & tennis",
  "e=mc^2",
  "100% cotton -polyester",
  "bash the drums",
  "who is it",
  "sort by date",
  "top 10 less known films",
  "find nearest store",
];
const PROSE = [
  "I'd like to select one from the list and, if possible, update the order by Friday. It's for my mother's birthday; she'll love it.",
  "Please drop the table off at the back door -- the front one's broken. Thanks!",
  'Don\'t forget: the union selected a new chair, and members can insert their comments into the form where it says "notes".',
  "My laptop's 15\" screen flickers; rebooting (twice) didn't help. Could you create a ticket and assign it to John's team?",
  "We and/or they can decide. If 5 > 3 & 2 < 4 then it's fine, isn't it? (See section 4.2; page 10.)",
  "The script runs at night: first it copies the files, then it sends an alert. Confirm (or deny) by e-mail.",
  "C'est l'été; j'ai mangé des crêpes. L'année prochaine, on ira à l'île d'Oléron, d'accord ?",
  "Ich hätte gerne 2 Stück (je 3,50 €) – geht das bis Freitag? Viele Grüße, Jörg's Imbiß; Tel.: 030/123-456 #7",
  "Спасибо! Всё работает; 'кавычки' тоже. Цена = 100 руб. и доставка.",
  "お世話になっております。見積もりを送ってください（至急）。よろしくお願いします！",
  "Recipe: mix 1/2 cup sugar & 2 eggs; bake at 180°C for 30-40 min. Cut into slices; less is more!",
  "She said 'yes' and he said 'no' or 'maybe'; nobody knows who's right: 'time' will tell.",
  "Check my site https://blog.example.org/2024/05/how-to?ref=home#comments and tell me what you think.",
  "Top of the page: the headline; after that, more text. Go to settings; find 'Profile'; touch 'Save'.",
  "Version 2.0 (beta) -- changes: faster, smaller; fixed #123, #456. Date: 2024-05-01. Time = 10:30.",
];
const CODE_POSTS = [
  "How do I do this in SQL?\n\n```sql\nSELECT name, COUNT(*) FROM users WHERE active = 1 GROUP BY name;\n```\nI get an error near 'GROUP'. Any idea what's wrong with it? Thanks in advance for your help.",
  "I have this JavaScript snippet and it does not work as I thought it would:\n\n```js\nconst total = items.map((x) => x.price * 2).reduce((a, b) => a + b, 0);\nif (total > 10 && user.name !== '') { show(`Total: ${total}`); }\n```\nWhat am I missing here, can someone explain it to me please?",
  'In Python I would write `for i in range(10): print(i)` but in C it is `for (int i = 0; i < 10; i++) printf("%d\\n", i);` -- is there a shorter way to write the same loop in C, or is that simply how it is done?',
  "To install it on Debian run `sudo apt install nginx` and then `systemctl enable nginx`; after that the page should be there. If it isn't, look at the log with journalctl and post what it says here, please.",
  "The CSS is `.box > p { margin: 0 auto; color: #fff; }` and the HTML has a div with class box. In Firefox it looks right, in Safari it does not. Does anybody know why that could be the case?",
  "My regex /^[a-z0-9._%+-]+@[a-z0-9.-]+\\.[a-z]{2,}$/i does not match addresses with a plus sign. What's the right way to do it? I read three articles and each says something else about it.",
];
const HTML = [
  "<p>Hello <b>world</b>, it's <em>nice</em> here.</p>",
  '<ul><li>One</li><li>Two &amp; three</li></ul><p><a href="https://example.org/a?b=c&amp;d=e">link</a></p>',
  "<h2>Title</h2><blockquote>Quote</blockquote><br/>",
];
const AGENTS = [
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
  "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
  "Mozilla/5.0 (Linux; Android 14; SM-S918B Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/125.0.6422.165 Mobile Safari/537.36",
  "okhttp/4.12.0",
  "python-requests/2.32.3",
  "curl/8.8.0",
  "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
  "axios/1.7.2",
  "Go-http-client/2.0",
  "PostmanRuntime/7.39.0",
  "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
];
const PASSWORDS = [
  "Tr0ub4dor&3",
  "p@ss'w0rd!",
  "correct horse; battery=staple",
  "x<y>z#1$2%3^",
  "S3cr3t--really",
  "a\"b'c`d",
  "(╯°□°)╯",
  "$uper$tar*9",
  "50%Off!OR?",
  "qwerty123",
];

export function benignRequests(count: number, seed: number): BenignRequest[] {
  const next = seeded(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const number = (below: number): number => Math.floor(next() * below);
  const letters = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet[number(alphabet.length)]).join("");
  const token = (length: number): string =>
    letters("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", length);
  const base64 = (length: number): string =>
    Buffer.from(letters("abcdefghijklmnop 0123456789\u0080\u00ff\u0001", length), "latin1").toString("base64");
  const uuid = (): string => [8, 4, 4, 4, 12].map((length) => letters("0123456789abcdef", length)).join("-");
  const form = (pairs: Record<string, string>): string => new URLSearchParams(pairs).toString();
  const json = (value: unknown): [string, string] => ["application/json", JSON.stringify(value)];
  const urlencoded = (pairs: Record<string, string>): [string, string] => [
    "application/x-www-form-urlencoded",
    form(pairs),
  ];
  const address = (): string =>
    pick([
      "https://shop.example.com/p/",
      "https://example.org/login?next=/home&lang=",
      "http://www.example.net:8080/a/b.html?x=1&y=",
      "https://cdn.example.com/img/v2/",
    ]) + number(1_000);
  const person = (): string => pick(NAMES);

  const kinds: Record<string, () => { method?: string; target: string; body?: [type: string, text: string] }> = {
    search: () => ({
      target: `/search?${form({ q: pick(SEARCHES), page: String(number(9)), sort: pick(["price_asc", "date", "relevance"]) })}`,
    }),
    page: () => ({
      target: `/${pick(["products", "blog", "en-us/docs", "assets/js", "wiki/SQL_injection", "articles/select-the-best-union", "~user/files"])}/${pick(["item", "how-to", "app.min", "a%20b", "caf%C3%A9"])}-${number(999)}${pick(["", ".html", ".js?v=1.2.3", "?utm_source=news&utm_medium=email"])}`,
    }),
    redirect: () => ({ target: `/go?${form({ url: address(), from: "mail" })}` }),
    oauth: () => ({
      target: `/callback?${form({ code: token(40), state: token(22), scope: "openid profile email", redirect_uri: `https://app.example.com/cb/${number(9)}`, iss: "https://accounts.example.com" })}`,
    }),
    login: () => ({
      method: "POST",
      target: "/login",
      body: urlencoded({ user: `${letters("abcdefghij", 6)}@example.com`, password: pick(PASSWORDS), csrf: token(32) }),
    }),
    checkout: () => ({
      method: "POST",
      target: "/checkout",
      body: urlencoded({
        name: person(),
        street: pick(STREETS),
        city: pick(["Köln", "L'Aquila", "St. John's", "Coeur d'Alene", "'s-Hertogenbosch"]),
        zip: String(10_000 + number(80_000)),
        phone: "+49 (0)30/1234-56",
        note: pick(PROSE),
      }),
    }),
    comment: () => ({
      method: "POST",
      target: "/comments",
      body: urlencoded({ author: person(), text: `${pick(PROSE)} ${pick(PROSE)}` }),
    }),
    forum: () => ({
      method: "POST",
      target: "/forum/post",
      body: json({ title: pick(SEARCHES), body: pick(CODE_POSTS), tags: ["sql", "javascript", "c++"] }),
    }),
    editor: () => ({ method: "POST", target: "/cms/page/7", body: urlencoded({ title: person(), html: pick(HTML) }) }),
    markdown: () => ({
      method: "PUT",
      target: `/notes/${uuid()}`,
      body: json({
        text: `# ${pick(SEARCHES)}\n\n- item *one*\n- item **two** -- ok\n\n> ${pick(PROSE)}\n\n[link](${address()}) | a | b |\n|---|---|\n| 1 | 2 |`,
      }),
    }),
    api: () => ({
      method: pick(["POST", "PUT", "PATCH"]),
      target: `/api/v1/orders/${uuid()}`,
      body: json({
        id: uuid(),
        customer: { name: person(), email: "a.b+c@example.co.uk" },
        items: [{ sku: `AB-${number(9_999)}`, qty: number(9), price: 12.5 }],
        created_at: "2026-05-01T12:00:00.000Z",
        note: pick(PROSE),
        meta: { type: "order", group: "eu", desc: null, count: number(99) },
      }),
    }),
    graphql: () => ({
      method: "POST",
      target: "/graphql",
      body: json({
        operationName: "User",
        query:
          "query User($id: ID!, $first: Int = 10) {\n  user(id: $id) { id name ...Avatar orders(first: $first, orderBy: {field: DATE, direction: DESC}) { edges { node { id total } } } }\n}\nfragment Avatar on User { avatar(size: 64) { url } }",
        variables: { id: uuid() },
      }),
    }),
    filter: () => ({
      target: `/api/items?${form({ filter: pick(["price>10", "status eq 'open' and total gt 5", "name:contains(o'neil)", '{"tags":["a","b"],"max":5}', "created_at>=2026-01-01"]), fields: "id,name,count(*)".slice(0, 7 + number(3)), limit: "50", order: "-created" })}`,
    }),
    analytics: () => ({
      method: "POST",
      target: "/collect?v=2&tid=G-ABC123&_p=1234",
      body: [
        "text/plain;charset=UTF-8",
        `en=page_view&dl=${encodeURIComponent(address())}&dt=${encodeURIComponent(pick(SEARCHES))}&ep.value=${number(99)}`,
      ],
    }),
    upload: () => ({
      method: "POST",
      target: "/upload",
      body: [
        "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
        [
          "",
          `Content-Disposition: form-data; name="caption"\r\n\r\n${pick(PROSE)}\r\n`,
          `Content-Disposition: form-data; name="file"; filename="${pick(["photo 1.jpg", "Lebenslauf (2).pdf", "report-2026.v2.xlsx", "Bild.png"])}"\r\nContent-Type: image/jpeg\r\n\r\n\u00ff\u00d8\u00ff\u00e0${token(300)}\r\n`,
        ].join("------WebKitFormBoundary7MA4YWxkTrZu0gW\r\n") + "------WebKitFormBoundary7MA4YWxkTrZu0gW--\r\n",
      ],
    }),
    soap: () => ({
      method: "POST",
      target: "/ws",
      body: [
        "text/xml; charset=utf-8",
        `<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><GetPrice xmlns="http://example.com/stock"><Name>${pick(["Müller &amp; Söhne", "O&apos;Neil", "ACME"])}</Name></GetPrice></soap:Body></soap:Envelope>`,
      ],
    }),
    blob: () => ({
      method: "POST",
      target: "/api/avatar",
      body: json({ image: `data:image/png;base64,${base64(300)}`, token: `${token(30)}.${token(60)}.${token(43)}` }),
    }),
    log: () => ({
      method: "POST",
      target: "/telemetry",
      body: json({
        level: "error",
        message: `TypeError: Cannot read properties of undefined (reading '${letters("abcdef", 4)}')`,
        stack:
          "at render (https://app.example.com/static/js/main.3f2a.js:2:11874)\n    at Object.next (vendor.js:1:99)",
        userAgent: pick(AGENTS),
        viewport: "1920x1080",
      }),
    }),
    settings: () => ({
      method: "POST",
      target: "/settings",
      body: urlencoded({
        timezone: "Europe/Berlin",
        cron: "*/5 * * * *",
        pattern: "^[A-Z]{2}-\\d+$",
        path: "/home/user/Documents",
        format: "YYYY-MM-DD HH:mm",
        color: "#ff8800",
        signature: `-- \n${person()}\nTel: 123`,
        template: "Dear {name}, your order #{id} is here",
      }),
    }),
    map: () => ({
      target: `/tiles?bbox=13.08,52.33,13.76,52.67&zoom=${number(18)}&layers=roads|water&style=day%2Fnight&t=${Date.UTC(2026, 0, 1) + number(1e9)}`,
    }),
  };
  const names = Object.keys(kinds);
  return Array.from({ length: count }, (_none, index) => {
    const kind = names[index % names.length]!;
    const { method = "GET", target, body } = kinds[kind]!();
    const headers: Record<string, string[]> = {
      host: ["shop.example.com"],
      "user-agent": [pick(AGENTS)],
      accept: ["text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"],
      "accept-language": ["de-DE,de;q=0.9,en-US;q=0.8"],
      "accept-encoding": ["gzip, deflate, br"],
      cookie: [
        `_ga=GA1.2.${number(1e9)}.${number(1e9)}; session=${token(43)}; prefs=${encodeURIComponent(JSON.stringify({ theme: "dark", n: number(9) }))}; consent=analytics:1|ads:0; cart=${base64(24)}`,
      ],
      "sec-ch-ua": ['"Not/A)Brand";v="8", "Chromium";v="126", "Google Chrome";v="126"'],
    };
    if (next() < 0.6)
      headers.referer = [
        pick([
          "https://www.google.com/",
          `https://shop.example.com/search?q=${encodeURIComponent(pick(SEARCHES))}`,
          "https://t.co/abc",
        ]),
      ];
    if (next() < 0.3) headers.authorization = [`Bearer ${token(36)}.${token(120)}.${token(43)}`];
    if (body === undefined) return { id: `${kind}-${index}`, kind, request: { method, target, headers } };
    const bytes = Buffer.from(body[1], "utf8");
    headers["content-type"] = [body[0]];
    headers["content-length"] = [String(bytes.length)];
    return { id: `${kind}-${index}`, kind, request: { method, target, headers }, body: bytes };
  });
}
