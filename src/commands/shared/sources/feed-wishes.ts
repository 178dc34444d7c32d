import type { Value } from '../../../base/row-batch.js';
import type { LiveWishes } from './pipeline-parameters.js';

/** What a feed is asked for. */
export interface FeedWishes {
  /** `--source`; undefined where nothing was said. */
  readonly source: string | undefined;
  /** `--speed`; undefined: that of the source. */
  readonly speed: string | undefined;
  /** The run ends with what is there: all there is now, as fast as it goes. */
  readonly atOnce: boolean;
  /** A dashboard has the screen: what goes wrong on the way is told at the end. */
  readonly hasScreen?: boolean;
  /** Values of the pipeline's parameters. */
  readonly values: Readonly<Record<string, Value>>;
  /** What was said about a live source. */
  readonly live: LiveWishes;
}
