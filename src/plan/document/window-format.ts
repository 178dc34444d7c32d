import type { AlignedWindow, Emit, JoinWhen, Window } from '../plan.js';
import { dataOf, durationText } from './data.js';
import type { DocumentData, DocumentNode } from './node.js';
import type { Fields, Reading } from './reading.js';

const KINDS = ['tumble', 'hop', 'cumulate', 'session', 'sliding'] as const;
const DEFAULT_WINDOW: Window = { kind: 'tumble', sizeMs: 60_000, offsetMs: 0 };

/** Writes a window: `{ tumble: 1 minute }`, `{ hop: [1 hour, 15 minutes] }`. */
export function windowData(window: Window): DocumentData {
  if (window.kind === 'session') return dataOf({ session: durationText(window.gapMs) });
  if (window.kind === 'sliding') return dataOf({ sliding: durationText(window.sizeMs) });
  const size = durationText(window.sizeMs);
  const offset = window.offsetMs === 0 ? undefined : durationText(window.offsetMs);
  switch (window.kind) {
    case 'tumble':
      return dataOf({ tumble: size, offset });
    case 'hop':
      return dataOf({ hop: [size, durationText(window.hopMs)], offset });
    case 'cumulate':
      return dataOf({ cumulate: [size, durationText(window.stepMs)], offset });
  }
}

/** Reads a window. */
export function readWindow(reading: Reading, node: DocumentNode): Window {
  const before = reading.problems.length;
  const fields = reading.fields(node, 'a window', [...KINDS, 'offset']);
  const given = KINDS.filter((kind) => fields.get(kind) !== undefined);
  const [kind] = given;
  if (kind === undefined || given.length > 1) {
    if (reading.problems.length === before)
      reading.add(node.at, `a window is one of ${KINDS.join(', ')}`, 'write { tumble: 1 minute }');
    return DEFAULT_WINDOW;
  }
  const value = fields.get(kind)!;
  const offsetMs = reading.duration(fields.get('offset'), 'the offset', 0, true);
  if (kind === 'tumble') return { kind, sizeMs: reading.duration(value, 'the window', 1), offsetMs };
  if (kind === 'session' || kind === 'sliding') {
    if (fields.get('offset')) reading.add(fields.get('offset')!.at, 'windows that go by the rows have no offset');
    if (kind === 'session') return { kind, gapMs: reading.duration(value, 'the silence', 1) };
    return { kind, sizeMs: reading.duration(value, 'the window', 1) };
  }
  const [sizeMs, stepMs] = twoDurations(reading, value, kind === 'hop' ? '[size, hop]' : '[size, step]');
  return kind === 'hop' ? { kind, sizeMs, hopMs: stepMs, offsetMs } : { kind, sizeMs, stepMs, offsetMs };
}

function twoDurations(reading: Reading, node: DocumentNode, form: string, signed = false): [number, number] {
  const items = reading.list(node, form);
  if (items.length !== 2) {
    if (node.kind !== 'map') reading.add(node.at, `two durations are wanted: ${form}`);
    return [1, 1];
  }
  return [reading.duration(items[0], 'a duration', 1, signed), reading.duration(items[1], 'a duration', 1, signed)];
}

/** Writes when results leave; undefined for what goes without saying. */
export function emitData(emit: Emit, asOf: string | null, windowed: boolean): DocumentData | undefined {
  const usual = windowed ? 'final' : 'update';
  if (asOf === null && emit.kind === usual) return undefined;
  if (asOf === null && emit.kind !== 'every') return emit.kind;
  return dataOf({
    every: emit.kind === 'every' ? durationText(emit.everyMs) : undefined,
    when: emit.kind === 'every' ? undefined : emit.kind,
    as: asOf ?? undefined,
  });
}

/** Reads when results leave. */
export function readEmit(
  reading: Reading,
  node: DocumentNode | undefined,
  windowed: boolean,
): { readonly emit: Emit; readonly asOf: string | null } {
  const usual = windowed ? 'final' : 'update';
  if (node === undefined) return { emit: { kind: usual }, asOf: null };
  if (node.kind === 'scalar') {
    return { emit: { kind: reading.choice(node, 'emit', ['final', 'update'] as const, usual) }, asOf: null };
  }
  const fields = reading.fields(node, 'emit', ['every', 'as', 'when']);
  const asOf = reading.textOr(fields.get('as'), 'as', null);
  const every = fields.get('every');
  if (every !== undefined) {
    return { emit: { kind: 'every', everyMs: reading.duration(every, 'every', 1) }, asOf };
  }
  return { emit: { kind: reading.choice(fields.get('when'), 'when', ['final', 'update'] as const, usual) }, asOf };
}

/** Writes how the rows of two streams find each other. */
export function joinWhenData(when: JoinWhen): Readonly<Record<string, DocumentData>> {
  if (when.kind === 'temporal') return { asOf: 'row' };
  if (when.kind === 'window') return { window: windowData(when.window) };
  return { within: [durationText(when.lowerMs), durationText(when.upperMs)] };
}

/** Reads how the rows of two streams find each other. */
export function readJoinWhen(reading: Reading, fields: Fields): JoinWhen {
  const [window, within, asOf] = [fields.get('window'), fields.get('within'), fields.get('asOf')];
  if ([window, within, asOf].filter((given) => given !== undefined).length !== 1) {
    const hint = 'write within: [-1 minute, 5 minutes]';
    reading.add(fields.at, 'a join says one of within, window and asOf', hint);
    return { kind: 'temporal' };
  }
  if (asOf !== undefined) reading.choice(asOf, 'asOf', ['row'] as const, 'row');
  if (within !== undefined) {
    const [lowerMs, upperMs] = twoDurations(reading, within, '[from, to]', true);
    return { kind: 'interval', lowerMs, upperMs };
  }
  if (window === undefined) return { kind: 'temporal' };
  const read = readWindow(reading, window);
  if (isAligned(read)) return { kind: 'window', window: read };
  reading.add(
    window.at,
    'two streams cannot be joined in windows that go by the rows',
    'use within, or another window',
  );
  return { kind: 'temporal' };
}

function isAligned(window: Window): window is AlignedWindow {
  return 'offsetMs' in window;
}
