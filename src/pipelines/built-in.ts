import type { Plan } from '../plan/plan.js';

/** What is known of a built-in pipeline without making it, which takes some ten milliseconds each. */
interface BuiltIn {
  readonly name: string;
  /** Topics that it reads. */
  readonly reads: readonly string[];
  load(): Promise<Plan>;
}

/** The built-in pipelines, each made when it is asked for. */
export const BUILT_IN: readonly BuiltIn[] = [
  { name: 'cars', reads: ['trafic_cars'], load: async () => (await import('./cars.js')).cars },
  { name: 'news', reads: ['aylien_news'], load: async () => (await import('./news.js')).news },
  { name: 'weather', reads: ['weather'], load: async () => (await import('./weather.js')).weather },
  { name: 'velib', reads: ['velib-projet'], load: async () => (await import('./velib.js')).velib },
  { name: 'water', reads: ['water-quality'], load: async () => (await import('./water.js')).water },
  { name: 'stocks', reads: ['stocks'], load: async () => (await import('./stocks.js')).stocks },
];
