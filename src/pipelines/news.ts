import {
  and,
  avg,
  between,
  caseWhen,
  count,
  equal,
  isNotNull,
  isNull,
  kafka,
  notEqual,
  oneOf,
  or,
  pipeline,
  type Row,
  trim,
  upper,
} from '../plan/index.js';

const columns = {
  type: 'string',
  id: 'string',
  sentiment_body_p: 'string',
  sentiment_body_s: 'double',
  sentiment_title_p: 'string',
  sentiment_title_s: 'double',
  published: 'timestamp',
} as const;

const stories = kafka('stories', {
  topic: 'aylien_news',
  columns,
  eventTime: 'published',
  // The API gives the newest story first, as far back as a week.
  lateness: '7 days',
  // It is asked every ten minutes: silence in between says nothing.
  idleTimeout: '30 minutes',
});

const perWindow = kafka('per-window', { topic: 'news-per-brand', keys: ['brand'] });
const sliding = kafka('sliding', { topic: 'news-per-brand-sliding', keys: ['brand'] });
const totals = kafka('totals', {
  topic: 'news-totals',
  keys: ['brand'],
  config: { 'cleanup.policy': 'compact' },
});

const POLARITIES = ['positive', 'neutral', 'negative'] as const;

/** Counts per polarity of the body and of the title, mean scores. */
function sentiments(row: Row<typeof columns>) {
  const counted = (column: typeof row.sentiment_body_p, polarity: string) =>
    count(caseWhen([[equal(column, polarity), 1]]));
  return {
    stories: count(),
    positive: counted(row.sentiment_body_p, 'positive'),
    neutral: counted(row.sentiment_body_p, 'neutral'),
    negative: counted(row.sentiment_body_p, 'negative'),
    title_positive: counted(row.sentiment_title_p, 'positive'),
    title_neutral: counted(row.sentiment_title_p, 'neutral'),
    title_negative: counted(row.sentiment_title_p, 'negative'),
    mean_score: avg(row.sentiment_body_s),
    mean_title_score: avg(row.sentiment_title_s),
  };
}

/** Stories about brands and their sentiment, per quarter of an hour, over the last hour, and in all. */
export const news = pipeline('news', {
  description: 'stories about brands and how they speak of them, per quarter of an hour, over an hour, and in all',
  dashboard: {
    title: 'News about brands',
    panels: [
      { kind: 'bars', title: 'Stories per brand', sink: 'totals', label: 'brand', value: 'stories', unit: '' },
      {
        kind: 'table',
        title: 'Sentiment of all stories',
        sink: 'totals',
        columns: ['brand', 'stories', 'positive', 'neutral', 'negative', 'mean_score'],
        sortBy: 'stories',
      },
      { kind: 'line', title: 'Stories of the last hour', sink: 'sliding', series: 'brand', values: ['stories'] },
      { kind: 'sparkline', title: 'Rows per second', metric: 'rows-per-second' },
    ],
  },
})
  .from(stories)
  // Brands are written "bmw", "Ford" or "FORD", as the search was typed.
  .derive((row) => ({ brand: upper(trim(row.type)) }))
  .check((row) => ({
    'id or brand missing': and(
      isNotNull(row.id),
      notEqual(row.id, ''),
      isNotNull(row.brand),
      notEqual(row.brand, ''),
      // A header row that came along.
      notEqual(row.id, 'id'),
    ),
    'polarity of the body is not positive, neutral or negative': oneOf(row.sentiment_body_p, ...POLARITIES),
    'polarity of the title is not positive, neutral or negative': or(
      isNull(row.sentiment_title_p),
      oneOf(row.sentiment_title_p, ...POLARITIES),
    ),
    'score of the body is not from 0 to 1': between(row.sentiment_body_s, 0, 1),
    'score of the title is not from 0 to 1': or(isNull(row.sentiment_title_s), between(row.sentiment_title_s, 0, 1)),
  }))
  .fork((valid) => [
    valid.tumble('15 minutes').groupBy('brand').aggregate(sentiments).emit('update').into(perWindow),
    valid.hop('1 hour', '15 minutes').groupBy('brand').aggregate(sentiments, 'last-hour').emit('update').into(sliding),
    valid.groupBy('brand').aggregate(sentiments, 'totals-by-brand').emit('update').into(totals),
  ]);
