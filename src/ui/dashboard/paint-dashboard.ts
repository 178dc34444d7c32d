import type { DashboardSnapshot, Note } from '../../plan/snapshot.js';
import { paintBars } from '../charts/bars.js';
import { paintLines } from '../charts/line.js';
import type { Look } from '../charts/look.js';
import { insideFrame, paintFrame } from '../charts/panel.js';
import { paintSparkline } from '../charts/sparkline.js';
import { paintTable } from '../charts/table.js';
import { CellGrid, type Rectangle, type Size } from '../terminal/cells.js';
import { formatCount, formatTime } from '../text/numbers.js';
import type { Say } from '../text/say.js';
import { truncateText } from '../text/width.js';
import type { ShownPanel } from './arrangement.js';
import { paintHelp } from './help.js';
import type { Layout } from './layout.js';
import { barsOf, linesOf, shownRows, tableOf } from './model.js';
import type { ViewState } from './view-state.js';

/** Paints the charts of a snapshot over the texts of a layout. Pure: the layout is not changed. */
export function paintDashboard(layout: Layout, snapshot: DashboardSnapshot, view: ViewState, look: Look): CellGrid {
  const grid = layout.texts.copy();
  for (const { stat, area } of layout.tiles) paintFrame(grid, area, stat.name, '', look);
  for (const { panel, area } of layout.panels) {
    const { remark, content } = panelContent(panel, snapshot, view, look);
    paintFrame(grid, area, look.say(panel.title), remark, look);
    const inside = insideFrame(area);
    grid.blit(content(inside), inside.x, inside.y);
  }
  if (view.help) paintHelp(grid, look);
  return grid;
}

interface Content {
  /** Said at the right of the frame. */
  readonly remark: string;
  readonly content: (size: Size) => CellGrid;
}

function panelContent(panel: ShownPanel, snapshot: DashboardSnapshot, view: ViewState, look: Look): Content {
  const { results } = snapshot;
  switch (panel.kind) {
    case 'bars': {
      const rows = shownRows(results, view);
      return orWaiting(rows.length, snapshot, view, look, {
        remark: snapshot.window ?? '',
        content: (size) => paintBars(barsOf(panel, results, rows, look), size, look),
      });
    }
    case 'table': {
      const rows = shownRows(results, view);
      return orWaiting(rows.length, snapshot, view, look, {
        remark: keyCount(rows.length, results.rows.length, look.say),
        content: (size) => paintTable(tableOf(panel, results, rows, view, look), size, look),
      });
    }
    case 'line': {
      const rows = shownRows(results, view);
      return orWaiting(rows.length, snapshot, view, look, {
        remark: '',
        content: (size) => paintLines(linesOf(panel, results, rows), size, look),
      });
    }
    case 'sparkline': {
      const values = snapshot.history[panel.metric] ?? [];
      const remark = values.length > 0 ? look.say('now {1}', formatCount(values.at(-1)!)) : '';
      return { remark, content: (size) => paintSparkline({ values, axis: true }, size, look) };
    }
    case 'activity':
      return { remark: snapshot.place ?? '', content: (size) => paintActivity(snapshot, size, look) };
  }
}

function keyCount(shown: number, all: number, say: Say): string {
  if (shown === all) return all === 1 ? say('1 key') : say('{1} keys', all);
  return say('{1} of {2} keys', shown, all);
}

/** The content, or why there is none yet. */
function orWaiting(rows: number, snapshot: DashboardSnapshot, view: ViewState, look: Look, content: Content): Content {
  if (rows > 0) return content;
  const text = view.filter ? look.say('nothing matches "{1}"', view.filter) : look.say(waitingText(snapshot));
  return { remark: '', content: (size) => centered(text, size, look) };
}

function waitingText(snapshot: DashboardSnapshot): string {
  if (snapshot.state === 'starting') return 'connecting';
  if (snapshot.state === 'failed') return snapshot.notes.at(-1)?.text ?? 'the run failed';
  if (snapshot.state === 'done') return snapshot.counts.rowsIn === 0 ? 'there were no rows' : 'there were no results';
  if (snapshot.counts.rowsIn === 0) return 'waiting for the first row';
  return 'waiting for the first window to close';
}

function centered(text: string, size: Size, look: Look): CellGrid {
  const grid = new CellGrid(size.columns, size.rows);
  const shown = truncateText(text, size.columns, look.unicode ? '…' : '~');
  grid.put(Math.max(0, (size.columns - shown.length) >> 1), Math.max(0, (size.rows - 1) >> 1), shown, look.styles.dim);
  return grid;
}

const NOTE_STYLES: Readonly<Record<Note['level'], 'dim' | 'warn' | 'bad'>> = {
  info: 'dim',
  warning: 'warn',
  error: 'bad',
};

/** Sources with what is left to read, then the newest notes. */
function paintActivity(snapshot: DashboardSnapshot, size: Size, look: Look): CellGrid {
  const grid = new CellGrid(size.columns, size.rows);
  const sources = paintTable(
    {
      columns: [
        { title: look.say('source'), align: 'left' },
        { title: look.say('partitions'), align: 'right' },
        { title: look.say('rows'), align: 'right' },
        { title: look.say('lag'), align: 'right' },
      ],
      rows: snapshot.sources.map((source) => [
        source.name,
        String(source.partitions),
        formatCount(source.rowsIn),
        source.lag === null ? '-' : formatCount(source.lag),
      ]),
    },
    { columns: size.columns, rows: Math.min(size.rows, snapshot.sources.length + 1) },
    look,
  );
  grid.blit(sources, 0, 0);
  const notes: Rectangle = { x: 0, y: sources.rows + 1, columns: size.columns, rows: size.rows - sources.rows - 1 };
  snapshot.notes.slice(-Math.max(0, notes.rows)).forEach((note, at) => {
    if (notes.rows <= 0) return;
    const end = grid.put(0, notes.y + at, `${formatTime(note.atMs)} `, look.styles.border);
    const text = truncateText(note.text, size.columns - end, look.unicode ? '…' : '~');
    grid.put(end, notes.y + at, text, look.styles[NOTE_STYLES[note.level]]);
  });
  return grid;
}
