import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { news } from '../../src/pipelines/news.js';
import { csvTexts, recordsOf, runPipeline } from '../support/pipeline-run.js';

const data = '../shared/data/news';
const story = {
  type: 'Ford',
  id: '5467437877',
  sentiment_body_p: 'positive',
  sentiment_body_s: 0.47,
  sentiment_title_p: 'neutral',
  sentiment_title_s: 0.76,
  published: '2023-03-31T21:19:36Z',
};

function run(...stories: readonly object[]) {
  return runPipeline(news, recordsOf(stories.map((row) => JSON.stringify(row))));
}

describe('news', () => {
  it('counts stories and polarities per brand: in quarters of an hour, over the last hour, in all', () => {
    const ran = run(
      story,
      { ...story, id: '2', sentiment_body_p: 'negative', sentiment_body_s: 0.53 },
      { ...story, id: '3', published: '2023-03-31T20:59:59Z' },
    );
    const end = Date.UTC(2023, 2, 31, 21, 30);
    expect(ran.finals('per-window').get(JSON.stringify([end - 900_000, end, 'FORD']))).toMatchObject({
      stories: 2,
      positive: 1,
      neutral: 0,
      negative: 1,
      title_neutral: 2,
      mean_score: 0.5,
    });
    expect(ran.finals('per-window').size).toBe(2);
    expect(ran.finals('sliding').get(JSON.stringify([end - 3_600_000, end, 'FORD']))).toMatchObject({ stories: 3 });
    expect([...ran.finals('totals').values()]).toMatchObject([{ brand: 'FORD', stories: 3, positive: 2, negative: 1 }]);
  });

  it('takes a brand for the same however it is written, and counts a story once for each brand that it names', () => {
    const ran = run(story, { ...story, type: ' ford' }, { ...story, type: 'bmw' });
    expect([...ran.finals('totals').values()].map((row) => [row.brand, row.stories])).toEqual([
      ['FORD', 2],
      ['BMW', 1],
    ]);
  });

  it('takes a week of stories, newest first', () => {
    const times = ['2023-03-31T21:19:36Z', '2023-03-28T21:19:36Z', '2023-03-25T21:19:36Z'];
    const ran = run(...times.map((published, id) => ({ ...story, id: String(id), published })));
    expect(ran.late).toBe(0);
    expect(ran.finals('per-window').size).toBe(3);
  });

  it.each([
    [{ id: null }, 'id or brand missing'],
    [{ id: '' }, 'id or brand missing'],
    [{ type: '  ' }, 'id or brand missing'],
    [{ sentiment_body_p: 'mixed' }, 'polarity of the body'],
    [{ sentiment_body_p: null }, 'polarity of the body'],
    [{ sentiment_title_p: 'Neutral' }, 'polarity of the title'],
    [{ sentiment_body_s: 1.01 }, 'score of the body'],
    [{ sentiment_body_s: null }, 'score of the body'],
    [{ sentiment_title_s: -0.1 }, 'score of the title'],
    [{ sentiment_body_s: 'high' }, 'is not a number'],
    [{ published: 'yesterday' }, 'is not a time'],
    [{ published: null }, 'event time published is null'],
  ])('rejects %o: %s', (change, reason) => {
    const ran = run({ ...story, ...change }, story);
    expect(ran.rejected).toHaveLength(1);
    expect(ran.rejected[0]).toContain(reason);
    expect([...ran.finals('totals').values()]).toMatchObject([{ stories: 1 }]);
  });

  it('takes no list of stories for a story, and no text that holds JSON once more', () => {
    const texts = [JSON.stringify([story, story]), JSON.stringify(JSON.stringify(story)), JSON.stringify(story)];
    const ran = runPipeline(news, recordsOf(texts));
    expect(ran.rejected).toHaveLength(2);
    expect([...ran.finals('totals').values()]).toMatchObject([{ stories: 1 }]);
  });

  it.skipIf(!existsSync(data))('knows the sentiment of the stories of four brands', () => {
    const files = { ford: 'Ford', hyundai: 'Hyundai', toyota: 'Toyota', bmw: 'bmw' };
    const texts = Object.keys(files).flatMap((brand) => csvTexts(`${data}/data_${brand}.csv`, news));
    const ran = runPipeline(news, recordsOf(texts, 3));
    expect(ran.rejected).toEqual([]);
    expect(ran.late).toBe(0);
    const totals = [...ran.finals('totals').values()].map((row) => [
      row.brand,
      row.positive,
      row.neutral,
      row.negative,
    ]);
    const known = [
      ['BMW', 63, 15, 22],
      ['FORD', 57, 14, 29],
      ['HYUNDAI', 67, 16, 17],
      ['TOYOTA', 71, 12, 17],
    ];
    expect(totals.toSorted()).toEqual(known);
    const summed = known.map(([brand]) => {
      const rows = [...ran.finals('per-window').values()].filter((row) => row.brand === brand);
      const sum = (name: string): number => rows.reduce((total, row) => total + Number(row[name]), 0);
      return [brand, sum('positive'), sum('neutral'), sum('negative')];
    });
    expect(summed).toEqual(known);
  });
});
