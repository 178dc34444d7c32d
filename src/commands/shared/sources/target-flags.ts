import type { FlagSpecs } from '../frame/command.js';

/** Flags of every source about the topic that it writes. */
export const TARGET_FLAGS = {
  partitions: { type: 'number', integer: true, min: 1, short: 'p', help: 'of a topic that has to be made' },
  compression: {
    type: 'choice',
    short: 'z',
    choices: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    help: 'codec of the batches',
  },
} as const satisfies FlagSpecs;
