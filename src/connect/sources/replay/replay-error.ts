import { StreamctlError } from '../../../base/errors.js';
import type { ReplayOptions, ReplayReport } from './interfaces.js';

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

/** What the topic holds under the file's name cannot be of this file. */
export function otherFileError({ source, topic }: ReplayOptions, why: string): StreamctlError {
  return new StreamctlError('conflict', `${source} is not what topic "${topic}" holds under that name: ${why}`, {
    detail:
      'the file, or --batch, --from, --columns, --set and the like, changed since the replay that is to be resumed',
    hint: 'resume with the same file and flags, or send everything again without --resume',
  });
}
