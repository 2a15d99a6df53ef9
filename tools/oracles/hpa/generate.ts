import type { ScalingRules } from "../../../runtime/scalability/auto-scaling-engine/spec";
import type { Case, CaseMetric, CasePod, CaseTick, Question } from "./case";
import { seeded } from "../../../runtime/kernel/random";

/** Uniform in [0, 1). */
type Random = () => number;

/** Of every five questions four ask the calculator, and one drives the controller. */
export function* generate(seed: number, count: number): Generator<Question> {
  const draw = new Draw(seeded(seed));
  for (let number = 0; number < count; number += 1) {
    yield number % 5 === 4 ? { episode: episode(draw) } : { calculate: calculation(draw) };
  }
}

class Draw {
  constructor(private readonly random: Random) {}

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** Both ends included. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1));
  }

  of<T>(...choices: readonly [T, ...T[]]): T {
    return choices[this.integer(0, choices.length - 1)] as T;
  }

  times<T>(count: number, make: (index: number) => T): T[] {
    return Array.from({ length: count }, (_, index) => make(index));
  }

  /** A decimal of up to nine places around `level`: the finer ones show how thousandths are rounded. */
  around(level: number, spread: number): number {
    const value = Math.max(0, level * (1 + (this.random() * 2 - 1) * spread));
    return Number(value.toFixed(this.of(0, 1, 2, 2, 3, 3, 3, 3, 9)));
  }
}

/** An autoscaler's own tolerance is a decimal to Kubernetes, and 0.57 one whose float is not the nearest (milli.ts). */
const TOLERANCES = [0, 0.01, 0.05, 0.1, 0.1, 0.1, 0.15, 0.29, 0.57, 1.1] as const;
/** The controller's is a float; we have the one kind only, so they are such as are the same in both. */
const CONTROLLER_TOLERANCES = [0, 0.01, 0.05, 0.1, 0.1, 0.1, 0.15, 0.29, 1.1] as const;

type MetricType = CaseMetric["type"];
const ANY = ["resource", "resource", "resource", "pods", "object", "external"] as const satisfies MetricType[];

function metric(draw: Draw, name: string, types: readonly [MetricType, ...MetricType[]] = ANY): CaseMetric {
  const type = draw.of(...types);
  // Whole targets in thousandths, where a ratio can lie exactly on a tolerance, and rough ones.
  const level = draw.of(1, 10, 100, 0.25, 0.001, 37.5, draw.around(50, 0.9) || 1);
  switch (type) {
    case "resource": {
      const target = draw.chance(0.6)
        ? { averageUtilization: draw.of(50, 70, 80, 100, draw.integer(1, 400)) }
        : { averageValue: level };
      return { type, name: draw.chance(0.7) ? "cpu" : "memory", target };
    }
    case "pods":
      return { type, name, labels: {}, target: { averageValue: level } };
    case "object":
    case "external":
      return { type, name, target: draw.chance(0.5) ? { value: level } : { averageValue: level } };
  }
}

/** What a replica at the target would show. */
function goalOf(metric: CaseMetric, request: number): number {
  const { target } = metric;
  if ("averageUtilization" in target) return (request * target.averageUtilization) / 100;
  return "averageValue" in target ? target.averageValue : target.value;
}

function pod(draw: Draw, goals: readonly (number | null)[], load: number, trouble: number): CasePod {
  const common = {
    changed: draw.of(3600, draw.integer(0, 400), draw.integer(0, 60)),
    sampled: draw.of(0, 0, draw.integer(0, 90)),
    window: draw.of(15, 30, 60),
    values: goals.map((goal) => {
      if (goal === null || draw.chance(trouble * 0.6)) return null;
      return draw.chance(0.4) ? Number((goal * load).toFixed(9)) : draw.around(goal * load, 0.5);
    }),
  };
  const started = draw.of(7200, common.changed, common.changed + draw.integer(0, 60), draw.integer(0, 700));
  if (!draw.chance(trouble)) return { phase: "Running", ready: true, started, ...common };
  return draw.of<CasePod>(
    { phase: "Pending", ready: false, ...common },
    { phase: "Running", ready: false, started, ...common },
    { phase: "Running", ready: false, started, ...common },
    { phase: "Running", started, ...common },
    { phase: "Failed", ready: false, started, ...common },
    { phase: "Succeeded", ready: false, started, ...common },
    { phase: "Running", deleted: true, ready: false, started, ...common },
  );
}

/** An external value beyond 32 bits of replicas: Kubernetes cuts the result, unless it scales from zero. */
const HUGE = 5e15;

function tick(
  draw: Draw,
  { metrics, request, replicas }: Pick<Case, "metrics" | "request" | "replicas">,
  load: number,
  pods: number,
): CaseTick {
  const trouble = draw.of(0, 0, 0.1, 0.4, 0.8);
  const isTotal = metrics.map(({ type }) => type === "external" || type === "object");
  const goals = metrics.map((each, place) => (isTotal[place] === true ? null : goalOf(each, request)));
  return {
    after: 0,
    pods: draw.times(pods, () => pod(draw, goals, load, trouble)),
    totals: metrics.map((each, place) => {
      if (isTotal[place] !== true || draw.chance(trouble * 0.3)) return null;
      if (each.type === "external" && replicas > 0 && draw.chance(0.01)) return HUGE;
      const shares = "averageValue" in each.target ? Math.max(pods, 1) : 1;
      return draw.around(goalOf(each, request) * load * shares, draw.of(0, 0.5));
    }),
  };
}

/** Of ratios, mostly such as lie near 1 and near a tolerance. */
function someLoad(draw: Draw, tolerance: number): number {
  return draw.of(
    1,
    1 + tolerance,
    Math.max(0, 1 - tolerance),
    draw.around(1, 0.3),
    draw.around(1, 1),
    draw.around(3, 1),
    0,
    20,
  );
}

function situation(
  draw: Draw,
): Pick<Case, "request" | "tolerance" | "cpuInitializationSeconds" | "initialReadinessSeconds"> {
  return {
    request: draw.of(0.1, 0.25, 0.5, 1, 2, 0.333, 268435456, 68719476736, draw.around(1, 0.9), 0),
    tolerance: draw.of(...CONTROLLER_TOLERANCES),
    cpuInitializationSeconds: draw.of(300, 300, 120, 0),
    initialReadinessSeconds: draw.of(30, 30, 10, 0),
  };
}

function calculation(draw: Draw): Case {
  const facts = situation(draw);
  const metrics = [metric(draw, "m0")];
  const pods = draw.of(0, 1, 2, 3, draw.integer(1, 8), draw.integer(1, 20));
  const base = {
    ...facts,
    metrics,
    minReplicas: 1,
    maxReplicas: 1000,
    replicas: draw.of(pods, pods, pods, draw.integer(0, 20)),
  };
  const behavior = draw.chance(0.3) ? { behavior: damping(draw) } : {};
  return { ...base, ...behavior, ticks: [{ ...tick(draw, base, someLoad(draw, facts.tolerance), pods), all: true }] };
}

function damping(draw: Draw): NonNullable<Case["behavior"]> {
  // The controller forgets a change once its own direction's longest period is over, even if the other's is longer
  // (horizontal.go, storeScaleEvent); we do not, so the longest period is the same in both.
  const longest = draw.of(15, 60, 120);
  const rules = (): ScalingRules => ({
    stabilizationWindowSeconds: draw.of(0, 0, 30, 60, 300),
    selectPolicy: draw.of("Max", "Max", "Min", "Disabled"),
    tolerance: draw.of(...TOLERANCES),
    policies: draw.times(draw.integer(1, 3), (index) => ({
      ...(draw.chance(0.5)
        ? { type: "Pods" as const, value: draw.integer(1, 5) }
        : { type: "Percent" as const, value: draw.of(10, 33, 50, 100, 900, draw.integer(1, 200)) }),
      periodSeconds: index === 0 ? longest : draw.integer(1, longest),
    })),
  });
  return { scaleUp: rules(), scaleDown: rules() };
}

function episode(draw: Draw): Case {
  const facts = situation(draw);
  const sleeps = draw.chance(0.3);
  const metrics = draw.times(draw.of(1, 1, 2, 3), (place) =>
    // A resource is measured once, whatever the targets: only the first metric is one.
    metric(draw, `m${String(place)}`, place > 0 || sleeps ? ["pods", "object", "external"] : ANY),
  );
  // Kubernetes scales from zero by object and external metrics only; one is there.
  if (sleeps) metrics[0] = metric(draw, "m0", ["object", "external"]);
  const maxReplicas = draw.integer(3, 12);
  const base = {
    ...facts,
    metrics,
    behavior: damping(draw),
    minReplicas: sleeps ? 0 : draw.integer(1, 3),
    maxReplicas,
    replicas: draw.integer(sleeps ? 1 : 0, maxReplicas + 2),
  };
  let load = someLoad(draw, 0.1);
  const ticks = draw.times(draw.integer(4, 12), () => {
    if (draw.chance(0.4)) load = someLoad(draw, 0.1);
    return {
      ...tick(draw, sleeps ? { ...base, replicas: 0 } : base, load, maxReplicas + 2),
      after: draw.of(15, 15, 15, 1, 5, 30, 61, 301),
      // Kubernetes takes a workload that somebody else set to 0 for switched off, and so do we unless it may be 0.
      ...(draw.chance(0.05) ? { set: draw.integer(sleeps ? 1 : 0, maxReplicas + 2) } : {}),
    };
  });
  return { ...base, ticks };
}
