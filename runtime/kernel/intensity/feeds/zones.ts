/**
 * The zone of the grid, by Electricity Maps' name, that a cloud region lies in: geography as the providers publish their
 * regions' places. Regions whose place has more than one zone are left to MNO_INTENSITY_ZONES.
 */
export const CLOUD_ZONES: Readonly<Record<string, string>> = {
  // Amazon Web Services
  "us-east-1": "US-MIDA-PJM",
  "us-east-2": "US-MIDA-PJM",
  "us-west-1": "US-CAL-CISO",
  "us-west-2": "US-NW-BPAT",
  "ca-central-1": "CA-QC",
  "eu-west-1": "IE",
  "eu-west-2": "GB",
  "eu-west-3": "FR",
  "eu-central-1": "DE",
  "eu-north-1": "SE",
  "eu-south-2": "ES",
  "ap-southeast-1": "SG",
  "ap-southeast-2": "AU-NSW",
  "ap-northeast-1": "JP-TK",
  "af-south-1": "ZA",
  "sa-east-1": "BR-CS",
  // Google Cloud
  "europe-west1": "BE",
  "europe-west2": "GB",
  "europe-west3": "DE",
  "europe-west4": "NL",
  "europe-west6": "CH",
  "europe-west9": "FR",
  "europe-north1": "FI",
  "europe-north2": "SE",
  "europe-southwest1": "ES",
  "europe-central2": "PL",
  "southamerica-east1": "BR-CS",
};

/** Own entries only: names such as `constructor` come from outside. */
export function lookUp<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
