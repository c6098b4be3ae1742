import { describe, expect, it } from 'vitest';
import {
  decimalSign,
  type Formats,
  momentOf,
  momentParts,
  parseMoney,
  parseNumber,
  parseValue,
  typed,
  valueText,
} from './fields.rules';

const f: Formats = {
  number: (n) => String(n),
  money: (m, c) => `${c} ${m}`,
  date: (d) => `d:${d}`,
  dateTime: (d) => `t:${d}`,
  phone: (p) => `p:${p}`,
  yes: 'Sim',
  no: 'Não',
};
const options = [
  { id: 'a', label: 'Ouro' },
  { id: 'b', label: 'Prata' },
];
const brl = { decimal: ',' as const, currency: 'BRL' };

describe('values of custom fields', () => {
  it('read by their kind', () => {
    const show = (kind: Parameters<typeof valueText>[0]['kind'], v: Parameters<typeof valueText>[1]) =>
      valueText({ kind, options }, v, f);
    expect(show('money', { amountMinor: 8990, currency: 'BRL' })).toBe('BRL 8990');
    expect(show('select', 'a')).toBe('Ouro');
    expect(show('multi_select', ['a', 'b'])).toBe('Ouro, Prata');
    expect(show('yes_no', false)).toBe('Não');
    expect(show('date', '2026-12-02')).toBe('d:2026-12-02');
    expect(show('phone', '+55 •• •••••-7730')).toBe('+55 •• •••••-7730');
    expect([show('text', null), show('multi_select', []), show('text', undefined)]).toEqual(['', '', '']);
  });

  it('take numbers as they are typed here', () => {
    expect(parseNumber('1.234,56', ',')).toBe(1234.56);
    expect(parseNumber('1,234.56', '.')).toBe(1234.56);
    expect(parseNumber('31.4', ',')).toBe(31.4);
    expect(parseNumber('1.234', ',')).toBe(1234);
    expect(parseNumber('−5', ',')).toBe(-5);
    expect([parseNumber('', ','), parseNumber('1,2,3', ','), parseNumber('abc', ',')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('never lose or invent a cent', () => {
    expect(parseMoney('R$ 1.078,80', ',', 2)).toBe(107880);
    expect(parseMoney('0,07', ',', 2)).toBe(7);
    expect(parseMoney('19,999', ',', 2)).toBeUndefined();
    expect(parseMoney('1500', ',', 0)).toBe(1500);
    for (const minor of [1, 10, 29, 107880, 123456789]) {
      const text = typed('money', { amountMinor: minor, currency: 'BRL' }, ',');
      expect(parseValue('money', text, brl)).toEqual({ ok: true, value: { amountMinor: minor, currency: 'BRL' } });
    }
  });

  it('say what is wrong before the server does', () => {
    expect(parseValue('email', 'bia@uol', brl)).toEqual({ ok: false, code: 'INVALID_EMAIL' });
    expect(parseValue('link', 'loja.example', brl)).toEqual({ ok: true, value: 'https://loja.example' });
    expect(parseValue('link', 'javascript:alert(1)', brl).ok).toBe(false);
    expect(parseValue('text', '  ', brl)).toEqual({ ok: true, value: null });
  });

  it('keep moments in the zone', () => {
    const at = momentOf('2026-12-02', '09:30', 'America/Sao_Paulo');
    expect(at).toBe('2026-12-02T12:30:00.000Z');
    expect(momentParts(at, 'America/Sao_Paulo')).toEqual(['2026-12-02', '09:30']);
    expect(momentOf('', '09:30', 'UTC')).toBeNull();
    expect([decimalSign('pt-BR'), decimalSign('en-US')]).toEqual([',', '.']);
  });
});
