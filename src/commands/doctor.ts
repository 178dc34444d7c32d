import type { Tone } from '../ui/text/style.js';
import { checkBroker } from './shared/doctor/broker-checks.js';
import type { Check } from './shared/doctor/check.js';
import { checkConfiguration, checkDisk, checkProgram, checkTerminal } from './shared/doctor/machine-checks.js';
import { defineCommand } from './shared/frame/command.js';

const TONES: Readonly<Record<Check['status'], Tone>> = { ok: 'good', warning: 'warn', failed: 'bad' };

/** `doctor` */
export const doctor = defineCommand({
  path: 'doctor',
  summary: 'look whether this machine and the broker are fit to work',
  description:
    'Looks at the program, the settings, the disk, the terminal and the broker, starts nothing and leaves nothing behind. ' +
    'A warning is a drawback that it can work with; what failed makes the exit code.',
  arguments: [],
  flags: {},
  examples: [
    { line: 'streamctl doctor', note: 'before a class, or when something does not work' },
    {
      line: 'streamctl doctor -b kafka-1:9092',
      note: 'is that cluster in reach, at the addresses it gives its clients?',
    },
    { line: 'streamctl doctor --json', note: 'in CI, in front of the real work' },
  ],
  exits: [0, 2, 3],
  resultSchema: {
    type: 'object',
    properties: {
      checks: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            name: { type: 'string' },
            status: { type: 'string', enum: ['ok', 'warning', 'failed'] },
            found: { type: 'string' },
            advice: { type: 'string', description: 'the drawback, and what helps' },
          },
          required: ['name', 'status', 'found'],
        },
      },
    },
    required: ['checks'],
  },
  async run(context) {
    const checks = [
      ...(await checkProgram(context)),
      await checkConfiguration(context),
      await checkDisk(context),
      await checkTerminal(context),
      ...(await checkBroker(context)),
    ];
    for (const { name, advice } of checks) if (advice) context.warn(`${name}: ${advice}`);
    return {
      result: { checks: checks.map(({ error, ...shown }) => shown) },
      view: {
        kind: 'table',
        columns: [{ key: 'check' }, { key: 'status' }, { key: 'found' }],
        rows: checks.map(({ name, status, found }) => [name, { value: status, tone: TONES[status] }, found]),
      },
      failures: checks.flatMap(({ error }) => error ?? []),
    };
  },
});
