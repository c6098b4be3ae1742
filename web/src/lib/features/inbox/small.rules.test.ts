import { describe, expect, it } from 'vitest';
import type { CustomField } from '$lib/api/types';
import { wallClock, zoned } from '$lib/i18n/zone';
import { isEmptyValue, missingFields, optionLabels, parseDecimal } from './fields.rules';
import { cards, place } from './special.rules';
import { presets } from './when.rules';

describe('times to come', () => {
  const zone = 'America/Sao_Paulo';
  it('are wall clocks of the organization', () => {
    expect(zoned('2026-11-20', '09:00', zone).toISOString()).toBe('2026-11-20T12:00:00.000Z');
    expect(wallClock(Date.parse('2026-11-20T01:30:00Z'), zone)).toEqual({
      day: '2026-11-19',
      time: '22:30',
      weekday: 4,
    });
  });
  it('hold over changes of the clock', () => {
    expect(zoned('2026-03-08', '03:30', 'America/New_York').toISOString()).toBe('2026-03-08T07:30:00.000Z');
    expect(zoned('2026-03-09', '09:00', 'America/New_York').toISOString()).toBe('2026-03-09T13:00:00.000Z');
    expect(zoned('2026-11-02', '09:00', 'America/New_York').toISOString()).toBe('2026-11-02T14:00:00.000Z');
  });
  it('offer only what lies ahead', () => {
    const at = (iso: string) => presets(Date.parse(iso), zone).map((p) => [p.id, p.at.toISOString()]);
    expect(at('2026-11-19T13:00:00Z')).toEqual([
      ['hour', '2026-11-19T14:00:00.000Z'],
      ['threeHours', '2026-11-19T16:00:00.000Z'],
      ['evening', '2026-11-19T21:00:00.000Z'],
      ['tomorrow', '2026-11-20T12:00:00.000Z'],
      ['monday', '2026-11-23T12:00:00.000Z'],
    ]);
    expect(at('2026-11-19T22:00:00Z').map((p) => p[0])).not.toContain('evening');
    /* On a Sunday, tomorrow is Monday: once is enough. */
    expect(at('2026-11-22T13:00:00Z').map((p) => p[0])).toEqual(['hour', 'threeHours', 'evening', 'tomorrow']);
  });
});

describe('values of fields', () => {
  it('are empty or not', () => {
    expect([undefined, null, ' ', []].every(isEmptyValue)).toBe(true);
    expect([0, false, 'x', ['a']].some(isEmptyValue)).toBe(false);
  });
  it('are missing when they are required', () => {
    const field = (slug: string, required: CustomField['required']) => ({ slug, required }) as CustomField;
    const all = [field('a', 'no'), field('b', 'close'), field('c', 'always')];
    expect(missingFields(all, { c: 'x' }).map((f) => f.slug)).toEqual(['b']);
  });
  it('are read by their labels', () => {
    const options = [{ id: '1', label: 'Pequeno' }];
    expect(optionLabels({ options }, ['1', '9'])).toEqual(['Pequeno', '9']);
  });
  it('are numbers as people write them', () => {
    expect(parseDecimal('1.240,50')).toBe('1240.50');
    expect(parseDecimal('1,240.50', '.')).toBe('1240.50');
    expect(parseDecimal('R$ 31,4')).toBe('31.4');
    expect(parseDecimal('1.240')).toBe('1240');
    expect(parseDecimal('1.240', '.')).toBe('1.240');
    expect(parseDecimal('1.240.000')).toBe('1240000');
    expect(parseDecimal('\u22125')).toBe('-5');
    expect(parseDecimal('doze')).toBeUndefined();
    expect(parseDecimal('')).toBeUndefined();
  });
});

describe('special messages', () => {
  it('link a place to a map', () => {
    expect(place({ latitude: -23.55, longitude: -46.63, name: 'Loja' })).toMatchObject({
      name: 'Loja',
      coordinates: '-23.55000, -46.63000',
    });
    expect(place({ location: { lat: '1', lng: '2' } })?.href).toContain('mlat=1&mlon=2');
    expect(place({ latitude: 200, longitude: 0 })).toBeUndefined();
    expect(place({})).toBeUndefined();
  });
  it('read cards in several shapes', () => {
    expect(cards({ contacts: [{ name: { formatted_name: 'Ana' }, phones: [{ phone: '+55 11 1' }] }] })).toEqual([
      { name: 'Ana', organization: '', phones: ['+55 11 1'], emails: [] },
    ]);
    expect(cards({ name: 'Bia', phone: '1', email: 'b@x' })).toEqual([
      { name: 'Bia', organization: '', phones: ['1'], emails: ['b@x'] },
    ]);
  });
});
