import { BOLD, type CellStyle, cellStyle, INVERSE } from '../terminal/cell-style.js';
import { colorNumber, type RampName, rampNumber } from '../terminal/palette.js';
import { type Say, sayEnglish } from '../text/say.js';

/** Which glyphs may be used, and the style of each kind of thing. */
export interface Look {
  /** Blocks, lines and braille; ASCII otherwise. */
  readonly unicode: boolean;
  /** In the language of the person. */
  readonly say: Say;
  readonly styles: Readonly<Record<StyleName, CellStyle>>;
  /** Style of a place on a ramp, 0 to 1. */
  readonly ramp: (name: RampName, share: number) => CellStyle;
  /** Style of the n-th of several series. */
  readonly series: (index: number) => CellStyle;
}

export type StyleName =
  | 'plain'
  | 'strong'
  | 'dim'
  | 'border'
  | 'heading'
  | 'badge'
  | 'key'
  | 'accent'
  | 'good'
  | 'warn'
  | 'bad'
  | 'selected';

const SERIES = ['series1', 'series2', 'series3', 'series4', 'series5', 'series6', 'series7', 'series8'] as const;

/** The look of the dashboards. Colours are dropped when cells are written, so a look knows glyphs only. */
export function makeLook(unicode: boolean, say: Say = sayEnglish): Look {
  return {
    unicode,
    say,
    styles: {
      plain: 0,
      strong: cellStyle(0, 0, BOLD),
      dim: cellStyle(colorNumber('grey')),
      border: cellStyle(colorNumber('faint')),
      heading: cellStyle(colorNumber('accent'), 0, BOLD),
      badge: cellStyle(colorNumber('ink'), colorNumber('accent'), BOLD),
      key: cellStyle(colorNumber('violet'), 0, BOLD),
      accent: cellStyle(colorNumber('accent')),
      good: cellStyle(colorNumber('good')),
      warn: cellStyle(colorNumber('warn')),
      bad: cellStyle(colorNumber('bad')),
      selected: cellStyle(0, 0, INVERSE),
    },
    ramp: (name, share) => cellStyle(rampNumber(name, share)),
    series: (index) => cellStyle(colorNumber(SERIES[index % SERIES.length]!)),
  };
}
