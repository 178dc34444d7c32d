import type { Key } from '../terminal/keys.js';

/** What the person chose: everything about the picture that the snapshot does not say. */
export interface ViewState {
  readonly paused: boolean;
  /** Column to sort by; null keeps the order in which keys were first seen. */
  readonly sort: Sort | null;
  /** Text that a key has to contain to be shown. */
  readonly filter: string;
  /** Text being typed after `/`; undefined while no filter is being edited. */
  readonly draft?: string | undefined;
  readonly help: boolean;
  /** First row of the table. */
  readonly scroll: number;
  readonly quit: boolean;
  /** Results of which sink are shown, from 0. */
  readonly page: number;
  /** Shows at most so many keys, the first ones of the order. */
  readonly top?: number;
}

export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

/** What keys may act on. */
export interface ViewScope {
  /** Columns that `s` walks through. */
  readonly columns: readonly string[];
  /** Rows of the table now, for scrolling. */
  readonly rowCount: number;
  /** Order of each page at its beginning, as {@link initialView} takes it. */
  readonly sorts: readonly (string | undefined)[];
}

/** Longest filter that can be typed. */
export const MAX_FILTER = 60;
const PAGE = 10;

/**
 * The view at the beginning.
 * @param sort column name, `-` before it for descending. @param top most keys shown. @param page from 0.
 */
export function initialView(sort?: string, top?: number, page = 0): ViewState {
  const order = sort ? parseSort(sort) : null;
  const view = { paused: false, sort: order, filter: '', help: false, scroll: 0, quit: false, page };
  return top === undefined ? view : { ...view, top };
}

/** Reads `-price` as by price, descending. */
export function parseSort(text: string): Sort {
  return text.startsWith('-') ? { column: text.slice(1), descending: true } : { column: text, descending: false };
}

/** The view after a key. */
export function reduceView(view: ViewState, key: Key, scope: ViewScope): ViewState {
  if (key.name === 'interrupt') return { ...view, quit: true };
  if (view.draft !== undefined) return reduceDraft(view, view.draft, key);
  if (view.help && key.name !== 'text') return { ...view, help: false };
  switch (key.name) {
    case 'escape':
      return { ...view, filter: '', scroll: 0 };
    case 'tab':
    case 'right':
      return turned(view, view.page + 1, scope);
    case 'left':
      return turned(view, view.page - 1 + scope.sorts.length, scope);
    case 'up':
      return scrolled(view, -1, scope);
    case 'down':
      return scrolled(view, 1, scope);
    case 'page-up':
      return scrolled(view, -PAGE, scope);
    case 'page-down':
      return scrolled(view, PAGE, scope);
    case 'home':
      return { ...view, scroll: 0 };
    case 'end':
      return scrolled(view, scope.rowCount, scope);
    case 'text':
      return reduceLetter(view, key.text, scope);
    default:
      return view;
  }
}

function reduceLetter(view: ViewState, letter: string, scope: ViewScope): ViewState {
  switch (letter) {
    case 'q':
      return { ...view, quit: true };
    case 'p':
    case ' ':
      return { ...view, paused: !view.paused };
    case 's':
      return { ...view, sort: nextSort(view.sort, scope.columns), scroll: 0 };
    case 'S':
      return view.sort ? { ...view, sort: { ...view.sort, descending: !view.sort.descending } } : view;
    case '/':
      return { ...view, draft: view.filter, help: false };
    case '?':
    case 'h':
      return { ...view, help: !view.help };
    case 'k':
      return scrolled(view, -1, scope);
    case 'j':
      return scrolled(view, 1, scope);
    default:
      if (/^[1-9]$/.test(letter) && Number(letter) <= scope.sorts.length)
        return turned(view, Number(letter) - 1, scope);
      return view.help ? { ...view, help: false } : view;
  }
}

/** Another page begins in its own order; what was filtered stays filtered. */
function turned(view: ViewState, to: number, { sorts }: ViewScope): ViewState {
  const page = to % sorts.length;
  if (page === view.page) return view;
  const sort = sorts[page];
  return { ...view, page, sort: sort ? parseSort(sort) : null, scroll: 0 };
}

function reduceDraft(view: ViewState, draft: string, key: Key): ViewState {
  switch (key.name) {
    case 'enter':
      return { ...view, filter: draft.trim(), draft: undefined, scroll: 0 };
    case 'escape':
      return { ...view, draft: undefined };
    case 'backspace':
      return { ...view, draft: Array.from(draft).slice(0, -1).join('') };
    case 'clear-line':
      return { ...view, draft: '' };
    case 'text':
      return { ...view, draft: (draft + key.text).slice(0, MAX_FILTER) };
    default:
      return view;
  }
}

/** Each column descending then ascending, then the order of arrival. */
function nextSort(sort: Sort | null, columns: readonly string[]): Sort | null {
  if (!sort) return columns.length > 0 ? { column: columns[0]!, descending: true } : null;
  if (sort.descending) return { ...sort, descending: false };
  const next = columns[columns.indexOf(sort.column) + 1];
  return next === undefined ? null : { column: next, descending: true };
}

function scrolled(view: ViewState, by: number, { rowCount }: ViewScope): ViewState {
  return { ...view, scroll: Math.max(0, Math.min(Math.max(0, rowCount - 1), view.scroll + by)) };
}
