// What authors of pipelines import.
export { checkPlan, describeProblem, type PlanProblem, requireGoodPlan } from './check-plan.js';
export type { PipelineOptions } from './draft.js';
export { kafka, type SinkSpec, type SourceSpec } from './endpoints.js';
export { explainPlan } from './explain-plan.js';
export type { Expression, NamedExpression } from './expression.js';
export * from './functions/index.js';
export * from './over.js';
export { parseExpression } from './parse-expression.js';
export { pipeline, Stream } from './pipeline.js';
export type { Dashboard, Panel, Plan } from './plan.js';
export { printExpression } from './print-expression.js';
export { type TableSpec, table } from './table.js';
export { literal, type Row, type RowShape, type Typed } from './typed.js';
