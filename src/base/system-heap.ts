import { setFlagsFromString } from 'node:v8';
import type { Clock } from './time.js';

/** So long a start loads what it needs. */
const START_MS = 300;
/** The newest Node that was tried. One that does not know the flag would say so on stderr. */
const NEWEST_NODE = 24;

const isKnown = Number.parseInt(process.versions.node, 10) <= NEWEST_NODE;

/**
 * Keeps V8's young generation as small as it is while a command starts: what is loaded then stays, and for its sake V8 would
 * double the room for garbage.
 * @see docs/decisions/0021-memory-of-a-run.md
 */
export function startSmall(): void {
  if (isKnown) setFlagsFromString('--semi-space-growth-factor=1');
}

/** Lets it grow again, where there is reason to, once the command has started. */
export function growLater(clock: Pick<Clock, 'after'>): void {
  if (isKnown) clock.after(START_MS, () => setFlagsFromString('--semi-space-growth-factor=2'), true);
}
