/** The words for what was taken away from a live pairing, or does not do what it should. */
import { effectOf, isOfStartUp } from '../domain/obstacle.ts';
import { printable } from '../domain/text.ts';
import type { Trouble } from '../domain/trouble.ts';
import { obstacleWords } from './obstacle-words.ts';
import { accountBarWords, accountMend, noLoginsWords } from './private-door-bar-words.ts';
import { isOfSshd } from './shell-words.ts';
import { tunnelWords } from './tunnel-words.ts';

interface TroubleWords {
  /** What is wrong, and what comes of it. Printable. */
  readonly text: string;
  /** What to do about it. */
  readonly fix?: string;
  /** What to do if `tmuxpair repair` could not help. */
  readonly byHand?: string;
  /** What is right again afterwards. */
  readonly over: string;
}

const repair = 'to put it back: tmuxpair repair';

/** @param trouble perhaps from a later version of this program */
export function troubleWords(trouble: Trouble): TroubleWords {
  switch (trouble.kind) {
    case 'lines-missing': {
      const [who, path] = [printable(trouble.guests.join(', ')), printable(trouble.path)];
      return {
        text: `the lines of ${who} are gone from ${path}: they can't join any more`,
        fix: repair,
        over: `the lines of ${who} in ${path}`,
      };
    }
    case 'line-changed': {
      const [who, at] = [printable(trouble.guests.join(', ')), `${printable(trouble.path)}:${trouble.line}`];
      return {
        text: `${at}: the line of ${who} was changed, and may let them in past the gate`,
        fix: repair,
        over: `the line of ${who}`,
      };
    }
    case 'key-elsewhere': {
      const [who, at] = [printable(trouble.guests.join(', ')), `${printable(trouble.path)}:${trouble.line}`];
      return {
        text: `${at}: this line has a key of ${who}, too, and lets them in past the gate`,
        fix: 'remove it if it should not be there',
        over: `nothing but the gate is left for ${who} at ${at}`,
      };
    }
    case 'key-file': {
      const path = printable(trouble.path);
      return {
        text: `${path} ${printable(trouble.problem)}: sshd may ignore it`,
        ...(trouble.hint === undefined ? {} : { fix: printable(trouble.hint, 1000) }),
        over: path,
      };
    }
    case 'lease-part': {
      const [path, problem] = [printable(trouble.path), problems[trouble.problem] ?? 'is not as it was'];
      return {
        text: `${path} of the pairing's own ${problem}`,
        fix: repair,
        byHand: 'end the pairing: tmuxpair stop',
        over: path,
      };
    }
    case 'room-unclaimed':
      return {
        text: `the mark of this pairing is gone from ${printable(trouble.path)}: another could take the same session`,
        fix: repair,
        byHand: 'end the pairing: tmuxpair stop',
        over: 'the mark of this pairing on its session',
      };
    case 'no-switch':
      return {
        text: 'what revokes access if tmuxpair dies does not stay alive',
        fix: repair,
        byHand: 'end the pairing if you did not do this: tmuxpair stop',
        over: 'what revokes access if tmuxpair dies',
      };
    case 'no-clock':
      return {
        text: 'what ends access at the time limit if tmuxpair hangs does not run',
        fix: repair,
        byHand: 'end the pairing if you did not do this: tmuxpair stop',
        over: 'what ends access at the time limit if tmuxpair hangs',
      };
    case 'tunnel-down':
      return {
        text: `the tunnel is down, and opened again as soon as it can be: ${tunnelWords(trouble.trouble)}`,
        byHand: 'see whether you can reach the jump host by ssh',
        over: 'the tunnel',
      };
    case 'sshd-gone':
      return {
        text: `nobody listens on port ${trouble.port} any more: your guests can't join`,
        fix: "start this machine's sshd again",
        over: `the sshd on port ${trouble.port}`,
      };
    case 'address-gone':
      return {
        text: `this machine has lost the address ${printable(trouble.address)}: the line that your guests were told with it leads here no more`,
        fix: 'if it does not come back, start anew for a line that does: tmuxpair stop',
        over: `the address ${printable(trouble.address)}`,
      };
    case 'sshd-replaced': {
      const said = trouble.greeting === '' ? 'as no sshd' : `as ${printable(trouble.greeting, 80)}`;
      return {
        text: `what listens on port ${trouble.port} greets ${said} by now: your guests can't join`,
        fix: "start this machine's sshd again",
        over: `the sshd on port ${trouble.port}`,
      };
    }
    case 'host-key-changed':
      return {
        text: `the sshd on port ${trouble.port} has another host key than your guests were told, by now ${printable(trouble.fingerprints.join(', '), 400)}: their ssh may refuse it`,
        fix: 'tell them the new one, if you know who has changed it',
        over: `the host key of the sshd on port ${trouble.port}`,
      };
    case 'sshd-obstacle': {
      if (isOfStartUp(trouble.obstacle)) {
        const file = `a start-up file of ${isOfSshd(trouble.obstacle.path) ? 'sshd' : 'your login shell'}`;
        return {
          text: `${file} has changed: ${obstacleWords(trouble.obstacle)}`,
          fix: 'take that out of it, or end the pairing: tmuxpair stop',
          over: `${file} (it was: ${obstacleWords(trouble.obstacle)})`,
        };
      }
      const isWayIn = effectOf(trouble.obstacle) === 'way-in';
      return {
        text: `this machine's sshd has changed, and may ${isWayIn ? 'let your guests in past the gate' : 'keep your guests out'}: ${obstacleWords(trouble.obstacle)}`,
        fix: isWayIn ? 'end the pairing if you did not do this: tmuxpair stop' : 'see tmuxpair doctor',
        over: `this machine's sshd (it was: ${obstacleWords(trouble.obstacle)})`,
      };
    }
    case 'account-refused':
      return {
        text: `your guests can't join any more: ${accountBarWords(trouble)}`,
        fix: `as root: ${accountMend(trouble)}`,
        over: 'this account lets guests in',
      };
    case 'no-logins':
      return {
        text: `your guests can't join any more: ${noLoginsWords(trouble)}`,
        fix: 'they can again when it is gone; who put it there may be about to shut the machine down',
        over: `${printable(trouble.path)} is gone, and your guests can join`,
      };
    case 'login-failed':
      return {
        text: `your guests probably can't get in through port ${trouble.port}: a trial login with a key of type ${printable(trouble.type)} failed: ${printable(trouble.said) || 'ssh went without a word'}`,
        fix: 'see tmuxpair doctor; when it is mended: tmuxpair repair',
        byHand: 'see tmuxpair doctor',
        over: `a trial login got in through port ${trouble.port}`,
      };
    case 'login-untried':
      return {
        text: `it is not known whether your guests can get in through port ${trouble.port}: a trial login could not be made (${printable(trouble.problem)})`,
        fix: 'see tmuxpair doctor',
        over: `a trial login got in through port ${trouble.port}`,
      };
    default: {
      const { kind } = trouble satisfies never as { kind: string };
      return { text: printable(kind), over: printable(kind) };
    }
  }
}

const problems: Readonly<Record<string, string>> = {
  gone: 'is gone',
  changed: 'was changed',
  'open-to-others': 'can be entered or written by others',
};
