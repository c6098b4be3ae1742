/* The one list of what the server tells while a page is open. State changes on live news only through these.
   To add one: a line here with its payload, and `on('name', …)` in the feature's state file. Entities of a domain
   arrive as that domain reads them: here they are only as deep as every page must know. */
import type { Availability, Id } from '$lib/api/types';

export type SettingsArea =
  | 'tags'
  | 'teams'
  | 'users'
  | 'channels'
  | 'fields'
  | 'shortcuts'
  | 'closureTypes'
  | 'views'
  | 'roles'
  | 'organization'
  | 'funnels'
  | 'apiKeys'
  | 'invitations'
  | 'passwordResets'
  | 'smtp';

/** A chat or message as events carry it: its id, and all that the domain's own type declares. */
export type Entity = { id: Id } & Record<string, unknown>;

export interface ServerEvents {
  'message.created': { chat: Entity; message: Entity };
  'message.changed': { chatId: Id; chat?: Entity; message: Entity };
  'chat.created': { chat: Entity };
  'chat.changed': { chat: Entity };
  'chat.removed': { chatId: Id };
  'chat.read': { chatId: Id; inboundSeen: number; seqSeen: number };
  'message.reaction': { chatId: Id; messageId: Id; actor: string; actorName?: string; emoji: string };
  'customer.created': { customerId: Id };
  'customer.changed': { customerId: Id };
  'customer.merged': { customerId: Id } & Record<string, unknown>;
  'customer.deleted': { customerId: Id };
  'settings.changed': { what: SettingsArea };
  'channel.changed': { channelId: Id; status?: string };
  'template.changed': { channelId?: Id; templateId?: Id };
  'notice.mention': { chatId: Id; messageId: Id; authorName: string; content: string };
  'webhook.changed': { webhookId: Id };
  'notice.webhook': { webhookId: Id; name: string; reason: 'gone' | 'failing' };
  'flow.changed': { flowId: Id };
  'flow.session': {
    sessionId: Id;
    chatId: Id | null;
    flowId?: Id;
    status: string;
    nodeId?: string | null;
    flowName?: string;
  };
  notice: { kind?: string; chatId?: Id; text?: string } & Record<string, unknown>;
  /* passing: not kept, not replayed */
  typing: { chatId: Id; userId?: Id; visitor?: boolean; name?: string; on: boolean };
  viewing: { chatId: Id; userId: Id; name?: string; on: boolean };
  'flow.editing': { flowId: Id; userId: Id; name?: string; on: boolean };
  presence: { userId: Id; availability?: Availability; online?: boolean };
}

export type EventName = keyof ServerEvents;

/** What a page may tell the server. */
export type ClientMessage =
  | { type: 'typing'; chatId: Id; on: boolean; note?: boolean }
  | { type: 'viewing'; chatId: Id | null }
  | { type: 'editing'; flowId: Id | null }
  | { type: 'ping' };
