import { cars } from './cars.js';
import type { Simulator } from './interfaces.js';
import { news } from './news.js';
import { stocks } from './stocks.js';
import { velib } from './velib.js';
import { water } from './water.js';
import { weather } from './weather.js';

/** A plausible source for each built-in pipeline. */
export const SIMULATORS: readonly Simulator[] = [cars, news, weather, water, stocks, velib];
