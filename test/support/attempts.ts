import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, readFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import type { Stage } from './fixture.ts';
import type { Guest } from './guest.ts';
import type { Master } from './master.ts';
import { until } from './wait.ts';

/** What someone with a key may try besides what is shared; each tells whether it worked. */
export type Attempt = (who: Guest, around: Around) => Promise<boolean>;

/** What an attempt may try to reach. */
export interface Around {
  readonly stage: Stage;
  /** A multiplexed connection of who tries. */
  readonly master: Master;
  /** A TCP port of loopback that answers `reached`. */
  readonly port: number;
  /** A unix socket that the host's account may open, and that answers `reached`. */
  readonly socket: string;
}

/** Opens what attempts try to reach; gives the ports and what closes them. */
export async function openTargets(stage: Stage) {
  const answer = () => createServer((connection) => connection.on('error', () => {}).end('reached'));
  const [tcp, unix] = [answer(), answer()];
  const port = await listening(tcp, 0);
  const socket = `${stage.account.scratch}/target-${port}`;
  await listening(unix, socket);
  await chmod(socket, 0o666);
  return {
    port,
    socket,
    [Symbol.asyncDispose]: async () => {
      for (const server of [tcp, unix]) server.close();
    },
  };
}

/** Running something other than the room. ATTACKS G1. */
export const commands: Readonly<Record<string, Attempt>> = {
  'ssh host id': async (who) => (await who.run([], ['id'])).stdout.includes('uid='),
  'ssh -T host': async (who) => (await who.run(['-T'], [], { input: 'id\n' })).stdout.includes('uid='),
  "ssh host 'bash -i'": async (who) =>
    (await who.run([], ['bash', '-i'], { input: 'id\nexit\n' })).stdout.includes('uid='),
  'ssh -tt host id': async (who) => {
    await using seat = await who.join({ command: ['id;', 'sleep', '1000'] });
    return (await seat.waitFor(/uid=|\[pair\]/)).includes('uid=');
  },
};

/** Copying files, and other subsystems. G2. */
export const copies: Readonly<Record<string, Attempt>> = {
  'scp -O, up': (who, { stage }) => up(stage, (to) => who.scp(['-O', '/etc/hostname', who.remote(to)])),
  'scp -s, up': (who, { stage }) => up(stage, (to) => who.scp(['-s', '/etc/hostname', who.remote(to)])),
  'sftp, up': (who, { stage }) => up(stage, (to) => who.sftp(`put /etc/hostname ${to}`)),
  'scp -O, down': (who) => down(who, (to) => who.scp(['-O', who.remote('/etc/hostname'), to])),
  'scp -s, down': (who) => down(who, (to) => who.scp(['-s', who.remote('/etc/hostname'), to])),
  'sftp, down': (who) => down(who, (to) => who.sftp(`get /etc/hostname ${to}`)),
};

/** Forwarding of every kind. G3. */
export const forwards: Readonly<Record<string, Attempt>> = {
  '-L to TCP': (who, { master, port }) => throughSocket(who, master, `127.0.0.1:${port}`),
  '-L to a unix socket': (who, { master, socket }) => throughSocket(who, master, socket),
  '-R TCP': async (_, { master, port }) =>
    (await master.control('forward', ['-R', `127.0.0.1:0:127.0.0.1:${port}`])).exitCode === 0,
  '-R unix': async (_, { master, port, stage }) => {
    const path = `${stage.account.home}/made`;
    await master.control('forward', ['-R', `${path}:127.0.0.1:${port}`]);
    return existsSync(path);
  },
  '-D': async (_, { master, port }) => {
    const local = await freePort();
    await master.control('forward', ['-D', `127.0.0.1:${local}`]);
    // SOCKS5, no authentication, then CONNECT to 127.0.0.1.
    const ask = [5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 255];
    return (await answerOf({ port: local, host: '127.0.0.1' }, Buffer.from(ask))).includes('reached');
  },
  '-W': async (who, { port }) => (await who.run(['-W', `127.0.0.1:${port}`])).stdout.includes('reached'),
  '-A': async (who, { stage }) => {
    const socket = `${who.account.scratch}/agent`;
    const agent = who.account.spawn('ssh-agent', ['-D', '-a', socket]);
    await until(() => existsSync(socket), { what: 'an agent' });
    const found = await during(who, ['-A'], { SSH_AUTH_SOCK: socket }, () => agentSockets(stage));
    agent.kill();
    return found;
  },
  '-X': (who) => during(who, ['-Y'], { DISPLAY: '127.0.0.1:9' }, displays),
  '-w': async (who) =>
    !(await who.run(['-w', 'any:any'], ['id'])).stderr.includes('Tunnel forwarding failed'),
};

async function up(stage: Stage, copy: (to: string) => Promise<unknown>): Promise<boolean> {
  const path = `${stage.account.home}/copied`;
  await copy(path);
  const there = existsSync(path);
  if (there) await stage.account.demand('rm', [path]);
  return there;
}

async function down(who: Guest, copy: (to: string) => Promise<unknown>): Promise<boolean> {
  const path = `${who.account.home}/copied`;
  await copy(path);
  const there = existsSync(path) && (await readFile(path)).length > 0;
  await who.account.demand('rm', ['-f', path]);
  return there;
}

async function throughSocket(who: Guest, master: Master, target: string): Promise<boolean> {
  const local = `${who.account.scratch}/forward`;
  await master.control('forward', ['-L', `${local}:${target}`]);
  await until(() => existsSync(local), { what: 'the local end of a forwarding' });
  const answer = await answerOf({ path: local });
  await master.control('cancel', ['-L', `${local}:${target}`]);
  await who.account.demand('rm', ['-f', local]);
  return answer.includes('reached');
}

/** Asks `probe` while a terminal session with these options is up. */
async function during(
  who: Guest,
  options: readonly string[],
  env: Readonly<Record<string, string>>,
  probe: () => boolean,
): Promise<boolean> {
  await using seat = await who.join({ options, env });
  await seat.waitFor(/\[pair\]|\$$/);
  return probe();
}

/** Where sshd puts forwarded agents: from 10.1 on below the home, before in `/tmp/ssh-…`. */
function agentSockets({ account }: Stage): boolean {
  const below = `${account.home}/.ssh/agent`;
  const older = readdirSync('/tmp').filter((name) => name.startsWith('ssh-'));
  return (
    (existsSync(below) && readdirSync(below).length > 0) ||
    older.some((name) => statSync(`/tmp/${name}`, { throwIfNoEntry: false })?.uid === account.uid)
  );
}

/** Whether a forwarded display listens: ports 6010 to 6029 of loopback. */
function displays(): boolean {
  const ports = [...readFileSync('/proc/net/tcp', 'utf8').matchAll(/ 0100007F:(\w{4}) \w+:\w+ 0A /g)];
  return ports.some(([, port = '']) => Number.parseInt(port, 16) >= 6010 && Number.parseInt(port, 16) < 6030);
}

/** All that a connection says before it ends. */
function answerOf(to: { path: string } | { host: string; port: number }, ask?: Buffer): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const connection = connect(to, () => ask && connection.write(ask));
    connection.setEncoding('latin1').on('data', (more) => {
      text += more;
    });
    connection.on('error', () => resolve(text)).on('close', () => resolve(text));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server, 0);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listening(server: Server, at: number | string): Promise<number> {
  return new Promise((resolve, reject) => {
    const done = () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    };
    server.once('error', reject);
    if (typeof at === 'string') server.listen(at, done);
    else server.listen(at, '127.0.0.1', done);
  });
}
