import { call, type Operand, type Typed } from '../typed.js';
import { type FunctionSpec, scalar, takes, withFlink } from './function-spec.js';

const BITS = [224, 256, 384, 512];

/** Signatures of the hashes of the UTF-8 of a text, in small hexadecimal digits. */
export const hashSpecs: readonly FunctionSpec[] = [
  ...['MD5', 'SHA1', 'SHA224', 'SHA256', 'SHA384', 'SHA512'].map((name) =>
    withFlink(scalar(name, `${name}(text)`, `${name} of a text`, [1, 1], takes(['string'], 'string'))),
  ),
  withFlink(
    scalar(
      'SHA2',
      'SHA2(text, bits)',
      'SHA-2 of a text; bits are 224, 256, 384 or 512',
      [2, 2],
      takes(['string', 'bigint'], 'string'),
    ),
    ([text, bits]) => `SHA2(${text}, CAST(${bits} AS INT))`,
    ([, bits]) =>
      bits === undefined || bits === null || BITS.includes(Number(bits)) ? undefined : `bits are ${BITS.join(', ')}`,
  ),
];

/** SHA-256 of a text, 64 hexadecimal digits. */
export function sha256(text: Operand<'string'>): Typed<'string'> {
  return call('SHA256', text);
}

/** MD5 of a text, 32 hexadecimal digits. */
export function md5(text: Operand<'string'>): Typed<'string'> {
  return call('MD5', text);
}
