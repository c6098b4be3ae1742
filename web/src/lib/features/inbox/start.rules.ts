/* Beginning a conversation, pure: which channels can reach somebody first, and why the others cannot. */
import type { Channel, Id } from '$lib/api/types';
import { contactProblem, contactsFor, guessKind } from '../customers/contacts.rules';
import type { Contact as KnownContact, ContactKind } from '../customers/types';

/** A way to somebody: one of a customer's contacts, or what was typed. */
export type Reach = Pick<KnownContact, 'kind' | 'identifier' | 'display'>;

/** Why no channel is offered. */
export type Dead = 'no-contact' | 'masked' | 'webchat-only' | 'answers-only' | 'no-channel';

/** What was typed as somebody new: an e-mail address or a number; undefined when it is neither. */
export function typedContact(text: string): Reach | undefined {
  const kind = guessKind(text);
  if (kind !== 'email' && kind !== 'whatsapp') return undefined;
  return contactProblem(kind, text) ? undefined : { kind, identifier: text.trim(), display: text.trim() };
}

const whole = (r: Reach, i: number): KnownContact => ({
  ...r,
  id: String(i),
  canonical: r.identifier,
  label: '',
  isPrimary: i === 0,
  masked: false,
});

const usable = (c: Channel) => !c.deleted && c.status !== 'disconnected' && c.status !== 'paused';

/** Kinds of contacts that each kind of channel can begin a conversation with; unknown: those of its own kind. */
export type Opens = (channelKind: string) => readonly string[] | undefined;
const unknown: Opens = () => undefined;

/** The contacts that a channel can write to first. Where the platform lets nobody be written to first, only who once wrote
    there is reached, and there. */
export function reachOn(
  channel: Channel,
  reaches: readonly Reach[],
  visited: ReadonlySet<Id>,
  opens: Opens = unknown,
): Reach[] {
  if (!usable(channel)) return [];
  const kinds = opens(channel.kind) ?? (channel.kind === 'webchat' ? [] : undefined);
  const fit = contactsFor(channel.kind, reaches.map(whole));
  if (!kinds || visited.has(channel.id)) return fit;
  return fit.filter((r) => kinds.includes(r.kind));
}

export function startChannels(
  channels: readonly Channel[],
  reaches: readonly Reach[],
  visited: ReadonlySet<Id>,
  opens: Opens = unknown,
): Channel[] {
  return channels.filter((c) => reachOn(c, reaches, visited, opens).length > 0);
}

/** Why startChannels found nothing. */
export function whyNone(
  channels: readonly Channel[],
  reaches: readonly Reach[],
  masked: boolean,
  opens: Opens = unknown,
): Dead {
  if (reaches.length === 0) return masked ? 'masked' : 'no-contact';
  if (
    channels.some(
      (c) => usable(c) && c.kind !== 'webchat' && opens(c.kind)?.length === 0 && reaches.some((r) => r.kind === c.kind),
    )
  )
    return 'answers-only';
  const there = channels.filter(usable);
  return there.length > 0 && there.every((c) => c.kind === 'webchat') ? 'webchat-only' : 'no-channel';
}

/** The word of the API for a kind of contact. */
export function contactType(kind: ContactKind): string {
  return kind === 'messenger' ? 'facebook' : kind;
}
