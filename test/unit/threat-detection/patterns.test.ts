import assert from "node:assert/strict";
import { attemptOf } from "../../../runtime/security/threat-detection/patterns/attempt";
import { PATTERNS, Patterns } from "../../../runtime/security/threat-detection/patterns/patterns";
import { ActivityWindow } from "../../../runtime/security/threat-detection/patterns/window";
import { login, request, START } from "./support";

/** Names of what the events match, each once. */
function names(events: Parameters<typeof attemptOf>[0][], settings = PATTERNS): string[] {
  const patterns = new Patterns(settings);
  const found = events.flatMap((event) => patterns.observe(attemptOf(event)!).map(({ name }) => name));
  return [...new Set(found)].sort();
}
const list = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const second = (index: number) => START + index * 1000;

describe("threat detection: patterns", () => {
  it("finds guesses at one account, and not one fewer", () => {
    assert.deepEqual(names(list(10, (i) => login("alice", "192.0.2.1", false, second(i)))), ["brute-force"]);
    assert.deepEqual(names(list(9, (i) => login("alice", "192.0.2.1", false, second(i)))), []);
  });

  it("finds one account guessed at from many sources", () => {
    assert.deepEqual(names(list(10, (i) => login("alice", `192.0.2.${i}`, false, second(i)))), ["brute-force"]);
  });

  it("finds one source that sprays many accounts", () => {
    assert.deepEqual(names(list(10, (i) => login(`user-${i}`, "192.0.2.1", false, second(i)))), ["password-spray"]);
  });

  it("finds stuffing from everywhere, and not a busy morning", () => {
    const stuffing = list(60, (i) => login(`user-${i}`, `192.0.2.${i}`, i % 30 === 0, second(i)));
    assert.deepEqual(names(stuffing), ["credential-stuffing"]);
    const morning = list(600, (i) => login(`user-${i}`, `10.0.${i >> 8}.${i & 255}`, i % 9 !== 0, second(i / 2)));
    assert.deepEqual(names(morning), []);
  });

  it("finds a scan for paths, and not a crawler that gets what it asks for", () => {
    assert.deepEqual(names(list(20, (i) => request(`/admin${i}`, "192.0.2.1", second(i), 404))), ["scan"]);
    assert.deepEqual(
      names(list(200, (i) => request(`/page/${i}`, "192.0.2.1", second(i), i % 10 === 0 ? 404 : 200))),
      [],
    );
  });

  it("counts by the events' own time", () => {
    assert.deepEqual(names(list(30, (i) => login("alice", "192.0.2.1", false, START + i * 600_000))), []);
    const shuffled = list(10, (i) => login("alice", "192.0.2.1", false, second((i * 7) % 10)));
    assert.deepEqual(names(shuffled), ["brute-force"]);
  });

  it("keeps no more keys than it may, and counts what it lost", () => {
    const table = new ActivityWindow(600_000, 100);
    for (let i = 0; i < 250; i++) table.add(`key-${i}`, "target", true, START);
    assert.equal(table.size, 100);
    assert.equal(table.forgotten, 150);
    table.add("key-249", "target", true, START - 3_600_000);
    assert.equal(table.late, 1);
  });

  it("says which technique it is, and the figures", () => {
    const patterns = new Patterns();
    const [match] = list(10, (i) =>
      patterns.observe(attemptOf(login(`user-${i}`, "192.0.2.1", false, second(i)))!),
    ).flat();
    assert.equal(match!.technique.uid, "T1110.003");
    assert.deepEqual(match!.contributions[0], { feature: "accounts", value: 10, usual: "below 10", share: 1 });
  });
});
