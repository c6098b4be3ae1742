import { describe, expect, it } from 'vitest';
import {
  emptyFilter,
  isFiltered,
  listQuery,
  nameOf,
  neighbours,
  readColumns,
  readFilter,
  usualColumns,
  writeFilter,
} from './customers.rules';
import type { Contact } from './types';

const contact = (kind: Contact['kind'], display: string, isPrimary = false): Contact => ({
  id: display,
  kind,
  identifier: display,
  canonical: display,
  display,
  label: '',
  isPrimary,
  masked: false,
});

describe('filters', () => {
  it('live in the address', () => {
    const f = { ...emptyFilter, search: 'bia & cia', tag: 't1', from: '2026-11-01', sort: 'name' as const };
    const params = new URLSearchParams(writeFilter(f));
    expect(readFilter((n) => params.get(n) ?? undefined)).toEqual(f);
    expect(writeFilter(emptyFilter)).toBe('');
    expect(readFilter((n) => ({ sort: 'drop', from: 'x' })[n]).sort).toBe('recent');
    expect(readFilter((n) => ({ from: 'x' })[n]).from).toBe('');
  });

  it('ask the server in its words, whole days in the zone', () => {
    expect(listQuery({ ...emptyFilter, search: ' ana ', to: '2026-11-19' }, 'America/Sao_Paulo')).toEqual({
      search: 'ana',
      createdTo: '2026-11-20T03:00:00.000Z',
    });
    expect([
      isFiltered(emptyFilter),
      isFiltered({ ...emptyFilter, sort: 'name' }),
      isFiltered({ ...emptyFilter, tag: 'x' }),
    ]).toEqual([false, false, true]);
  });
});

describe('lists', () => {
  it('keep the columns that exist, in their order', () => {
    expect(readColumns('["created","tags","gone"]')).toEqual(['tags', 'created']);
    expect(readColumns('{')).toEqual(usualColumns);
    expect(readColumns('[]')).toEqual([]);
  });

  it('call who has no name by a contact that says something', () => {
    const contacts = [contact('webchat', 'v_123', true), contact('phone', '+55 11 98421-7730')];
    expect(nameOf({ name: '', contacts }, 'Sem nome')).toBe('+55 11 98421-7730');
    expect(nameOf({ name: '', contacts: contacts.slice(0, 1) }, 'Sem nome')).toBe('Sem nome');
    expect(nameOf({ name: 'Bia', contacts }, '')).toBe('Bia');
  });

  it('know the neighbours', () => {
    expect(neighbours(['a', 'b', 'c'], 'b')).toEqual({ at: 1, before: 'a', after: 'c' });
    expect(neighbours(['a'], 'z')).toEqual({ at: -1, before: undefined, after: undefined });
  });
});
