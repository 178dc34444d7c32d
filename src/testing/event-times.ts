import type { Compression } from '../base/codec-interfaces.js';
import { columnIndex, type NumberVector } from '../base/row-batch.js';
import { JsonDecoder } from '../connect/codecs/json-decoder.js';
import { compileExpression } from '../engine/compile.js';
import { neededColumns } from '../plan/needed-columns.js';
import type { Source } from '../plan/plan.js';
import { fetchedRecords } from './fetched-records.js';
import type { FedRecord, TestCase } from './test-case.js';

/** Largest distance from the epoch of a time, ms. */
const MAX_TIME = 8.64e15;

/**
 * Event time of each record of a source, epoch ms; NaN where it has none, because it is no row for the pipeline or its time
 * is missing.
 */
export function eventTimes(
  { plan, parameters, nowMs }: TestCase,
  source: Source,
  records: readonly FedRecord[],
  compression: Compression,
): Float64Array {
  const times = new Float64Array(records.length).fill(Number.NaN);
  if (records.length === 0) return times;
  const fetched = fetchedRecords(records, { topic: source.topic, partition: 0 }, 0, nowMs);
  const { rows } = new JsonDecoder(neededColumns(plan, source.name), compression).decode(fetched);
  const { eventTime } = source;
  const failed = new Set<number>();
  const { data, nulls } = timesOfRows();
  for (let row = 0; row < rows.length; row++) {
    const time = data[row]!;
    const known = nulls?.[row] !== 1 && !failed.has(row) && Math.abs(time) <= MAX_TIME;
    if (known) times[rows.offsets![row]!] = time;
  }
  return times;

  function timesOfRows(): { readonly data: Float64Array; readonly nulls?: Uint8Array } {
    if (eventTime.kind === 'record') return { data: rows.timestamps! };
    if (eventTime.kind === 'column') {
      return rows.vectors[columnIndex(rows.schema, eventTime.name)] as NumberVector;
    }
    const scope = { schema: rows.schema, parameters: plan.parameters, values: parameters };
    const input = {
      vectors: rows.vectors,
      selection: Int32Array.from({ length: rows.length }, (_, row) => row),
      selected: rows.length,
      length: rows.length,
    };
    const fails = (row: number): void => void failed.add(row);
    return compileExpression(eventTime.expression, scope).evaluate(input, fails) as NumberVector;
  }
}
