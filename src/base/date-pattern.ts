const DAY_MS = 86_400_000;
const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

type Field = 'y' | 'M' | 'd' | 'D' | 'H' | 'h' | 'm' | 's' | 'S' | 'a' | 'E';
type Part = { readonly field: Field; readonly count: number } | { readonly literal: string };

/** How times are written, compiled from a pattern in Java's letters. All times are as a clock shows them, in UTC's epoch ms. */
export interface DatePattern {
  format(clockMs: number): string;
  /** NaN when the text does not fit, or names a day that does not exist. */
  parse(text: string): number;
}

function cut(pattern: string): readonly Part[] | string {
  const parts: Part[] = [];
  for (let at = 0; at < pattern.length; ) {
    const letter = pattern[at]!;
    if (letter === "'") {
      const end = /^'((?:[^']|'')*)'/.exec(pattern.slice(at));
      if (!end) return `the text that begins at character ${at + 1} does not end`;
      parts.push({ literal: end[0] === "''" ? "'" : end[1]!.replaceAll("''", "'") });
      at += end[0].length;
    } else if (/[A-Za-z]/.test(letter)) {
      let end = at;
      while (pattern[end] === letter) end++;
      const name = letter === 'u' ? 'y' : letter;
      if (!/^[yMdDHhmsSaE]$/.test(name)) return `the letter "${letter}" is not offered (y M d D H h m s S a E are)`;
      parts.push({ field: name as Field, count: end - at });
      at = end;
    } else {
      parts.push({ literal: letter });
      at++;
    }
  }
  return parts;
}

function fieldText(field: Field, count: number, date: Date): string {
  const padded = (value: number): string => (value < 0 ? '-' : '') + String(Math.abs(value)).padStart(count, '0');
  switch (field) {
    case 'y':
      return count === 2
        ? String(((date.getUTCFullYear() % 100) + 100) % 100).padStart(2, '0')
        : padded(date.getUTCFullYear());
    case 'M': {
      const name = MONTHS[date.getUTCMonth()]!;
      return count >= 4 ? name : count === 3 ? name.slice(0, 3) : padded(date.getUTCMonth() + 1);
    }
    case 'd':
      return padded(date.getUTCDate());
    case 'D':
      return padded(Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS) + 1);
    case 'H':
      return padded(date.getUTCHours());
    case 'h':
      return padded(((date.getUTCHours() + 11) % 12) + 1);
    case 'm':
      return padded(date.getUTCMinutes());
    case 's':
      return padded(date.getUTCSeconds());
    case 'S':
      return String(date.getUTCMilliseconds()).padStart(3, '0').padEnd(count, '0').slice(0, count);
    case 'a':
      return date.getUTCHours() < 12 ? 'AM' : 'PM';
    case 'E': {
      const name = DAYS[date.getUTCDay()]!;
      return count >= 4 ? name : name.slice(0, 3);
    }
  }
}

function fieldPattern({ field, count }: Extract<Part, { field: Field }>, next: Part | undefined): string {
  const adjacent = next !== undefined && 'field' in next && /[yMdDHhmsS]/.test(next.field);
  switch (field) {
    case 'a':
      return '(AM|PM)';
    case 'E':
      return `(${DAYS.map((name) => (count >= 4 ? name : name.slice(0, 3))).join('|')})`;
    case 'M':
      if (count >= 3) return `(${MONTHS.map((name) => (count >= 4 ? name : name.slice(0, 3))).join('|')})`;
      return count === 1 ? '(\\d{1,2})' : '(\\d{2})';
    case 'S':
      return `(\\d{${count}})`;
    case 'y':
      return count === 2 ? '(\\d{2})' : adjacent || count > 1 ? `(\\d{${count === 1 ? 4 : count}})` : '(\\d{1,6})';
    default:
      return count === 1 ? (adjacent ? '(\\d)' : `(\\d{1,${field === 'D' ? 3 : 2}})`) : `(\\d{${count}})`;
  }
}

function clockOf(values: ReadonlyMap<Field, string>): number {
  const number = (field: Field, otherwise: number): number => Number(values.get(field) ?? otherwise);
  const yearText = values.get('y') ?? '1970';
  const year = yearText.length === 2 ? 2000 + Number(yearText) : Number(yearText);
  const monthText = values.get('M') ?? '1';
  const month = /^\d/.test(monthText)
    ? Number(monthText)
    : MONTHS.findIndex((name) => name.slice(0, 3) === monthText.slice(0, 3)) + 1;
  const afternoon = values.get('a') === 'PM' ? 12 : 0;
  const twelve = values.get('h');
  const hour = twelve === undefined ? number('H', 0) : (Number(twelve) % 12) + afternoon;
  if (twelve !== undefined && (Number(twelve) < 1 || Number(twelve) > 12)) return Number.NaN;
  const [day, minute, second] = [number('d', 1), number('m', 0), number('s', 0)];
  if (hour > 23 || minute > 59 || second > 59) return Number.NaN;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return Number.NaN;
  const fraction = Number((values.get('S') ?? '').padEnd(3, '0').slice(0, 3));
  const dayOfYear = values.get('D');
  if (dayOfYear !== undefined) date.setUTCFullYear(year, 0, Number(dayOfYear));
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + fraction;
}

function compile(pattern: string): DatePattern | string {
  const parts = cut(pattern);
  if (typeof parts === 'string') return parts;
  const source = parts.map((part, at) =>
    'literal' in part ? part.literal.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&') : fieldPattern(part, parts[at + 1]),
  );
  const wanted = new RegExp(`^${source.join('')}$`);
  const fields = parts.flatMap((part) => ('field' in part ? [part.field] : []));
  return {
    format(clockMs) {
      const date = new Date(clockMs);
      return parts.map((part) => ('literal' in part ? part.literal : fieldText(part.field, part.count, date))).join('');
    },
    parse(text) {
      const found = wanted.exec(text);
      if (!found) return Number.NaN;
      return clockOf(new Map(fields.map((field, at) => [field, found[at + 1]!])));
    },
  };
}

/** Bound of the patterns that are remembered. */
const MAX_PATTERNS = 100;
const known = new Map<string, DatePattern | string>();

/**
 * A pattern such as `yyyy-MM-dd HH:mm:ss.SSS`, `'T'` for text as it stands.
 * @returns the pattern, or what is wrong with it.
 */
export function datePattern(pattern: string): DatePattern | string {
  let found = known.get(pattern);
  if (found === undefined) {
    if (known.size >= MAX_PATTERNS) known.clear();
    found = compile(pattern);
    known.set(pattern, found);
  }
  return found;
}
