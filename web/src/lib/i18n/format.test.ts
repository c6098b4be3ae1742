import { beforeEach, describe, expect, it } from 'vitest';
import {
  bytes,
  clock,
  date,
  dateTime,
  dayKey,
  dayName,
  duration,
  listTime,
  money,
  number,
  phone,
  plainDate,
  relative,
  setFormats,
  time,
} from './format.svelte';
import { setLocale, t } from './i18n.svelte';

const now = '2026-11-19T13:42:00Z';
const plain = (s: string) => s.replace(/[\u00a0\u202f]/g, ' ');

beforeEach(async () => {
  await setLocale('pt');
  setFormats({ zone: 'America/Sao_Paulo', currency: 'BRL' });
});

describe('formats', () => {
  it('counts nought with the many', () => {
    expect([0, 1, 2].map((n) => t('settings.people.count', { n }))).toEqual(['0 pessoas', '1 pessoa', '2 pessoas']);
  });

  it('writes times in the organization zone, whatever the browser has', () => {
    expect(time(now)).toBe('10:42');
    expect(dayKey('2026-11-20T02:30:00Z')).toBe('2026-11-19');
    expect(plain(dateTime(now))).toBe('19/11/2026, 10:42');
    setFormats({ zone: 'Asia/Tokyo' });
    expect(date(now)).toBe('19/11/2026');
    expect(time(now)).toBe('22:42');
  });

  it('writes hours of twelve as people do there, without a zero before them', async () => {
    await setLocale('en');
    expect(plain(time('2026-11-19T17:05:00Z'))).toBe('2:05 PM');
    expect(plain(time('2026-11-19T15:05:00Z'))).toBe('12:05 PM');
    await setLocale('es');
    setFormats({ zone: 'America/Mexico_City', currency: 'MXN' });
    expect(plain(time('2026-11-19T15:05:00Z'))).toMatch(/^9:05 a/);
  });

  it('does not move a date that has no time', () => {
    setFormats({ zone: 'America/Los_Angeles' });
    expect(plainDate('1987-08-14')).toBe('14/08/1987');
  });

  it('names days and list times', () => {
    expect(dayName('2026-11-19T10:00:00Z', now)).toBe('Hoje');
    expect(dayName('2026-11-19T02:00:00Z', now)).toBe('Ontem');
    expect(listTime('2026-11-19T12:00:00Z', now)).toBe('09:00');
    expect(listTime('2026-10-12T12:00:00Z', now)).toContain('12');
    expect(listTime('2025-10-12T12:00:00Z', now)).toBe('12/10/2025');
  });

  it('writes money from minor units with the digits of its currency', () => {
    expect(plain(money(8990))).toBe('R$ 89,90');
    expect(plain(money(-179400))).toBe('\u2212R$ 1.794,00');
    expect(plain(money(5000, 'CLP'))).toContain('5.000');
    expect(number(1240)).toBe('1.240');
  });

  it('writes durations, sizes and distances in time', () => {
    expect(plain(duration(18 * 60_000))).toBe('18 min');
    expect(plain(duration(59_000))).toBe('<1 min');
    expect(plain(duration((23 * 60 + 58) * 60_000, true))).toBe('23 h 58 min');
    expect(plain(duration(4 * 86_400_000))).toBe('4 d');
    expect(plain(bytes(41 * 1024 * 1024))).toBe('41 MB');
    expect(clock(27)).toBe('0:27');
    expect(relative('2026-11-15T13:42:00Z', now)).toBe('há 4 dias');
  });

  it('groups phones and leaves the rest as it came', () => {
    expect(plain(phone('5511984217730'))).toBe('+55 11 98421-7730');
    expect(plain(phone('+55 (11) 3815-2240'))).toBe('+55 11 3815-2240');
    expect(plain(phone('5215512345678'))).toBe('+52 1 55 1234 5678');
    expect(phone('@biaethor')).toBe('@biaethor');
    expect(phone('bia@uol.com.br')).toBe('bia@uol.com.br');
  });

  it('follows the language at once', async () => {
    expect(t('shell.unread', { n: 1 })).toBe('1 não lida');
    expect(t('shell.unread', { n: 1200 })).toBe('1.200 não lidas');
    await setLocale('en');
    expect(t('shell.unread', { n: 1200 })).toBe('1,200 unread');
    expect(document.documentElement.lang).toBe('en');
    expect(relative('2026-11-15T13:42:00Z', now)).toBe('4 days ago');
  });
});
