import { ExpectedWait } from "./expected-wait";
import { LeastRequest } from "./least-request";
import { Maglev } from "./maglev";
import { invalid } from "./members";
import type { PolicyOptions } from "./options";
import { PeakEwma } from "./peak-ewma";
import type { Policy, PolicyName, Random as RandomSource } from "./policy";
import { Prequal } from "./prequal";
import { Random } from "./random";
import { Rendezvous } from "./rendezvous";
import { RoundRobin } from "./round-robin";
import { SlowStart } from "./slow-start";
import { WeightRamp } from "./weight-ramp";

interface Kind {
  readonly takes: readonly (keyof PolicyOptions)[];
  readonly create: (options: PolicyOptions, random: RandomSource) => Policy;
}

/** HAProxy's documents: a hash-balance-factor between 110 and 150 is reasonable. */
const HEADROOM = 0.25;

const KINDS: Readonly<Record<PolicyName, Kind>> = {
  "expected-wait": { takes: ["slowStart"], create: (options, random) => new ExpectedWait(options, random) },
  "round-robin": { takes: ["slowStart"], create: ramped(() => new RoundRobin()) },
  random: { takes: ["slowStart"], create: ramped((_, random) => new Random(random)) },
  "least-request": {
    takes: ["slowStart", "activeRequestBias"],
    create: ramped((options, random) => new LeastRequest("least-request", options, random)),
  },
  "least-request-p2c": {
    takes: ["slowStart", "activeRequestBias"],
    create: ramped((options, random) => new LeastRequest("least-request-p2c", options, random)),
  },
  "peak-ewma": {
    takes: ["slowStart", "decayMs"],
    create: ramped((options, random) => new PeakEwma(options, random)),
  },
  prequal: {
    takes: ["probesPerRequest", "hotQuantile", "poolSize", "maxAgeMs"],
    create: (options, random) => new Prequal(options, random),
  },
  rendezvous: { takes: [], create: (_, random) => new Rendezvous("rendezvous", Infinity, random) },
  maglev: { takes: [], create: (_, random) => new Maglev(random) },
  "bounded-load": {
    takes: ["headroom"],
    create: ({ headroom = HEADROOM }, random) => new Rendezvous("bounded-load", headroom, random),
  },
};

/** Throws MNO_BALANCER_POLICY_INVALID for an option that the policy does not take. */
export function createPolicy(
  name: PolicyName,
  options: PolicyOptions,
  { random }: { readonly random: RandomSource },
): Policy {
  const { takes, create } = KINDS[name];
  for (const option of Object.keys(options) as (keyof PolicyOptions)[]) {
    if (options[option] === undefined || takes.includes(option)) continue;
    throw invalid(`the policy ${name} has no option "${option}"; it takes ${takes.join(", ") || "none"}`);
  }
  return create(options, random);
}

function ramped(create: Kind["create"]): Kind["create"] {
  return (options, random) => {
    const policy = create(options, random);
    return options.slowStart === undefined ? policy : new WeightRamp(policy, new SlowStart(options.slowStart));
  };
}
