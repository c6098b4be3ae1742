/* Chats, messages and the customer beside them, as the server sends them (docs of the API: /api/openapi.json). */
import type { Id, Instant } from '$lib/api/types';

export type ChatStatus = 'pending' | 'in_progress' | 'waiting' | 'closed';
export type Direction = 'in' | 'out' | 'note' | 'event';
export type MessageStatus =
  'received' | 'scheduled' | 'queued' | 'sent' | 'delivered' | 'read' | 'failed' | 'cancelled';
export type MessageKind =
  | 'text'
  | 'image'
  | 'video'
  | 'audio'
  | 'document'
  | 'location'
  | 'contact'
  | 'template'
  | 'email'
  | 'unsupported'
  | 'event';

export interface LastMessage {
  id?: Id;
  seq?: number;
  kind?: MessageKind;
  direction?: Direction;
  text?: string;
  status?: MessageStatus;
  authorName?: string;
  deleted?: boolean;
  /** Of an e-mail. */
  subject?: string;
  /** What it is when it has no words of its own. */
  about?: 'mention' | 'story' | 'share' | 'order' | 'form' | 'sticker';
}

/** The flow that runs in a chat, or rests while a person has it. */
export interface ChatFlow {
  sessionId: Id;
  flowId: Id;
  name: string;
  nodeName: string;
  status: string;
}

export interface Chat {
  id: Id;
  status: ChatStatus;
  channelId: Id;
  assigneeId: Id | null;
  teamId: Id | null;
  owner: 'human' | 'bot';
  flow?: ChatFlow | null;
  /** A flow that begins when the customer answers. */
  responseFlow?: { flowId: Id; name: string; at: Instant } | null;
  /** 0 normal … 3 urgent. */
  priority: number;
  snoozedUntil: Instant | null;
  archivedAt: Instant | null;
  openedAt: Instant;
  firstResponseAt: Instant | null;
  /** Since when the customer waits for an answer. */
  waitingSince: Instant | null;
  lastMessageAt: Instant;
  lastMessage: LastMessage;
  messageCount: number;
  inboundCount: number;
  /** How many of those I have seen; null in events, which are the same for everybody. */
  inboundSeen: number | null;
  closedAt: Instant | null;
  closedBy: Id | null;
  closureTypeId: Id | null;
  closureNote: string;
  pinnedMessageId: Id | null;
  /** Until when the platform lets us write freely; null: no such limit, or they never wrote. */
  windowUntil?: Instant | null;
  visitor: { page?: string; referrer?: string; agent?: string; language?: string };
  version: number;
  customer: { id: Id; name: string; avatarFileId: Id | null; tags: Id[] };
  contact: { id: Id; kind: string; display: string | null };
  /** Null in live news. */
  otherOpenChats: number | null;
}

export interface MessageFile {
  id: Id | null;
  position: number;
  kind: 'image' | 'video' | 'audio' | 'document';
  name: string;
  type: string;
  sizeBytes: number | null;
  width: number | null;
  height: number | null;
  state: 'ready' | 'pending' | 'failed';
  error: string | null;
  durationMs: number | null;
  url: string | null;
}

export interface Reaction {
  emoji: string;
  /** "customer" or a user's id. */
  actor: string;
  actorName: string;
}

export interface Quote {
  id: Id;
  seq: number;
  kind: MessageKind;
  direction: Direction;
  authorName: string;
  content: string;
}

/** Why a message did not arrive. */
export interface MessageError {
  code?: string;
  message?: string;
  /** What a person can do about it. */
  advice?: string;
  /** The platform's own words. */
  raw?: unknown;
}

export interface Message {
  id: Id;
  chatId: Id;
  /** Place in the chat, without gaps; below zero while scheduled. */
  seq: number;
  direction: Direction;
  kind: MessageKind;
  content: string;
  data: Record<string, unknown>;
  status: MessageStatus;
  error: MessageError | null;
  authorKind: 'customer' | 'user' | 'key' | 'bot' | 'system';
  authorId: Id | null;
  authorName: string;
  clientId: string | null;
  sequenceId: Id | null;
  scheduledFor: Instant | null;
  createdAt: Instant;
  sentAt: Instant | null;
  deliveredAt: Instant | null;
  readAt: Instant | null;
  editedAt: Instant | null;
  deletedAt: Instant | null;
  replyTo: Quote | null;
  files: MessageFile[];
  reactions: Reaction[];
  mentions: Id[];
}

export interface MessagePage {
  items: Message[];
  scheduled: Message[];
  next: string | null;
}

export interface Counts {
  all: number;
  mine: number;
  unassigned: number;
  waiting: number;
  unread: number;
  mentions: number;
  /** Of my saved views, by id. */
  views: Record<Id, number>;
}

/** What POST /files answers. */
export interface StoredFile {
  id: Id;
  name: string;
  type: string;
  kind: MessageFile['kind'];
  sizeBytes: number;
  width: number | null;
  height: number | null;
  url: string;
}

export interface ShortcutStep {
  content: string;
  fileIds: Id[];
  delayMs: number;
}

export interface Shortcut {
  id: Id;
  keyword: string;
  title: string;
  steps: ShortcutStep[];
  shared: boolean;
  teamIds: Id[];
  uses: number;
}

export interface SearchResults {
  customers: { id: Id; name: string; display: string | null; chatId: Id | null }[];
  messages: {
    chatId: Id;
    messageId: Id;
    seq: number;
    /** The hit stands between U+0001 and U+0002. */
    snippet: string;
    customerName: string;
    direction: Direction;
    createdAt: Instant;
  }[];
}

export interface Contact {
  id: Id;
  kind: string;
  identifier: string;
  display: string;
  label: string;
  isPrimary: boolean;
  masked: boolean;
}

export interface CustomerDetail {
  id: Id;
  name: string;
  document: string | null;
  birthDate: string | null;
  avatarUrl: string | null;
  pinnedNote: string;
  ownerId: Id | null;
  stageId: Id | null;
  stageSince: Instant | null;
  valueMinor: number | null;
  contacts: Contact[];
  tags: Id[];
  fields: Record<string, unknown>;
  openChats: number;
  createdAt: Instant;
  version: number;
}

export interface CustomerNote {
  id: Id;
  title: string;
  content: string;
  createdBy: Id | null;
  authorName: string;
  createdAt: Instant;
  updatedAt: Instant;
}
