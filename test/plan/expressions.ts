import fc from 'fast-check';
import type { Expression } from '../../src/plan/expression.js';
import { caseWhen, cast, findFunction, functionSpecs } from '../../src/plan/functions/index.js';
import { deepFreeze } from '../../src/plan/plan.js';
import { call, doubleLiteral, integerValue, literal } from '../../src/plan/typed.js';

const name = fc.oneof(
  fc.constantFrom('price', 'year', 'CASE', 'in', 'fuel type', 'a`b', 'Größe', '_x1', '1st', 'timestamp'),
  fc.string({ minLength: 1, maxLength: 8 }),
);

const leaf: fc.Arbitrary<Expression> = fc.oneof(
  fc.constant(literal(null)),
  fc.boolean().map((value) => literal(value)),
  fc.string().map((value) => literal(value)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => literal(integerValue(value))),
  fc.integer().map((value) => literal(value)),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(doubleLiteral),
  fc.date({ noInvalidDate: true }).map((value) => literal(value)),
  fc
    .constantFrom('boolean', 'bigint', 'double', 'string', 'timestamp')
    .map((type) => deepFreeze<Expression>({ kind: 'literal', type: type as 'bigint', value: null })),
  name.map((column) => deepFreeze<Expression>({ kind: 'column', name: column })),
  fc
    .constantFrom('limit', 'referenceYear')
    .map((parameter) => deepFreeze<Expression>({ kind: 'parameter', name: parameter })),
);

const calls = functionSpecs.filter((spec) => spec.kind === 'scalar').map((spec) => spec.name);
const aggregates = functionSpecs.filter((spec) => spec.kind === 'aggregate').map((spec) => spec.name);

/** Trees of any shape that the grammar has, whether they make sense or not. */
export const anyExpression: fc.Arbitrary<Expression> = fc.letrec<{ tree: Expression }>((tie) => {
  const tree = tie('tree');
  const callOf = fc.constantFrom(...calls).chain((callName) => {
    const spec = findFunction(callName)!;
    const counts = { minLength: spec.minArguments, maxLength: Math.min(spec.maxArguments, spec.minArguments + 2) };
    return fc.array(tree, counts).map((operands) => call(callName, ...(operands as never[])) as Expression);
  });
  const aggregateOf = fc.record({
    kind: fc.constant('aggregate' as const),
    name: fc.constantFrom(...aggregates),
    arguments: fc.array(tree, { minLength: 1, maxLength: 1 }),
    distinct: fc.boolean(),
  });
  const castOf = fc
    .tuple(
      tree,
      fc.constantFrom('boolean', 'bigint', 'double', 'string', 'timestamp', 'json'),
      fc.constantFrom('reject', 'null'),
    )
    // CAST(NULL AS type) is a constant of that type.
    .filter(([operand, , policy]) => policy === 'null' || operand.kind !== 'literal' || operand.type !== null)
    .map(([operand, type, policy]) => cast(operand, type as 'string', policy as 'null') as Expression);
  const caseOf = fc
    .tuple(fc.array(fc.tuple(tree, tree), { minLength: 1, maxLength: 3 }), fc.option(tree))
    .map(([branches, otherwise]) => caseWhen(branches as never, (otherwise ?? undefined) as never) as Expression);
  return {
    tree: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      leaf,
      callOf,
      castOf,
      caseOf,
      aggregateOf.map((node) => deepFreeze<Expression>(node)),
      fc.constant(deepFreeze<Expression>({ kind: 'aggregate', name: 'COUNT', arguments: [], distinct: false })),
    ),
  };
}).tree;
