/**
 * Topics that each built-in pipeline reads, by its name: to tell whether a name is one of theirs without loading the
 * pipelines, whose making takes a tenth of a second.
 */
export const SOURCE_TOPICS: Readonly<Record<string, readonly string[]>> = {
  cars: ['trafic_cars'],
  news: ['aylien_news'],
  weather: ['weather'],
  velib: ['velib-projet'],
  water: ['water-quality'],
  stocks: ['stocks'],
};
