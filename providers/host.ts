const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const hostAndPort = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[0-9a-f:.]{2,45}\\])(?::[1-9]\\d{0,4})?$`);

/**
 * A host with an optional port, in lower case and without `:443`; `undefined` if it is not one. Spellings that a URL
 * parser would read as another host (`0x7f.1`, `127.1`) are none.
 */
export function normalHost(text: string): string | undefined {
  const lower = text.toLowerCase();
  if (/[^\x21-\x7e]/.test(text) || lower.length > 253 || !hostAndPort.test(lower)) return undefined;
  const plain = lower.replace(/:443$/, '');
  const base = URL.canParse(`https://${plain}`) ? new URL(`https://${plain}`) : undefined;
  return base?.host === plain ? plain : undefined;
}

/** 127.0.0.0/8, `::1` and `localhost`: where plain http is allowed. Takes a URL's `hostname`. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** `https://host`, or `http://host` on loopback. */
export function originOf(host: string): string {
  const loopback = isLoopback(host.replace(/:\d+$/, ''));
  return `${loopback ? 'http' : 'https'}://${host}`;
}
