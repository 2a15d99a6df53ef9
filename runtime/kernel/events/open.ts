import { MnoError } from "../../exports";
import type { EventBus } from "./bus";
import type { BusDependencies } from "./dependencies";
import { EmbeddedBus, type EmbeddedBusOptions } from "./embedded/embedded-bus";
import { NatsBus } from "./nats/nats-bus";
import type { NatsBusOptions } from "./nats/options";

export type { BusDependencies } from "./dependencies";

export interface BusOptions {
  embedded?: EmbeddedBusOptions;
  nats?: Partial<NatsBusOptions>;
}

/**
 * Opens the bus that the URL names: `embedded:<folder>`, `nats://host:port` or `tls://host:port`.
 * Errors: MNO_BUS_URL_INVALID; MNO_STATE_LOCKED, MNO_BUS_CORRUPT (embedded); MNO_BUS_UNAVAILABLE (NATS).
 */
export async function openBus(url: string, deps: BusDependencies, options: BusOptions = {}): Promise<EventBus> {
  const folder = /^embedded:(.+)$/.exec(url)?.[1];
  if (folder !== undefined) return EmbeddedBus.open(folder, deps, options.embedded);
  if (/^(nats|tls):\/\//.test(url)) return NatsBus.open(url, deps, options.nats);
  // The URL is not repeated: it may hold a password.
  throw new MnoError(
    "MNO_BUS_URL_INVALID",
    "the bus URL must be embedded:<folder>, nats://host:port or tls://host:port",
  );
}
