import { fromUtf8, utf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import type { Context } from './context.js';

/** The file of named contexts, as a YAML document that keeps comments. */
export interface UserFile {
  readonly path: string;
  readonly current: string | undefined;
  /** Settings of each context, as they are written. */
  readonly contexts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Sets or, with undefined, removes what stands at `path`. */
  set(path: readonly string[], value: unknown): void;
  /** Writes the file. @throws `disk-failed` */
  save(): void;
}

/**
 * Opens the user's file; an absent one is empty.
 * @throws `usage` where there is no home folder, or the file is no YAML map.
 */
export async function openUserFile(context: Context): Promise<UserFile> {
  const { files } = context;
  const path = context.configuration.userFile;
  if (path === undefined) throw new StreamctlError('usage', 'there is no configuration folder', { hint: 'set HOME' });
  const { parseDocument } = await import('yaml');
  const document = parseDocument(files.exists(path) ? fromUtf8(files.readFile(path)) : '');
  const content = (document.toJS() ?? {}) as Readonly<Record<string, unknown>>;
  return {
    path,
    current: content.current as string | undefined,
    contexts: (content.contexts ?? {}) as UserFile['contexts'],
    set(keys, value) {
      if (value !== undefined) document.setIn(keys, document.createNode(value));
      else if (document.hasIn(keys)) document.deleteIn(keys);
    },
    save() {
      files.makeFolder(path.replace(/[\\/][^\\/]*$/, ''));
      files.replaceFile(path, utf8(document.toString()));
    },
  };
}

/**
 * The name, if it is that of a context.
 * @throws `not-found`
 */
export async function requireContext(file: UserFile, name: string): Promise<string> {
  if (name in file.contexts) return name;
  const { didYouMean } = await import('../../../plan/did-you-mean.js');
  const names = Object.keys(file.contexts);
  const near = didYouMean(name, names);
  throw new StreamctlError('not-found', `context "${name}" does not exist`, {
    detail: names.length === 0 ? `${file.path} has no contexts` : `${file.path} has: ${names.join(', ')}`,
    hint: near ? `did you mean ${near}?` : `streamctl context create ${name} --brokers host:9092`,
  });
}

/** Schema of what became of a context. */
export const CONTEXT_SCHEMA = {
  type: 'object',
  properties: { name: { type: 'string' }, status: { type: 'string' }, file: { type: 'string' } },
  required: ['name', 'status', 'file'],
} as const;
