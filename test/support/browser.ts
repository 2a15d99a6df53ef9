export const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
export const CURL = "curl/8.14.1";

/** A client that keeps cookies and says what program it is, as a browser does. */
export class Browser {
  readonly cookies = new Map<string, string>();

  constructor(
    readonly origin: string,
    readonly userAgent = FIREFOX,
  ) {}

  /** Another program that got hold of the same cookies. */
  stolenBy(userAgent: string): Browser {
    const thief = new Browser(this.origin, userAgent);
    for (const [name, value] of this.cookies) thief.cookies.set(name, value);
    return thief;
  }

  async get(path: string): Promise<Response> {
    return this.ask(path, {});
  }

  async post(path: string, body: object): Promise<Response> {
    return this.ask(path, {
      method: "POST",
      headers: { "content-type": "application/json", origin: this.origin, "sec-fetch-site": "same-origin" },
      body: JSON.stringify(body),
    });
  }

  async login(user: string, password: string): Promise<Response> {
    await (await this.get("/.mno/login")).text();
    return this.post("/.mno/login", { user, password });
  }

  private async ask(path: string, init: RequestInit): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(`${this.origin}${path}`, {
      ...init,
      redirect: "manual",
      headers: {
        "user-agent": this.userAgent,
        accept: "application/json",
        ...(cookie === "" ? {} : { cookie }),
        ...(init.headers as Record<string, string> | undefined),
      },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }
}
