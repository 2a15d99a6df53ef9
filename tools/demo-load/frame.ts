import {
  capacityPanel,
  endpointPanel,
  latencyPanel,
  loadPanel,
  poolPanel,
  replicaHistoryPanel,
  replicaPanel,
  titlePanel,
  whyPanel,
} from "./panels";
import { beside, fit, type Line, type Paint, paintLine } from "./text";
import type { View } from "./view";

export interface Size {
  columns: number;
  rows: number;
}

const LEAST_COLUMNS = 20;
/** From here on three charts stand side by side. */
const WIDE = 110;
/** From here on there are two rows for each engine's reason. */
const TALL = 32;
/** Rows of the middle: replicas and capacity to the left, endpoints and pools to the right. */
const MIDDLE = 9;
const SMALLEST_CHART = 2;

/** Draws the whole picture: at most `size.rows` lines, none wider than `size.columns`. Made for 80x24 and more. */
export function drawFrame(view: View, size: Size, paint: Paint): string[] {
  const width = Math.max(LEAST_COLUMNS, size.columns);
  const title = titlePanel(view, width);
  const reasons = whyPanel(view, width, size.rows >= TALL ? 2 : 1);
  const middle = drawMiddle(view, width);
  // What does not fit goes, the least telling first; the charts get what is left.
  const parts = [title, reasons, middle];
  const room = (): number => size.rows - parts.reduce((sum, part) => sum + part.length, 0) - 1;
  if (room() < SMALLEST_CHART) parts.pop();
  if (room() < SMALLEST_CHART) parts.pop();
  const [, shownReasons = [], shownMiddle = []] = parts;
  const lines = [...title, ...drawCharts(view, width, Math.max(1, room())), ...shownMiddle, ...shownReasons];
  return lines.slice(0, Math.max(1, size.rows)).map((line) => paintLine(fit(line, width), paint).trimEnd());
}

function drawCharts(view: View, width: number, height: number): Line[] {
  const panels = width >= WIDE ? [loadPanel, replicaHistoryPanel, latencyPanel] : [loadPanel, latencyPanel];
  const each = Math.floor((width - 2 * (panels.length - 1)) / panels.length);
  return panels
    .map((panel) => panel(view, each, height))
    .reduce((left, right, index) => beside(left, right, index * (each + 2) - 2, each));
}

function drawMiddle(view: View, width: number): Line[] {
  const left = Math.floor((width - 2) / 2);
  const right = width - 2 - left;
  const capacity = [...replicaPanel(view, left), ...capacityPanel(view, left)];
  const pools = poolPanel(view, left, Math.max(1, MIDDLE - capacity.length));
  return beside([...capacity, ...pools], endpointPanel(view, right, MIDDLE), left, right);
}
