import { gunzipSync, gzipSync } from "node:zlib";
import { keystrokeFeatures } from "../../../runtime/security/behavioral-authentication/behaviour/keystrokes";
import { mouseWindows } from "../../../runtime/security/behavioral-authentication/behaviour/mouse";
import { distance, fitTemplate } from "../../../runtime/security/behavioral-authentication/behaviour/template";
import { UserAgents } from "../../../runtime/security/behavioral-authentication/risk/user-agent";
import { AssessmentRequest } from "../../../runtime/security/behavioral-authentication/schemas";
import { parseAddress, parsePrefix } from "../../../runtime/security/behavioral-authentication/travel/address";
import { decodeArtifact, encodeArtifact } from "../../../runtime/security/threat-detection/models/artifact";
import { ACCEPTED, type AnyTarget, holds, target } from "../target";

import { fits } from "./fits";

const STRANGE = ["2026-13-45", "::1", "[::1]:80", "0", "-", "0.0.0.0:99999", "1e400"];
const press = (at: number) => ({ down: at, up: at + 80, pressure: 0.5, size: 2 });
const isAssessment = fits(AssessmentRequest);
const ENROLLED = Array.from({ length: 6 }, (_, sample) =>
  keystrokeFeatures(Array.from({ length: 8 }, (_, at) => press(at * 150 + sample * 3))),
);
const TEMPLATE = fitTemplate(
  ENROLLED.map(({ values }) => values),
  ENROLLED[0]!.groups,
);
const agents = new UserAgents();

const behaviour: readonly AnyTarget[] = [
  target<unknown>({
    name: "behaviour: assessments, keystrokes and pointers",
    kind: "JSON",
    seeds: [
      {
        subject: { userId: "alice", sessionId: "s" },
        context: { address: "192.0.2.1", userAgent: "curl/8", rttMs: 12, time: "2026-03-01T12:00:00Z" },
        keystrokes: { field: "password", presses: Array.from({ length: 8 }, (_, at) => press(at * 150)) },
        mouse: Array.from({ length: 60 }, (_, at) => ({ t: at * 20, x: at * 3, y: at * at })),
      },
    ],
    words: STRANGE,
    share: 0.5,
    milliseconds: 50,
    run: (value) => {
      if (!isAssessment(value)) return "not by the schema";
      const { context, keystrokes, mouse } = value as AssessmentRequest;
      agents.read(context.userAgent);
      const address = parseAddress(context.address);
      const { values } = keystrokeFeatures(keystrokes?.presses ?? []);
      holds(values.every(Number.isFinite), "a feature that is no number");
      if (values.length === TEMPLATE.centre.length)
        holds(Number.isFinite(distance(TEMPLATE, values)), "a distance that is no number");
      holds(
        mouseWindows(mouse ?? [])
          .flat()
          .every(Number.isFinite),
        "a movement that is no number",
      );
      return address === undefined ? "no address" : ACCEPTED;
    },
  }),
  target<string>({
    name: "behaviour: user agents",
    kind: "text",
    seeds: [
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1",
      "curl/8.8.0",
    ],
    words: ["Firefox/127.0", "Windows NT 10.0", "Googlebot/2.1", "Android 14", ";", "(", "/", "OPR/1", "Tizen"],
    share: 0.2,
    milliseconds: 50,
    run: (text) => {
      const { device, os, browser } = agents.read(text);
      holds(![device, os, browser].some((one) => one === "" || one.length > 256), "a name that is none");
      return browser === "unknown" ? "unknown" : ACCEPTED;
    },
  }),
  target<string>({
    name: "behaviour: addresses and prefixes",
    kind: "text",
    seeds: ["192.0.2.1", "2001:db8::1/64", "::ffff:192.0.2.1", "10.0.0.0/8"],
    words: ["::", "/", "ffff", "%1", ".", "0x", "/129", "/-1"],
    milliseconds: 20,
    run: (text) => {
      const { address, length } = parsePrefix(text.includes("/") ? text : `${text}/1`, "the fuzzer");
      holds(length >= 0 && length <= address.bits, "a prefix that is longer than its address");
      holds(address.value >= 0n && address.value < 1n << BigInt(address.bits), "an address that is too long");
      return ACCEPTED;
    },
  }),
];

const rows = (count: number) => ({ raw: Float64Array.from({ length: count * 2 }, (_, at) => at / 7), count });

const models = target<Buffer>({
  name: "threat detection: model files",
  kind: "bytes",
  seeds: [
    gunzipSync(encodeArtifact({ columns: ["a", "b"], numeric: 2, seed: 1, learning: rows(4), heldOut: rows(2) })),
  ],
  words: ['"learning":', '"columns":', "1e9", "-1"],
  share: 0.2,
  milliseconds: 50,
  // Compressed here: a change of what is compressed comes no further than gzip's checksum.
  run: (plain) => {
    const { learning, heldOut, columns } = decodeArtifact(gzipSync(plain, { level: 1 }));
    holds(learning.raw.length === learning.count * columns.length, "rows that are not whole");
    holds(heldOut.raw.every(Number.isFinite), "a value that is no number");
    return ACCEPTED;
  },
});

export const BEHAVIOUR_TARGETS = [...behaviour, models];
