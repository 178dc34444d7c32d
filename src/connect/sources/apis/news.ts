import { StreamctlError } from '../../../base/errors.js';
import type { JsonValue } from '../../../base/row-batch.js';
import type { BodySchema } from '../poll/body-schema.js';
import type { Feed, JsonObject, PageItems } from '../poll/interfaces.js';
import { pathRules } from '../poll/item-rules.js';
import { parseJsonPath } from '../poll/json-path.js';
import { type ApiParameter, type ApiSource, valuesOf } from './interfaces.js';

const BASE = 'https://api.aylien.com';
const PAGE = 100;

const parameters: readonly ApiParameter[] = [
  {
    name: 'brand',
    help: 'names that stories mention',
    placeholder: 'NAME,...',
    isList: true,
    isPositional: true,
    default: ['Ford', 'Hyundai', 'Toyota', 'bmw'],
  },
  { name: 'language', help: 'language of the stories', placeholder: 'CODE', default: ['en'] },
  {
    name: 'since',
    help: "oldest story, in Aylien's date maths or ISO 8601",
    placeholder: 'T',
    default: ['NOW-7DAYS/DAY'],
  },
];

/** Stories of the Aylien News API that mention a brand; one that names two brands counts once for each. */
export const news: ApiSource = {
  name: 'news',
  summary: 'stories about brands, with their sentiment (Aylien)',
  topic: { name: 'aylien_news', partitions: 1, replicas: 1 },
  everyMs: 600_000,
  dedup: 'key',
  parameters,
  rate: () => ({ count: 60, windowMs: 60_000 }),
  open(input) {
    const headers = {
      'x-aylien-newsapi-application-id': input.secret('AYLIEN_APP_ID'),
      'x-aylien-newsapi-application-key': input.secret('AYLIEN_APP_KEY'),
    };
    const language = valuesOf(parameters, input, 'language')[0]!;
    const since = valuesOf(parameters, input, 'since')[0]!;
    const feeds = valuesOf(parameters, input, 'brand').map((brand): Feed => {
      const url = new URL('/news/stories', input.baseUrl ?? BASE);
      url.searchParams.set('aql', `text:(${quoted(brand)}) AND language:${language}`);
      url.searchParams.set('published_at.start', since);
      url.searchParams.set('published_at.end', 'NOW');
      url.searchParams.set('sort_by', 'published_at');
      url.searchParams.set('per_page', String(PAGE));
      url.searchParams.set('cursor', '*');
      return { id: brand, url: url.href, headers, parameters: { brand } };
    });
    return {
      name: 'news',
      feeds,
      format: 'json',
      schema: SCHEMA,
      pagination: { kind: 'cursor', path: parseJsonPath('next_page_cursor'), parameter: 'cursor' },
      items: storiesOf,
      rules: pathRules({
        key: [parseJsonPath('type')],
        identity: [parseJsonPath('type'), parseJsonPath('id')],
        time: parseJsonPath('published'),
        ignored: [],
        changedOnly: input.changedOnly,
      }),
      fingerprint: JSON.stringify(['news', 1, input.changedOnly]),
    };
  },
};

const SCHEMA: BodySchema = {
  type: 'object',
  required: ['stories'],
  properties: { stories: { type: 'array', items: { type: 'object', required: ['id'] } } },
};

/** One item per story: `type` (the brand), `id`, polarity and score of body and title, `published`. */
function storiesOf(body: JsonValue, { parameters: { brand } }: Feed): PageItems {
  const { stories } = body as unknown as { readonly stories: readonly JsonObject[] };
  return {
    items: stories.map((story) => {
      const sentiment = (story.sentiment ?? {}) as { readonly [part: string]: JsonObject | undefined };
      return {
        type: brand ?? null,
        id: story.id ?? null,
        sentiment_body_p: sentiment.body?.polarity ?? null,
        sentiment_body_s: sentiment.body?.score ?? null,
        sentiment_title_p: sentiment.title?.polarity ?? null,
        sentiment_title_s: sentiment.title?.score ?? null,
        published: story.published_at ?? null,
      };
    }),
  };
}

/** Words of the query language are quoted; a name that would end the quotes is refused. */
function quoted(brand: string): string {
  if (/["\\()]/.test(brand)) {
    throw new StreamctlError('usage', `"${brand}" cannot be searched for`, {
      hint: 'write a name without quotes or brackets',
    });
  }
  return /^[\p{L}\p{N}_-]+$/u.test(brand) ? brand : `"${brand}"`;
}
