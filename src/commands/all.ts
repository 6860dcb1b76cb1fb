import type { Describe } from '../options/command.ts';
import { access } from './access.ts';
import { complete } from './complete.ts';
import { completion } from './completion.ts';
import { doctor } from './doctor.ts';
import { extend } from './extend.ts';
import { forget } from './forget.ts';
import { info } from './info.ts';
import { invite } from './invite.ts';
import { keys } from './keys.ts';
import { kick } from './kick.ts';
import { list } from './list.ts';
import { log } from './log.ts';
import { menu } from './menu.ts';
import { repair } from './repair.ts';
import { stop } from './stop.ts';
import { supervise } from './supervise.ts';
import { sweep } from './sweep.ts';

/** Every command that has a name, in the order of help. Those for the program's own use are not shown. */
export const commands: readonly Describe[] = [
  keys,
  forget,
  list,
  info,
  invite,
  kick,
  access,
  extend,
  repair,
  stop,
  log,
  completion,
  doctor,
  sweep,
  complete,
  menu,
  supervise,
];
