import type { Plan } from '../plan/plan.js';
import { pairUp, sameValue } from './compare-rows.js';
import type { Received } from './expectation-judge.js';
import { shownRow, shownValue } from './record-text.js';
import { pick, timeText, written } from './row-difference.js';
import { identityText, natureOf } from './sink-state.js';
import type { ExpectAside, ExpectedRow, ExpectRows, RowsPlace, RowValues } from './test-case.js';
import type { SeenRow } from './virtual-run.js';

/** A piece of the text that is replaced. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** An item of a list of rows: one that stays as it is written, or a new text. */
interface Item {
  /** Its place in the list as it was; undefined: it is new. */
  readonly was: number | undefined;
  /** New text; undefined: as it was. */
  readonly text: string | undefined;
}

/**
 * The text of a test file with what was received in place of what was expected. Rows that are still right stay as they are
 * written, so do comments and everything else.
 * @param json the file is JSON: texts are quoted.
 */
export function updatedText(
  text: string,
  received: readonly (Received & { readonly plan: Plan })[],
  json: boolean,
): string {
  const edits = received.flatMap((one) => (needsUpdate(one) ? [editOf(text, one.plan, one, json)] : []));
  let updated = text;
  for (const { start, end, text: by } of edits.toSorted((a, b) => b.start - a.start)) {
    updated = updated.slice(0, start) + by + updated.slice(end);
  }
  return updated;
}

/** Whether {@link updatedText} changes the place of an expectation. What a `contains` should contain nobody can tell. */
export function needsUpdate({ step, holds }: Received): boolean {
  const empty = 'rows' in step && step.rows === undefined;
  if (holds && !empty) return false;
  if (step.kind === 'rows' || step.kind === 'state') return step.match !== 'contains' || empty;
  return step.kind !== 'nothing';
}

function editOf(text: string, plan: Plan, { step, rows, watermarkMs }: Received, json: boolean): Edit {
  switch (step.kind) {
    case 'watermark':
      return { start: step.range[0], end: step.range[1], text: shownValue(timeText(watermarkMs), json) };
    case 'rows':
    case 'state':
      return listEdit(text, step.place, rowItems(plan, step, rows, json), json);
    case 'late':
    case 'rejected':
      return listEdit(text, step.place, asideItems(step, rows, json), json);
    case 'nothing':
      return { start: 0, end: 0, text: '' };
  }
}

function rowItems(plan: Plan, step: ExpectRows, received: readonly SeenRow[], json: boolean): readonly Item[] {
  const sink = plan.sinks.find(({ name }) => name === step.sink)!;
  const identity = natureOf(plan, sink).identity ?? [];
  const columns = step.columns ?? sink.columns.map((column) => column.name);
  const expected = step.rows ?? [];
  const same = (row: ExpectedRow, found: SeenRow): boolean => {
    const names = found.deleted ? sink.keys : columns;
    return row.deleted === found.deleted && names.every((name) => sameValue(row.values[name], found.values[name]));
  };
  const { places } = pairUp(expected, received, same);
  const textOf = ({ values, deleted }: SeenRow): string => {
    const names = deleted ? sink.keys : columns;
    const named = written(pick(values, names), sink.columns);
    return shownRow(deleted ? { ...named, $deleted: true } : named, json);
  };
  // A row that has changed stays where it was, under its comment.
  const free = new Set(expected.flatMap((_, item) => (places[item] === -1 ? [item] : [])));
  const itemOf = received.map((row, at): Item => {
    const kept = places.indexOf(at);
    if (kept !== -1) return { was: kept, text: undefined };
    const twin = [...free].find((item) => identityOf(expected[item]!.values) === identityOf(row.values));
    if (twin === undefined) return { was: undefined, text: textOf(row) };
    free.delete(twin);
    return { was: twin, text: textOf(row) };
  });
  if (step.match === 'exact') return itemOf;
  // In the order of the file, what is new behind it.
  return itemOf.toSorted((a, b) => (a.was ?? Number.MAX_SAFE_INTEGER) - (b.was ?? Number.MAX_SAFE_INTEGER));

  function identityOf(values: RowValues): string {
    return identityText(values, identity);
  }
}

function asideItems(step: ExpectAside, received: readonly SeenRow[], json: boolean): readonly Item[] {
  const expected = step.rows ?? [];
  const { places } = pairUp(expected, received, ({ reason, row }, found) => {
    if (reason !== undefined && !found.reason.includes(reason)) return false;
    if (row === undefined) return true;
    if (typeof row === 'string') return row.trim() === found.text?.trim();
    return Object.entries(row).every(([name, value]) => sameValue(value, found.values[name]));
  });
  const kept = expected.flatMap((_, item): Item[] => (places[item] === -1 ? [] : [{ was: item, text: undefined }]));
  const used = new Set(places);
  const others = received.filter((_, at) => !used.has(at)).toSorted((a, b) => a.fed - b.fed);
  const added = others.map((found): Item => {
    const row = Object.keys(found.values).length > 0 ? shownRow(found.values, json) : shownValue(found.text, json);
    if (step.kind === 'late') return { was: undefined, text: row };
    // What the language's parser says behind this is its own affair.
    const reason = found.reason.startsWith('not JSON: ') ? 'not JSON' : found.reason;
    const key = (name: string): string => shownValue(name, json);
    return { was: undefined, text: `{ ${key('reason')}: ${shownValue(reason, json)}, ${key('row')}: ${row} }` };
  });
  return [...kept, ...added];
}

/** Replaces the list at `place` by `items`, kept ones with the comments above and behind them. */
function listEdit(text: string, place: RowsPlace, items: readonly Item[], json: boolean): Edit {
  const pad = ' '.repeat(place.indent);
  const oneLine = (item: Item): string => item.text ?? textAt(text, place.items[item.was!]!);
  const flow = `[${items.map(oneLine).join(', ')}]`;
  const { range } = place;
  if (range === null && place.inBraces) {
    // In front of the brace that closes the step.
    const end = trimmedEnd(text, place.stepEnd - 1);
    return { start: end, end, text: `, ${shownValue('rows', json)}: ${flow}` };
  }
  if (range === null) {
    const end = lineEnd(text, trimmedEnd(text, place.stepEnd));
    return { start: end, end, text: `\n${pad}rows:${blockText(items.map(oneLine), pad)}` };
  }
  const end = trimmedEnd(text, range[1]);
  if (place.inBraces || (place.flow && place.items.length > 0)) return { start: range[0], end, text: flow };
  const keyEnd = trimmedEnd(text, range[0]);
  // With a comment between key and list, the list has a line of its own.
  const besideKey = text[keyEnd - 1] === ':';
  if (items.length === 0) return { start: besideKey ? keyEnd : range[0], end, text: besideKey ? ' []' : '[]' };
  if (place.items.length === 0) {
    // `rows: []` becomes a list below its key.
    return { start: keyEnd, end, text: blockText(items.map(oneLine), pad) };
  }
  const lead = leadOf(text, range[0]);
  const blocks = items.map((item) => {
    if (item.was === undefined) return `${lead}- ${item.text}`;
    const [from, until] = segmentOf(text, place, item.was);
    const [start, stop] = place.items[item.was]!;
    const after = trimmedEnd(text, stop);
    const written = item.text ?? text.slice(start, after);
    return text.slice(from, start) + written + text.slice(after, until);
  });
  return {
    start: range[0] - lead.length,
    end: segmentOf(text, place, place.items.length - 1)[1],
    text: blocks.join('\n'),
  };
}

function blockText(items: readonly string[], pad: string): string {
  return items.length === 0 ? ' []' : items.map((item) => `\n${pad}  - ${item}`).join('');
}

function textAt(text: string, [start, end]: readonly [number, number]): string {
  return text.slice(start, trimmedEnd(text, end));
}

/** `end` moved back over white space. */
function trimmedEnd(text: string, end: number): number {
  let at = end;
  while (at > 0 && /\s/.test(text[at - 1]!)) at--;
  return at;
}

/** The spaces in front of what begins at `start`. */
function leadOf(text: string, start: number): string {
  return text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
}

/** An item of a block list with its dash, the comments above it and the rest of its last line; without the line feed. */
function segmentOf(text: string, { items, range }: RowsPlace, item: number): readonly [start: number, end: number] {
  const endOf = (at: number): number => lineEnd(text, trimmedEnd(text, items[at]![1]));
  const start = item === 0 ? range![0] - leadOf(text, range![0]).length : endOf(item - 1) + 1;
  return [start, endOf(item)];
}

/** End of the line on which `at` is. */
function lineEnd(text: string, at: number): number {
  const found = text.indexOf('\n', at);
  return found === -1 ? text.length : found;
}
