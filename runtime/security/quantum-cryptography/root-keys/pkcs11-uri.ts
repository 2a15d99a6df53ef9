import { MnoError } from "../../../exports";

/** What of a PKCS#11 URI is used (RFC 7512). */
export interface Pkcs11Uri {
  /** Label of the token. */
  token: string;
  /** Label of the key. */
  object: string;
  /** The vendor's library. */
  modulePath: string;
  /** File that holds the PIN; what follows its first line does not count. */
  pinFile: string;
}

const FORM = "pkcs11:token=T;object=K?module-path=/usr/lib/…/vendor.so&pin-source=file:/run/secrets/pin";

/** Errors: MNO_CONFIG_INVALID, naming every attribute that is missing, unknown or twice there. A PIN in the URI is refused. */
export function parsePkcs11Uri(uri: string): Pkcs11Uri {
  const faults: string[] = [];
  const found = new Map<string, string>();
  const [, path = "", query = ""] = /^pkcs11:([^?]*)\??(.*)$/.exec(uri) ?? [];
  const attributes = [
    ...path.split(";").map((each) => ["path", each]),
    ...query.split("&").map((each) => ["query", each]),
  ];
  for (const [part, attribute = ""] of attributes) {
    if (attribute === "") continue;
    const [name = "", value] = attribute.split(/=(.*)/s, 2);
    const known = part === "path" ? ["token", "object"] : ["module-path", "pin-source"];
    if (name === "pin-value") faults.push("pin-value would show the PIN: put it in a file and name that by pin-source");
    else if (!known.includes(name)) faults.push(`${name} is not known in its ${part ?? ""}`);
    else if (found.has(name)) faults.push(`${name} is there twice`);
    else found.set(name, decoded(value ?? ""));
  }
  for (const name of ["token", "object", "module-path", "pin-source"]) {
    if ((found.get(name) ?? "") === "") faults.push(`${name} is missing`);
  }
  const pin = found.get("pin-source") ?? "";
  if (pin !== "" && !/^file:(\/\/)?\//.test(pin)) faults.push("pin-source must be a file: file:/run/secrets/pin");
  if (faults.length > 0) {
    throw new MnoError("MNO_CONFIG_INVALID", `The PKCS#11 URI must be like ${FORM}: ${faults.join("; ")}`);
  }
  return {
    token: found.get("token") ?? "",
    object: found.get("object") ?? "",
    modulePath: found.get("module-path") ?? "",
    pinFile: pin.replace(/^file:(\/\/)?/, ""),
  };
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return "";
  }
}
