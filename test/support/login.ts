import { dirname } from 'node:path';
import type { Environment } from './execute.ts';
import { testRun } from './run.ts';

/** The environment of a fresh login on Debian; Node's own folder comes last, for where it is elsewhere. */
export function loginEnvironment(name: string, home: string): Environment {
  return {
    HOME: home,
    USER: name,
    LOGNAME: name,
    SHELL: '/bin/bash',
    PATH: `/usr/local/bin:/usr/bin:/bin:${dirname(testRun().node)}`,
    LANG: 'C.UTF-8',
  };
}
