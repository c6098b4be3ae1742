import { describe, expect, it } from 'vitest';
import { contactHref, contactProblem, contactsFor, guessKind } from './contacts.rules';
import type { Contact, ContactKind } from './types';

const c = (kind: ContactKind, canonical: string, more: Partial<Contact> = {}): Contact => ({
  id: canonical,
  kind,
  identifier: canonical,
  canonical,
  display: canonical,
  label: '',
  isPrimary: false,
  masked: false,
  ...more,
});

describe('contacts', () => {
  it('lead somewhere safe, or nowhere', () => {
    expect(contactHref(c('whatsapp', '+5511984217730'))).toBe('tel:+5511984217730');
    expect(contactHref(c('email', 'bia@uol.com.br'))).toBe('mailto:bia@uol.com.br');
    expect(contactHref(c('instagram', '@bia.ethor'))).toBe('https://instagram.com/bia.ethor');
    expect(contactHref(c('instagram', 'x/../evil'))).toBeUndefined();
    expect(contactHref(c('phone', '+55 •• •••••-7730', { masked: true }))).toBeUndefined();
    expect(contactHref(c('other', 'javascript:alert(1)'))).toBeUndefined();
  });

  it('are guessed and checked as typed', () => {
    expect(['bia@uol.com.br', '@bia', '11 98421-7730', 'bia'].map(guessKind)).toEqual([
      'email',
      'instagram',
      'whatsapp',
      undefined,
    ]);
    expect([contactProblem('phone', '123'), contactProblem('email', 'x@y'), contactProblem('other', ' ')]).toEqual([
      'INVALID_PHONE',
      'INVALID_EMAIL',
      'REQUIRED',
    ]);
    expect(contactProblem('whatsapp', '+55 (11) 98421-7730')).toBeUndefined();
  });

  it('are offered where they can be reached', () => {
    const all = [
      c('phone', '+551130318846'),
      c('email', 'a@b.c'),
      c('whatsapp', '+5511984217730'),
      c('whatsapp', 'x', { masked: true }),
    ];
    expect(contactsFor('whatsapp', all).map((x) => x.kind)).toEqual(['whatsapp', 'phone']);
    expect(contactsFor('email', all).map((x) => x.kind)).toEqual(['email']);
    expect(contactsFor('webchat', [...all, c('webchat', 'v1')]).map((x) => x.kind)).toEqual(['webchat']);
  });
});
