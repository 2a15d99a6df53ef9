import { type Static, type TSchema, Type } from "@sinclair/typebox";
import type { FastifyInstance } from "fastify";
import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import type { Intensity, IntensityOrigin } from "../../kernel/intensity/intensity";
import { meanOver } from "./intensity-over";
import { answer, assertSpan, iso, MOST_HISTORY_DAYS, seriesOf, timeSpan } from "./sdk-answer";
import { clip, lowest, type Window, windowsOf } from "./sdk-forecast";
import { answerBadRequest } from "./sdk-problem";
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
/** No forecast looks further ahead, and clients that ask for more have mistyped a year. */
const MOST_FORECAST_DAYS = 31;
/** A forecast made so shortly after it was asked for counts as the one asked for: clocks differ. */
const TOLERANCE = 5 * MINUTE;

/** Clients take it for an integer. */
const wholeMinutes = ({ from, to }: Window): number => Math.floor((to - from) / MINUTE);

/**
 * The HTTP API of the Green Software Foundation's Carbon Aware SDK: a client needs no change but its base address. Its
 * answers have no room for where a figure comes from; the headers `mno-carbon-*` say it. 204 where there are no data, 400 for a
 * bad request, 501 for a forecast that is not kept.
 * Source: https://github.com/Green-Software-Foundation/carbon-aware-sdk (WebAPI 1.7, commit e6de58d).
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
      errorHandler: answerBadRequest,
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
      errorHandler: answerBadRequest,
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
      errorHandler: answerBadRequest,
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
    assertSpan("dataStartAt", "dataEndAt", from, to, MOST_FORECAST_DAYS);
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
      duration: wholeMinutes(window),
      value: window.gramsPerKwh,
    });
    const data: Forecast = {
      requestedAt: iso(requestedAt),
      generatedAt: iso(forecast.generatedAt),
      location,
      dataStartAt: iso(request.dataStartAt === undefined ? (points[0]?.from ?? from) : from),
      dataEndAt: iso(request.dataEndAt === undefined ? (points.at(-1)?.to ?? to) : to),
      // The first may be cut by the start of the data.
      windowSize: request.windowSize ?? Math.max(0, ...windows.slice(0, 2).map(wholeMinutes)),
      optimalDataPoints: lowest(windows).map(dataOf),
      forecastData: windows.map(dataOf),
    };
    return { data, origin: forecast };
  };
  http.get<{ Querystring: Static<typeof ForecastQuery> }>(
    "/emissions/forecasts/current",
    {
      errorHandler: answerBadRequest,
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
      errorHandler: answerBadRequest,
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
    assertSpan("startTime", "endTime", from, to, MOST_HISTORY_DAYS);
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
      errorHandler: answerBadRequest,
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
      errorHandler: answerBadRequest,
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
    {
      errorHandler: answerBadRequest,
      schema: schema("getLocations", "Locations that a feed knows", LocationsSchema, {}),
    },
    async () => {
      const names = await intensity.regions();
      return Object.fromEntries(names.map((name) => [name, { name, latitude: null, longitude: null }]));
    },
  );
}
