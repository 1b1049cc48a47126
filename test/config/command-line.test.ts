// The command line: commands, options, and the words for those that are refused.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { readCommandLine, type Command } from '../../src/config/command-line.ts';
import { ConfigError } from '../../src/config/config.ts';

suite('commands', () => {
  const ROWS: [words: string[], name: Command['name']][] = [
    [[], 'serve'],
    [['serve'], 'serve'],
    [['help'], 'help'],
    [['version'], 'version'],
    [['--help'], 'help'],
    [['-h'], 'help'],
    [['--version'], 'version'],
    [['-v'], 'version'],
    [['-vh'], 'help'],
    [['serve', '--version'], 'version'],
    [['--help', 'nonsense', 'and', 'more'], 'help'],
    [['--', 'serve'], 'serve'],
  ];
  for (const [words, name] of ROWS)
    test(words.join(' ') || 'no words', () => assert.deepEqual(readCommandLine(words), { name }));
});

suite('what is refused, in one line', () => {
  const ROWS: [words: string[], sentence: RegExp][] = [
    [['play'], /^"play" is not a command; try --help$/u],
    [['Serve'], /^"Serve" is not a command/u],
    [[''], /^"" is not a command/u],
    [['serve', 'now'], /^"now" is one word too many; try --help$/u],
    [['help', 'serve'], /^"serve" is one word too many/u],
    [['--port', '80'], /'--port'/u],
    [['-p'], /'-p'/u],
    [['--help=yes'], /--help.* does not take an argument/u],
    [['--no-help'], /'--no-help'/u],
    [['--', '--help'], /^"--help" is not a command/u],
  ];
  for (const [words, sentence] of ROWS)
    test(words.join(' ') || 'an empty word', () =>
      assert.throws(
        () => readCommandLine(words),
        (error) => error instanceof ConfigError && sentence.test(error.message) && !error.message.includes('\n'),
      ),
    );
});
