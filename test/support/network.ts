import { randomBytes } from 'node:crypto';
import { makeCleanup, orUndo } from './cleanup.ts';
import { demand } from './execute.ts';

const root = { cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } };

/** Three machines: a host and a guest who can't reach each other, and a jump host that both can. As root. */
export interface Networks extends AsyncDisposable {
  /** Names of network namespaces, as accounts and sshds take them. */
  readonly host: string;
  readonly jump: string;
  readonly guest: string;
  /** The jump host's address, the same for both. */
  readonly address: string;
  /** Gives the host another address, of IPv6, in the net that it shares with the jump host. */
  readonly addAddress: (address: string) => Promise<void>;
  /** Takes the address from the host that the jump host knows it by, as another network would. */
  readonly loseAddress: () => Promise<void>;
  /** Takes the host's cable out, or puts it back. */
  readonly cable: (state: 'in' | 'out') => Promise<void>;
}

/** Addresses set aside for documentation; nothing leaves the namespaces. */
const address = '198.51.100.1';

export async function makeNetworks(): Promise<Networks> {
  const tag = randomBytes(3).toString('hex');
  const [host, jump, guest] = ['h', 'j', 'g'].map((name) => `tptest-${tag}${name}`) as [
    string,
    string,
    string,
  ];
  const cleanup = makeCleanup();
  const ip = (line: string) => demand(root, 'ip', line.split(' '));
  return orUndo(cleanup, async () => {
    for (const name of [host, jump, guest]) {
      await ip(`netns add ${name}`);
      cleanup.defer(() => ip(`netns del ${name}`));
      await ip(`-n ${name} link set lo up`);
    }
    await ip(`-n ${jump} address add ${address}/32 dev lo`);
    for (const [name, far, net] of [
      [host, 'to-host', '203.0.113.0'],
      [guest, 'to-guest', '203.0.113.4'],
    ] as const) {
      const [near, there] = [net, net].map((text, n) =>
        text.replace(/\d+$/, (last) => String(Number(last) + n + 1)),
      );
      await ip(`-n ${name} link add to-jump type veth peer name ${far} netns ${jump}`);
      await ip(`-n ${name} address add ${near}/30 dev to-jump`);
      await ip(`-n ${jump} address add ${there}/30 dev ${far}`);
      await ip(`-n ${name} link set to-jump up`);
      await ip(`-n ${jump} link set ${far} up`);
      await ip(`-n ${name} route add default via ${there}`);
    }
    return {
      host,
      jump,
      guest,
      address,
      addAddress: async (added) => {
        const neighbour = added.replace(/[^:]+$/, 'ffff');
        await ip(`-n ${host} address add ${added}/64 dev to-jump nodad`);
        await ip(`-n ${jump} address add ${neighbour}/64 dev to-host nodad`);
      },
      loseAddress: async () => void (await ip(`-n ${host} address del 203.0.113.1/30 dev to-jump`)),
      cable: async (state) =>
        void (await ip(`-n ${jump} link set to-host ${state === 'in' ? 'up' : 'down'}`)),
      [Symbol.asyncDispose]: cleanup.run,
    };
  });
}
