export { type Account, accountIn, thisAccount } from '../system/account.ts';
