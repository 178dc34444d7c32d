/** What each exit code tells a script. The documentation page is made from this table. */
export const EXIT_MEANINGS: Readonly<Record<number, string>> = {
  0: 'done, condition met, or first signal on an open-ended command',
  1: 'unexpected failure: a bug, with its stack and where to report it',
  2: 'usage, configuration, validation, not found: fix the input; nothing was written',
  3: 'broker, database, API, disk or port: safe to retry',
  4: 'an assertion failed',
  5: '--timeout passed before the end or before --until',
  6: 'partly done, the items are listed',
  7: 'quality gate: more bad rows than allowed',
  130: 'Ctrl-C twice, or once before a required --until',
  143: 'SIGTERM twice, or once before a required --until',
};
