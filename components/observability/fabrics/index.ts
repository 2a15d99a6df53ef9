import type { FabricDescription } from "./description";
import { PLATFORM } from "./platform";
import { SCALABILITY } from "./scalability";
import { SECURITY } from "./security";
import { SUSTAINABILITY } from "./sustainability";

/** What dashboards and alerts exist for; a new fabric adds its description here. */
export const FABRICS: readonly FabricDescription[] = [PLATFORM, SCALABILITY, SUSTAINABILITY, SECURITY];
