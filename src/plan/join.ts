import { durationMs } from './duration-words.js';
import type { JoinNode, JoinWhen } from './plan.js';
import { keyPairs, type Take, takenColumns } from './table.js';
import type { RowShape } from './typed.js';

/** Windows of a join. */
export type JoinWindow =
  | { readonly tumble: string; readonly offset?: string }
  | { readonly hop: readonly [size: string, hop: string]; readonly offset?: string }
  | { readonly cumulate: readonly [size: string, step: string]; readonly offset?: string };

/** What every join of two streams says. */
export interface JoinColumns<S extends RowShape, T extends RowShape, K extends Take<T>> {
  /** Columns that are equal: of the same name, or `{ columnOfThis: 'columnOfTheOther' }`. */
  readonly on: readonly (keyof S & keyof T & string)[] | Readonly<Partial<Record<keyof S & string, keyof T & string>>>;
  /** What is taken of the other stream. */
  readonly take: K;
  /** `inner` when left out. */
  readonly join?: 'inner' | 'left' | 'full';
}

/** How rows of two streams find each other by their times. */
export type JoinOptions<S extends RowShape, T extends RowShape, K extends Take<T>> = JoinColumns<S, T, K> &
  (
    | {
        /** How long after a row of this stream (before it with a minus) the other one may be, both ends among them. */
        readonly within: readonly [from: string, to: string];
      }
    | { readonly asOf: 'row' }
  );

function signedMs(text: string): number {
  const bare = text.trim();
  return bare.startsWith('-') ? -durationMs(bare.slice(1)) : durationMs(bare);
}

type Made = Omit<JoinNode, 'name' | 'input' | 'right'>;

function made<S extends RowShape, T extends RowShape, K extends Take<T>>(
  { on, join = 'inner', take }: JoinColumns<S, T, K>,
  when: JoinWhen,
): Made {
  return { kind: 'join', keys: keyPairs(on), when, join, columns: takenColumns(take) };
}

/** The node of a join by times, without its place in a plan. @throws `usage` for a text that is no duration. */
export function joinNode<S extends RowShape, T extends RowShape, K extends Take<T>>(
  options: JoinOptions<S, T, K>,
): Made {
  if (!('within' in options)) return made(options, { kind: 'temporal' });
  const [from, to] = options.within;
  return made(options, { kind: 'interval', lowerMs: signedMs(from), upperMs: signedMs(to) });
}

/** The node of a join of windows, without its place in a plan. @throws `usage` for a text that is no duration. */
export function windowJoinNode<S extends RowShape, T extends RowShape, K extends Take<T>>(
  window: JoinWindow,
  options: JoinColumns<S, T, K>,
): Made {
  return made(options, { kind: 'window', window: windowOf(window) });
}

function windowOf(window: JoinWindow): Extract<JoinWhen, { readonly kind: 'window' }>['window'] {
  const offsetMs = durationMs(window.offset ?? '0');
  if ('tumble' in window) return { kind: 'tumble', sizeMs: durationMs(window.tumble), offsetMs };
  const [size, step] = 'hop' in window ? window.hop : window.cumulate;
  const sizeMs = durationMs(size);
  const stepMs = durationMs(step);
  return 'hop' in window
    ? { kind: 'hop', sizeMs, hopMs: stepMs, offsetMs }
    : { kind: 'cumulate', sizeMs, stepMs, offsetMs };
}
