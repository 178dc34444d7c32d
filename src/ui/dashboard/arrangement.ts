import type { DashboardSpec, Panel } from '../../plan/snapshot.js';
import type { Size } from '../terminal/cells.js';

/** A panel of the pipeline, or one of ours that says how the run goes. */
export type ShownPanel = Panel | { readonly kind: 'activity'; readonly title: string };

/** Panels stand beside each other in a row, or below each other in a stack; `weight` shares the room out. */
export type Arrangement =
  | {
      readonly kind: 'panel';
      readonly id: string;
      readonly panel: ShownPanel;
      readonly weight: number;
      readonly rows?: number;
    }
  | {
      readonly kind: 'row' | 'stack';
      readonly id: string;
      readonly parts: readonly Arrangement[];
      readonly weight: number;
      readonly rows?: number;
    };

/** How much of the dashboard fits. */
export interface Outline {
  /** Rows of the numbers below the title: 1 as a line, 4 as tiles. */
  readonly statRows: number;
  readonly body: Arrangement | undefined;
}

const TILE_ROWS = 4;
/** A terminal from this size on has room for tiles and more than one column of panels. */
const LARGE: Size = { columns: 110, rows: 32 };
/** Below this size only the first panel is shown. */
const MEDIUM: Size = { columns: 56, rows: 16 };
const WIDE_COLUMNS = 110;
/** Lines around the rows of a table: its frame, its header and the count below. */
const TABLE_EXTRA = 4;

/** Chooses what is shown at this size and how it stands. @param keys number of result rows. */
export function arrange(spec: DashboardSpec, size: Size, keys: number): Outline {
  const panels = spec.panels.map((panel, at) => leaf(panel, `panel-${at}`));
  const large = size.columns >= LARGE.columns && size.rows >= LARGE.rows;
  const statRows = large ? TILE_ROWS : 1;
  if (panels.length === 0) return { statRows, body: undefined };
  if (size.columns < MEDIUM.columns || size.rows < MEDIUM.rows) return { statRows, body: panels[0] };
  if (large) return { statRows, body: arrangeLarge(panels, size, keys) };
  return { statRows, body: size.columns >= WIDE_COLUMNS ? arrangeWide(panels) : arrangeMedium(panels, size) };
}

function leaf(panel: ShownPanel, id: string, weight = 1): Arrangement {
  return { kind: 'panel', id, panel, weight };
}

function group(kind: 'row' | 'stack', id: string, parts: readonly Arrangement[], weight = 1): Arrangement {
  return parts.length === 1 ? weighted(parts[0]!, weight) : { kind, id, parts, weight };
}

function weighted(part: Arrangement, weight: number, rows?: number): Arrangement {
  return { ...part, weight, ...(rows === undefined ? {} : { rows }) };
}

function isTable(part: Arrangement): boolean {
  return part.kind === 'panel' && part.panel.kind === 'table';
}

/** 80x24: the first panel on top, below it the table and beside that a small one; on a tall terminal one more between. */
function arrangeMedium(panels: readonly Arrangement[], size: Size): Arrangement {
  const [first, ...rest] = panels;
  const table = rest.find(isTable);
  const [side, ...others] = rest.filter((part) => part !== table);
  const below = [...(table ? [weighted(table, 2)] : []), ...(side ? [side] : [])];
  if (below.length === 0) return first!;
  const between = size.rows >= LARGE.rows ? others.slice(0, 1) : [];
  return group('stack', 'body', [weighted(first!, 1), ...between, group('row', 'below', below)]);
}

/** Wide and low: the first panel at the left, the rest at the right. */
function arrangeWide(panels: readonly Arrangement[]): Arrangement {
  const [first, ...rest] = panels;
  if (rest.length === 0) return first!;
  const right = rest.slice(0, 2).map((part) => weighted(part, isTable(part) ? 3 : 2));
  return group('row', 'body', [first!, group('stack', 'right', right)]);
}

/** 200x60: two columns of charts, the table over the whole width below. */
function arrangeLarge(panels: readonly Arrangement[], size: Size, keys: number): Arrangement {
  const table = panels.find(isTable);
  const charts = panels.filter((part) => part !== table);
  const left = charts.filter((_, at) => at % 2 === 0).slice(0, 2);
  const right = [
    ...charts.filter((_, at) => at % 2 === 1).slice(0, 2),
    leaf({ kind: 'activity', title: 'Run' }, 'run'),
  ];
  const columns = [
    group(
      'stack',
      'left',
      left.map((part, at) => weighted(part, at === 0 ? 3 : 2)),
      3,
    ),
  ];
  columns.push(group('stack', 'right', right, 2));
  const upper = group(
    'row',
    'upper',
    columns.filter((part) => part.kind === 'panel' || part.parts.length > 0),
  );
  if (!table) return upper;
  const tableRows = Math.min(keys + TABLE_EXTRA, Math.floor((size.rows - TILE_ROWS - 2) * 0.4));
  return group('stack', 'body', [upper, weighted(table, 0, Math.max(TABLE_EXTRA + 1, tableRows))]);
}
