import type { Value, ValueType } from '../../base/row-batch.js';

/** Type of an argument; null is the type of a bare NULL, which fits everywhere. */
export type ArgumentType = ValueType | null;

/** What the checker, the parser and the documentation know of a function or operator. */
export interface FunctionSpec {
  readonly kind: 'scalar' | 'aggregate';
  /** Flink's spelling: `AVG`, `+`, `IS NULL`. */
  readonly name: string;
  /** Other spellings that the parser takes for it, upper case. */
  readonly aliases: readonly string[];
  /** One line for people. */
  readonly summary: string;
  /** How it is written, with the kinds of its arguments: `AVG(number)`. */
  readonly usage: string;
  readonly minArguments: number;
  readonly maxArguments: number;
  /** Type of the result for arguments of these types, null when they do not fit. */
  readonly result: (types: readonly ArgumentType[]) => ValueType | null;
  /** Flink's text for these arguments (their texts); left out where the printer knows it. */
  readonly flink?: FlinkText;
  /** What is wrong with constant arguments (undefined where one is no constant): a pattern, a path, a zone. */
  readonly constants?: (values: readonly (Value | undefined)[]) => string | undefined;
  /** Of an aggregate: arguments from this one on are constants, which its state is made with. */
  readonly constantsFrom?: number;
}

/** How a call is written for Flink; undefined where Flink has no such thing. */
export type FlinkText = (args: readonly string[]) => string | undefined;

/** Sets of types that a parameter may take. */
export type Shape = ValueType | 'number' | 'ordered' | 'any';

/** Whether an argument of `type` fits `shape`. */
export function fits(type: ArgumentType, shape: Shape): boolean {
  if (type === null || shape === 'any') return true;
  if (shape === 'number') return type === 'bigint' || type === 'double';
  if (shape === 'ordered') return type !== 'json';
  return type === shape || (shape === 'double' && type === 'bigint');
}

/** A {@link FunctionSpec.result} for fixed shapes; the last shape repeats. */
export function takes(
  shapes: readonly Shape[],
  result: ValueType,
): (types: readonly ArgumentType[]) => ValueType | null {
  return (types) => {
    const good = types.every((type, index) => fits(type, shapes[Math.min(index, shapes.length - 1)]!));
    return good ? result : null;
  };
}

/** Whether two types can be compared or stand in the same place: equal, both numbers, or one a bare NULL. */
export function comparable(a: ArgumentType, b: ArgumentType): boolean {
  return a === null || b === null || a === b || (fits(a, 'number') && fits(b, 'number'));
}

/** The type that holds values of all `types`: bigint and double make double; null when there is none. */
export function commonType(types: readonly ArgumentType[]): ArgumentType | undefined {
  let common: ArgumentType = null;
  for (const type of types) {
    if (!comparable(common, type)) return undefined;
    if (common === null) common = type;
    else if (type !== null && type !== common) common = 'double';
  }
  return common;
}

/** Result of arithmetic: bigint when all arguments are, else double; null unless all are numbers. */
export function numericResult(types: readonly ArgumentType[]): ValueType | null {
  if (!types.every((type) => fits(type, 'number'))) return null;
  return types.includes('double') || types.every((type) => type === null) ? 'double' : 'bigint';
}

/** The spec of a scalar function. */
export function scalar(
  name: string,
  usage: string,
  summary: string,
  counts: readonly [min: number, max: number],
  result: FunctionSpec['result'],
  aliases: readonly string[] = [],
): FunctionSpec {
  const [minArguments, maxArguments] = counts;
  return { kind: 'scalar', name, aliases, summary, usage, minArguments, maxArguments, result };
}

/** The spec of an aggregate function. */
export function aggregate(
  name: string,
  usage: string,
  summary: string,
  counts: readonly [min: number, max: number],
  result: FunctionSpec['result'],
  aliases: readonly string[] = [],
): FunctionSpec {
  return { ...scalar(name, usage, summary, counts, result, aliases), kind: 'aggregate' };
}

/** Adds what Flink and constants need to a spec; without a text Flink has the function under the same name. */
export function withFlink(
  spec: FunctionSpec,
  flink: FlinkText = (args) => `${spec.name}(${args.join(', ')})`,
  constants?: FunctionSpec['constants'],
): FunctionSpec {
  return { ...spec, flink, ...(constants === undefined ? {} : { constants }) };
}
