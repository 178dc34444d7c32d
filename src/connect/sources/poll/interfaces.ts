import type { HttpFailure, HttpHeaders, HttpResponse } from '../../../base/http.js';
import type { JsonValue } from '../../../base/row-batch.js';
import type { BodySchema } from './body-schema.js';
import type { Pagination } from './pagination.js';

/** A JSON object. */
export type JsonObject = { readonly [key: string]: JsonValue };

/** One address that is asked for in every round; its answer may go on over several pages. */
export interface Feed {
  /** Unique in the poll: `status`, `AAPL`, `Ford`. */
  readonly id: string;
  /** Of the first page, with its secrets. */
  readonly url: string;
  readonly headers: HttpHeaders;
  /** What the answer's reader must know of the request; kept in cassettes, so without secrets. */
  readonly parameters: JsonObject;
  /** At most so often, where that is less often than the rounds. */
  readonly everyMs?: number;
  /** Its items are kept by the reader to complete those of other feeds, none are emitted. */
  readonly isLookup?: true;
  /** Instead of the definition's. */
  readonly pagination?: Pagination;
  /** Instead of the definition's. */
  readonly schema?: BodySchema;
}

/** How a body is decoded; `auto` goes by its content type. */
export type BodyFormat = 'auto' | 'json' | 'ndjson' | 'csv';

/** What is known of an item of any API; all are functions of the item as it is emitted. */
export interface ItemRules {
  /** Record key; null for none. Throws {@link BadItem} where the item has none and must. */
  key(item: JsonValue): string | null;
  /** What makes two items the same thing; undefined: its whole body does. */
  identity(item: JsonValue): string | undefined;
  /** Event time in epoch ms; undefined where items have none. */
  timeMs(item: JsonValue): number | undefined;
  /** What is compared to tell whether an item has changed. */
  compared(item: JsonValue): JsonValue;
}

/** What one page gave. */
export interface PageItems {
  readonly items: readonly JsonValue[];
  /** Items of the page that are left out on purpose: bars without a trade, stations nobody asked for. */
  readonly skipped?: number;
  /** Why items of the page cannot be used, one text each. */
  readonly rejected?: readonly string[];
}

/** One API as the poller sees it: where to ask, and how to read the answers. */
export interface PollDefinition {
  /** Short name for people: `velib`, `api.example.com`. */
  readonly name: string;
  readonly feeds: readonly Feed[];
  readonly format: BodyFormat;
  readonly schema?: BodySchema;
  readonly pagination: Pagination;
  /** Items of a checked body. May keep what later feeds need (names of stations). Throws {@link BadBody}. */
  items(body: JsonValue, feed: Feed): PageItems;
  readonly rules: ItemRules;
  /** Says how long to stay away after this answer, where the API says so outside of headers. */
  holdMs?(response: HttpResponse, body: JsonValue | undefined, nowMs: number): number | undefined;
  /** Changes whenever items would be read, keyed or compared in another way. */
  readonly fingerprint: string;
}

/** What went wrong with one exchange. */
export interface PollProblem {
  readonly what:
    | 'unreachable'
    | 'timeout'
    | 'broken'
    | 'too-large'
    | 'throttled'
    | 'status'
    | 'redirect'
    | 'body'
    | 'pagination'
    | 'circuit';
  readonly status?: number;
  /** One sentence; secrets may be in it until it is shown. */
  readonly message: string;
  readonly retriable: boolean;
}

/** One exchange as it happened. */
export interface Exchange {
  readonly feed: Feed;
  /** Number of the round, from 1. */
  readonly round: number;
  /** Page of the feed, from 1. */
  readonly page: number;
  readonly url: string;
  readonly headers: HttpHeaders;
  /** When it was sent, epoch ms. */
  readonly sentMs: number;
  readonly tookMs: number;
  readonly outcome: HttpResponse | HttpFailure;
}

/** Why nothing is sent right now. */
export type WaitReason = 'schedule' | 'rate' | 'retry' | 'hold';

/** What happened, in order. */
export type PollReport =
  | {
      readonly kind: 'page';
      readonly feed: Feed;
      readonly url: string;
      readonly page: number;
      readonly bytes: number;
      readonly atMs: number;
      readonly content: PageItems;
      /** Set once per feed and round, when pages were left at `--max-pages`. */
      readonly isCut?: true;
    }
  | { readonly kind: 'not-modified'; readonly feed: Feed; readonly atMs: number }
  | { readonly kind: 'redirect'; readonly feed: Feed; readonly from: string; readonly to: string }
  | {
      readonly kind: 'retry';
      readonly feed: Feed;
      readonly problem: PollProblem;
      readonly attempt: number;
      readonly delayMs: number;
    }
  | { readonly kind: 'failed'; readonly feed: Feed; readonly problem: PollProblem }
  | { readonly kind: 'wait'; readonly untilMs: number; readonly why: WaitReason }
  | { readonly kind: 'round'; readonly round: number; readonly nextMs: number | undefined; readonly atMs: number };

/** A body that is not what the API promises. */
export class BadBody extends Error {}

/** An item that cannot be used, while the others can. */
export class BadItem extends Error {}
