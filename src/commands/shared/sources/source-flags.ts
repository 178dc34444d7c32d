import type { FlagSpecs } from '../frame/command.js';

/** Flags of `run` and `watch` that say what feeds a pipeline meanwhile. */
export const SOURCE_FLAGS = {
  source: {
    type: 'string',
    placeholder: 'SOURCE',
    help:
      'live: polls the API; simulated; a file of rows; a cassette; sample; topic: only what is in it. ' +
      'Left out: live where there is an API, else the sample when the topic is empty',
  },
  speed: {
    type: 'string',
    placeholder: 'Nx|max',
    help: 'of a simulated source, a cassette or a file: event time against the clock',
  },
} as const satisfies FlagSpecs;
