import type { PollDefinition } from '../poll/interfaces.js';
import type { Rate } from '../poll/rate-limit.js';

/** A parameter of an API: `--city Strasbourg,Paris`. */
export interface ApiParameter {
  /** camelCase, as flags are. */
  readonly name: string;
  readonly help: string;
  readonly placeholder: string;
  readonly choices?: readonly string[];
  /** Several values, at commas. */
  readonly isList?: true;
  /** Used when nothing is given. */
  readonly default?: readonly string[];
  /** Takes the words after the API's name: `poll stocks AAPL,MSFT`. */
  readonly isPositional?: true;
}

/** What an API is opened with. */
export interface ApiInput {
  /** By parameter; those without a value are missing. */
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** Instead of the API's own scheme and host: a proxy, or a server of the tests. */
  readonly baseUrl: string | undefined;
  /** The secret in an environment variable. @throws `usage` where it is missing */
  secret(variable: string): string;
  /** A newer event time alone is no change. */
  readonly changedOnly: boolean;
}

/** An API that can be polled by its name. */
export interface ApiSource {
  readonly name: string;
  /** One line, lower case. */
  readonly summary: string;
  /** Where its records go, with the settings it is made with. */
  readonly topic: { readonly name: string; readonly partitions: number; readonly replicas: number };
  readonly everyMs: number;
  readonly dedup: 'key' | 'body';
  readonly parameters: readonly ApiParameter[];
  /** What may be asked of it; undefined where it says nothing. */
  rate(values: ApiInput['values']): Rate | undefined;
  /** @throws `usage` for values that cannot be used. */
  open(input: ApiInput): PollDefinition;
}

/** Values of one parameter, its default where none are given. */
export function valuesOf(
  parameters: readonly ApiParameter[],
  input: Pick<ApiInput, 'values'>,
  name: string,
): readonly string[] {
  const given = input.values[name];
  return given && given.length > 0 ? given : (parameters.find((one) => one.name === name)?.default ?? []);
}
