import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename } from 'node:path';
import type { Premises } from './account.ts';
import { loginEnvironment } from './login.ts';
import { allProcesses, killAll, variableOf } from './processes.ts';
import { testRun } from './run.ts';

/** In the environment of all that runs in a home: what tells its processes from the user's own. */
export const marker = 'TPTEST_HOME';

/** The current user in a home of its own: what a guest is, and a host where the tests don't run as root. */
export async function makeHome(): Promise<Premises> {
  const { username, uid, gid } = userInfo();
  const folder = await mkdtemp(`${testRun().folder}/h`);
  const [home, scratch] = [`${folder}/home`, `${folder}/s`];
  for (const path of [home, scratch]) await mkdir(path, { mode: 0o700 });
  const mark = basename(folder);
  const processes = () => allProcesses().filter(({ pid }) => variableOf(pid, marker) === mark);
  return {
    kind: 'home',
    name: username,
    uid,
    gid,
    home,
    scratch,
    env: { ...loginEnvironment(username, home), TMUX_TMPDIR: scratch, [marker]: mark },
    processes,
    remove: async () => {
      await killAll(processes, `the processes of ${home}`);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
