/* Contacts: their icons and marks, how one is typed, which may talk on which channel. */
import type { IconName } from '$lib/ui/icons';
import type { Contact, ContactKind } from './types';

const iconOf: Record<ContactKind, IconName> = {
  phone: 'phone',
  whatsapp: 'phone',
  email: 'mail',
  instagram: 'at-sign',
  messenger: 'message-square',
  telegram: 'send',
  webchat: 'globe',
  other: 'link',
};

export function contactIcon(kind: ContactKind): IconName {
  return iconOf[kind];
}

export function isNumber(kind: ContactKind): boolean {
  return kind === 'phone' || kind === 'whatsapp';
}

/** Where the display of a contact leads: tel:, mailto:, a profile; nothing for masked ones. */
export function contactHref(c: Pick<Contact, 'kind' | 'canonical' | 'masked'>): string | undefined {
  if (c.masked) return undefined;
  const handle = c.canonical.replace(/^@/, '');
  switch (c.kind) {
    case 'phone':
    case 'whatsapp':
      return /^\+\d+$/.test(c.canonical) ? `tel:${c.canonical}` : undefined;
    case 'email':
      return `mailto:${encodeURIComponent(c.canonical).replace('%40', '@')}`;
    case 'instagram':
      return /^[\w.]+$/.test(handle) ? `https://instagram.com/${handle}` : undefined;
    case 'telegram':
      return /^\w+$/.test(handle) ? `https://t.me/${handle}` : undefined;
    default:
      return undefined;
  }
}

/** What is wrong with a contact as typed, by the code of the server's own complaint. */
export function contactProblem(kind: ContactKind, text: string): string | undefined {
  const s = text.trim();
  if (s === '') return 'REQUIRED';
  if (isNumber(kind)) return s.replace(/\D/g, '').length >= 8 ? undefined : 'INVALID_PHONE';
  if (kind === 'email') return /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/.test(s) ? undefined : 'INVALID_EMAIL';
  return undefined;
}

/** The kind that a text probably is: an address with @, a number, a handle. */
export function guessKind(text: string): ContactKind | undefined {
  const s = text.trim();
  if (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(s)) return 'email';
  if (/^@[\w.]+$/.test(s)) return 'instagram';
  if (/^[+\d(][\d\s().-]{7,}$/.test(s)) return 'whatsapp';
  return undefined;
}

/** The contacts a chat on this kind of channel may be held with, the fitting ones first. */
export function contactsFor(channelKind: string, contacts: readonly Contact[]): Contact[] {
  const fits = (c: Contact) => (c.kind === channelKind ? 0 : isNumber(c.kind) && channelKind === 'whatsapp' ? 1 : 2);
  return contacts
    .filter((c) => !c.masked && fits(c) < 2)
    .sort((a, b) => fits(a) - fits(b) || Number(b.isPrimary) - Number(a.isPrimary));
}
