import type { Value, ValueType } from '../../../base/row-batch.js';
import { isoText } from '../../../base/time.js';
import { WINDOW_END, WINDOW_START } from '../../../plan/plan.js';
import type { ResultColumn } from '../../../plan/snapshot.js';
import type { WindowResult } from '../../../run/interfaces.js';
import { stringifyJson } from '../../../ui/output/json.js';

/** What the lines of one sink have in common. */
interface Labels {
  readonly columns: readonly ResultColumn[];
  readonly windowed: boolean;
  /** `"name":` per column, undefined for the bounds of a window, which stand before the row. */
  readonly names: readonly (string | undefined)[];
}

/** Whether a column repeats a bound of the result's window. */
export function isBound(name: string, result: WindowResult): boolean {
  return result.windowStartMs !== undefined && (name === WINDOW_START || name === WINDOW_END);
}

/**
 * Lines of NDJSON for results: what `stringifyJson` makes of `windowRecord`, without the objects between. Results come by the
 * hundred thousand, and those of one window have all but the row in common.
 */
export class WindowLines {
  #labels: Labels | undefined;
  #last: WindowResult | undefined;
  #lead = '';

  /** The line of a result, with its end. */
  text(result: WindowResult): string {
    const { columns, values } = result;
    const { names } = this.#labelsOf(result);
    let row = '';
    for (let at = 0; at < columns.length; at++) {
      const name = names[at];
      if (name !== undefined) row += (row === '' ? name : `,${name}`) + valueText(values[at], columns[at]!.type);
    }
    return `${this.#leadOf(result)}${row}}}\n`;
  }

  /** Everything before the first column. */
  #leadOf(result: WindowResult): string {
    const { sink, windowStartMs, windowEndMs, reason } = result;
    const last = this.#last;
    const same =
      last?.sink === sink &&
      last.reason === reason &&
      last.windowStartMs === windowStartMs &&
      last.windowEndMs === windowEndMs;
    if (!same) {
      const start = windowStartMs === undefined ? {} : { window_start: isoText(windowStartMs) };
      const end = windowEndMs === undefined ? {} : { window_end: isoText(windowEndMs) };
      this.#lead = `${stringifyJson({ type: 'window', sink, ...start, ...end, reason }).slice(0, -1)},"row":{`;
      this.#last = result;
    }
    return this.#lead;
  }

  #labelsOf(result: WindowResult): Labels {
    const windowed = result.windowStartMs !== undefined;
    if (this.#labels?.columns !== result.columns || this.#labels.windowed !== windowed) {
      const names = result.columns.map(({ name }) => (isBound(name, result) ? undefined : `${JSON.stringify(name)}:`));
      this.#labels = { columns: result.columns, windowed, names };
    }
    return this.#labels;
  }
}

function valueText(value: Value | undefined, type: ValueType): string {
  if (value === undefined || value === null) return 'null';
  if (type === 'timestamp') return `"${isoText(Number(value))}"`;
  return stringifyJson(value);
}
