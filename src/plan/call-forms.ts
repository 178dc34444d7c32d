import { didYouMean } from './did-you-mean.js';
import type { Expression } from './expression.js';
import { extractName, TIME_UNITS } from './functions/time.js';
import { deepFreeze } from './plan.js';
import { call } from './typed.js';

/** What the parser offers to read a call whose arguments are not just separated by commas. */
export interface CallReader {
  expression(): Expression;
  /** An operand of IN. */
  operand(): Expression;
  /** Takes the next word or symbol when it is this one. */
  takes(next: string): boolean;
  expectWord(word: string): void;
  expectSymbol(symbol: string): void;
  /** Takes the next name. */
  name(): string;
  /** The rest up to the closing bracket. */
  rest(): Expression[];
  /** Stops with a mistake at the token before. */
  fail(message: string, hint?: string): never;
}

function unitOf(reader: CallReader): string {
  const unit = reader.name().toUpperCase();
  if (TIME_UNITS.some((known) => known === unit)) return unit;
  const near = didYouMean(unit, TIME_UNITS);
  return reader.fail(
    `"${unit}" is no unit of time`,
    near ? `did you mean ${near}?` : `units are ${TIME_UNITS.join(', ')}`,
  );
}

/** Arguments behind the first one: a comma and others, or none. */
function more(reader: CallReader): Expression[] {
  if (reader.takes(',')) return reader.rest();
  reader.expectSymbol(')');
  return [];
}

/**
 * The call of `name`, behind its opening bracket, when it is written in a way of its own: `EXTRACT(HOUR FROM at)`,
 * `FLOOR(at TO DAY)`, `TIMESTAMPDIFF(HOUR, a, b)`, `POSITION('a' IN text)`, `IF(condition, a, b)`; undefined for all others.
 */
export function specialCall(name: string, reader: CallReader): Expression | undefined {
  switch (name) {
    case 'EXTRACT': {
      const unit = reader.name().toUpperCase();
      const field = extractName(unit) ?? reader.fail(`"${unit}" is no part of a time`, 'write EXTRACT(HOUR FROM time)');
      reader.expectWord('FROM');
      return call(field, reader.expression(), ...more(reader));
    }
    case 'FLOOR':
    case 'CEIL':
    case 'CEILING': {
      const value = reader.expression();
      const rounded = name === 'FLOOR' ? 'FLOOR' : 'CEIL';
      if (!reader.takes('TO')) return call(rounded, value, ...more(reader));
      return call(`${rounded} TO ${unitOf(reader)}`, value, ...more(reader));
    }
    case 'TIMESTAMPDIFF':
    case 'TIMESTAMPADD': {
      const unit = unitOf(reader);
      reader.expectSymbol(',');
      return call(`${name} ${unit}`, ...reader.rest());
    }
    case 'POSITION': {
      const part = reader.operand();
      reader.expectWord('IN');
      const text = reader.expression();
      reader.expectSymbol(')');
      return call('LOCATE', part, text);
    }
    case 'IF': {
      const parts = reader.rest();
      const [when, result, otherwise] = parts;
      if (!when || !result || !otherwise || parts.length > 3) {
        return reader.fail(`IF does not take ${parts.length} arguments`, 'write IF(condition, value, otherwise)');
      }
      return deepFreeze({ kind: 'case', branches: [{ when, result }], otherwise });
    }
    default:
      return undefined;
  }
}

/** The text of a call that {@link specialCall} reads, undefined for all others. */
export function specialText(name: string, args: readonly string[]): string | undefined {
  const [first, unit] = /^(FLOOR|CEIL) TO (\w+)$/.exec(name)?.slice(1) ?? [];
  if (unit !== undefined) return `${first}(${[`${args[0]} TO ${unit}`, ...args.slice(1)].join(', ')})`;
  const counted = /^(TIMESTAMP(?:DIFF|ADD)) (\w+)$/.exec(name);
  return counted ? `${counted[1]}(${[counted[2], ...args].join(', ')})` : undefined;
}
