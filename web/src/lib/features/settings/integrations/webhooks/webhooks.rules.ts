/* Outgoing webhooks: what a form holds, how one is, how its events stand together. */
import type { Id, Instant } from '$lib/api/types';

export interface WebhookRow {
  id: Id;
  name: string;
  url: string;
  events: string[];
  teamIds: Id[];
  channelIds: Id[];
  active: boolean;
  offReason: 'gone' | 'failing' | null;
  offAt: Instant | null;
  secretHint: string;
  previousSecretUntil: Instant | null;
  sendsContacts: boolean;
  failingSince: Instant | null;
  pausedUntil: Instant | null;
  lastSuccessAt: Instant | null;
  lastFailureAt: Instant | null;
  lastError: { code: string; message: string; status: number | null; at: Instant } | null;
  waiting: number;
  dead: number;
  createdByName: string;
  createdAt: Instant;
  updatedAt: Instant;
  /** Only in the answer that made it. */
  secret?: string;
}

export type DeliveryState = 'waiting' | 'delivered' | 'dead';

export interface Delivery {
  id: Id;
  webhookId: Id;
  eventId: Id;
  type: string;
  sequence: number;
  state: DeliveryState;
  tries: number;
  status: number | null;
  errorCode: string | null;
  error: string | null;
  tookMs: number | null;
  occurredAt: Instant;
  createdAt: Instant;
  endedAt: Instant | null;
  nextTryAt: Instant | null;
}

export interface DeliveryDetail extends Delivery {
  body: string;
  bodyHidden: boolean;
  answer: string;
  attempts: { at: Instant; status: number | null; code: string; error: string; tookMs: number | null }[];
}

export interface TestResult extends Delivery {
  ok: boolean;
  answer: string;
}

export interface WebhookForm {
  name: string;
  url: string;
  events: string[];
  teamIds: Id[];
  channelIds: Id[];
  active: boolean;
}

export function formOf(w: WebhookRow | undefined): WebhookForm {
  return {
    name: w?.name ?? '',
    url: w?.url ?? '',
    events: [...(w?.events ?? [])].sort(),
    teamIds: w?.teamIds ?? [],
    channelIds: w?.channelIds ?? [],
    active: w?.active ?? true,
  };
}

export type Health = 'ok' | 'new' | 'failing' | 'off' | 'switchedOff';

/** One failure is nothing to worry about: it is tried again in seconds. */
export function healthOf(w: WebhookRow): Health {
  if (!w.active) return w.offReason ? 'switchedOff' : 'off';
  if (w.failingSince) return 'failing';
  return w.lastSuccessAt ? 'ok' : 'new';
}

/** The events by what they are about ("chat", "message", …), in the order in which the server lists them. */
export function groupsOf(types: readonly string[]): { id: string; types: string[] }[] {
  const groups: { id: string; types: string[] }[] = [];
  for (const type of types) {
    const id = type.slice(0, type.indexOf('.'));
    const group = groups.find((g) => g.id === id);
    if (group) group.types.push(type);
    else groups.push({ id, types: [type] });
  }
  return groups;
}

/** The list with these in it, or without them; sorted, so that a form that is as it was is not "changed". */
export function withTypes(list: readonly string[], types: readonly string[], on: boolean): string[] {
  const set = new Set(list);
  for (const type of types) {
    if (on) set.add(type);
    else set.delete(type);
  }
  return [...set].sort();
}

/** What is wrong with an address before the server is asked; a code of errors.field. */
export function urlProblem(url: string): 'REQUIRED' | 'INVALID_URL' | undefined {
  if (!url.trim()) return 'REQUIRED';
  try {
    const u = new URL(url.trim());
    return /^https?:$/.test(u.protocol) && !u.username ? undefined : 'INVALID_URL';
  } catch {
    return 'INVALID_URL';
  }
}

/** JSON as people read it; anything else as it is. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
