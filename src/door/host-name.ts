/** What the printed ssh line calls this machine. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { delimiter, join } from 'node:path';
import { capture } from '../spawn/capture.ts';

/** How long, in ms, to ask: a resolver without a network takes its time. */
const patience = 800;

/**
 * A name or an address by which a guest may reach this machine: its name in a running Tailscale, its full domain
 * name, the address of the interface that its default route uses, or, where nothing else is known, its plain name.
 */
export async function guessHost(): Promise<string> {
  const [tailscale, domain, address] = await Promise.all([tailscaleName(), domainName(), routeAddress()]);
  return tailscale ?? domain ?? address ?? hostname();
}

async function tailscaleName(): Promise<string | undefined> {
  if (!(process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'tailscale'))))
    return undefined;
  const answer = await ask('tailscale', ['status', '--json', '--peers=false']);
  try {
    const status: { BackendState?: unknown; Self?: { DNSName?: unknown } } = JSON.parse(answer);
    const name = status.BackendState === 'Running' ? status.Self?.DNSName : undefined;
    return typeof name === 'string' ? asName(name) : undefined;
  } catch {
    return undefined;
  }
}

async function domainName(): Promise<string | undefined> {
  const name = asName(await ask('hostname', ['-f']));
  return name === undefined || /^localhost\.|\.localdomain$/.test(name) ? undefined : name;
}

/** A name with a dot in it, its last one taken off. */
function asName(text: string): string | undefined {
  const name = text.trim().replace(/\.$/, '');
  return /^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)+$/.test(name) && !/^[\d.]+$/.test(name)
    ? name
    : undefined;
}

/** No packet is sent: the kernel only chooses the way. The addresses are those set aside for documentation. */
async function routeAddress(): Promise<string | undefined> {
  for (const [family, somewhere] of [
    ['udp4', '203.0.113.1'],
    ['udp6', '2001:db8::1'],
  ] as const) {
    const socket = createSocket(family);
    try {
      socket.connect(9, somewhere);
      await once(socket, 'connect');
      const { address } = socket.address();
      if (!/^(127\.|::1$|fe80:|0\.0\.0\.0$|::$)/.test(address)) return address;
    } catch {
      // No route that way.
    } finally {
      socket.close();
    }
  }
  return undefined;
}

async function ask(program: string, args: readonly string[]): Promise<string> {
  const { code, stdout } = await capture(program, args, { patience });
  return code === 0 ? stdout : '';
}
