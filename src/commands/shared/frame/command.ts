import type { Context } from './context.js';
import type { JsonSchema } from './json-schema.js';
import type { Outcome } from './outcome.js';

/** What every kind of flag carries. The environment twin is `STREAMCTL_<NAME>`, made from the key. */
interface FlagBase {
  /** One line, lower case, no full stop. */
  readonly help: string;
  /** One letter, without the dash. `b B X q v y h V` belong to the global flags. */
  readonly short?: string;
  /** Second long name, without dashes. */
  readonly alias?: string;
  /** What stands for the value in the help: `COL`, `EXPR`, `N`. */
  readonly placeholder?: string;
  /** Must be given, by flag, environment or configuration. */
  readonly required?: true;
  /** Left out of the help. */
  readonly hidden?: true;
}

/**
 * One flag as data. `default` is written as the user would write it. Values arrive as: string -> string,
 * number -> number, duration -> milliseconds, boolean -> boolean (false when absent), list -> strings in order
 * (repeat the flag; `separator` splits one value too), choice -> one of `choices`.
 */
export type FlagSpec =
  | (FlagBase & { readonly type: 'string'; readonly default?: string })
  | (FlagBase & {
      readonly type: 'number';
      readonly default?: number;
      /** Whole numbers only. */
      readonly integer?: true;
      readonly min?: number;
      readonly max?: number;
    })
  | (FlagBase & { readonly type: 'duration'; readonly default?: string })
  | (FlagBase & { readonly type: 'boolean'; readonly default?: true })
  | (FlagBase & { readonly type: 'list'; readonly separator?: string })
  | (FlagBase & { readonly type: 'choice'; readonly choices: readonly string[]; readonly default?: string });

/** Flags by their camelCase name: `keyDelimiter` is `--key-delimiter` and `STREAMCTL_KEY_DELIMITER`. */
export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

/** One positional argument; only the last may be variadic (its value is a list). */
export interface ArgumentSpec {
  /** camelCase; shown as `<name>`, `[name]` or `[name...]`. */
  readonly name: string;
  readonly help: string;
  readonly optional?: true;
  readonly variadic?: true;
}

type FlagValue<F extends FlagSpec> = F extends { type: 'boolean' }
  ? boolean
  : F extends { type: 'list' }
    ? readonly string[]
    : F extends { type: 'number' | 'duration' }
      ? number
      : F extends { type: 'choice'; choices: readonly (infer C)[] }
        ? C
        : string;
type AlwaysThere = { type: 'boolean' } | { type: 'list' } | { default: string | number } | { required: true };
type ArgumentValue<A extends ArgumentSpec> = A extends { variadic: true }
  ? readonly string[]
  : A extends { optional: true }
    ? string | undefined
    : string;

/** Checked values of a command line, with the types its spec declares. */
export interface Input<F extends FlagSpecs = FlagSpecs, A extends readonly ArgumentSpec[] = readonly ArgumentSpec[]> {
  readonly flags: { readonly [K in keyof F]: F[K] extends AlwaysThere ? FlagValue<F[K]> : FlagValue<F[K]> | undefined };
  readonly args: { readonly [T in A[number] as T['name']]: ArgumentValue<T> };
  /** Last word of the command as it was typed, an alias perhaps: `cat` for `consume`. */
  readonly invokedAs: string;
  /** Whether the person chose the flag's value (by any source), as against its default. */
  given(flag: keyof F & string): boolean;
  /** Values of the flags that {@link CommandSpec.dynamicFlags} added. */
  readonly extra: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
}

/** A line to type and what it does. */
export interface Example {
  readonly line: string;
  readonly note: string;
}

/** A command as data. Heavy modules are imported inside `run` with `await import(...)`, never at the top of the file. */
export interface CommandSpec<
  F extends FlagSpecs = FlagSpecs,
  A extends readonly ArgumentSpec[] = readonly ArgumentSpec[],
> {
  /** Words after `streamctl`: `topics create`. Same text as in commands/index.ts. */
  readonly path: string;
  readonly aliases?: readonly string[];
  /** One line for the list of commands. Same text as in commands/index.ts. */
  readonly summary: string;
  /** A paragraph or two for `--help`. */
  readonly description?: string;
  readonly arguments: A;
  readonly flags: F;
  readonly examples: readonly [Example, ...Example[]];
  /** Exit codes it can end with, beside 1 (a bug). */
  readonly exits: readonly number[];
  /** Shape of {@link Outcome.result}, or of each stream record where `streaming`. */
  readonly resultSchema: JsonSchema;
  /** Changes something: gets `--dry-run` (see `context.dryRun`). */
  readonly mutating?: true;
  /** Goes on until told otherwise: gets `--until`, `--expect`, `--expect-file` (see `context.stream`). */
  readonly streaming?: true;
  /** Not streaming, but ends in order (exit 0) on the first signal; watches `context.signal` itself. */
  readonly interruptible?: true;
  /** Left out of lists and of the reference. */
  readonly hidden?: true;
  /** Flags known only once the words are there, e.g. a pipeline's own parameters. `words`: what follows the path. */
  readonly dynamicFlags?: (words: readonly string[]) => Promise<FlagSpecs>;
  /** @throws StreamctlError for all that the person or the world can cause. */
  run(context: Context, input: Input<F, A>): Promise<Outcome>;
}

/** Fixes the types of a spec: `export const topicsList = defineCommand({ path: 'topics list', ... })`. */
export function defineCommand<const F extends FlagSpecs, const A extends readonly ArgumentSpec[]>(
  spec: CommandSpec<F, A>,
): CommandSpec {
  return spec as unknown as CommandSpec;
}

/** What the list of commands needs to know; the rest of a command is loaded when it is called. */
export interface CommandEntry {
  /** Same as the spec's own, held by a test. */
  readonly path: string;
  readonly summary: string;
  readonly aliases?: readonly string[];
  readonly hidden?: true;
  load(): Promise<CommandSpec>;
}
