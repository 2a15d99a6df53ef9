import { AUTHENTICATION_RULES } from "./authentication";
import { HTTP_RULES } from "./http";
import { KUBERNETES_RULES } from "./kubernetes";
import { PLATFORM_RULES } from "./platform";

/** The rules that come with the engine. */
export const DEFAULT_PACK: readonly { source: string; text: string }[] = [
  { source: "authentication", text: AUTHENTICATION_RULES },
  { source: "http", text: HTTP_RULES },
  { source: "kubernetes", text: KUBERNETES_RULES },
  { source: "platform", text: PLATFORM_RULES },
];
