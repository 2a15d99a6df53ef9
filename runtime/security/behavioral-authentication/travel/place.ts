/** Where an address is, as far as a database says. */
export interface Place {
  /** ISO 3166-1 alpha-2. */
  country?: string | undefined;
  /** Number of the autonomous system that announces it. */
  asn?: number | undefined;
  latitude?: number | undefined;
  longitude?: number | undefined;
  /** Radius, km, within which the address really is, with 67 % probability (MaxMind's definition). */
  accuracyKm?: number | undefined;
  /** VPN, public proxy, Tor or hosting, where the database has such facts. */
  anonymous?: boolean | undefined;
}

export interface Point {
  latitude: number;
  longitude: number;
  accuracyKm: number;
}

/** km, IUGG mean radius. */
const EARTH_RADIUS = 6371.0088;

/** Great-circle distance, km (haversine formula). */
export function haversineKm(a: Point, b: Point): number {
  const radians = Math.PI / 180;
  const latitude = Math.sin(((b.latitude - a.latitude) * radians) / 2) ** 2;
  const longitude = Math.sin(((b.longitude - a.longitude) * radians) / 2) ** 2;
  const h = latitude + Math.cos(a.latitude * radians) * Math.cos(b.latitude * radians) * longitude;
  return 2 * EARTH_RADIUS * Math.asin(Math.min(1, Math.sqrt(h)));
}

export function pointOf({ latitude, longitude, accuracyKm }: Place): Point | undefined {
  if (latitude === undefined || longitude === undefined) return undefined;
  return { latitude, longitude, accuracyKm: accuracyKm ?? 0 };
}
