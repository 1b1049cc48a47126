import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, test } from 'node:test';
import protocol from 'castv2/lib/proto.js';

import { AppError } from '../../src/base/app-error.ts';
import { decodeCastMessage, encodeCastMessage } from '../../src/cast/cast-message.ts';
import { frame, MessageFrames } from '../../src/cast/message-frames.ts';
import { protocolLoaded } from './fake-receiver.ts';

const MESSAGE = {
  sourceId: 'sender-0',
  destinationId: 'receiver-0',
  namespace: 'urn:x-cast:a',
  payload: '{"type":"PING"}',
};
const TEXTS = ['', 'a', 'ü€😀', 'x'.repeat(127), 'x'.repeat(128), 'x'.repeat(16_384), JSON.stringify({ a: '"\\\n' })];

before(protocolLoaded);

test('another implementation reads what we write, and we read what it writes', () => {
  for (const payload of TEXTS) {
    const message = { ...MESSAGE, payload, sourceId: payload.slice(0, 200) };
    const theirs = protocol.CastMessage.parse(encodeCastMessage(message));
    assert.deepEqual(
      [
        theirs.protocolVersion,
        theirs.sourceId,
        theirs.destinationId,
        theirs.namespace,
        theirs.payloadType,
        theirs.payloadUtf8,
      ],
      [0, message.sourceId, message.destinationId, message.namespace, 0, payload],
    );
    const { destinationId, namespace, sourceId } = message;
    const bytes = protocol.CastMessage.serialize({
      protocolVersion: 0,
      sourceId,
      destinationId,
      namespace,
      payloadType: 0,
      payloadUtf8: payload,
    });
    assert.deepEqual(decodeCastMessage(bytes), message);
    assert.deepEqual(encodeCastMessage(message), Buffer.from(bytes));
  }
});

test('a binary message has no text for us, and fields we do not know are passed over', () => {
  const { sourceId, destinationId, namespace } = MESSAGE;
  const binary = {
    protocolVersion: 0,
    sourceId,
    destinationId,
    namespace,
    payloadType: 1,
    payloadBinary: randomBytes(9),
  };
  assert.equal(decodeCastMessage(protocol.CastMessage.serialize(binary)), undefined);
  const unknown = [
    Buffer.from([0x78, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
    Buffer.from([0x82, 0x01, 0x02, 1, 2]),
    Buffer.from([0x89, 0x01, 1, 2, 3, 4, 5, 6, 7, 8]),
    Buffer.from([0x95, 0x01, 1, 2, 3, 4]),
  ];
  assert.deepEqual(decodeCastMessage(Buffer.concat([...unknown, encodeCastMessage(MESSAGE), ...unknown])), MESSAGE);
});

test('whatever bytes a device sends, the answer is a message or an error in words', () => {
  const good = encodeCastMessage(MESSAGE);
  const isOurs = (error: unknown) => error instanceof AppError && error.code === 'DEVICE_FAILED';
  for (let size = 0; size < good.length; size += 1) {
    // A message that ends between two fields may lack its text.
    let message: unknown;
    try {
      message = decodeCastMessage(good.subarray(0, size));
    } catch (error) {
      assert.ok(isOurs(error), `cut at ${size}: ${String(error)}`);
    }
    assert.equal(message, undefined, `cut at ${size}`);
  }
  for (let count = 0; count < 3000; count += 1) {
    const bytes = count % 2 === 0 ? randomBytes(count % 97) : Buffer.from(good);
    if (count % 2 === 1) bytes[count % bytes.length] = randomBytes(1)[0] ?? 0;
    try {
      decodeCastMessage(bytes);
    } catch (error) {
      assert.ok(isOurs(error), String(error));
    }
  }
});

test('messages come out whole, however the stream is cut; one that is too long ends it', () => {
  const messages = [Buffer.from('one'), Buffer.alloc(0), randomBytes(65_536), Buffer.from('last')];
  const stream = Buffer.concat(messages.map(frame));
  for (const step of [1, 3, 4, 5, 1000, stream.length]) {
    const frames = new MessageFrames();
    const out: Buffer[] = [];
    for (let start = 0; start < stream.length; start += step)
      out.push(...frames.push(stream.subarray(start, start + step)));
    assert.deepEqual(
      out.map((each) => each.toString('hex')),
      messages.map((each) => each.toString('hex')),
      `step ${step}`,
    );
  }
  assert.throws(() => [...new MessageFrames().push(Buffer.from([0, 1, 0, 1]))], /too long/u);
  assert.throws(() => [...new MessageFrames().push(Buffer.from([0xff, 0xff, 0xff, 0xff]))], /too long/u);
});
