// Tokens of requests, and the token in the URIs of a playlist (RFC 8216 section 4): it goes to this server alone.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import fastify, { type FastifyRequest } from 'fastify';

import { presentedTokens, withToken } from '../../../src/http/access/tokens-in-request.ts';

interface Shape {
  url?: string;
  headers?: Record<string, string>;
}

/** What `read` makes of a request. */
async function inRequest<Value>({ url = '/', headers = {} }: Shape, read: (request: FastifyRequest) => Value) {
  const app = fastify();
  const values: Value[] = [];
  app.get('*', async (request) => void values.push(read(request)));
  await app.inject({ url, headers });
  return values[0];
}

suite('presented tokens', () => {
  const ROWS: { what: string; shape: Shape; cast?: string; lan?: string; cookie?: string }[] = [
    { what: 'none', shape: { url: '/?other=1' } },
    { what: 'in the query', shape: { url: '/a?cast_token=c&lan_token=l' }, cast: 'c', lan: 'l' },
    { what: 'percent-escaped', shape: { url: '/a?lan_token=a%2Bb%26c' }, lan: 'a+b&c' },
    { what: 'a question mark in the query', shape: { url: '/a?b=?&lan_token=l' }, lan: 'l' },
    {
      what: 'in headers',
      shape: { headers: { 'x-raffi-cast-token': 'c', authorization: 'Bearer l' } },
      cast: 'c',
      lan: 'l',
    },
    { what: 'bearer in capitals, with spaces', shape: { headers: { authorization: 'BEARER   l  ' } }, lan: 'l' },
    { what: 'another scheme', shape: { headers: { authorization: 'Basic l' } } },
    { what: 'bearer with two words', shape: { headers: { authorization: 'Bearer a b' } } },
    {
      what: 'the query goes before the header',
      shape: { url: '/?lan_token=q&cast_token=r', headers: { 'x-raffi-cast-token': 'c', authorization: 'Bearer l' } },
      cast: 'r',
      lan: 'q',
    },
    { what: 'in a cookie', shape: { headers: { cookie: 'a=b; raffi_lan_token=l%2B; c=d' } }, cookie: 'l+' },
    { what: 'a cookie of a longer name', shape: { headers: { cookie: 'xraffi_lan_token=l; raffi_lan_token2=m' } } },
    { what: 'a cookie that is escaped wrongly', shape: { headers: { cookie: 'raffi_lan_token=%' } } },
    { what: 'a cookie without a value', shape: { headers: { cookie: 'raffi_lan_token' } }, cookie: '' },
  ];
  for (const { what, shape, cast: castToken, lan: lanToken, cookie: lanCookie } of ROWS)
    test(what, async () =>
      assert.deepEqual(await inRequest(shape, presentedTokens), { castToken, lanToken, lanCookie }),
    );
});

suite('playlists', () => {
  const ROWS: { what: string; line: string; expected: string }[] = [
    { what: 'a URI', line: 'segment-1.ts', expected: 'segment-1.ts?lan_token=t%2B' },
    { what: 'a URI with a query', line: '/a.m3u8?b=1', expected: '/a.m3u8?b=1&lan_token=t%2B' },
    { what: 'an attribute', line: '#EXT-X-MAP:URI="init.mp4"', expected: '#EXT-X-MAP:URI="init.mp4?lan_token=t%2B"' },
    {
      what: 'an attribute between others',
      line: '#EXT-X-MEDIA:TYPE=AUDIO,URI="a.m3u8",NAME="x"',
      expected: '#EXT-X-MEDIA:TYPE=AUDIO,URI="a.m3u8?lan_token=t%2B",NAME="x"',
    },
    {
      what: 'an attribute of a longer name',
      line: '#EXT-X-DATERANGE:X-ASSET-URI="a"',
      expected: '#EXT-X-DATERANGE:X-ASSET-URI="a"',
    },
    {
      what: 'a name that looks like an attribute',
      line: '#EXT-X-MEDIA:NAME="x,URI=",LANGUAGE="en",URI="a"',
      expected: '#EXT-X-MEDIA:NAME="x,URI=",LANGUAGE="en",URI="a?lan_token=t%2B"',
    },
    { what: 'another server', line: 'https://example.org/a.ts', expected: 'https://example.org/a.ts' },
    { what: 'another server in capitals', line: 'HTTP://example.org/a.ts', expected: 'HTTP://example.org/a.ts' },
    { what: 'another server without a scheme', line: '//example.org/a.ts', expected: '//example.org/a.ts' },
    {
      what: 'another server in an attribute',
      line: '#EXT-X-MAP:URI="https://example.org/i"',
      expected: '#EXT-X-MAP:URI="https://example.org/i"',
    },
    {
      what: 'inline content',
      line: '#EXT-X-KEY:METHOD=AES-128,URI="data:,x"',
      expected: '#EXT-X-KEY:METHOD=AES-128,URI="data:,x"',
    },
    { what: 'a comment', line: '# segment-1.ts', expected: '# segment-1.ts' },
    { what: 'an empty line', line: '', expected: '' },
  ];
  for (const { what, line, expected } of ROWS)
    test(what, async () => {
      const text = (middle: string) => `#EXTM3U\n${middle}\n#EXT-X-ENDLIST\n`;
      const made = await inRequest({ url: '/?lan_token=t%2B' }, (request) => withToken(text(line), request));
      assert.equal(made, text(expected));
    });

  const WHICH: { what: string; shape: Shape; expected: string }[] = [
    { what: 'without a token', shape: {}, expected: 'a.ts' },
    { what: 'a bearer token stays in the header', shape: { headers: { authorization: 'Bearer l' } }, expected: 'a.ts' },
    { what: 'a cookie stays in the header', shape: { headers: { cookie: 'raffi_lan_token=l' } }, expected: 'a.ts' },
    {
      what: 'a cast token of a header',
      shape: { headers: { 'x-raffi-cast-token': 'c' } },
      expected: 'a.ts?cast_token=c',
    },
    { what: 'a cast token goes first', shape: { url: '/?lan_token=l&cast_token=c' }, expected: 'a.ts?cast_token=c' },
  ];
  for (const { what, shape, expected } of WHICH)
    test(what, async () => assert.equal(await inRequest(shape, (request) => withToken('a.ts', request)), expected));
});
