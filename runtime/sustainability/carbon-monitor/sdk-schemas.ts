import { Type } from "@sinclair/typebox";

const Time = (description: string) => Type.String({ format: "date-time", description });

/** One location, or several as repeated parameters. */
const Locations = Type.Array(Type.String({ minLength: 1 }), {
  minItems: 1,
  maxItems: 100,
  description: "Cloud region or grid zone; repeat the parameter for more",
});
const Location = Type.String({ minLength: 1, description: "Cloud region or grid zone" });

const Times = {
  time: Type.Optional(Time("Start; now where left out")),
  toTime: Type.Optional(Time("End; without it the figure at the start")),
};
export const OneLocationQuery = Type.Object({ location: Location, ...Times });
export const LocationsQuery = Type.Object({ location: Locations, ...Times });

const ForecastWindow = {
  dataStartAt: Type.Optional(Time("Only data from here")),
  dataEndAt: Type.Optional(Time("Only data until here")),
  windowSize: Type.Optional(Type.Integer({ minimum: 1, maximum: 44_640, description: "Length of the work, minutes" })),
};
export const ForecastQuery = Type.Object({ location: Locations, ...ForecastWindow });
export const ForecastBatch = Type.Array(
  Type.Object({ requestedAt: Time("As of when the forecast is asked for"), location: Location, ...ForecastWindow }),
  { minItems: 1, maxItems: 100 },
);

const AverageInput = { location: Location, startTime: Time("Start"), endTime: Time("End") };
export const AverageQuery = Type.Object(AverageInput);
export const AverageBatch = Type.Array(Type.Object(AverageInput), { minItems: 1, maxItems: 100 });

export const EmissionsSchema = Type.Array(
  Type.Object({
    location: Type.String({ description: "As asked" }),
    time: Type.String({ description: "Start of the stretch" }),
    rating: Type.Number({ description: "gCO2e/kWh" }),
    duration: Type.String({ description: "hh:mm:ss, days before it where there are any" }),
  }),
);

const DataPoint = Type.Object({
  location: Type.String({ description: "As asked" }),
  timestamp: Type.String({ description: "Start of the window" }),
  duration: Type.Integer({ description: "Minutes" }),
  value: Type.Number({ description: "Mean gCO2e/kWh of the window" }),
});

export const ForecastsSchema = Type.Array(
  Type.Object({
    requestedAt: Type.String({ description: "When it was asked for" }),
    generatedAt: Type.String({ description: "When the feed made it" }),
    location: Type.String({ description: "As asked" }),
    dataStartAt: Type.String({ description: "Start of the data used" }),
    dataEndAt: Type.String({ description: "End of the data used" }),
    windowSize: Type.Integer({ description: "Minutes" }),
    optimalDataPoints: Type.Array(DataPoint, { description: "The windows of the lowest mean" }),
    forecastData: Type.Array(DataPoint, { description: "Every window that begins where a figure begins" }),
  }),
);

export const AverageSchema = Type.Object({
  location: Type.String({ description: "As asked" }),
  startTime: Type.String({ description: "As asked" }),
  endTime: Type.String({ description: "As asked" }),
  carbonIntensity: Type.Number({ description: "Mean gCO2e/kWh over the time" }),
});

export const LocationsSchema = Type.Record(
  Type.String(),
  Type.Object({
    name: Type.String({ description: "Name of the location" }),
    latitude: Type.Union([Type.Number(), Type.Null()], { description: "Null: feeds name regions, not places" }),
    longitude: Type.Union([Type.Number(), Type.Null()], { description: "As latitude" }),
  }),
);
