import { describe, expect, test } from 'vitest';
import type { Channel } from '$lib/api/types';
import { reachOn, startChannels, typedContact, whyNone } from './start.rules';

const channel = (id: string, kind: string, status = 'connected'): Channel => ({
  id,
  kind,
  name: id,
  address: null,
  status,
  deleted: false,
});
const phone = { kind: 'whatsapp', identifier: '+5511984217730', display: '+55 11 98421-7730' } as const;
const visitor = { kind: 'webchat', identifier: 'v1', display: '' } as const;
const mail = { kind: 'email', identifier: 'bia@uol.com.br', display: 'bia@uol.com.br' } as const;
const none = new Set<string>();

describe('who was typed', () => {
  test('a number, an address, or nobody', () => {
    expect(typedContact(' (11) 98421-7730 ')).toMatchObject({ kind: 'whatsapp', identifier: '(11) 98421-7730' });
    expect(typedContact('bia@uol.com.br')).toMatchObject({ kind: 'email' });
    expect(typedContact('Beatriz')).toBeUndefined();
    expect(typedContact('@beatriz')).toBeUndefined();
    expect(typedContact('12345')).toBeUndefined();
  });
});

describe('which channel can write first', () => {
  const all = [channel('site', 'webchat'), channel('wa', 'whatsapp'), channel('mail', 'email')];
  test('only one that fits the contact', () => {
    expect(startChannels(all, [phone], none).map((c) => c.id)).toEqual(['wa']);
    expect(startChannels(all, [mail], none).map((c) => c.id)).toEqual(['mail']);
    expect(startChannels(all, [{ ...phone, kind: 'phone' }], none).map((c) => c.id)).toEqual(['wa']);
  });
  test('a visitor only where they once wrote', () => {
    expect(startChannels(all, [visitor], none)).toEqual([]);
    expect(startChannels(all, [visitor], new Set(['site'])).map((c) => c.id)).toEqual(['site']);
    expect(startChannels(all, [phone], new Set(['site'])).map((c) => c.id)).toEqual(['wa']);
  });
  test('none that is not connected', () => {
    expect(reachOn(channel('wa', 'whatsapp', 'disconnected'), [phone], none)).toEqual([]);
    expect(reachOn(channel('wa', 'whatsapp', 'paused'), [phone], none)).toEqual([]);
  });
  test('and why there is none', () => {
    expect(whyNone([channel('site', 'webchat')], [phone], false)).toBe('webchat-only');
    expect(whyNone(all, [], false)).toBe('no-contact');
    expect(whyNone(all, [], true)).toBe('masked');
    expect(whyNone([channel('mail', 'email')], [phone], false)).toBe('no-channel');
    expect(whyNone([], [phone], false)).toBe('no-channel');
  });
});
