/**
 * JSON text that machines can rely on: big integers keep all their digits, NaN and infinities become null,
 * undefined members are left out.
 * @param indent spaces per level; 0 for one line.
 */
export function stringifyJson(value: unknown, indent = 0): string {
  return (indent === 0 ? line(value) : write(value, indent, '')) ?? 'null';
}

/** Names of members as they stand in JSON; the same few come again and again. */
const quotedNames = new Map<string, string>();
const MAX_QUOTED_NAMES = 1_000;

function quotedName(name: string): string {
  let quoted = quotedNames.get(name);
  if (quoted === undefined) {
    quoted = `${JSON.stringify(name)}:`;
    if (quotedNames.size < MAX_QUOTED_NAMES) quotedNames.set(name, quoted);
  }
  return quoted;
}

/** What {@link write} gives without indentation, for streams of records. */
function line(value: unknown): string | undefined {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null';
  if (value === null || typeof value !== 'object' || value instanceof Date) return write(value, 0, '');
  if (Array.isArray(value)) return `[${value.map((item) => line(item) ?? 'null').join(',')}]`;
  if (value instanceof Map) return write(value, 0, '');
  let text = '{';
  for (const key of Object.keys(value)) {
    const member = line((value as Record<string, unknown>)[key]);
    if (member === undefined) continue;
    text += text.length > 1 ? `,${quotedName(key)}${member}` : quotedName(key) + member;
  }
  return `${text}}`;
}

function write(value: unknown, indent: number, margin: string): string | undefined {
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : 'null';
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (value instanceof Date) return JSON.stringify(value);
  const inner = margin + ' '.repeat(indent);
  if (Array.isArray(value)) {
    return brackets(
      '[',
      ']',
      value.map((item) => write(item, indent, inner) ?? 'null'),
      indent,
      margin,
    );
  }
  const members: string[] = [];
  // A map keeps the order of its keys, an object puts numbers first.
  for (const [key, member] of value instanceof Map ? value : Object.entries(value)) {
    const text = write(member, indent, inner);
    if (text !== undefined) members.push(`${JSON.stringify(key)}:${indent > 0 ? ' ' : ''}${text}`);
  }
  return brackets('{', '}', members, indent, margin);
}

function brackets(open: string, close: string, items: readonly string[], indent: number, margin: string): string {
  if (items.length === 0) return open + close;
  if (indent === 0) return open + items.join(',') + close;
  const inner = `\n${margin}${' '.repeat(indent)}`;
  return `${open}${inner}${items.join(`,${inner}`)}\n${margin}${close}`;
}
