import { StreamctlError } from '../../base/errors.js';
import type { RowsExpression } from './stop-control.js';

/** Compiles an expression over all rows of a stream, such as `avg(price) > 10`. @throws `bad-plan` */
export function compileRowsExpression(text: string): RowsExpression {
  throw new StreamctlError('usage', text);
}
