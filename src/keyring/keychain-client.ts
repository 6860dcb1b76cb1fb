import { createInterface } from 'node:readline';
import type { KeychainTrouble } from '../domain/keyring-warning.ts';
import { jsonLine } from '../domain/text.ts';
import { installHint } from '../system/installer.ts';
import { isAnswer, isHello, type Request } from './keychain-protocol.ts';
import { failed, ok, type Result } from './pin-store.ts';
import type { KeychainProcess } from './start-keychain.ts';

type Value = string | boolean | null;
type Outcome = Result<Value, KeychainTrouble>;

export interface KeychainClient {
  /** Answers requests in the order in which they were made. Never rejects. */
  ask(request: Request): Promise<Outcome>;
  /** Kills the process, and with it everything that is still under way. */
  kill(): void;
}

/**
 * Talks to a keychain process. All waiting for answers, over the life of the client, is drawn from one budget. When
 * that is used up, or the process dies or says what it shouldn't, the process is killed. Everything asked then and
 * later fails at once with the same trouble.
 * @param budgetMs milliseconds
 */
export function connectKeychain(child: KeychainProcess, budgetMs: number): KeychainClient {
  const waiting = new Map<number, (outcome: Outcome) => void>();
  let trouble: KeychainTrouble | undefined;
  let greeted = false;
  let nextId = 0;
  let leftMs = budgetMs;
  let since = 0;
  let timer: NodeJS.Timeout | undefined;

  function end(cause: KeychainTrouble): void {
    if (trouble) return;
    trouble = cause;
    clearTimeout(timer);
    child.kill('SIGKILL');
    for (const settle of waiting.values()) settle(failed(cause));
    waiting.clear();
  }

  function hear(line: string): void {
    const message = parse(line);
    if (!greeted && isHello(message)) {
      greeted = true;
      if (!message.ready) end(notReady(message));
      return;
    }
    const settle = greeted && isAnswer(message) ? waiting.get(message.id) : undefined;
    if (!settle || !isAnswer(message)) {
      end({ cause: 'crashed', how: 'it answered nonsense' });
      return;
    }
    waiting.delete(message.id);
    if (waiting.size === 0) stopClock();
    settle(message.ok ? ok(message.value) : failed({ cause: 'refused', detail: message.detail }));
  }

  function startClock(): void {
    since = performance.now();
    timer = setTimeout(() => end({ cause: 'no-answer', milliseconds: budgetMs }), leftMs);
  }

  function stopClock(): void {
    clearTimeout(timer);
    leftMs = Math.max(0, leftMs - (performance.now() - since));
  }

  child.once('error', (error) => end({ cause: 'crashed', how: error.message }));
  child.once('close', (code, signal) => end({ cause: 'crashed', how: signal ?? `exit status ${code}` }));
  // A broken pipe here is the death that 'close' reports with its reason.
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stdout }).on('line', hear);
  letGo(child);

  return {
    ask(request) {
      if (trouble) return Promise.resolve(failed(trouble));
      if (waiting.size === 0) startClock();
      const id = nextId++;
      child.stdin.write(`${jsonLine({ id, ...request })}\n`);
      return new Promise((resolve) => waiting.set(id, resolve));
    },
    kill: () => end({ cause: 'crashed', how: 'closed' }),
  };
}

/** An idle process does not keep the program from ending; the clock of a pending request does. */
function letGo(child: KeychainProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout]) {
    if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
  }
}

function notReady(hello: { cause: 'not-installed' | 'not-loadable'; detail: string }): KeychainTrouble {
  const { cause, detail } = hello;
  if (cause === 'not-installed') return { cause };
  const isLibrary = /libsecret/.test(detail); // Otherwise there is no binding for this system, such as musl's.
  return { cause, detail, ...(isLibrary && { hint: installHint('libsecret', 'install libsecret') }) };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
