/**
 * How far the typical day of 2023 (typical-day.ts) was from the hours of 2021 and 2022 in each zone: root of the mean square,
 * as a share of the mean. Our measurement on the hourly data of Electricity Maps, made available under the Open Database
 * License (ODbL) 1.0 (see SOURCES.md).
 */
export const TYPICAL_DAY_ERROR_SHARE: Readonly<Record<string, number>> = {
  BR: 0.52,
  ES: 0.39,
  NO: 0.36,
  "US-CAL-CISO": 0.16,
};
