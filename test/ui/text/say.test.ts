import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allPipelines } from '../../../src/commands/shared/settings/names.js';
import { FRENCH } from '../../../src/ui/text/french.js';
import { sayEnglish, sayIn } from '../../../src/ui/text/say.js';

const pipelines = await allPipelines();

const placesIn = (text: string): readonly string[] => (text.match(/\{\d\}/g) ?? []).toSorted();

describe('sayIn', () => {
  it('puts values into their places, and leaves what it does not know as it is', () => {
    expect(sayEnglish('{1} of {2} keys', 3, 'x$&')).toBe('3 of x$& keys');
    expect(sayIn('fr')('{1} of {2} keys', 3, 4)).toBe('3 clés sur 4');
    expect(sayIn('fr')('mean price')).toBe('mean price');
    expect(sayIn('fr')('{1} and {2}', '{2}', 'b')).toBe('{2} and b');
  });

  it('knows the same places in both languages', () => {
    for (const [english, french] of FRENCH) expect(placesIn(french), english).toEqual(placesIn(english));
  });

  it('knows what dashboards of the pipelines are called, and nothing that nobody says', () => {
    const titles = pipelines.flatMap(({ dashboard }) => [
      dashboard.title,
      ...dashboard.panels.map(({ title }) => title),
    ]);
    // A name.
    expect(titles.filter((title) => !FRENCH.has(title))).toEqual(["Vélib'"]);
    const folders = ['src/ui', 'src/commands', 'src/pipelines', 'src/run'];
    const source = folders
      .flatMap((folder) =>
        readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
      )
      .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('french.ts'))
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n');
    expect([...FRENCH.keys()].filter((text) => !source.includes(text))).toEqual([]);
  });
});
