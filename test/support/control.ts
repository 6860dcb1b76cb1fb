import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * One request to a pairing's supervisor, as another invocation would send it, without what that does before.
 * @returns the answer; rejects where there is none
 */
export function ask(folder: string, request: object): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const socket = connect(`${folder}/control`);
    socket.once('error', reject).once('close', () => reject(new Error('no answer')));
    socket.write(`${JSON.stringify({ v: 1, ...request })}\n`);
    createInterface({ input: socket })
      .once('line', (line) => {
        resolve(JSON.parse(line));
        socket.destroy();
      })
      .on('error', reject);
  });
}
