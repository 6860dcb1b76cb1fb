import { usage } from '../src/domain/failure.ts';
import { quoted } from './account.ts';
import { isSafe } from './environment.ts';
import type { Provider } from './provider.ts';
import { fetchTextList } from './text-list.ts';

const longest = 2048;

/** Any page of keys, one per line. */
export const url: Provider = {
  aliases: [],
  parse(text) {
    const parsed = text.length <= longest && !/[\s\x00-\x1f\x7f]/.test(text) && URL.canParse(text);
    if (!parsed) usage(`${quoted(text)} is no address`, 'write it as https://example.com/ada.keys');
    const address = new URL(text);
    if (address.username !== '' || address.password !== '')
      usage('an address of keys may not carry a user or a password');
    if (!isSafe(address)) usage(`${quoted(text)} is not https`, 'keys come over https alone');
    address.hash = '';
    return { name: address.href, text: address.href };
  },
  async fetch(reference, context) {
    const address = new URL(reference.name);
    return fetchTextList(reference, context, new URL(address.origin), address);
  },
};
