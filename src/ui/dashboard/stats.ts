import { formatDuration } from '../../base/time.js';
import type { DashboardSnapshot, RunState } from '../../plan/snapshot.js';
import type { Look, StyleName } from '../charts/look.js';
import { formatCount, formatDateTime, formatSpan, formatTimeNear, groupDigits } from '../text/numbers.js';
import type { Say } from '../text/say.js';
import type { ViewState } from './view-state.js';

/** A number of the run with its name, as texts. */
export interface Stat {
  readonly name: string;
  readonly value: string;
  /** More about it, where there is room. */
  readonly detail: string;
  readonly style: StyleName;
}

const WORDS: Readonly<Record<RunState, readonly [word: string, glyph: string, ascii: string, style: StyleName]>> = {
  starting: ['starting', '◌', 'o', 'dim'],
  running: ['running', '●', '*', 'good'],
  idle: ['caught up', '○', 'o', 'accent'],
  paused: ['paused', '‖', '=', 'warn'],
  draining: ['closing windows', '◐', '*', 'warn'],
  done: ['done', '✓', '+', 'good'],
  failed: ['failed', '✗', 'x', 'bad'],
};

/** Where the run stands, with its sign: `● running`. */
export function stateText(
  snapshot: DashboardSnapshot,
  view: ViewState,
  look: Look,
): { text: string; style: StyleName } {
  const final = snapshot.state === 'done' || snapshot.state === 'failed';
  const [word, glyph, ascii, style] = WORDS[view.paused && !final ? 'paused' : snapshot.state];
  return { text: `${look.unicode ? glyph : ascii} ${look.say(word)}`, style };
}

/** The numbers of the second line (or of the tiles), in order of importance. */
export function statsOf(snapshot: DashboardSnapshot, say: Say): readonly Stat[] {
  const { counts, lag, watermarkMs, atMs, latenessMs, window } = snapshot;
  const peak = Math.max(snapshot.rowsPerSecond, ...(snapshot.history.rowsPerSecond ?? []));
  const lateness = latenessMs === undefined ? '' : say('lateness {1}', formatDuration(latenessMs));
  const results = groupDigits(String(counts.resultsOut));
  return [
    {
      name: say('rows/s'),
      value: formatCount(snapshot.rowsPerSecond),
      detail: say('peak {1}', formatCount(peak)),
      style: 'strong',
    },
    {
      name: say('rows'),
      value: groupDigits(String(counts.rowsIn)),
      detail: say('in {1}', formatSpan(snapshot.elapsedMs)),
      style: 'strong',
    },
    {
      name: say('lag'),
      value: lag === null ? '-' : formatCount(lag),
      detail: say(lag === 0 ? 'caught up' : 'records to read'),
      style: 'strong',
    },
    {
      name: say('watermark'),
      // A time of yesterday without its day looks like one that is still to come.
      value: formatTimeNear(watermarkMs, atMs),
      detail: formatDateTime(watermarkMs).slice(0, 10),
      style: 'strong',
    },
    {
      name: say('late'),
      value: groupDigits(String(counts.late)),
      detail: lateness,
      style: counts.late > 0 ? 'warn' : 'strong',
    },
    {
      name: say('rejected'),
      value: groupDigits(String(counts.rejected)),
      detail: say('rows set aside'),
      style: counts.rejected > 0 ? 'bad' : 'strong',
    },
    {
      name: say('windows'),
      value: groupDigits(String(counts.windowsClosed)),
      detail: window ?? say('{1} results', results),
      style: 'strong',
    },
  ];
}
