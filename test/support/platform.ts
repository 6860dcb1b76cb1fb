import { execFileSync } from 'node:child_process';
import { vi } from 'vitest';

/** `linux` where there is /proc, `darwin` where there is a `ps` that can stand in for that of macOS. */
export type Platform = 'linux' | 'darwin';

export const platforms: readonly Platform[] = [
  ...(process.platform === 'linux' ? (['linux'] as const) : []),
  ...(hasPs() ? (['darwin'] as const) : []),
];

/** Loads modules as they are on another platform. */
export async function on<T>(platform: Platform, load: () => Promise<T>): Promise<T> {
  const real = Object.getOwnPropertyDescriptor(process, 'platform') ?? {};
  Object.defineProperty(process, 'platform', { ...real, value: platform });
  vi.resetModules();
  return load().finally(() => Object.defineProperty(process, 'platform', real));
}

function hasPs(): boolean {
  try {
    return execFileSync('ps', ['-o', 'state=', '-o', 'lstart=', '-p', String(process.pid)]).length > 10;
  } catch {
    return false;
  }
}
