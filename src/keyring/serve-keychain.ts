import { createInterface } from 'node:readline';
import type keytar from 'keytar';
import { jsonLine } from '../domain/text.ts';
import { type Answer, type Hello, protocolVersion, type Request } from './keychain-protocol.ts';

type Keytar = typeof keytar;

const service = 'tmuxpair';

/**
 * The keychain process: says hello, then answers requests one after the other until standard input ends. Only this
 * process loads keytar, since its calls can hang beyond any time limit of their own process, or end it.
 */
export async function serveKeychain(): Promise<void> {
  // Not process.exit(), which waits for a call that hangs. At the end of input the program is gone, for whatever
  // reason.
  process.stdin.once('close', () => process.kill(process.pid, 'SIGKILL'));
  const loaded = await load();
  say(loaded.hello);
  if (!loaded.keytar) return;
  let last = Promise.resolve();
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, ...request } = JSON.parse(line) as Request & { id: number };
    const { keytar } = loaded;
    last = last.then(async () => say({ id, ...(await answer(keytar, request)) }));
  }
}

async function load(): Promise<{ hello: Hello; keytar?: Keytar }> {
  try {
    const { default: keytar } = await import('keytar');
    return { hello: { protocol: protocolVersion, ready: true }, keytar };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const cause = code?.endsWith('MODULE_NOT_FOUND') ? 'not-installed' : 'not-loadable';
    return { hello: { protocol: protocolVersion, ready: false, cause, detail: message } };
  }
}

type Outcome = Answer extends infer A ? (A extends Answer ? Omit<A, 'id'> : never) : never;

async function answer(keytar: Keytar, request: Request): Promise<Outcome> {
  try {
    switch (request.op) {
      case 'get':
        return { ok: true, value: await keytar.getPassword(service, request.account) };
      case 'set':
        await keytar.setPassword(service, request.account, request.value);
        return { ok: true, value: true };
      case 'delete':
        return { ok: true, value: await keytar.deletePassword(service, request.account) };
    }
  } catch (error) {
    return { ok: false, detail: (error as Error).message };
  }
}

function say(message: Hello | (Outcome & { id: number })): void {
  process.stdout.write(`${jsonLine(message)}\n`);
}
