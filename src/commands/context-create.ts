import { StreamctlError } from '../base/errors.js';
import { defineCommand } from './shared/frame/command.js';
import { CONTEXT_SCHEMA, openUserFile } from './shared/frame/user-file.js';
import { isSecretKey } from './shared/settings/secrets.js';

/** `context create` */
export const contextCreate = defineCommand({
  path: 'context create',
  summary: 'keep --brokers and -X settings under a name',
  description: `Write secrets as \${env:NAME}, \${file:PATH} or \${exec:COMMAND}: they are looked up when they are needed.`,
  arguments: [{ name: 'name', help: 'name of the context' }],
  flags: { use: { type: 'boolean', help: 'make it the current one' } },
  examples: [
    {
      line: `streamctl context create prod -b kafka:9093 -X security.protocol=SASL_SSL -X 'sasl.password=\${env:PASSWORD}'`,
      note: 'then: streamctl --context prod topics list',
    },
  ],
  exits: [0, 2, 3],
  resultSchema: CONTEXT_SCHEMA,
  mutating: true,
  async run(context, { args, flags }) {
    const file = await openUserFile(context);
    if (args.name in file.contexts && !context.yes) {
      throw new StreamctlError('conflict', `context "${args.name}" exists already`, { hint: 'add -y to replace it' });
    }
    const { brokers, properties } = context.configuration.typed;
    for (const [key, value] of Object.entries(properties)) {
      if (isSecretKey(key) && !value.includes('${')) {
        context.warn(`${key} is kept as plain text in ${file.path}: \${env:NAME} would keep it out`);
      }
    }
    file.set(['contexts', args.name], { ...(brokers === undefined ? {} : { brokers }), properties });
    if (flags.use) file.set(['current'], args.name);
    if (!context.dryRun) file.save();
    const status = context.dryRun ? 'would be created' : 'created';
    return {
      result: { name: args.name, status, file: file.path },
      view: { kind: 'lines', lines: [`context ${args.name} ${status} in ${file.path}`] },
    };
  },
});
