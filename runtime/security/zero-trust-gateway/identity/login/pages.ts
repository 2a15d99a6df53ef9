import { createHash } from "node:crypto";
import type { Reply } from "../../contracts";

/** A page of ours: nothing from elsewhere, no frame around it, its one script by its digest. */
export function page(title: string, content: string, script = ""): Reply {
  const digest = createHash("sha256").update(script).digest("base64");
  const scripts = script === "" ? "" : ` script-src 'sha256-${digest}'; connect-src 'self';`;
  const policy = `default-src 'none';${scripts} style-src 'sha256-${STYLE_DIGEST}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title><meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body><main><h1>${escape(title)}</h1>${content}</main>${script === "" ? "" : `<script>${script}</script>`}</body></html>`;
  return {
    status: 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy,
      "cache-control": "no-store",
      "referrer-policy": "same-origin",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    },
    body,
  };
}

export function loginPage(
  providers: readonly { name: string; href: string }[],
  withDirectory: boolean,
  returnTo: string,
): Reply {
  const links = providers
    .map(({ name, href }) => `<p><a href="${escape(href)}">Log in with ${escape(name)}</a></p>`)
    .join("");
  const form = `<form method="post" action="/.mno/login"><input type="hidden" name="return_to" value="${escape(returnTo)}"><input type="hidden" name="keystrokes" id="keystrokes"><p><label>User <input name="user" autocomplete="username" required maxlength="128"></label></p><p><label>Password <input type="password" name="password" id="password" autocomplete="current-password" required maxlength="256"></label></p><p><button>Log in</button></p></form>`;
  return page("Log in", links + (withDirectory ? form : ""), withDirectory ? KEYSTROKES : "");
}

/** For a second factor, or the password where the user has none. */
export function proofPage(factors: { totp: boolean; webauthn: boolean; password: boolean }): Reply {
  const field = (name: string, label: string, more: string): string =>
    `<form method="post" action="/.mno/login/proof"><p><label>${label} <input name="${name}" ${more} required></label></p><p><button>Go on</button></p></form>`;
  return page(
    "Prove that it is you",
    (factors.webauthn
      ? `<p><button id="webauthn">Use a security key or passkey</button></p><p id="fault" role="alert"></p>`
      : "") +
      (factors.totp
        ? field(
            "code",
            "Code of your authenticator",
            `inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}"`,
          )
        : "") +
      (factors.password
        ? field("password", "Password", `type="password" autocomplete="current-password" maxlength="256"`)
        : ""),
    factors.webauthn ? WEBAUTHN : "",
  );
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE =
  "body{font:16px system-ui,sans-serif;background:#f4f5f7;color:#1b1f24}main{max-width:22rem;margin:12vh auto;padding:1.5rem 2rem;background:#fff;border-radius:.5rem;box-shadow:0 1px 4px #0003}label{display:block}input{box-sizing:border-box;width:100%;font:inherit;padding:.4rem}button{font:inherit;padding:.4rem 1rem}";
const STYLE_DIGEST = createHash("sha256").update(STYLE).digest("base64");

/** How the password was typed, not what: behavioural authentication compares rhythms. */
const KEYSTROKES = `(() => {
  const field = document.getElementById("password"), down = new Map(), presses = [];
  let first;
  const at = (event) => Math.round(event.timeStamp - (first ??= event.timeStamp));
  field.addEventListener("keydown", (event) => { if (!event.repeat && event.key.length === 1) down.set(event.code, at(event)); });
  field.addEventListener("keyup", (event) => {
    if (!down.has(event.code)) return;
    presses.push({ down: down.get(event.code), up: at(event) });
    down.delete(event.code);
  });
  field.form.addEventListener("submit", () => {
    presses.sort((a, b) => a.down - b.down);
    if (presses.length >= 4 && presses.length <= 64) document.getElementById("keystrokes").value = JSON.stringify({ field: "password", presses });
  });
})();`;

const WEBAUTHN = `(() => {
  const fault = document.getElementById("fault");
  const post = async (path, body) => {
    const response = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    if (!response.ok) throw new Error((await response.json()).detail);
    return response.json();
  };
  document.getElementById("webauthn").addEventListener("click", async () => {
    try {
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await post("/.mno/login/webauthn", {}));
      const credential = await navigator.credentials.get({ publicKey });
      location.assign((await post("/.mno/login/proof", { webauthn: credential.toJSON() })).next);
    } catch (error) {
      fault.textContent = error.message;
    }
  });
})();`;
