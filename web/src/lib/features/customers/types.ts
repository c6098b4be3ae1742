/* Customers as the server sends them. */
import type { Id, Instant } from '$lib/api/types';

export type ContactKind = 'phone' | 'whatsapp' | 'email' | 'instagram' | 'messenger' | 'telegram' | 'webchat' | 'other';
export const contactKinds: readonly ContactKind[] = [
  'whatsapp',
  'phone',
  'email',
  'instagram',
  'messenger',
  'telegram',
  'other',
];

export interface Contact {
  id: Id;
  kind: ContactKind;
  /** As received. */
  identifier: string;
  canonical: string;
  /** For people; masked where the role may not see contacts. */
  display: string;
  label: string;
  isPrimary: boolean;
  masked: boolean;
}

export interface Address {
  street?: string;
  number?: string;
  complement?: string;
  district?: string;
  city?: string;
  state?: string;
  postalCode?: string;
  country?: string;
}

export interface Money {
  amountMinor: number;
  currency: string;
}

/** A custom field's value, by its kind; select values hold option ids. */
export type FieldValue = string | number | boolean | string[] | Money | null;

export interface CustomerItem {
  id: Id;
  name: string;
  kind: 'person' | 'company';
  avatarUrl: string | null;
  /** In lists only the primary one. */
  contacts: Contact[];
  tags: Id[];
  stageId: Id | null;
  ownerId: Id | null;
  valueMinor: number | null;
  lastMessageAt: Instant | null;
  createdAt: Instant;
  openChats: number;
}

export interface Customer extends CustomerItem {
  document: string | null;
  birthDate: string | null;
  country: string | null;
  language: string | null;
  address: Address;
  avatarFileId: Id | null;
  pinnedNote: string;
  stageSince: Instant | null;
  utm: Record<string, unknown>;
  source: string;
  fields: Record<string, FieldValue>;
  updatedAt: Instant;
  version: number;
  mergedIntoId: Id | null;
  duplicateOf?: { id: Id; name: string; reason: DuplicateReason };
}

export type DuplicateReason = 'phone' | 'email' | 'document' | 'handle' | 'name';

export interface Note {
  id: Id;
  customerId: Id;
  title: string;
  content: string;
  createdBy: Id | null;
  authorName: string;
  createdAt: Instant;
  updatedAt: Instant;
}

export interface CustomerFile {
  id: Id;
  name: string;
  type: string;
  kind: string;
  sizeBytes: number;
  url: string;
  chatId: Id;
  createdAt: Instant;
}

/** A chat in a customer's list: as much of it as is shown there. */
export interface ChatRow {
  id: Id;
  status: 'pending' | 'in_progress' | 'waiting' | 'closed';
  channelId: Id;
  assigneeId: Id | null;
  teamId: Id | null;
  openedAt: Instant;
  closedAt: Instant | null;
  closureTypeId: Id | null;
  lastMessageAt: Instant | null;
  lastMessage: { text?: string; kind?: string };
  messageCount: number;
}

interface Happened<T extends string, D> {
  id: Id;
  type: T;
  at: Instant;
  actorId: Id | null;
  actorName: string;
  data: D;
}

export type TimelineItem =
  | Happened<
      'chat',
      {
        chatId: Id;
        status: ChatRow['status'];
        channelId: Id;
        teamId: Id | null;
        assigneeId: Id | null;
        closedAt: Instant | null;
        closureTypeId: Id | null;
        messageCount: number;
        lastMessageAt: Instant | null;
      }
    >
  | Happened<'note', { title: string; content: string; updatedAt: Instant }>
  | Happened<
      'stage',
      { fromStageId: Id | null; toStageId: Id | null; note: string; chatId: Id | null; secondsInStage: number | null }
    >
  | Happened<'merge', { mergedId: Id; mergedName: string }>
  | Happened<'field', { changes: Record<string, unknown> }>
  | Happened<'created', { source: string }>;
