import type { Plan } from '../plan/plan.js';
import { cars } from './cars.js';
import { news } from './news.js';
import { stocks } from './stocks.js';
import { velib } from './velib.js';
import { water } from './water.js';
import { weather } from './weather.js';

/** The built-in pipelines. */
export const pipelines: readonly Plan[] = [cars, news, weather, velib, water, stocks];
