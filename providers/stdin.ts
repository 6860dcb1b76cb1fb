import { refuse, usage } from '../src/domain/failure.ts';
import { quoted } from './account.ts';
import { defaultLimits } from './limits.ts';
import { parseOfferedText, usable } from './offered-keys.ts';
import type { FetchContext, Provider } from './provider.ts';

/** Standard input, to its end: one key per line. Can be read once. */
export const stdin: Provider = {
  aliases: [],
  parse(text) {
    if (text !== '-' && text !== '') usage(`${quoted(text)} is not standard input`, 'write it as -');
    return { name: 'stdin', text: '-' };
  },
  async fetch(reference, context) {
    return usable(reference, parseOfferedText(await textOf(context)));
  },
};

async function textOf(context: FetchContext): Promise<string> {
  const { signal } = context;
  const most = context.limits?.bytes ?? defaultLimits.bytes;
  const source = iteratorOf(context);
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
  });
  const chunks: Buffer[] = [];
  let left = most;
  try {
    signal.throwIfAborted();
    for (;;) {
      const { done, value } = await Promise.race([source.next(), aborted]);
      if (done) return Buffer.concat(chunks).toString('utf8');
      const chunk = Buffer.from(value);
      left -= chunk.length;
      if (left < 0) refuse({ kind: 'file-unreadable', path: '-', code: 'too-large' });
      chunks.push(chunk);
    }
  } finally {
    signal.removeEventListener('abort', abort);
    // Not awaited: a reader that still waits for its input would never let go.
    source.return?.()?.catch(() => {});
  }
}

/** An early end does not destroy standard input itself, since children inherit its descriptor. */
function iteratorOf(context: FetchContext): AsyncIterator<Uint8Array | string> {
  if (context.stdin) return context.stdin()[Symbol.asyncIterator]();
  return process.stdin.iterator({ destroyOnReturn: false });
}
