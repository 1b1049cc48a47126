// `docs/errors.md`, made from the table of error codes.
import { ERRORS, type ErrorEntry } from './app-error.ts';

export function errorsPage(): string {
  const entries: [string, ErrorEntry][] = Object.entries(ERRORS);
  const sections = entries.flatMap(([code, { status, cause, remedy }]) => [
    `## ${code}`,
    '',
    `- **Status**: ${status}`,
    `- **Cause**: ${cause}`,
    `- **What to do**: ${remedy}`,
    '',
  ]);
  return [
    '# Errors',
    '',
    'Every error is JSON: `{ "error": sentence, "code": CODE }`, with a optional `hint`. The sentence is meant for a person and may',
    'change; the code is meant for programs and does not. `Retry-After` is set when a retry makes sense after a known time.',
    'This page is made from `src/base/app-error.ts` by `node scripts/with-setup.mjs scripts/write-errors-page.ts`.',
    '',
    ...sections,
  ]
    .join('\n')
    .replace(/\n+$/u, '\n');
}
