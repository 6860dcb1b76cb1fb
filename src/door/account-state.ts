/** Whether the account of this process may log in at all, as far as the machine's password files tell. */
import { capture } from '../spawn/capture.ts';
import { thisAccount } from '../system/account.ts';
import { markFiles, recall, remember } from '../system/remembered.ts';

/** They change with any account of the machine, and only the administrator may read them. */
export const accountFiles: readonly string[] = ['/etc/shadow', '/etc/master.passwd'];

/** In seconds: it is asked again whenever one of the files has changed. */
const lifetime = 7 * 86_400;

/**
 * A text that changes whenever this account is locked, opened or expires and, if the system can be asked about it, not
 * with other accounts. Does not reject.
 */
export async function accountState(env: NodeJS.ProcessEnv): Promise<string> {
  const marks = markFiles(accountFiles);
  if (Object.values(marks.files).every((mark) => mark === '')) return '';
  const { name } = thisAccount();
  const facts = ['account state 1', name];
  const kept = recall(env, 'account', facts)?.value;
  const state = typeof kept === 'string' ? kept : await stateOf(name);
  if (state === undefined) return JSON.stringify([marks.files, marks.isFresh ? Date.now() : 0]);
  if (kept === undefined) remember(env, 'account', { facts, marks, value: state, lifetime });
  return expires(state) ? `${state}\n${new Date().toDateString()}` : state;
}

/** `undefined` if the account may not ask, or if a password that was never set may look like a locked one. */
async function stateOf(name: string): Promise<string | undefined> {
  const how = { env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' }, timeoutMs: 2000 };
  const [password, ages] = await Promise.all([
    capture('/usr/bin/passwd', ['-S', name], how),
    capture('/usr/bin/chage', ['-l', name], how),
  ]);
  const isTold = password.code === 0 && ages.code === 0 && password.stdout.split(' ')[1] === 'P';
  return isTold ? `${password.stdout}\n${ages.stdout}` : undefined;
}

/** Whether a day is named on which the account or its password expires. */
function expires(state: string): boolean {
  return /^(Password expires|Password inactive|Account expires)\s*:\s*(?!never\b)\S/m.test(state);
}
