import type { ValueType } from '../../base/row-batch.js';
import type { ArgumentType } from '../../plan/functions/function-spec.js';

/** A computed value in generated code: names of (or trivial code for) its value and its null flag. */
export interface Emitted {
  readonly value: string;
  /** Code that is true when the value is null; the text `false` when it never is, `true` for the bare NULL. */
  readonly isNull: string;
  readonly type: ArgumentType;
}

/**
 * How whole numbers are computed. `narrow`: as doubles, checked; the code throws {@link NEEDS_WIDE} when a value
 * is no safe integer. `wide`: as BigInt, exact to 64 bits.
 */
export type IntegerMode = 'narrow' | 'wide';

/** Thrown by narrow code: the batch has to be computed again by wide code. */
export const NEEDS_WIDE: unique symbol = Symbol('needs wide integers');

/** Collects the statements that compute expressions for one row `i`. Constants become parameters, never text. */
export class Emitter {
  readonly mode: IntegerMode;
  readonly statements: string[] = [];
  /** Values of the parameters `k0`, `k1` ... */
  readonly constants: unknown[] = [];
  /** Positions of the columns that are read. */
  readonly columns = new Set<number>();
  /** Whether the code may throw for a row. */
  canFail = false;
  #names = 0;

  constructor(mode: IntegerMode) {
    this.mode = mode;
  }

  /** A name that is free. */
  name(): string {
    return `t${this.#names++}`;
  }

  /** Adds a statement. */
  push(statement: string): void {
    this.statements.push(statement);
  }

  /** The name of a constant. */
  constant(value: unknown): string {
    const known = this.constants.indexOf(value);
    if (known >= 0 && typeof value !== 'number') return `k${known}`;
    this.constants.push(value);
    return `k${this.constants.length - 1}`;
  }

  /** Declares a variable that is assigned once. */
  define(code: string): string {
    const name = this.name();
    this.push(`const ${name} = ${code};`);
    return name;
  }

  /** Declares a variable that is assigned later. */
  variable(code: string): string {
    const name = this.name();
    this.push(`let ${name} = ${code};`);
    return name;
  }
}

/** Code of a value of `type` that stands where the real one is null: keeps the types of variables stable. */
export function placeholder(type: ArgumentType, mode: IntegerMode): string {
  switch (type) {
    case 'boolean':
      return 'false';
    case 'string':
      return "''";
    case 'bigint':
      return mode === 'wide' ? '0n' : '0';
    case 'double':
    case 'timestamp':
      return '0';
    default:
      return 'null';
  }
}

/** Code that is true when one of the parts is null. */
export function anyNull(parts: readonly Emitted[]): string {
  if (parts.some((part) => part.isNull === 'true')) return 'true';
  return (
    parts
      .map((part) => part.isNull)
      .filter((code) => code !== 'false')
      .join(' || ') || 'false'
  );
}

/** `emitted` as a value of `type`: whole numbers become doubles where they meet them. */
export function asType(emitted: Emitted, type: ValueType, emitter: Emitter): Emitted {
  if (emitted.type === null) return { value: placeholder(type, emitter.mode), isNull: 'true', type };
  if (emitted.type === 'bigint' && type === 'double' && emitter.mode === 'wide') {
    return { ...emitted, value: `Number(${emitted.value})`, type };
  }
  return { ...emitted, type };
}
