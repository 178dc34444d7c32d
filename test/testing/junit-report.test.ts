import { describe, expect, it } from 'vitest';
import { junitReport } from '../../src/testing/junit-report.js';

describe('a JUnit report', () => {
  it('has a suite per file and one failure element per failed case; texts are escaped', () => {
    const passed = { line: 3, durationMs: 12, failures: [], repeat: undefined };
    const failures = [
      {
        line: 9,
        step: 'expect: prices',
        message: '1 row "missing"',
        lines: [{ sign: '-' as const, text: '{ a: "<&>" }' }],
      },
      { line: 12, step: 'expect late', message: 'control \u0001 here', lines: [] },
    ];
    const text = junitReport([
      { ...passed, file: 'a/one.pipeline.test.yaml', name: 'holds' },
      {
        ...passed,
        file: 'a/one.pipeline.test.yaml',
        name: "it's <wrong>",
        failures,
        repeat: "streamctl test 'a b' --seed 2",
      },
      { ...passed, file: 'two.pipeline.test.json', name: 'Vélib 🚲' },
    ]);
    expect(text).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="streamctl" tests="3" failures="1" errors="0" skipped="0" time="0.036">
  <testsuite name="a/one.pipeline.test.yaml" tests="2" failures="1" errors="0" skipped="0" time="0.024">
    <testcase name="holds" classname="a.one.pipeline.test" file="a/one.pipeline.test.yaml" line="3" time="0.012"/>
    <testcase name="it&apos;s &lt;wrong&gt;" classname="a.one.pipeline.test" file="a/one.pipeline.test.yaml" line="3" time="0.012">
      <failure message="expect: prices: 1 row &quot;missing&quot;; expect late: control \ufffd here" type="assertion-failed">a/one.pipeline.test.yaml:9 expect: prices: 1 row &quot;missing&quot;
  - { a: &quot;&lt;&amp;&gt;&quot; }
a/one.pipeline.test.yaml:12 expect late: control \ufffd here
again: streamctl test &apos;a b&apos; --seed 2</failure>
    </testcase>
  </testsuite>
  <testsuite name="two.pipeline.test.json" tests="1" failures="0" errors="0" skipped="0" time="0.012">
    <testcase name="Vélib 🚲" classname="two.pipeline.test" file="two.pipeline.test.json" line="3" time="0.012"/>
  </testsuite>
</testsuites>
`);
  });
});
