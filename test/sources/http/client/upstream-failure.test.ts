// Which failures of remote servers are retried, and what the user is told (statuses: RFC 9110 section 15).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { AppError, type ErrorCode } from '../../../../src/base/app-error.ts';
import {
  failureOf,
  statusFailure,
  UpstreamFailure,
  type FailureKind,
} from '../../../../src/sources/http/client/upstream-failure.ts';

/** An error as Node and undici throw it. */
function coded(code: string): Error {
  return Object.assign(new Error('internal'), { code });
}

function assertFailure(
  { kind, error }: UpstreamFailure,
  [expectedKind, code, sentence]: [kind: FailureKind, code: ErrorCode, sentence: RegExp],
): void {
  assert.deepEqual([kind, error.code], [expectedKind, code]);
  assert.match(error.message, sentence);
}

suite('errors of an attempt', () => {
  const ROWS: [what: string, error: unknown, kind: FailureKind, sentence: RegExp][] = [
    ['refused', coded('ECONNREFUSED'), 'transient', /refused the connection/u],
    ['reset', coded('ECONNRESET'), 'transient', /broke the connection/u],
    ['reset while sending', coded('EPIPE'), 'transient', /broke the connection/u],
    ['no route', coded('EHOSTUNREACH'), 'transient', /cannot be reached/u],
    ['no network', coded('ENETUNREACH'), 'transient', /cannot be reached/u],
    ['the network is down', coded('ENETDOWN'), 'transient', /cannot be reached/u],
    ['an unknown name', coded('ENOTFOUND'), 'final', /name of the server is not known/u],
    ['no name server', coded('EAI_AGAIN'), 'transient', /could not be looked up/u],
    ['the body ended early', coded('UND_ERR_SOCKET'), 'short', /before the end of the file/u],
    ['fewer bytes than stated', coded('UND_ERR_RES_CONTENT_LENGTH_MISMATCH'), 'short', /before the end of the file/u],
    ['no HTTP', coded('HPE_INVALID_CONSTANT'), 'final', /answer of the server is not valid/u],
    ['broken HTTP', coded('HPE_INVALID_CHUNK_SIZE'), 'final', /answer of the server is not valid/u],
    ['too many headers', coded('UND_ERR_HEADERS_OVERFLOW'), 'final', /answer of the server is not valid/u],
    ['a certificate that has expired', coded('CERT_HAS_EXPIRED'), 'final', /secure connection/u],
    ['a certificate of its own', coded('DEPTH_ZERO_SELF_SIGNED_CERT'), 'final', /secure connection/u],
    ['a chain that ends in its own certificate', coded('SELF_SIGNED_CERT_IN_CHAIN'), 'final', /secure connection/u],
    ['an unknown issuer', coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'final', /secure connection/u],
    ['a certificate for another name', coded('ERR_TLS_CERT_ALTNAME_INVALID'), 'final', /secure connection/u],
    ['a server that speaks no TLS', coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'final', /secure connection/u],
    ['an unknown code', coded('EWHAT'), 'transient', /connection to the server failed/u],
    ['no code', new Error('internal'), 'transient', /connection to the server failed/u],
    ['a code that is a number', Object.assign(new Error('internal'), { code: 7 }), 'transient', /connection to the/u],
    ['no error at all', 'ECONNREFUSED', 'transient', /connection to the server failed/u],
    ['the code of the cause', new Error('internal', { cause: coded('ENOTFOUND') }), 'final', /name of the server/u],
    [
      'several addresses: the first one',
      new AggregateError([coded('ECONNREFUSED'), coded('ENOTFOUND')]),
      'transient',
      /refused the connection/u,
    ],
    ['no address at all', new AggregateError([]), 'transient', /connection to the server failed/u],
  ];
  for (const [what, error, kind, sentence] of ROWS)
    test(what, () => {
      const failure = failureOf(error);
      assertFailure(failure, [kind, 'SOURCE_FAILED', sentence]);
      assert.equal(failure.error.cause, error);
      assert.equal(failure.retryAfterMs, 0);
    });

  const SILENT: [code: string, sentence: RegExp][] = [
    ['ETIMEDOUT', /does not answer/u],
    ['UND_ERR_CONNECT_TIMEOUT', /does not answer/u],
    ['UND_ERR_HEADERS_TIMEOUT', /does not answer/u],
    ['UND_ERR_BODY_TIMEOUT', /stopped sending/u],
  ];
  for (const [code, sentence] of SILENT)
    test(`${code} is a stall`, () => assertFailure(failureOf(coded(code)), ['stalled', 'SOURCE_STALLED', sentence]));

  test('an AppError is final and keeps its sentence', () => {
    const error = new AppError('SOURCE_UNUSABLE', 'Because', { cause: coded('ECONNRESET') });
    assertFailure(failureOf(error), ['final', 'SOURCE_UNUSABLE', /^Because$/u]);
    assert.equal(failureOf(error).error, error);
  });

  test('a failure stays as it is', () => {
    const failure = new UpstreamFailure('busy', new AppError('SOURCE_FAILED', 'Because'), 5);
    assert.equal(failureOf(failure), failure);
  });
});

suite('statuses', () => {
  const ROWS: [status: number, worked: boolean, kind: FailureKind, code: ErrorCode, sentence: RegExp][] = [
    [200, true, 'short', 'SOURCE_FAILED', /no longer answers ranges/u],
    [204, false, 'final', 'SOURCE_FAILED', /answered 204/u],
    [400, false, 'final', 'SOURCE_FAILED', /answered 400/u],
    [401, false, 'final', 'SOURCE_FORBIDDEN', /does not allow access to the file \(401\)/u],
    [401, true, 'final', 'SOURCE_FORBIDDEN', /link has expired.*\(401\)/u],
    [403, false, 'final', 'SOURCE_FORBIDDEN', /does not allow access to the file \(403\)/u],
    [403, true, 'final', 'SOURCE_FORBIDDEN', /link has expired.*\(403\)/u],
    [404, false, 'final', 'SOURCE_NOT_FOUND', /does not have the file \(404\)/u],
    [404, true, 'final', 'SOURCE_NOT_FOUND', /no longer on the server \(404\)/u],
    [410, false, 'final', 'SOURCE_NOT_FOUND', /does not have the file \(410\)/u],
    [408, false, 'transient', 'SOURCE_FAILED', /answered 408/u],
    [416, true, 'short', 'SOURCE_CHANGED', /shorter than it was/u],
    [425, false, 'transient', 'SOURCE_FAILED', /answered 425/u],
    [429, true, 'transient', 'SOURCE_FAILED', /answered 429/u],
    [451, false, 'final', 'SOURCE_FAILED', /answered 451/u],
    [499, false, 'final', 'SOURCE_FAILED', /answered 499/u],
    [500, false, 'transient', 'SOURCE_FAILED', /answered 500/u],
    [503, true, 'transient', 'SOURCE_FAILED', /answered 503/u],
    [599, false, 'transient', 'SOURCE_FAILED', /answered 599/u],
  ];
  for (const [status, worked, kind, code, sentence] of ROWS)
    test(`${status}${worked ? ' after bytes' : ''}`, () =>
      assertFailure(statusFailure({ status, header: () => undefined }, worked), [kind, code, sentence]));
});

suite('how long the server asks to wait (RFC 9110 section 10.2.3)', () => {
  const ROWS: [what: string, value: string | undefined, expected: number][] = [
    ['seconds', '3', 3000],
    ['seconds with spaces', ' 3 ', 3000],
    ['none', '0', 0],
    ['longer than a viewer waits', '120', 15_000],
    ['a date that has passed', 'Fri, 31 Dec 1999 23:59:59 GMT', 0],
    ['a date far ahead', 'Fri, 31 Dec 9999 23:59:59 GMT', 15_000],
    ['a negative number', '-5', 0],
    ['no number and no date', 'soon', 0],
    ['nothing', '', 0],
    ['no header', undefined, 0],
  ];
  for (const [what, value, expected] of ROWS)
    test(what, () => {
      const header = (name: string) => (name === 'retry-after' ? value : undefined);
      assert.equal(statusFailure({ status: 503, header }, false).retryAfterMs, expected);
    });
});
