import { StreamctlError } from '../../../base/errors.js';
import { numberEnd } from '../../../connect/codecs/json-bytes.js';
import type { Pacing } from '../../../connect/sources/replay/pace.js';
import type { FlagSpecs, Input } from '../frame/command.js';
import { TARGET_FLAGS } from './target-flags.js';

/** Flags of `replay`. */
export const REPLAY_FLAGS = {
  topic: {
    type: 'string',
    short: 't',
    placeholder: 'TOPIC',
    help: "where the records go; the file's name when left out",
  },
  batch: { type: 'number', integer: true, min: 1, max: 1_000_000, default: 100, help: 'rows of a lot' },
  pause: { type: 'duration', placeholder: 'D', help: 'from the start of a lot to the start of the next' },
  rate: { type: 'string', placeholder: 'N/s', help: 'rows per time: 200/s, 30/m' },
  speed: { type: 'string', placeholder: 'Nx|max', help: 'follow the times of --time, so many times as fast: 60x' },
  maxGap: { type: 'duration', placeholder: 'D', help: 'longest wait between two rows with --speed' },
  time: { type: 'string', placeholder: 'COL', help: "column with each row's time: becomes the record's timestamp" },
  timeFormat: {
    type: 'string',
    placeholder: 'FORMAT',
    default: 'auto',
    help: "how times are written: 'MM/DD/YYYY HH:mm:ss'; auto: ISO 8601 or epoch",
  },
  tz: {
    type: 'string',
    placeholder: 'ZONE',
    default: 'UTC',
    help: 'zone of times that name none: +02:00, Europe/Paris',
  },
  align: {
    type: 'choice',
    choices: ['keep', 'now'],
    default: 'keep',
    help: 'keep the times, or move them so that the first is now',
  },
  key: { type: 'string', placeholder: 'COL', help: 'column that becomes the record key' },
  columns: { type: 'list', separator: ',', placeholder: 'COL,...', help: 'only these columns' },
  set: { type: 'list', placeholder: 'NAME=VALUE', help: 'a field for every row, repeat for more' },
  limit: { type: 'number', integer: true, min: 1, help: 'send so many rows of each file at most' },
  from: { type: 'number', integer: true, min: 1, default: 1, help: 'begin with this row of each file' },
  loop: { type: 'number', integer: true, min: 0, default: 1, help: 'read the file so many times; 0: for ever' },
  resume: { type: 'boolean', help: 'go on where a replay of the same file was cut off' },
  watch: { type: 'boolean', help: 'wait in a folder: each file that is complete is sent once, over restarts too' },
  merge: { type: 'boolean', help: 'several files or sheets as one stream, by --time' },
  sortByTime: { type: 'boolean', help: 'by --time, for archives that come newest first' },
  shuffle: { type: 'duration', placeholder: 'D', help: 'rows come up to so much later than their --time' },
  late: { type: 'string', placeholder: 'N%:D', help: 'a share of the rows comes so much later: 2%:5m' },
  dup: { type: 'string', placeholder: 'N%', help: 'a share of the rows comes twice' },
  seed: {
    type: 'number',
    integer: true,
    min: 0,
    help: 'of --shuffle, --late and --dup: the same order each time; 0 when left out',
  },
  onError: {
    type: 'choice',
    choices: ['stop', 'skip', 'quarantine'],
    default: 'stop',
    help: 'what becomes of rows that are no records; quarantine sends them to TOPIC-quarantine',
  },
  maxBad: { type: 'string', placeholder: 'N|N%', help: 'give up beyond so many bad rows' },
  delimiter: { type: 'string', placeholder: 'CHAR', default: 'auto', help: 'between the cells: , ; tab |' },
  encoding: { type: 'string', placeholder: 'NAME', default: 'auto', help: 'utf-8, utf-16le, utf-16be, windows-1252' },
  quote: { type: 'string', placeholder: 'CHAR', default: 'auto', help: 'around cells: ", \', none' },
  decimal: { type: 'string', placeholder: 'MARK', default: 'auto', help: 'of numbers: dot, comma' },
  types: {
    type: 'string',
    placeholder: 'infer|text|FILE',
    default: 'infer',
    help: 'text: no cell becomes a number; a YAML or JSON file says it by column: SITE_ID: text',
  },
  format: { type: 'choice', choices: ['csv', 'ndjson', 'xlsx'], help: 'of the file; told from its name when left out' },
  sheet: {
    type: 'list',
    placeholder: 'NAME',
    help: "sheet of a workbook, the first one when left out; repeat for more, '*' for all",
  },
  range: { type: 'string', placeholder: 'A1:F20', help: 'cells of the sheet; the first row with cells is the header' },
  ...TARGET_FLAGS,
} as const satisfies FlagSpecs;

/** Values of {@link REPLAY_FLAGS}. */
export type ReplayFlags = Input<typeof REPLAY_FLAGS, readonly []>['flags'];

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, sec: 1, m: 60, min: 60, h: 3600 };
const NO_GAP_LIMIT = Number.POSITIVE_INFINITY;

/**
 * How fast rows go out: as fast as possible when nothing is said.
 * @throws `usage` for two ways at once, or a text that is no rate or speed.
 */
export function readPacing({ pause, rate, speed, maxGap, time }: ReplayFlags): Pacing {
  const isMax = speed === 'max';
  const ways = [pause !== undefined && '--pause', rate !== undefined && '--rate', speed !== undefined && '--speed'];
  const given = ways.filter((way) => way !== false);
  if (given.length > 1) throw new StreamctlError('usage', `${given.join(' and ')} cannot be given together`);
  if (maxGap !== undefined && (speed === undefined || isMax)) {
    throw new StreamctlError('usage', '--max-gap goes with --speed', {
      hint: 'for example --time COL --speed 60x --max-gap 5s',
    });
  }
  if (rate !== undefined) return { kind: 'rate', perSecond: readRate(rate) };
  if (speed === undefined || isMax) return { kind: 'batch', pauseMs: pause ?? 0 };
  const match = /^(\d+(?:\.\d+)?)x?$/.exec(speed);
  if (!match || Number(match[1]) === 0) {
    throw new StreamctlError('usage', `--speed: "${speed}" is not a speed`, { hint: 'write 60x, 1x or max' });
  }
  if (time === undefined) {
    throw new StreamctlError('usage', '--speed follows the times of the rows: name their column', {
      hint: `--time COL --speed ${speed}, or --speed max`,
    });
  }
  return { kind: 'event-time', speed: Number(match[1]), maxGapMs: maxGap ?? NO_GAP_LIMIT };
}

function readRate(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(?:\/(s|sec|m|min|h))?$/.exec(text.trim());
  const perSecond = match ? Number(match[1]) / UNIT_SECONDS[match[2] ?? 's']! : 0;
  if (perSecond > 0) return perSecond;
  throw new StreamctlError('usage', `--rate: "${text}" is not a rate`, { hint: 'write 200/s, 30/m or 10/h' });
}

/**
 * Reads `--set name=value` as JSON texts: numbers are numbers, all else is text.
 * @throws `usage`
 */
export function readSet(texts: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at <= 0)
      throw new StreamctlError('usage', `--set "${text}" is not name=value`, { hint: '--set manufacturer=audi' });
    const value = text.slice(at + 1);
    const bytes = new TextEncoder().encode(value);
    fields[text.slice(0, at)] =
      numberEnd(bytes, 0, bytes.length) === bytes.length && value !== '' ? value : JSON.stringify(value);
  }
  return fields;
}
