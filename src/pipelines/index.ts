import type { Plan } from '../plan/plan.js';
import { cars } from './cars.js';

/** The built-in pipelines. */
export const pipelines: readonly Plan[] = [cars];
