import { chosen, ofPlatform, quantileOf, rateOf, shareOf } from "../promql";
import { type FabricDescription, PanelKind, type Section, Unit } from "./description";
import { PLATFORM_ALERTS } from "./platform-alerts";

const REQUESTS = "mno_http_requests_total";
const DURATION = "mno_http_request_duration_seconds_bucket";
const WINDOW = "$__rate_interval";

const http: Section = {
  title: "HTTP: rate, errors, duration",
  panels: [
    {
      title: "Requests",
      description: "Requests answered per second, by engine.",
      unit: Unit.PerSecond,
      queries: [{ expression: rateOf(chosen(REQUESTS), "engine"), legend: "{{engine}}" }],
    },
    {
      title: "Errors",
      description: "Share of the requests that were answered with a server error.",
      unit: Unit.Share,
      queries: [
        {
          expression: shareOf(chosen(REQUESTS, 'code=~"5.."'), chosen(REQUESTS), WINDOW, "engine"),
          legend: "{{engine}}",
        },
      ],
    },
    {
      title: "Duration",
      description: "Time to answer of the median and of the slowest hundredth.",
      unit: Unit.Seconds,
      queries: [
        { expression: quantileOf(0.5, chosen(DURATION), WINDOW, "engine"), legend: "{{engine}} p50" },
        { expression: quantileOf(0.99, chosen(DURATION), WINDOW, "engine"), legend: "{{engine}} p99" },
      ],
    },
    {
      title: "Slowest routes",
      description: "The five routes whose slowest hundredth takes longest.",
      unit: Unit.Seconds,
      queries: [
        {
          expression: `topk(5, ${quantileOf(0.99, chosen(DURATION), WINDOW, "engine", "method", "route")})`,
          legend: "{{method}} {{engine}}{{route}}",
        },
      ],
    },
    {
      title: "At work",
      description: "Requests that wait for their answer; an engine refuses from 1,000 on.",
      unit: Unit.Count,
      queries: [{ expression: `sum by (engine) (${chosen("mno_http_requests_in_flight")})`, legend: "{{engine}}" }],
    },
  ],
};

const events: Section = {
  title: "Events",
  panels: [
    {
      title: "Published",
      description: "Events made durable per second, by type.",
      unit: Unit.PerSecond,
      queries: [{ expression: rateOf(chosen("mno_bus_published_total"), "type"), legend: "{{type}}" }],
    },
    {
      title: "Delivered",
      description: "Deliveries per second, retries included, by consumer.",
      unit: Unit.PerSecond,
      queries: [{ expression: rateOf(chosen("mno_bus_delivered_total"), "consumer"), legend: "{{consumer}}" }],
    },
    {
      title: "Lag",
      description: "Events published and not yet settled by the consumer.",
      unit: Unit.Count,
      queries: [{ expression: `max by (consumer) (${chosen("mno_bus_lag")})`, legend: "{{consumer}}" }],
    },
    {
      title: "Set aside",
      description: "Events that failed for the last time and became dead letters, since the processes began.",
      unit: Unit.Count,
      kind: PanelKind.Number,
      queries: [
        {
          expression: `sum by (consumer) (${chosen("mno_bus_dead_letters_total")})`,
          legend: "{{consumer}}",
        },
      ],
    },
  ],
};

const engines: Section = {
  title: "Engines and cache",
  panels: [
    {
      title: "Restarts",
      description: "Restarts of each engine since its process began.",
      unit: Unit.Count,
      kind: PanelKind.Number,
      queries: [{ expression: `sum by (engine) (${chosen("mno_agent_restarts")})`, legend: "{{engine}}" }],
    },
    {
      title: "Failed rounds",
      description: "Rounds of background loops that failed, per second.",
      unit: Unit.PerSecond,
      queries: [
        {
          expression: rateOf(chosen("mno_agent_loop_failures_total"), "engine", "loop"),
          legend: "{{engine}} {{loop}}",
        },
      ],
    },
    {
      title: "Cache",
      description: "Look-ups per second by level and result.",
      unit: Unit.PerSecond,
      queries: [
        { expression: rateOf(chosen("mno_cache_requests_total"), "level", "result"), legend: "{{level}} {{result}}" },
      ],
    },
  ],
};

const processes: Section = {
  title: "Processes",
  panels: [
    {
      title: "CPU",
      description: "Cores that each process uses.",
      unit: Unit.Cores,
      queries: [
        {
          expression: ofPlatform(`rate(${chosen("process_cpu_seconds_total")}[${WINDOW}])`),
          legend: "{{instance}}",
        },
      ],
    },
    {
      title: "Memory",
      description: "Resident memory of each process, and what of it JavaScript uses.",
      unit: Unit.Bytes,
      queries: [
        { expression: ofPlatform(chosen("process_resident_memory_bytes")), legend: "{{instance}} resident" },
        { expression: ofPlatform(chosen("nodejs_heap_size_used_bytes")), legend: "{{instance}} heap" },
      ],
    },
    {
      title: "Event loop",
      description: "How long the slowest hundredth of the turns of the event loop takes.",
      unit: Unit.Seconds,
      queries: [{ expression: ofPlatform(chosen("nodejs_eventloop_lag_p99_seconds")), legend: "{{instance}}" }],
    },
    {
      title: "State disk",
      description: "What is left on the disk that holds the state folder.",
      unit: Unit.Share,
      queries: [
        {
          expression: `${chosen("mno_system_disk_bytes", 'state="free"')} / on (instance) ${chosen("mno_system_disk_bytes", 'state="total"')}`,
          legend: "{{instance}}",
        },
      ],
    },
  ],
};

/** What every engine has, whichever fabric it belongs to. */
export const PLATFORM: FabricDescription = {
  name: "platform",
  title: "Platform",
  sections: [http, events, engines, processes],
  alerts: PLATFORM_ALERTS,
};
