/**
 * What a pipeline of your own imports: `import { pipeline, kafka, sum } from 'streamctl'`.
 * @packageDocumentation
 */
export * from './plan/index.js';
