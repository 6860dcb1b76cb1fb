import { serveKeychain } from './serve-keychain.ts';

await serveKeychain();
