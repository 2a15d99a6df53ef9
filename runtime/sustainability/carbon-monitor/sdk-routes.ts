import { type Static, type TSchema, Type } from "@sinclair/typebox";
import type { FastifyInstance } from "fastify";
import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import type { Intensity, IntensityOrigin } from "../../kernel/intensity/intensity";
import { meanOver } from "./intensity-over";
import { answer, assertOrder, iso, seriesOf, timeSpan } from "./sdk-answer";
import { clip, lowest, type Window, windowsOf } from "./sdk-forecast";
import {
  AverageBatch,
  AverageQuery,
  AverageSchema,
  EmissionsSchema,
  ForecastBatch,
  ForecastQuery,
  ForecastsSchema,
  LocationsQuery,
  LocationsSchema,
  OneLocationQuery,
} from "./sdk-schemas";

interface SdkDependencies {
  intensity: Intensity;
  clock: Clock;
}

type Emissions = Static<typeof EmissionsSchema>;
type Forecast = Static<typeof ForecastsSchema>[number];
type ForecastRequest = Omit<Static<typeof ForecastBatch>[number], "requestedAt">;

const MINUTE = 60_000;
const DAY = 86_400_000;
/** A forecast made so shortly after it was asked for counts as the one asked for: clocks differ. */
const TOLERANCE = 5 * MINUTE;

/**
 * The HTTP API of the Green Software Foundation's Carbon Aware SDK: a client needs no change but its base address. Its
 * answers have no room for where a figure comes from; the headers `mno-carbon-*` say it. 204 where there are no data.
 * Source: https://github.com/Green-Software-Foundation/carbon-aware-sdk (WebAPI 1.x).
 */
export function registerSdkRoutes(http: FastifyInstance, { intensity, clock }: SdkDependencies): void {
  const emissions = async (locations: readonly string[], time?: string, toTime?: string) => {
    const origins: IntensityOrigin[] = [];
    const data: Emissions = [];
    for (const location of locations) {
      const series = await seriesOf(intensity, location, time, toTime);
      origins.push(series);
      for (const { from, to, gramsPerKwh } of series.points) {
        data.push({ location, time: iso(from), rating: gramsPerKwh, duration: timeSpan(to - from) });
      }
    }
    return { origins, data };
  };
  const schema = (operationId: string, summary: string, response: TSchema, more: Record<string, TSchema>) => ({
    operationId,
    tags: ["carbon-aware-sdk"],
    summary,
    ...more,
    response: { 200: response, 204: Type.Null({ description: "There are no data" }) },
  });

  http.get<{ Querystring: Static<typeof OneLocationQuery> }>(
    "/emissions/bylocation",
    {
      schema: schema("getEmissionsByLocation", "Intensity of a location", EmissionsSchema, {
        querystring: OneLocationQuery,
      }),
    },
    async ({ query }, reply) => {
      const { origins, data } = await emissions([query.location], query.time, query.toTime);
      return answer(reply, origins, data);
    },
  );
  http.get<{ Querystring: Static<typeof LocationsQuery> }>(
    "/emissions/bylocations",
    {
      schema: schema("getEmissionsByLocations", "Intensity of locations", EmissionsSchema, {
        querystring: LocationsQuery,
      }),
    },
    async ({ query }, reply) => {
      const { origins, data } = await emissions(query.location, query.time, query.toTime);
      return answer(reply, origins, data);
    },
  );
  http.get<{ Querystring: Static<typeof LocationsQuery> }>(
    "/emissions/bylocations/best",
    {
      schema: schema("getBestEmissions", "The lowest intensity among locations", EmissionsSchema, {
        querystring: LocationsQuery,
      }),
    },
    async ({ query }, reply) => {
      const { origins, data } = await emissions(query.location, query.time, query.toTime);
      const least = lowest(data.map((one) => ({ one, gramsPerKwh: one.rating })));
      return answer(
        reply,
        origins,
        least.map(({ one }) => one),
      );
    },
  );

  const forecastOf = async (requestedAt: number, request: ForecastRequest) => {
    const from = request.dataStartAt === undefined ? requestedAt : Date.parse(request.dataStartAt);
    const to = request.dataEndAt === undefined ? from + DAY : Date.parse(request.dataEndAt);
    assertOrder("dataStartAt", "dataEndAt", from, to);
    const forecast = await intensity.forecast(request.location, from, to);
    if (forecast.generatedAt > requestedAt + TOLERANCE) {
      throw new MnoError(
        "MNO_FORECAST_NOT_KEPT",
        `The forecast for ${request.location} is of ${iso(forecast.generatedAt)}; that of ${iso(requestedAt)} is not kept`,
      );
    }
    const points = clip(forecast.points, from, to);
    const windows = windowsOf(points, request.windowSize);
    const { location } = request;
    const dataOf = (window: Window) => ({
      location,
      timestamp: iso(window.from),
      duration: (window.to - window.from) / MINUTE,
      value: window.gramsPerKwh,
    });
    const data: Forecast = {
      requestedAt: iso(requestedAt),
      generatedAt: iso(forecast.generatedAt),
      location,
      dataStartAt: iso(points[0]?.from ?? from),
      dataEndAt: iso(points.at(-1)?.to ?? to),
      windowSize: request.windowSize ?? (windows[0] ? (windows[0].to - windows[0].from) / MINUTE : 0),
      optimalDataPoints: lowest(windows).map(dataOf),
      forecastData: windows.map(dataOf),
    };
    return { data, origin: forecast };
  };
  http.get<{ Querystring: Static<typeof ForecastQuery> }>(
    "/emissions/forecasts/current",
    {
      schema: schema("getCurrentForecasts", "The present forecast and its best windows", ForecastsSchema, {
        querystring: ForecastQuery,
      }),
    },
    async ({ query }, reply) => {
      const now = clock.now();
      const all = await Promise.all(query.location.map((location) => forecastOf(now, { ...query, location })));
      return answer(
        reply,
        all.map(({ origin }) => origin),
        all.map(({ data }) => data),
      );
    },
  );
  http.post<{ Body: Static<typeof ForecastBatch> }>(
    "/emissions/forecasts/batch",
    {
      schema: schema(
        "getForecasts",
        "Forecasts as of given times; those that were replaced are not kept",
        ForecastsSchema,
        { body: ForecastBatch },
      ),
    },
    async ({ body }, reply) => {
      const all = await Promise.all(body.map((one) => forecastOf(Date.parse(one.requestedAt), one)));
      return answer(
        reply,
        all.map(({ origin }) => origin),
        all.map(({ data }) => data),
      );
    },
  );

  const averageOf = async ({ location, startTime, endTime }: Static<typeof AverageQuery>) => {
    const [from, to] = [Date.parse(startTime), Date.parse(endTime)];
    assertOrder("startTime", "endTime", from, to);
    const series = await intensity.history(location, from, to);
    const carbonIntensity = meanOver(series.points, from, to);
    return {
      origin: series,
      data: carbonIntensity === undefined ? [] : [{ location, startTime, endTime, carbonIntensity }],
    };
  };
  http.get<{ Querystring: Static<typeof AverageQuery> }>(
    "/emissions/average-carbon-intensity",
    {
      schema: schema("getAverageIntensity", "Mean intensity over a time", AverageSchema, { querystring: AverageQuery }),
    },
    async ({ query }, reply) => {
      const { origin, data } = await averageOf(query);
      return answer(reply, [origin], data[0]);
    },
  );
  http.post<{ Body: Static<typeof AverageBatch> }>(
    "/emissions/average-carbon-intensity/batch",
    {
      schema: schema("getAverageIntensities", "Mean intensities over times", Type.Array(AverageSchema), {
        body: AverageBatch,
      }),
    },
    async ({ body }, reply) => {
      const all = await Promise.all(body.map(averageOf));
      return answer(
        reply,
        all.map(({ origin }) => origin),
        all.flatMap(({ data }) => data),
      );
    },
  );

  http.get(
    "/locations",
    { schema: schema("getLocations", "Locations that a feed knows", LocationsSchema, {}) },
    async () => {
      const names = await intensity.regions();
      return Object.fromEntries(names.map((name) => [name, { name, latitude: null, longitude: null }]));
    },
  );
}
