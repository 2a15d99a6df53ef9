import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAddress, parsePrefix } from "../../../runtime/security/behavioral-authentication/travel/address";
import {
  GeoFiles,
  openLocator,
  tableLocator,
} from "../../../runtime/security/behavioral-authentication/travel/locator";
import { haversineKm } from "../../../runtime/security/behavioral-authentication/travel/place";
import { judgeTravel, type Sighting } from "../../../runtime/security/behavioral-authentication/travel/travel";
import { mmdb } from "./mmdb";
import { HOUR, NOW } from "./support";

const RULES = { maxSpeedKmh: 900, minDistanceKm: 500, ignoredKm: 50, ignoredMinutes: 10, relayAsns: new Set([64_294]) };
const MINUTE = 60_000;
const at = (latitude: number, longitude: number, minutes: number, more: Partial<Sighting> = {}): Sighting => ({
  latitude,
  longitude,
  accuracyKm: 0,
  time: NOW + minutes * MINUTE,
  ...more,
});
const OSLO = at(59.9139, 10.7522, 0, { country: "NO", asn: 64_500 });
const sydney = (minutes: number, more: Partial<Sighting> = {}): Sighting => at(-33.8688, 151.2093, minutes, more);
const judge = (from: Sighting | undefined, to: Sighting, trusted = false) => judgeTravel(from, to, RULES, trusted);

describe("behavioural authentication: impossible travel", () => {
  it("has great-circle distances (Paris to New York: 5837 km)", () => {
    const paris = { latitude: 48.8566, longitude: 2.3522, accuracyKm: 0 };
    const newYork = { latitude: 40.7128, longitude: -74.006, accuracyKm: 0 };
    assert.ok(Math.abs(haversineKm(paris, newYork) - 5837) < 2);
    assert.equal(haversineKm(paris, paris), 0);
    const antipodes = { latitude: -paris.latitude, longitude: paris.longitude - 180, accuracyKm: 0 };
    assert.ok(Math.abs(haversineKm(paris, antipodes) - 20_015) < 1);
  });

  it("names both points, distance, speed and reason", () => {
    const { verdict, from, to, distanceKm, speedKmh, reason } = judge(OSLO, sydney(120, { country: "AU" }));
    assert.equal(verdict, "impossible");
    assert.deepEqual(from, {
      latitude: 59.9139,
      longitude: 10.7522,
      accuracyKm: 0,
      time: NOW,
      country: "NO",
      asn: 64_500,
    });
    assert.equal(to!.country, "AU");
    assert.ok(Math.abs(distanceKm! - 15_950) < 30);
    assert.ok(Math.abs(speedKmh! - distanceKm! / 2) < 1);
    assert.match(reason, /^159\d\d km in 120 min, 79\d\d km\/h: over 900 km\/h and 500 km$/);
  });

  it("is possible by airliner, and where databases are coarse", () => {
    assert.equal(judge(OSLO, sydney(20 * 60)).verdict, "possible");
    const near = at(60.3, 10.7, 1);
    assert.match(judge(OSLO, near).reason, /near enough/);
    const bergen = at(60.39, 5.32, 12);
    assert.equal(judge(OSLO, bergen).verdict, "possible");
    const vague = { ...OSLO, accuracyKm: 9000 };
    assert.equal(judge(vague, sydney(60, { accuracyKm: 9000 })).verdict, "possible");
  });

  it("is excepted through relays and aeroplanes, trusted gates and within minutes", () => {
    assert.match(judge(OSLO, sydney(60, { asn: 64_294 })).reason, /but AS64294 is a relay/);
    assert.match(judge({ ...OSLO, asn: 64_294 }, sydney(60)).reason, /but AS64294/);
    assert.match(judge(OSLO, sydney(60), true).reason, /trusted egress/);
    assert.match(judge(OSLO, sydney(9)).reason, /within 10 min/);
    for (const excepted of [judge(OSLO, sydney(60, { asn: 64_294 })), judge(OSLO, sydney(60), true)]) {
      assert.equal(excepted.verdict, "excepted");
    }
  });

  it("is the same backwards in time, and not known without places", () => {
    assert.equal(judge(OSLO, sydney(-60)).verdict, "impossible");
    assert.equal(judge(undefined, OSLO).verdict, "unknown");
    assert.equal(judge(OSLO, { time: NOW }).verdict, "unknown");
    assert.equal(judge({ time: NOW - HOUR }, OSLO).from, null);
  });
});

describe("behavioural authentication: addresses and places", () => {
  it("reads every form of one address alike", () => {
    assert.equal(parseAddress("::ffff:192.0.2.1")!.identity, "192.0.2.1");
    assert.equal(parseAddress("::ffff:c000:201")!.identity, "192.0.2.1");
    const forms = ["2001:db8::1", "2001:DB8:0:0::2", "2001:0db8:0000:0000:ffff::", "2001:db8::192.0.2.1"];
    assert.deepEqual([...new Set(forms.map((form) => parseAddress(form)!.identity))], ["20010db800000000::/64"]);
    assert.equal(parseAddress("fe80::1%eth0")!.bits, 128);
    assert.equal(parseAddress("192.0.2.256"), undefined);
    assert.equal(parseAddress("example.org"), undefined);
  });

  it("takes the longest range, and refuses what is none", () => {
    const table = tableLocator("range,country,asn\n10.0.0.0/8,NO,1\n10.1.0.0/16,SE,2\n2001:db8::/32,DE,3\n", "t.csv");
    assert.deepEqual(table.locate(parseAddress("10.1.2.3")!), { country: "SE", asn: 2 });
    assert.deepEqual(table.locate(parseAddress("10.2.2.3")!), { country: "NO", asn: 1 });
    assert.deepEqual(table.locate(parseAddress("2001:db8:1::1")!), { country: "DE", asn: 3 });
    assert.deepEqual(table.locate(parseAddress("192.0.2.1")!), {});
    for (const range of ["10.0.0.0/33", "10.0.0.0/-1", "x/8", "10.0.0.0/8x"]) {
      assert.throws(() => parsePrefix(range, "here"), { code: "MNO_CONFIG_INVALID" });
    }
    for (const wrong of ["range,country\n10.0.0.0/8,norway", "range,asn\n10.0.0.0/8,-1", "country\nNO"]) {
      assert.throws(() => tableLocator(wrong, "t.csv"), { code: "MNO_CONFIG_INVALID" });
    }
  });

  it("reads a file anew that was replaced, and keeps the old one while the new one cannot be read", async () => {
    const folder = await mkdtemp(join(tmpdir(), "mno-geo-"));
    const file = join(folder, "a.csv");
    const address = parseAddress("192.0.2.9")!;
    await writeFile(file, "range,country\n192.0.2.0/24,NO");
    const places = await GeoFiles.open([file]);
    assert.equal(places.locate(address).country, "NO");
    await writeFile(file, "range,country\n192.0.2.0/24,broken");
    await assert.rejects(places.reload(), { code: "MNO_CONFIG_INVALID" });
    assert.equal(places.locate(address).country, "NO");
    await writeFile(file, "range,country,asn\n192.0.2.0/24,SE,7");
    await places.reload();
    assert.deepEqual(places.locate(address), { country: "SE", asn: 7 });
    await rm(folder, { recursive: true });
  });

  it("reads MaxMind databases: places, networks, and what hides one", async () => {
    const folder = await mkdtemp(join(tmpdir(), "mno-geo-"));
    const write = async (name: string, record: Record<string, unknown>): Promise<string> => {
      await writeFile(join(folder, name), mmdb("192.0.2.0/24", record));
      return join(folder, name);
    };
    const location = { latitude: 59.91, longitude: 10.75, accuracy_radius: 20 };
    const places = await openLocator([
      await write("city.mmdb", { country: { iso_code: "NO" }, location }),
      await write("asn.mmdb", { autonomous_system_number: 64_500 }),
      await write("anonymous.mmdb", { is_anonymous: true }),
    ]);
    assert.deepEqual(places.locate(parseAddress("192.0.2.9")!), {
      country: "NO",
      asn: 64_500,
      latitude: 59.91,
      longitude: 10.75,
      accuracyKm: 20,
      anonymous: true,
    });
    // The second begins with the bits of 192.0.2.
    for (const other of ["198.51.100.9", "c000:0200::1"]) assert.deepEqual(places.locate(parseAddress(other)!), {});
    await rm(folder, { recursive: true });
  });

  it("puts files together, the first one first, and says which cannot be read", async () => {
    const folder = await mkdtemp(join(tmpdir(), "mno-geo-"));
    const file = async (name: string, text: string): Promise<string> => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    };
    const json = await file(
      "a.json",
      '[{"range":"192.0.2.0/24","country":"NO","latitude":60,"longitude":10,"anonymous":true}]',
    );
    const csv = await file("b.csv", "range,country,asn\n192.0.2.0/24,SE,64500");
    const files = await openLocator([json, csv]);
    assert.deepEqual(files.locate(parseAddress("192.0.2.9")!), {
      country: "NO",
      asn: 64_500,
      latitude: 60,
      longitude: 10,
      anonymous: true,
    });
    const broken = [await file("c.mmdb", "no database"), join(folder, "absent.csv"), await file("d.json", "{")];
    for (const one of broken) {
      await assert.rejects(openLocator([one]), (error: { code: string; message: string }) => {
        assert.equal(error.code, "MNO_CONFIG_INVALID");
        return error.message.includes(one);
      });
    }
    await rm(folder, { recursive: true });
  });
});
