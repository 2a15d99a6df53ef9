import { GENERATION_TABLE } from "../../../../factors/tables";
import { INTENSITY_FEED_HOSTS } from "../../../exports";
import type { Clock } from "../../clock";
import type { FeedSeries, IntensityFeed } from "../feed";
import { type Fetch, get } from "../http";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../series";
import { parseGeneration } from "./entsoe-document";
import { CLOUD_ZONES, lookUp } from "./zones";

export interface EntsoeOptions {
  token: string;
  fetch: Fetch;
  clock: Clock;
  /** Region to zone or EIC code, before the built-in ones. */
  zones: Readonly<Record<string, string>>;
  url?: string;
}

/** Energy identification codes of the bidding zones and countries, by the zone's usual name. */
const EIC: Readonly<Record<string, string>> = {
  AT: "10YAT-APG------L",
  BE: "10YBE----------2",
  BG: "10YCA-BULGARIA-R",
  CH: "10YCH-SWISSGRIDZ",
  CZ: "10YCZ-CEPS-----N",
  DE: "10Y1001A1001A83F",
  "DK-DK1": "10YDK-1--------W",
  "DK-DK2": "10YDK-2--------M",
  EE: "10Y1001A1001A39I",
  ES: "10YES-REE------0",
  FI: "10YFI-1--------U",
  FR: "10YFR-RTE------C",
  GR: "10YGR-HTSO-----Y",
  HR: "10YHR-HEP------M",
  HU: "10YHU-MAVIR----U",
  IE: "10Y1001A1001A59C",
  LT: "10YLT-1001A0008Q",
  LV: "10YLV-1001A00074",
  NL: "10YNL----------L",
  NO: "10YNO-0--------C",
  "NO-NO1": "10YNO-1--------2",
  "NO-NO2": "10YNO-2--------T",
  "NO-NO3": "10YNO-3--------J",
  "NO-NO4": "10YNO-4--------9",
  "NO-NO5": "10Y1001A1001A48H",
  PL: "10YPL-AREA-----S",
  PT: "10YPT-REN------W",
  RO: "10YRO-TEL------P",
  SE: "10YSE-1--------K",
  "SE-SE1": "10Y1001A1001A44P",
  "SE-SE2": "10Y1001A1001A45N",
  "SE-SE3": "10Y1001A1001A46L",
  "SE-SE4": "10Y1001A1001A47J",
  SI: "10YSI-ELES-----O",
  SK: "10YSK-SEPS-----K",
};

const CODE = /^10Y[A-Z0-9-]{13}$/;
/** One question may span a year; answers stay small in steps of a week. */
const RANGE_MS = 7 * DAY_MS;

/** ENTSO-E Transparency Platform: average intensity of generation, made from actual generation per type (A75). */
export class EntsoeFeed implements IntensityFeed {
  readonly name = "entsoe";
  readonly signal = "average";
  readonly method = `generation by kind of plant, imports not traced, ${GENERATION_TABLE.source}`;
  readonly zeroIsReal = false;
  readonly refreshMilliseconds = 15 * MINUTE_MS;
  readonly staleMilliseconds = 4 * HOUR_MS;
  private readonly zones: Readonly<Record<string, string>>;

  constructor(private readonly options: EntsoeOptions) {
    this.zones = { ...CLOUD_ZONES, ...options.zones };
  }

  regions(): Promise<readonly string[]> {
    const mapped = Object.keys(this.zones).filter((region) => this.codeOf(region) !== undefined);
    return Promise.resolve([...Object.keys(EIC), ...mapped]);
  }

  knows(region: string): Promise<boolean> {
    return Promise.resolve(this.codeOf(region) !== undefined);
  }

  async measured(region: string, from: number, to: number, signal: AbortSignal): Promise<FeedSeries> {
    const { url = `https://${INTENSITY_FEED_HOSTS.entsoe.host}/api`, token, fetch, clock } = this.options;
    const code = this.codeOf(region)!;
    const points = [];
    for (let start = from; start < to; start += RANGE_MS) {
      const query = new URLSearchParams({
        securityToken: token,
        documentType: "A75",
        processType: "A16",
        in_Domain: code,
        periodStart: stamp(start),
        periodEnd: stamp(Math.min(start + RANGE_MS, to) + HOUR_MS - 1),
      });
      const body = await get(new URL(`${url}?${query.toString()}`), { fetch, signal, now: clock.now() });
      points.push(...parseGeneration(body));
    }
    return { points, source: `ENTSO-E Transparency Platform, actual generation per type (A75), ${code}` };
  }

  private codeOf(region: string): string | undefined {
    const zone = lookUp(this.zones, region) ?? region;
    return lookUp(EIC, zone) ?? (CODE.test(zone) ? zone : undefined);
  }
}

/** `202611231200`, whole hours. */
const stamp = (time: number): string => `${new Date(time).toISOString().slice(0, 13).replace(/[-T]/g, "")}00`;
