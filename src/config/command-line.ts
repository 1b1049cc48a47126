// Parses the command line: the command and its options.
import { parseArgs } from 'node:util';

import { ConfigError } from './config.ts';

export type Command = { name: 'serve' } | { name: 'help' } | { name: 'version' };

/** @throws ConfigError for an unknown command or option */
export function readCommandLine(args: string[] = process.argv.slice(2)): Command {
  const { values, positionals } = parsed(args);
  if (values.help === true) return { name: 'help' };
  if (values.version === true) return { name: 'version' };
  const [name = 'serve', extra] = positionals;
  if (extra !== undefined) throw new ConfigError(`"${extra}" is one word too many; try --help`);
  if (name === 'serve' || name === 'help' || name === 'version') return { name };
  throw new ConfigError(`"${name}" is not a command; try --help`);
}

function parsed(args: string[]): { values: { help?: boolean; version?: boolean }; positionals: string[] } {
  const options = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } } as const;
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (cause) {
    const [sentence = 'the command line is not valid'] = cause instanceof Error ? cause.message.split('\n') : [];
    throw new ConfigError(sentence, { cause });
  }
}
