/**
 * The writing side of every command: pure functions from data to text. Only progress bars and spinners write, to the
 * stream they are given.
 * @module
 */
export { detectStyle, type Environment, PLAIN_STYLE, paint, type Style, type Tone } from '../text/style.js';
export { type EndEvent, type Envelope, type ErrorObject, endEvent, envelope, errorObject } from './envelope.js';
export { formatError } from './error-text.js';
export { envelopeText, formatOutcome, ndjsonText, yamlText } from './format.js';
export { stringifyJson } from './json.js';
export { openProgress, type Progress, type ProgressOptions, type ProgressState } from './progress.js';
export { openSpinner, type Spinner } from './spinner.js';
export { type Cell, OUTPUT_MODES, type OutputMode, type Printable, type View, type Written } from './view.js';
export { viewText, viewTsv } from './view-text.js';
