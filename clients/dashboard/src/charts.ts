import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { element } from "./dom.js";
import { sum, type History, type Sample } from "./figures.js";

interface Series {
  label: string;
  value(sample: Sample, before: Sample | undefined): number | null | undefined;
}

interface Definition {
  title: string;
  unit: string;
  digits: number;
  series(history: History): Series[];
}

const perReplica = (history: History, value: (figures: NonNullable<ReturnType<Sample["replicas"]["get"]>>) => number): Series[] =>
  history.replicas.map((replica) => ({ label: replica, value: ({ replicas }) => (replicas.has(replica) ? value(replicas.get(replica)!) : null) }));

const dropped = (sample: Sample): number => sum(sample, (f) => f.dropped) ?? 0;

const DEFINITIONS: Definition[] = [
  {
    title: "Connections", unit: "", digits: 0,
    series: () => [
      { label: "raw", value: (s) => sum(s, (f) => f.connections.raw) },
      { label: "SignalR", value: (s) => sum(s, (f) => f.connections.signalr) },
    ],
  },
  {
    title: "Messages", unit: "/s", digits: 1,
    series: () => [
      { label: "in", value: (s) => sum(s, (f) => f.messages_in_per_second) },
      { label: "out", value: (s) => sum(s, (f) => f.messages_out_per_second) },
    ],
  },
  {
    title: "Deliveries", unit: "/s", digits: 1,
    series: () => [
      { label: "delivered", value: (s) => sum(s, (f) => f.deliveries_per_second) },
      { label: "dropped", value: (s, before) => (s.replicas.size === 0 ? null : before ? Math.max(0, dropped(s) - dropped(before)) : 0) },
    ],
  },
  {
    title: "Latency", unit: "ms", digits: 1,
    series: () => [
      { label: "raw", value: (s) => s.latency.raw },
      { label: "SignalR", value: (s) => s.latency.signalr },
    ],
  },
  { title: "CPU", unit: "%", digits: 1, series: (history) => perReplica(history, (f) => f.cpu_percent) },
  { title: "Memory", unit: "MB", digits: 0, series: (history) => perReplica(history, (f) => f.memory_bytes / 1e6) },
];

const HEIGHT = 116;
const css = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colour = (index: number): string => css(`--series-${(index % 4) + 1}`);
const short = (value: number): string => (Math.abs(value) >= 1e6 ? `${value / 1e6}M` : Math.abs(value) >= 1e3 ? `${value / 1e3}k` : String(value));

class Chart {
  readonly figure: HTMLElement;
  readonly #definition: Definition;
  readonly #plotted = element("div", { class: "plot", "aria-hidden": "true" });
  readonly #legend = element("dl", { class: "legend" });
  #labels = "";
  #plot: uPlot | undefined;

  constructor(definition: Definition) {
    this.#definition = definition;
    const { title, unit } = definition;
    this.figure = element("figure", { class: "chart" }, element("figcaption", {}, title, element("span", { class: "unit" }, unit)), this.#legend, this.#plotted);
  }

  draw(history: History): void {
    const series = this.#definition.series(history);
    const labels = series.map(({ label }) => label).join("\n");
    const data = [history.samples.map(({ at }) => at), ...series.map((one) => history.samples.map((sample, i) => one.value(sample, history.samples[i - 1]) ?? null))] as uPlot.AlignedData;
    if (labels !== this.#labels || !this.#plot) {
      this.#labels = labels;
      this.#plot?.destroy();
      this.#plot = this.#make(series, data);
    } else this.#plot.setData(data);
    this.#show(series, data);
  }

  /** After a change of the colours. */
  forget(): void {
    this.#labels = "";
  }

  resize(): void {
    const width = this.#plotted.clientWidth;
    if (width > 0) this.#plot?.setSize({ width, height: HEIGHT });
  }

  #show(series: Series[], data: uPlot.AlignedData): void {
    const items = series.map(({ label }, i) => {
      const value = data[i + 1]?.at(-1);
      const term = element("dt", {}, element("i", { class: `key key-${(i % 4) + 1}`, "aria-hidden": "true" }), label);
      return element("div", {}, term, element("dd", {}, value === null || value === undefined ? "–" : value.toFixed(this.#definition.digits)));
    });
    this.#legend.replaceChildren(...items);
  }

  #make(series: Series[], data: uPlot.AlignedData): uPlot {
    const axis: uPlot.Axis = { stroke: () => css("--ink-quiet"), font: `11px ${css("--font")}`, grid: { stroke: () => css("--grid"), width: 1 }, ticks: { show: false } };
    return new uPlot(
      {
        width: Math.max(this.#plotted.clientWidth, 200),
        height: HEIGHT,
        legend: { show: false },
        cursor: { points: { show: false }, drag: { x: false, y: false } },
        scales: { y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] } },
        axes: [
          { ...axis, size: 24, space: 70, values: (_, splits) => splits.map((at) => new Date(at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" })) },
          { ...axis, size: 40, space: 28, values: (_, splits) => splits.map(short) },
        ],
        series: [{}, ...series.map(({ label }, i) => ({ label, stroke: colour(i), width: 1.75, points: { show: false }, spanGaps: false }))],
      },
      data,
      this.#plotted,
    );
  }
}

/** The charts, each a figure with its latest values as text. */
export function charts(into: HTMLElement, history: History): { draw(): void; recolour(): void } {
  const all = DEFINITIONS.map((definition) => new Chart(definition));
  into.replaceChildren(...all.map((chart) => chart.figure));
  new ResizeObserver(() => all.forEach((chart) => chart.resize())).observe(into);
  const draw = () => all.forEach((chart) => chart.draw(history));
  return {
    draw,
    recolour() {
      all.forEach((chart) => chart.forget());
      draw();
    },
  };
}
