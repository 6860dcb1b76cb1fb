import { serveKeychain } from './serve-keychain.ts';

void serveKeychain();
