import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, isAbort, isErrorCode } from '../../src/base/app-error.ts';
import { errorsPage } from '../../src/base/errors-page.ts';

test('the code decides the HTTP status', () => {
  assert.equal(new AppError('SOURCE_NOT_FOUND', 'There is no such file.').status, 404);
  assert.equal(new AppError('SOURCE_STALLED', 'The source went silent.').status, 504);
  assert.equal(new AppError('DISK_FULL', 'The disk is full.').status, 507);
});

test('an error carries its sentence, its hint and its cause', () => {
  const cause = new Error('ENOENT');
  const error = new AppError('SOURCE_NOT_FOUND', 'There is no such file.', { cause, hint: 'Check the path.' });
  assert.equal(error.message, 'There is no such file.');
  assert.equal(error.hint, 'Check the path.');
  assert.equal(error.cause, cause);
  assert.ok(error instanceof Error);
});

test('without a hint there is none', () => {
  assert.equal(new AppError('INTERNAL', 'Something broke.').hint, undefined);
});

test('an aborted wait is told from a failure', async () => {
  const stopping = new AbortController();
  const waiting = sleep(60_000, undefined, { signal: stopping.signal });
  stopping.abort();
  await assert.rejects(waiting, isAbort);
  assert.equal(isAbort(stopping.signal.reason), true);
  assert.equal(isAbort(new AppError('INTERNAL', 'Something broke.')), false);
  assert.equal(isAbort('AbortError'), false);
});

test('only the codes of the table are codes', () => {
  assert.equal(isErrorCode('NOT_MEDIA'), true);
  assert.equal(isErrorCode('toString'), false);
  assert.equal(isErrorCode('not_media'), false);
});

test('docs/errors.md is the table of error codes', () => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  assert.equal(page, errorsPage());
});
