import { fromUtf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import type { Context } from '../frame/context.js';

const KINDS: Readonly<Record<string, 'text' | 'number'>> = {
  text: 'text',
  string: 'text',
  number: 'number',
  double: 'number',
  float: 'number',
  integer: 'number',
  bigint: 'number',
};

/**
 * Reads `--types`: undefined for `infer` and `text`, else the types of the columns that the file names, in YAML or JSON.
 * @throws `not-found`, `usage` for what is no type.
 */
export async function readTypes(
  context: Context,
  types: string,
): Promise<Readonly<Record<string, 'text' | 'number'>> | undefined> {
  if (types === 'infer' || types === 'text') return undefined;
  const path = context.resolvePath(types);
  if (!context.files.exists(path)) {
    throw new StreamctlError('not-found', `--types: ${types} does not exist`, { hint: 'write infer, text, or a file' });
  }
  // Loaded only here: most files are read without it, and it takes its time.
  const { parse } = await import('yaml');
  let content: unknown;
  try {
    content = parse(fromUtf8(context.files.readFile(path)));
  } catch (cause) {
    throw new StreamctlError('usage', `${types} is no YAML`, { detail: (cause as Error).message, cause });
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new StreamctlError('usage', `${types} names no columns`, { hint: 'a line for each column: SITE_ID: text' });
  }
  return Object.fromEntries(
    Object.entries(content).map(([name, type]) => {
      const kind = KINDS[String(type)];
      if (kind) return [name, kind];
      throw new StreamctlError('usage', `${types}: "${String(type)}" is not a type of ${name}`, {
        hint: 'write text or number',
      });
    }),
  );
}
