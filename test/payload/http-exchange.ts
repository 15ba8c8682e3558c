/** A real HTTP exchange, without a network: what each side sent. */
import { createServer, request, type RequestOptions } from 'node:http';
import { once } from 'node:events';
import { pipe } from './pipe.ts';

/** @param status of the response */
export async function httpExchange(
  options: RequestOptions,
  status: number,
): Promise<{ client: Buffer; server: Buffer }> {
  const { near, far, sent } = pipe();
  const server = createServer((_request, response) => response.writeHead(status).end('a body'));
  server.emit('connection', far);
  const asked = request({ ...options, createConnection: () => near });
  asked.end();
  const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream];
  response.resume();
  await once(response, 'end');
  near.destroy();
  far.destroy();
  return { client: Buffer.concat(sent[0]), server: Buffer.concat(sent[1]) };
}
