import type { Style } from '../text/style.js';
import { type Envelope, envelope } from './envelope.js';
import { stringifyJson } from './json.js';
import { tableText, tableTsv } from './table-text.js';
import type { OutputMode, Printable, Written } from './table-types.js';

/** A value as YAML: big integers keep their digits, undefined members and non-finite numbers become null. */
export async function yamlText(value: unknown): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(plain(value), { lineWidth: 0 });
}

/**
 * A one-shot result in the mode asked for.
 * json and yaml: the envelope; ndjson: one line per item; tsv: header and values; text and wide: for people.
 * @param command words of the command joined by points: `topics.create`.
 * @param error what went wrong where part of the work was done: stands in the envelope; the caller shows it to people.
 */
export async function formatOutcome(
  command: string,
  printable: Printable,
  mode: OutputMode,
  style: Style,
  error?: unknown,
): Promise<Written> {
  switch (mode) {
    case 'json':
      return out(envelopeText(envelope(command, printable.result, error), style));
    case 'yaml':
      return out(await yamlText(envelope(command, printable.result, error)));
    case 'ndjson':
      return out(itemsOf(printable.result).reduce<string>((text, item) => `${text}${stringifyJson(item)}\n`, ''));
    case 'tsv':
      if (printable.table) return out(tableTsv(printable.table));
      return out(printable.text === undefined ? `${stringifyJson(printable.result)}\n` : ended(printable.text));
    default:
      return people(printable, mode === 'wide', style);
  }
}

/** An envelope as JSON: indented where a person looks at it, one line for programs. */
export function envelopeText(whole: Envelope, style: Pick<Style, 'terminal'>): string {
  return `${stringifyJson(whole, style.terminal ? 2 : 0)}\n`;
}

async function people({ text, table, result }: Printable, wide: boolean, style: Style): Promise<Written> {
  if (text !== undefined) return out(ended(text));
  if (table) {
    if (table.rows.length > 0) return out(await tableText(table, style, wide));
    return { stdout: '', stderr: table.empty ? ended(table.empty) : '' };
  }
  return out(result === undefined || result === null ? '' : await yamlText(result));
}

function out(stdout: string): Written {
  return { stdout, stderr: '' };
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** The lines of a result: an array, the only array in an object, or the thing itself. */
function itemsOf(result: unknown): readonly unknown[] {
  if (Array.isArray(result)) return result;
  if (result === null || result === undefined) return [];
  if (typeof result === 'object') {
    const members = Object.values(result);
    if (members.length === 1 && Array.isArray(members[0])) return members[0];
  }
  return [result];
}

function plain(value: unknown): unknown {
  if (value === undefined || (typeof value === 'number' && !Number.isFinite(value))) return null;
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  const kept = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(kept.map(([key, member]) => [key, plain(member)]));
}
