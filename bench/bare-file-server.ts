// A bare HTTP server of Node that sends one file and knows nothing else, as a yardstick: `node bare-file-server.ts PATH stream|blocks`.
import { createReadStream, openSync, read, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';

const BLOCK_BYTES = 2 ** 20;
const KEEP_ALIVE_MS = 600_000;

const [path = '', how] = process.argv.slice(2);
const headers = { 'content-length': statSync(path).size };
const descriptor = openSync(path, 'r');
const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);

const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (_request, response) => {
  response.writeHead(200, headers);
  if (how === 'stream') createReadStream(path).pipe(response);
  else sendBlock(response, 0);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});

/** One block, which is read again when the socket has taken it. For one client at a time. */
function sendBlock(response: ServerResponse, position: number): void {
  read(descriptor, block, 0, BLOCK_BYTES, position, (error, bytes) => {
    if (error) response.destroy(error);
    else if (bytes === 0) response.end();
    else response.write(block.subarray(0, bytes), (failure) => failure ?? sendBlock(response, position + bytes));
  });
}
