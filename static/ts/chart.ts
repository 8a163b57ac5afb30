// Charts over time: as wide as their place, in the colours of the theme.

import uPlot from "uplot";
import { color, onColorsChange } from "./colors";

/** What a chart shows. */
export interface ChartPlan {
  /** The names of its lines; the first has the first colour, and so on. */
  readonly lines: readonly string[];
  /** How its values are written. */
  readonly text: (value: number) => string;
  /** The top of the scale, at least; the bottom is 0. */
  readonly top: number;
  /** Whether higher values raise the top. */
  readonly grows: boolean;
  /** Whether values are bytes, so that round ones are powers of two. */
  readonly bytes: boolean;
  /** How many seconds up to the newest are shown. */
  readonly seconds: number;
}

/** Seconds since the epoch, and the values of each line. `null` is a gap. */
export type ChartData = [number[], ...(number | null)[][]];

/** A chart that is shown. */
export interface Chart {
  show(data: ChartData): void;
}

const height = 150; // pixels

/** The least that a chart spans, so that its first points do not race across it. */
const leastSeconds = 120;

const powersOfTwo = Array.from({ length: 50 }, (_, exponent) => 2 ** exponent);

/** Puts a chart into `place`. Charts on one page share their cursor. */
export function chart(place: HTMLElement, plan: ChartPlan, data: ChartData): Chart {
  let shown = data;
  let plot = draw();

  function draw(): uPlot {
    return new uPlot(options(plan, place.clientWidth), shown, place);
  }

  onColorsChange(() => {
    plot.destroy();
    plot = draw();
  });
  new ResizeObserver(() => {
    if (place.clientWidth !== plot.width) plot.setSize({ width: place.clientWidth, height });
  }).observe(place);
  return {
    show(next) {
      shown = next;
      plot.setData(next);
    },
  };
}

function options(plan: ChartPlan, width: number): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: color("--ink-faint"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
  };
  const clock = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(11, 19);
  const axisTime = (at: number): string => (at % 60 === 0 ? clock(at).slice(0, 5) : clock(at));
  return {
    width,
    height,
    padding: [8, 18, 0, 0],
    // Dragging selects nothing here, and on a phone it must scroll the page.
    cursor: { sync: { key: "time" }, drag: { x: false, y: false }, y: false },
    scales: {
      // A server that has just begun has little to show: its few minutes fill the chart.
      x: {
        time: true,
        range: (_, oldest, newest) => [
          Math.max(newest - plan.seconds, Math.min(oldest, newest - leastSeconds)),
          newest,
        ],
      },
      y: { range: (_, __, most) => [0, plan.grows ? Math.max(plan.top, most * 1.1) : plan.top] },
    },
    axes: [
      { ...axis, size: 28, space: 70, values: (_, times) => times.map(axisTime) },
      {
        ...axis,
        size: 62,
        space: 34,
        ...(plan.bytes && { incrs: powersOfTwo }),
        values: (_, values) => values.map(plan.text),
      },
    ],
    series: [
      { label: "Time", value: (_, at: number | null) => (at === null ? "–" : clock(at)) },
      ...plan.lines.map((label, index) => ({
        label,
        stroke: color(`--series-${index + 1}`),
        fill: color(`--series-${index + 1}-fill`),
        width: 1.5,
        points: { show: false },
        value: (_: uPlot, value: number | null) => (value === null ? "–" : plan.text(value)),
      })),
    ],
  };
}
