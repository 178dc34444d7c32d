import { DEFAULT_COLLECTED } from '../../plan/functions/collect.js';
import type { MakeAggregate } from './aggregate-state.js';
import { CollectState } from './collect.js';
import { HistogramState, ModeState, TopState } from './frequency.js';
import { PercentileState, QuantileSketchState } from './quantiles.js';

/** The aggregates that keep values or counts of them, which rows may be added to and taken back from, by name. */
export function keepingFunctions(changing: boolean): readonly (readonly [name: string, make: MakeAggregate])[] {
  return [
    ['PERCENTILE', (argument, _, [share]) => new PercentileState(argument!, Number(share))],
    ['MEDIAN', (argument) => new PercentileState(argument!, 0.5)],
    ['APPROX_PERCENTILE', (argument, _, [share]) => new QuantileSketchState(argument!, Number(share))],
    ['HISTOGRAM', (argument, _, edges) => new HistogramState(argument!, edges.map(Number))],
    ['TOP_K', (argument, _, [limit]) => new TopState(argument!, Number(limit))],
    ['MODE', (argument) => new ModeState(argument!)],
    [
      'ARRAY_AGG',
      (argument, _, [limit = DEFAULT_COLLECTED]) =>
        new CollectState(argument!, { name: 'ARRAY_AGG', limit: Number(limit), between: null, changing }),
    ],
    [
      'LISTAGG',
      (argument, _, [between = ',', limit = DEFAULT_COLLECTED]) =>
        new CollectState(argument!, { name: 'LISTAGG', limit: Number(limit), between: String(between), changing }),
    ],
  ];
}
