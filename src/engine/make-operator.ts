import { unreachable } from '../base/assert.js';
import type { Schema } from '../base/row-batch.js';
import { inputsOf, type PlanNode } from '../plan/plan.js';
import type { AggregateParts } from './operators/aggregate-base.js';
import { Deduplicate } from './operators/deduplicate.js';
import { FlattenStep } from './operators/flatten-step.js';
import { IntervalJoin } from './operators/interval-join.js';
import { LatestBy } from './operators/latest-by.js';
import { LookupStep } from './operators/lookup-step.js';
import type { Operator } from './operators/operator.js';
import { OverStep } from './operators/over-step.js';
import { RowStep } from './operators/row-step.js';
import { checkWork, columnsWork, filterWork } from './operators/row-work.js';
import { SessionAggregate } from './operators/session-aggregate.js';
import { SlidingAggregate } from './operators/sliding-aggregate.js';
import { TableAggregate } from './operators/table-aggregate.js';
import { TemporalJoin } from './operators/temporal-join.js';
import { TopStep } from './operators/top-step.js';
import { UnionStep } from './operators/union-step.js';
import { UnpivotStep } from './operators/unpivot-step.js';
import { WindowAggregate } from './operators/window-aggregate.js';
import { WindowJoin } from './operators/window-join.js';
import type { Receiver } from './rows.js';
import type { ReferenceTables } from './state/reference-table.js';

/** What operators are made from. */
export interface OperatorParts extends Omit<AggregateParts, 'node'> {
  readonly tables: ReferenceTables;
  /** Columns of the second input. */
  readonly right: Schema | undefined;
}

/** A step with several inputs. */
export type ManyInputs = Operator & { port(at: number): Receiver };

/** The step that does what `node` says. */
export function makeOperator(node: PlanNode, parts: OperatorParts): Operator {
  const { scope, output, outputs, next, maxGroups, tables, changing, right } = parts;
  switch (node.kind) {
    case 'filter':
      return new RowStep(node.name, filterWork(node, scope), outputs, next);
    case 'check':
      return new RowStep(node.name, checkWork(node, scope), outputs, next);
    case 'derive':
    case 'select':
      return new RowStep(node.name, columnsWork(node, scope, output), outputs, next);
    case 'latest-by':
      return new LatestBy(node, scope.schema, next, maxGroups);
    case 'lookup':
      return new LookupStep({ node, input: scope.schema, output, tables, next, changing, maxRows: maxGroups });
    case 'deduplicate':
      return new Deduplicate(node, scope.schema, outputs, next, maxGroups);
    case 'over':
      return new OverStep({ node, input: scope.schema, output, outputs, next, maxRows: maxGroups });
    case 'union':
      return new UnionStep(inputsOf(node).length, output, next, changing);
    case 'flatten':
      return new FlattenStep(node, scope.schema, output, outputs, next);
    case 'unpivot':
      return new UnpivotStep(node, scope.schema, output, next);
    case 'join': {
      const all = { node, left: scope.schema, right: right!, output, outputs, next, maxRows: maxGroups };
      if (node.when.kind === 'interval') return new IntervalJoin(all);
      return node.when.kind === 'window' ? new WindowJoin(all) : new TemporalJoin(all);
    }
    case 'top':
      return new TopStep({ node, input: scope.schema, output, outputs, next, changing, maxRows: maxGroups });
    case 'aggregate': {
      const all = { ...parts, node };
      if (node.window?.kind === 'session') return new SessionAggregate(all);
      if (node.window?.kind === 'sliding') return new SlidingAggregate(all);
      const table = node.window === null && (changing || node.emit.kind === 'update');
      return table ? new TableAggregate(all) : new WindowAggregate(all);
    }
    default:
      return unreachable(node);
  }
}
