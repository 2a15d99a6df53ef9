import { seeded } from "../../runtime/kernel/random";
import type { Place } from "../../runtime/security/behavioral-authentication/travel/place";
import { Chance } from "./chance";

/**
 * SYNTHETIC logins with the columns of the RBA data set (Wiefling et al. 2022, das-group/rba-dataset; the data itself is a release
 * asset that could not be had): user, time, address, country, network, user agent with its parts, round-trip time. All laws and
 * numbers below are assumptions, fixed before any method was run on them.
 */
export interface Login {
  user: number;
  /** ms since 1970. */
  time: number;
  address: string;
  place: Place;
  agentText: string;
  device: string;
  os: string;
  browser: string;
  rttMs: number;
}

export type Attacker = "naive" | "VPN" | "targeted";
export const ATTACKERS: readonly Attacker[] = ["naive", "VPN", "targeted"];

export interface Shape {
  name: string;
  users: number;
  days: number;
  /** Median of logins per user and day; users differ by a factor (log-normal). */
  loginsPerDay: number;
  /** Share of users behind the one gate of their organisation on working days. */
  office: number;
  /** Share of users who have a commercial VPN on for part of the time. */
  vpn: number;
  /** Chance per login of being abroad. */
  abroad: number;
  seed: number;
}

export interface Population {
  logins: readonly Login[];
  /** An attempt on the user at the time, by an attacker who knows the user's logins so far. */
  readonly attack: (kind: Attacker, user: number, time: number, victim: Login) => Login;
}

interface Country {
  code: string;
  latitude: number;
  longitude: number;
  /** Kilometres from the service. */
  far: number;
  isps: number[];
  mobile: number[];
  hosting: number[];
}

const CODES: readonly (readonly [string, number, number])[] = [
  ["NO", 59.9, 10.7],
  ["SE", 59.3, 18.1],
  ["DE", 50.1, 8.7],
  ["GB", 51.5, -0.1],
  ["ES", 40.4, -3.7],
  ["US", 39, -77.5],
  ["BR", -23.5, -46.6],
  ["IN", 19.1, 72.9],
  ["VN", 21, 105.8],
  ["RU", 55.8, 37.6],
];
const START = Date.parse("2026-01-05T00:00:00Z");
const DAY = 86_400_000;

const SYSTEMS: readonly (readonly [device: string, os: string, browsers: readonly string[], weight: number])[] = [
  ["desktop", "Windows 10", ["Chrome", "Edge", "Firefox"], 40],
  ["desktop", "macOS 15", ["Safari", "Chrome", "Firefox"], 15],
  ["desktop", "Linux 6", ["Firefox", "Chrome"], 4],
  ["mobile", "iOS 18", ["Safari", "Chrome"], 25],
  ["mobile", "Android 15", ["Chrome", "Samsung Internet"], 25],
];

type Device = ReturnType<typeof makeDevice>;

interface Person {
  home: Country;
  isp: number;
  carrier: number;
  /** Mean days that the provider leaves the address at home as it is. */
  leaseDays: number;
  devices: Device[];
  rate: number;
  /** Hour, UTC, about which the user logs in. */
  hour: number;
  office: boolean;
  vpn: boolean;
}

export function populate(shape: Shape): Population {
  const chance = new Chance(seeded(shape.seed));
  const countries = makeCountries(chance);
  const people = Array.from({ length: shape.users }, () => makePerson(chance, countries, shape));
  const logins = people.flatMap((person, user) => loginsOf(chance, person, user, countries, shape));
  logins.sort((a, b) => a.time - b.time);
  const crime = new Chance(seeded(shape.seed ^ 0x5eed));
  return { logins, attack: (kind, user, time, victim) => attack(crime, countries, kind, user, time, victim) };
}

function makeCountries(chance: Chance): Country[] {
  const numbers = (count: number, from: number): number[] =>
    Array.from({ length: count }, (_, index) => from + 10 * index + chance.below(10));
  return CODES.map(([code, latitude, longitude], index) => ({
    code,
    latitude,
    longitude,
    far: Math.hypot(latitude - CODES[0]![1], (longitude - CODES[0]![2]) * 0.6) * 111,
    isps: numbers(6, 1000 + 1000 * index),
    mobile: numbers(3, 1300 + 1000 * index),
    hosting: numbers(5, 1600 + 1000 * index),
  }));
}

function makePerson(chance: Chance, countries: readonly Country[], shape: Shape): Person {
  const home = chance.happens(0.9) ? countries[0]! : chance.pick(countries);
  const count = 1 + (chance.happens(0.6) ? 1 : 0) + (chance.happens(0.2) ? 1 : 0);
  return {
    home,
    isp: chance.zipf(home.isps),
    carrier: chance.zipf(home.mobile),
    leaseDays: chance.happens(0.5) ? 200 : chance.exponential(15) + 1,
    devices: Array.from({ length: count }, () => makeDevice(chance)),
    rate: shape.loginsPerDay * Math.exp(chance.normal()),
    hour: (8 + Math.round(4 * chance.normal()) + 24) % 24,
    office: chance.happens(shape.office),
    vpn: chance.happens(shape.vpn),
  };
}

/** `lag`: days by which its updates are late. */
function makeDevice(chance: Chance) {
  let left = chance.uniform() * SYSTEMS.reduce((sum, [, , , weight]) => sum + weight, 0);
  const system = SYSTEMS.find(([, , , weight]) => (left -= weight) <= 0) ?? SYSTEMS[0]!;
  const model = system[1].startsWith("Android") ? `SM-${String(chance.below(60))}` : "";
  return { system, browser: chance.zipf(system[2]), lag: chance.exponential(10), model };
}

function loginsOf(chance: Chance, person: Person, user: number, countries: readonly Country[], shape: Shape): Login[] {
  const logins: Login[] = [];
  let lease = 0;
  let leaseEnds = chance.exponential(person.leaseDays);
  for (let day = chance.exponential(1 / person.rate); day < shape.days; day += chance.exponential(1 / person.rate)) {
    while (day > leaseEnds) {
      lease++;
      leaseEnds += chance.exponential(person.leaseDays);
    }
    // Devices are replaced every two years or so.
    if (chance.happens(1 - Math.exp(-1 / (person.rate * 700)))) person.devices[0] = makeDevice(chance);
    const hour = (person.hour + Math.round(3 * chance.normal()) + 48) % 24;
    const time = START + (Math.floor(day) + (hour + chance.uniform()) / 24) * DAY;
    logins.push(loginOf(chance, person, user, time, { lease, countries, shape }));
  }
  return logins;
}

function loginOf(
  chance: Chance,
  person: Person,
  user: number,
  time: number,
  { lease, countries, shape }: { lease: number; countries: readonly Country[]; shape: Shape },
): Login {
  const device = chance.zipf(person.devices);
  const weekday = ![0, 6].includes(new Date(time).getUTCDay());
  const mobile = device.system[0] === "mobile";
  let from = person.home;
  let asn = person.isp;
  let address = `h${String(user)}-${String(lease)}`;
  let extra = 8;
  if (chance.happens(shape.abroad)) {
    from = chance.zipf(countries.filter((one) => one !== person.home));
    asn = chance.zipf(mobile ? from.mobile : from.isps);
    address = `${String(asn)}-${String(chance.below(20_000))}`;
  } else if (person.vpn && chance.happens(0.3)) {
    asn = chance.zipf(from.hosting);
    address = `${String(asn)}-${String(chance.below(200))}`;
    extra = 15;
  } else if (mobile && chance.happens(0.5)) {
    // Carriers put many behind few addresses, and change them with every connection.
    asn = person.carrier;
    address = `${String(asn)}-${String(chance.below(3000))}`;
    extra = 35;
  } else if (person.office && weekday && chance.happens(0.7)) {
    asn = person.home.isps[0]!;
    address = `office-${String(user % 7)}`;
  }
  return { user, time, address, ...clientOf(device, time), ...placed(from, asn), rttMs: rtt(chance, from, extra) };
}

/** Browsers come out every four weeks, and reach a device when its user lets them. */
function clientOf({ system, browser, lag, model }: Device, time: number) {
  const version = 130 + Math.floor(((time - START) / DAY - lag) / 28);
  const [device, os] = system;
  return {
    device,
    os,
    browser: `${browser} ${String(version)}`,
    agentText: `Mozilla/5.0 (${os}; ${model}) ${browser}/${String(version)}`,
  };
}

function placed({ code, latitude, longitude }: Country, asn: number): { place: Place } {
  return { place: { country: code, asn, latitude, longitude, accuracyKm: 100 } };
}

/** Light in glass there and back, the access network, and what queues add. */
const rtt = (chance: Chance, { far }: Country, extra: number): number =>
  Math.max(1, Math.round(2 * (far / 150) + extra * Math.exp(0.4 * chance.normal()) + chance.exponential(4)));

/**
 * The attackers of Freeman et al. and Wiefling et al.: naive has any address and a popular user agent; VPN knows the victim's
 * country and has an address of a hosting network there; targeted has an address of a household or carrier there, in the victim's
 * own network where it can be had, and the victim's user agent. Behind a relay the round-trip time is that of the attacker.
 */
function attack(
  chance: Chance,
  countries: readonly Country[],
  kind: Attacker,
  user: number,
  time: number,
  victim: Login,
): Login {
  const own = countries[5 + chance.below(5)]!;
  const popular = clientOf(makeDevice(chance), time);
  const country = countries.find(({ code }) => code === victim.place.country)!;
  const relayed = rtt(chance, own, 20);
  const at = (from: Country, asn: number, pool: number) => ({
    user,
    time,
    address: `${String(asn)}-${String(chance.below(pool))}`,
    ...placed(from, asn),
  });
  if (kind === "naive") {
    const asn = chance.happens(0.6) ? chance.zipf(own.hosting) : chance.zipf(own.isps);
    return { ...at(own, asn, 5000), ...popular, rttMs: rtt(chance, own, 10) };
  }
  if (kind === "VPN") return { ...at(country, chance.zipf(country.hosting), 200), ...popular, rttMs: relayed };
  const near = chance.happens(0.5) ? victim.place.asn! : chance.zipf([...country.isps, ...country.mobile]);
  const { device, os, browser, agentText } = victim;
  return { ...at(country, near, 20_000), device, os, browser, agentText, rttMs: relayed };
}
