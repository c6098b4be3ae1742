/* The areas of text, one file per area and language. The key of a text is its area and its name: `auth.login.title`.
   To add an area: a file in each language's folder, a line here, a line in each of pt.ts, es.ts, en.ts; what only some
   pages need stays out of those three and is a late area of i18n.svelte.ts, so that it does not weigh on every start. */
import type auth from './pt/auth';
import type channels from './pt/channels';
import type customers from './pt/customers';
import type errors from './pt/errors';
import type flows from './pt/flows';
import type inbox from './pt/inbox';
import type message from './pt/message';
import type settings from './pt/settings';
import type shell from './pt/shell';
import type ui from './pt/ui';
import type webhooks from './pt/webhooks';

export interface Areas {
  auth: typeof auth;
  channels: typeof channels;
  customers: typeof customers;
  errors: typeof errors;
  flows: typeof flows;
  inbox: typeof inbox;
  message: typeof message;
  settings: typeof settings;
  shell: typeof shell;
  ui: typeof ui;
  webhooks: typeof webhooks;
}

type Flat = {
  [A in keyof Areas]: { [K in keyof Areas[A] & string as `${A}.${K}`]: Areas[A][K] };
}[keyof Areas];
type Merge<U> = (U extends unknown ? (x: U) => void : never) extends (x: infer I) => void ? I : never;

export type Texts = Merge<Flat>;
export type Key = keyof Texts & string;
