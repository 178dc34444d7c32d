import type { ApiSource } from './interfaces.js';
import { news } from './news.js';
import { stocks } from './stocks.js';
import { velib } from './velib.js';
import { weather } from './weather.js';

/** The APIs that can be polled by name. */
export const APIS: readonly ApiSource[] = [velib, weather, stocks, news];
