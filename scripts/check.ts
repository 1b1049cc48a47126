// Everything that can be said about the code without running it: types, lint, format, unused code. All steps run; one failure fails.
import { spawnSync } from 'node:child_process';

const STEPS = [
  { name: 'types', words: ['node_modules/typescript/bin/tsc', '--noEmit'] },
  { name: 'lint', words: ['node_modules/oxlint/bin/oxlint'] },
  { name: 'format', words: ['node_modules/oxfmt/bin/oxfmt', '--check'] },
  { name: 'unused', words: ['node_modules/knip/bin/knip.js'] },
];

for (const { name, words } of STEPS) {
  const startedMs = performance.now();
  const { status } = spawnSync(process.execPath, words, { stdio: 'inherit' });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`check: ${name} ${status === 0 ? 'passed' : 'FAILED'} (${seconds} s)`);
  if (status !== 0) process.exitCode = 1;
}
