/**
 * Life-cycle emissions of generation in gCO2eq/kWh, medians of IPCC SRREN 2011, annex II, table A.II.4 (figures as facts), by
 * the kind of plant (PSR type, B01 to B20) that ENTSO-E reports generation by. The report has no figure for waste, for "other"
 * and for brown coal: coal stands for every solid fossil fuel, and 770 (Wiesner et al., "Let's Wait Awhile", Middleware 2021)
 * for what nobody names. B25 (storage) is absent: what a battery gives back was counted when it was generated.
 */
export const GENERATION_GRAMS_PER_KWH: Readonly<Record<string, number>> = {
  B01: 18, // biomass
  B02: 1001, // brown coal, lignite
  B03: 469, // gas from coal: counted as gas, for want of a figure
  B04: 469, // gas
  B05: 1001, // hard coal
  B06: 840, // oil
  B07: 840, // oil shale
  B08: 1001, // peat
  B09: 45, // geothermal
  B10: 4, // hydro, pumped storage
  B11: 4, // hydro, run of river
  B12: 4, // hydro, reservoir
  B13: 8, // marine
  B14: 16, // nuclear
  B15: 18, // other renewable
  B16: 46, // solar
  B17: 770, // waste
  B18: 12, // wind, offshore
  B19: 12, // wind, onshore
  B20: 770, // other
};
