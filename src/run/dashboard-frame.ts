import { formatDuration } from '../base/time.js';
import {
  type AggregateStep,
  type Panel,
  type Plan,
  type Sink,
  WINDOW_END,
  WINDOW_START,
  type Window,
} from '../plan/plan.js';
import type { DashboardSpec, HistoryMetric, ResultColumn, Panel as ShownPanel } from '../plan/snapshot.js';
import type { PageFrame } from './dashboard-results.js';
import type { DashboardFrame } from './dashboard-state.js';

const METRICS: Readonly<Record<'rows-per-second' | 'lag' | 'late', HistoryMetric>> = {
  'rows-per-second': 'rowsPerSecond',
  lag: 'lag',
  late: 'latePerSecond',
};

/** The sinks whose results a dashboard shows, in the order in which panels name them; the first one where none does. */
export function shownSinks(plan: Plan): readonly Sink[] {
  const named = new Set(plan.dashboard.panels.flatMap((panel) => ('sink' in panel ? [panel.sink] : [])));
  const found = [...named].flatMap((name) => plan.sinks.filter((sink) => sink.name === name));
  return found.length > 0 ? found : plan.sinks.slice(0, 1);
}

/** What a dashboard of `plan` needs to know before the first row. @param place where it runs, in words. */
export function dashboardFrame(plan: Plan, place?: string): DashboardFrame {
  const [first, ...others] = shownSinks(plan);
  const latenessMs = plan.sources.length > 0 ? Math.max(...plan.sources.map((source) => source.latenessMs)) : undefined;
  return {
    pipeline: plan.name,
    ...pageFrame(plan, first, (panel) => !('sink' in panel) || panel.sink === first?.name),
    pages: others.map((sink) => pageFrame(plan, sink, (panel) => 'sink' in panel && panel.sink === sink.name)),
    ...(latenessMs === undefined ? {} : { latenessMs }),
    ...(place === undefined ? {} : { place }),
  };
}

function pageFrame(plan: Plan, sink: Sink | undefined, isShown: (panel: Panel) => boolean): PageFrame {
  const step = sink && aggregateBefore(plan, sink.input);
  const panels = plan.dashboard.panels.filter(isShown);
  const trendColumns = trendsOf(panels);
  return {
    sink: sink?.name ?? '',
    dashboard: shownDashboard(plan.dashboard.title, panels),
    columns: sink ? shownColumns(sink, panels) : [],
    keys: keysOf(sink, step),
    ...(trendColumns.length === 0 ? {} : { trendColumns }),
    ...(step?.window ? { window: windowInWords(step.window) } : {}),
  };
}

/** `1m tumbling`, `1m hopping every 10s`, `session with a gap of 30s`. */
export function windowInWords(window: Window): string {
  switch (window.kind) {
    case 'tumble':
      return `${formatDuration(window.sizeMs)} tumbling`;
    case 'hop':
      return `${formatDuration(window.sizeMs)} hopping every ${formatDuration(window.hopMs)}`;
    case 'cumulate':
      return `${formatDuration(window.sizeMs)} cumulating every ${formatDuration(window.stepMs)}`;
    case 'sliding':
      return `${formatDuration(window.sizeMs)} sliding`;
    case 'session':
      return `session with a gap of ${formatDuration(window.gapMs)}`;
  }
}

/** The aggregate nearest before `name`, where there is one. */
export function aggregateBefore(plan: Plan, name: string): AggregateStep | undefined {
  const node = plan.nodes.find((candidate) => candidate.name === name);
  if (!node) return undefined;
  return node.kind === 'aggregate' ? node : aggregateBefore(plan, node.input);
}

/** One row per key on the screen: a window is no part of it, or each window would be a row of its own. */
function keysOf(sink: Sink | undefined, step: AggregateStep | undefined): readonly string[] {
  if (!sink) return [];
  const columns = new Set(sink.columns.map((column) => column.name));
  const keys = step ? step.keys.filter((key) => columns.has(key)) : sink.keys;
  return keys.filter((key) => key !== WINDOW_START && key !== WINDOW_END);
}

function shownColumns(sink: Sink, panels: readonly Panel[]): readonly ResultColumn[] {
  return sink.columns.map(({ name, type }) => {
    const unit = panels.find((panel) => panel.kind === 'bars' && panel.value === name && panel.unit !== '');
    return { name, type, ...(unit && unit.kind === 'bars' ? { unit: unit.unit } : {}) };
  });
}

/** What the lines draw; without lines what the bars show. */
function trendsOf(panels: readonly Panel[]): readonly string[] {
  const drawn = panels.flatMap((panel) => (panel.kind === 'line' ? panel.values : []));
  if (drawn.length > 0) return [...new Set(drawn)];
  const bars = panels.find((panel) => panel.kind === 'bars');
  return bars?.kind === 'bars' ? [bars.value] : [];
}

function shownDashboard(title: string, panels: readonly Panel[]): DashboardSpec {
  const table = panels.find((panel) => panel.kind === 'table' && panel.sortBy !== null);
  const sort = table?.kind === 'table' && table.sortBy !== null ? `-${table.sortBy}` : undefined;
  return { title, panels: panels.map(shownPanel), ...(sort === undefined ? {} : { sort }) };
}

function shownPanel(panel: Panel): ShownPanel {
  switch (panel.kind) {
    case 'bars':
      return { kind: 'bars', title: panel.title, label: panel.label, value: panel.value };
    case 'table':
      return { kind: 'table', title: panel.title, ...(panel.columns.length > 0 ? { columns: panel.columns } : {}) };
    case 'sparkline':
      return { kind: 'sparkline', title: panel.title, metric: METRICS[panel.metric] };
    case 'line':
      return { kind: 'line', title: panel.title, label: panel.series, values: panel.values };
  }
}
