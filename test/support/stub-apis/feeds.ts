import type { Answer, Asked } from './routes.js';

/** An item of a growing feed. */
export interface FeedItem {
  readonly id: number;
  readonly at: number;
  readonly text: string;
}

const PAGE = 10;

/** A list that grows, given in pages of ten in every way there is: `/feed/link`, `next`, `cursor`, `page`, `offset`, `all`. */
export class GrowingFeed {
  readonly items: FeedItem[] = [];

  /** Adds `count` items. */
  grow(count: number): void {
    for (let left = count; left > 0; left--) {
      const id = this.items.length + 1;
      this.items.push({ id, at: 1_700_000_000 + id, text: `item ${id}` });
    }
  }

  answer({ path, query, origin }: Asked): Answer | undefined {
    const kind = path.split('/').at(-1);
    const from = Number(query.get('offset') ?? query.get('cursor') ?? (Number(query.get('page') ?? 1) - 1) * PAGE);
    const page = kind === 'all' ? this.items : this.items.slice(from, from + PAGE);
    const next = from + page.length < this.items.length ? String(from + PAGE) : undefined;
    const address = `${origin}${path}?offset=${next}`;
    switch (kind) {
      case 'all':
        return answerOf(page);
      case 'link':
        return answerOf(page, next ? { link: `<${origin}/>; rel="first", <${address}>; rel="next"` } : {});
      case 'next':
        return answerOf({ items: page, next: next ? `${path}?offset=${next}` : null });
      case 'cursor':
        return answerOf({ items: page, meta: { next_cursor: next ?? null } });
      case 'page':
        return answerOf({ items: page });
      case 'offset':
        return answerOf({ items: page, total: this.items.length });
      default:
        return undefined;
    }
  }
}

function answerOf(value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}
