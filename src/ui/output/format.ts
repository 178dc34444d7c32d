import type { Style } from '../text/style.js';
import { type Envelope, envelope } from './envelope.js';
import { stringifyJson } from './json.js';
import type { OutputMode, Printable, Written } from './view.js';
import { viewText, viewTsv } from './view-text.js';

/** A value as YAML: big integers keep their digits; undefined members are left out, non-finite numbers become null. */
export async function yamlText(value: unknown): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(plain(value), { lineWidth: 0 });
}

/** An envelope as JSON: indented where a person looks at it, one line for programs. */
export function envelopeText(whole: Envelope, style: Pick<Style, 'terminal'>): string {
  return `${stringifyJson(whole, style.terminal ? 2 : 0)}\n`;
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
      return { stdout: envelopeText(envelope(command, printable.result, error), style), stderr: '' };
    case 'yaml':
      return { stdout: await yamlText(envelope(command, printable.result, error)), stderr: '' };
    case 'ndjson':
      return { stdout: ndjsonText(itemsOf(printable.result)), stderr: '' };
    case 'tsv':
      return { stdout: printable.view ? viewTsv(printable.view) : ndjsonText([printable.result]), stderr: '' };
    default:
      return forPeople(printable, mode === 'wide', style);
  }
}

/** One line of JSON per item. */
export function ndjsonText(items: readonly unknown[]): string {
  return items.map((item) => `${stringifyJson(item)}\n`).join('');
}

async function forPeople({ view, result }: Printable, wide: boolean, style: Style): Promise<Written> {
  if (!view) return { stdout: result === undefined ? '' : `${stringifyJson(result, 2)}\n`, stderr: '' };
  if (view.kind === 'table' && view.rows.length === 0) {
    return { stdout: '', stderr: view.empty ? `${view.empty}\n` : '' };
  }
  return { stdout: await viewText(view, style, wide), stderr: '' };
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
