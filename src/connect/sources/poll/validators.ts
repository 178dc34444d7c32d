import type { HttpHeaders } from '../../../base/http.js';
import type { Feed } from './interfaces.js';
import type { NextPage } from './pagination.js';

/** Pages whose validators are remembered; the oldest are forgotten first. */
const MAX_PAGES = 10_000;

/** What a conditional request for one page is made of. */
export interface Validator {
  readonly etag?: string;
  readonly lastModified?: string;
}

interface Known extends Validator {
  readonly next: NextPage;
}

/** ETag and Last-Modified of each page, and how it went on: a 304 says that this holds still. @see RFC 9110, 13 */
export class Validators {
  readonly #known = new Map<string, Known>();
  readonly #digest: (text: string) => string;

  /** @param digest short name of an address: what is kept on disk must not hold its secrets. */
  constructor(digest: (text: string) => string) {
    this.#digest = digest;
  }

  /** Headers that make the request for a page conditional. */
  headers(feed: Feed, url: string): HttpHeaders {
    const { etag, lastModified } = this.#known.get(this.#name(feed, url)) ?? {};
    return {
      ...(etag === undefined ? {} : { 'if-none-match': etag }),
      ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
    };
  }

  remember(feed: Feed, url: string, { etag, 'last-modified': lastModified }: HttpHeaders, next: NextPage): void {
    const name = this.#name(feed, url);
    this.#known.delete(name);
    if (etag === undefined && lastModified === undefined) return;
    this.#known.set(name, {
      ...(etag === undefined ? {} : { etag }),
      ...(lastModified === undefined ? {} : { lastModified }),
      next,
    });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_PAGES) break;
      this.#known.delete(oldest);
    }
  }

  /** How the page went on when it was last read; undefined when it is not known. */
  next(feed: Feed, url: string): NextPage | undefined {
    return this.#known.get(this.#name(feed, url))?.next;
  }

  /** Forgets all: what was read is not in the topic. */
  clear(): void {
    this.#known.clear();
  }

  /** What can be kept over a restart: pages that are their feed's only one, of feeds that emit. */
  save(feeds: readonly Feed[]): Readonly<Record<string, Validator>> {
    const names = feeds.filter(({ isLookup }) => !isLookup).map((feed) => this.#name(feed, feed.url));
    const kept = names.flatMap((name) => {
      const { next, ...validator } = this.#known.get(name) ?? { next: undefined };
      return next !== undefined && next.url === undefined && !next.isCut ? [[name, validator] as const] : [];
    });
    return Object.fromEntries(kept);
  }

  /** What {@link save} gave. */
  restore(saved: Readonly<Record<string, Validator>>): void {
    for (const [name, validator] of Object.entries(saved)) this.#known.set(name, { ...validator, next: {} });
  }

  #name(feed: Feed, url: string): string {
    return this.#digest(`${feed.id} ${url}`);
  }
}
