import { fromUtf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import type { FileSystem } from '../../../base/files.js';

const REFERENCE = /\$\{(env|file|exec):([^}]*)\}/g;
/** Shorter secrets are not searched for in output: they would blank out ordinary text. */
const MIN_REDACTED_LENGTH = 3;
const MASK = '***';

/** What a secret can be read from. */
export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: FileSystem;
  /** Runs a shell command and gives its stdout; throws when it fails. */
  readonly execute: (command: string) => string;
  readonly resolvePath: (path: string) => string;
}

/** Replaces `${env:X}`, `${file:/run/x}` and `${exec:cmd}` by what they name, and hides these values in all output. */
export class Secrets {
  readonly #sources: SecretSources;
  readonly #known = new Map<string, string>();

  constructor(sources: SecretSources) {
    this.#sources = sources;
  }

  /** @throws `not-found` when a variable or file is missing, `usage` when a command fails. */
  resolve(text: string): string {
    if (!text.includes('${')) return text;
    return text.replace(REFERENCE, (reference: string, kind: string, name: string) => {
      const known = this.#known.get(reference);
      if (known !== undefined) return known;
      const value = this.#read(kind, name);
      this.#known.set(reference, value);
      return value;
    });
  }

  /** `text` with every secret that was resolved so far replaced by `***`. */
  redact(text: string): string {
    let safe = text;
    for (const value of this.#known.values()) {
      if (value.length >= MIN_REDACTED_LENGTH) safe = safe.replaceAll(value, MASK);
    }
    return safe;
  }

  #read(kind: string, name: string): string {
    if (kind === 'env') {
      const value = this.#sources.env[name];
      if (value === undefined) {
        throw new StreamctlError('not-found', `environment variable ${name} is not set`, {
          detail: `the configuration asks for it as \${env:${name}}`,
          hint: `export ${name}=...`,
        });
      }
      return value;
    }
    if (kind === 'file') {
      // Secret files usually end in a line feed that is not part of the secret.
      return fromUtf8(this.#sources.files.readFile(this.#sources.resolvePath(name))).replace(/\r?\n$/, '');
    }
    try {
      return this.#sources.execute(name).replace(/\r?\n$/, '');
    } catch (cause) {
      throw new StreamctlError('usage', `the command of \${exec:${name}} failed`, {
        detail: cause instanceof Error ? cause.message.split('\n')[0]! : String(cause),
        cause,
      });
    }
  }
}

const SECRET_KEY = /pass(word|phrase)?|secret|token|jaas|private[._-]?key|ssl\.key|api[._-]?key/i;

/** Whether a setting of this name should never be shown. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}
