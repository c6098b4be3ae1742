/* The interface's own words for the API's shapes, held against what the server's rows say (schema.d.ts, made from them): a member that
   the interface counts on and the server does not promise does not compile. Types only; nothing of this file is in the program. */
import type { Customer, CustomerItem, CustomerFile, Note } from '$lib/features/customers/types';
import type { Chat, Counts, Message, SearchResults, Shortcut } from '$lib/features/inbox/types';
import type { components } from './schema';
import type { ClosureType, CustomField, Funnel, InboxView, Organization, Role, Stage, TagDef, Team, User } from './types';

type Server = components['schemas'];

type Needed<T> = { [K in keyof T]-?: object extends Pick<T, K> ? never : K }[keyof T];

/** Everything that Ours needs, Sent has: an error names the members that it has not. */
type Fits<Sent, Ours extends { [K in Exclude<Needed<Ours>, keyof Sent>]: never }> = [Sent, Ours];

export type Contract = [
  Fits<Server['Chat'], Chat>,
  Fits<Server['ChatCounts'], Counts>,
  Fits<Server['Message'], Message>,
  Fits<Server['Shortcut'], Shortcut>,
  Fits<Server['SearchResults'], SearchResults>,
  Fits<Server['ClosureType'], ClosureType>,
  Fits<Server['InboxView'], InboxView>,
  Fits<Server['CustomerItem'], CustomerItem>,
  Fits<Server['Customer'], Customer>,
  Fits<Server['CustomerFile'], CustomerFile>,
  Fits<Server['Note'], Note>,
  Fits<Server['CustomField'], CustomField>,
  Fits<Server['Funnel'], Funnel>,
  Fits<Server['Stage'], Stage>,
  Fits<Server['TagAnswer']['data'], TagDef>,
  Fits<Server['User'], User>,
  Fits<Server['Team'], Team>,
  Fits<Server['Role'], Role>,
  Fits<Server['Organization'], Organization>,
];
