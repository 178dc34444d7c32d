import { StreamctlError } from '../../../base/errors.js';
import type { ReplayReport } from './interfaces.js';

/** A replay that ended early, with what it did until then. */
export class ReplayError extends StreamctlError {
  readonly report: ReplayReport;

  constructor(error: StreamctlError, report: ReplayReport) {
    super(error.code, error.message, {
      exit: error.exit,
      cause: error.cause,
      ...(error.detail === undefined ? {} : { detail: error.detail }),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
    this.report = report;
  }
}

/** Something was written: says what, and how to go on. */
export function partialError(cause: StreamctlError, report: ReplayReport): StreamctlError {
  const { topic, source } = report;
  const places = report.partitions.map(
    ({ partition, lastOffset }) => `partition ${partition} up to offset ${lastOffset}`,
  );
  const upTo = report.lastRow > 0 ? `, all up to row ${report.lastRow}` : '';
  const done = `${report.rows} rows were sent to topic "${topic}"${upTo}: ${places.join(', ')}`;
  const goOn = `streamctl replay ${source} -t ${topic} --resume sends the rest`;
  return new StreamctlError('partial', cause.message, {
    detail: cause.detail === undefined ? done : `${cause.detail}; ${done}`,
    hint: cause.hint === undefined ? goOn : `${cause.hint}; then ${goOn}`,
    exit: cause.code === 'quality-gate' ? cause.exit : 6,
    cause,
  });
}
