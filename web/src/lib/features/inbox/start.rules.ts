/* Beginning a conversation, pure: which channels can reach somebody first, and why the others cannot. */
import type { Channel, Id } from '$lib/api/types';
import { contactProblem, contactsFor, guessKind } from '../customers/contacts.rules';
import type { Contact as KnownContact, ContactKind } from '../customers/types';

/** A way to somebody: one of a customer's contacts, or what was typed. */
export type Reach = Pick<KnownContact, 'kind' | 'identifier' | 'display'>;

/** Why no channel is offered. */
export type Dead = 'no-contact' | 'masked' | 'webchat-only' | 'no-channel';

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

/** The contacts that a channel can write to first. A visitor is reached only on the site where they once wrote. */
export function reachOn(channel: Channel, reaches: readonly Reach[], visited: ReadonlySet<Id>): Reach[] {
  if (!usable(channel) || (channel.kind === 'webchat' && !visited.has(channel.id))) return [];
  return contactsFor(channel.kind, reaches.map(whole));
}

export function startChannels(
  channels: readonly Channel[],
  reaches: readonly Reach[],
  visited: ReadonlySet<Id>,
): Channel[] {
  return channels.filter((c) => reachOn(c, reaches, visited).length > 0);
}

/** Why startChannels found nothing. */
export function whyNone(channels: readonly Channel[], reaches: readonly Reach[], masked: boolean): Dead {
  if (reaches.length === 0) return masked ? 'masked' : 'no-contact';
  const there = channels.filter(usable);
  return there.length > 0 && there.every((c) => c.kind === 'webchat') ? 'webchat-only' : 'no-channel';
}

/** The word of the API for a kind of contact. */
export function contactType(kind: ContactKind): string {
  return kind === 'messenger' ? 'facebook' : kind;
}
