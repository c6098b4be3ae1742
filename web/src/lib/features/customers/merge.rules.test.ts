import { describe, expect, it } from 'vitest';
import { mergedContacts, mergeRows, type MergeTexts, suggestKeep, takenOver } from './merge.rules';
import type { Contact, Customer } from './types';

const texts: MergeTexts = {
  day: (d) => d,
  user: (u) => u,
  stage: (s) => s,
  money: (m) => String(m),
  address: (c) => c.address.city ?? '',
  field: (_, v) => (v === undefined || v === null ? '' : String(v)),
};
const contact = (kind: Contact['kind'], canonical: string): Contact => ({
  id: canonical,
  kind,
  identifier: canonical,
  canonical,
  display: canonical,
  label: '',
  isPrimary: false,
  masked: false,
});
const person = (more: Partial<Customer>): Customer => ({
  id: 'x',
  name: '',
  kind: 'person',
  avatarUrl: null,
  contacts: [],
  tags: [],
  stageId: null,
  ownerId: null,
  valueMinor: null,
  lastMessageAt: null,
  createdAt: '2026-01-01T00:00:00Z',
  openChats: 0,
  document: null,
  birthDate: null,
  country: null,
  language: null,
  address: {},
  avatarFileId: null,
  pinnedNote: '',
  stageSince: null,
  utm: {},
  source: 'manual',
  fields: {},
  updatedAt: '',
  version: 1,
  mergedIntoId: null,
  ...more,
});

describe('merging', () => {
  const left = person({
    name: 'Beatriz Carvalho',
    document: '1',
    fields: { peso: 31 },
    contacts: [contact('whatsapp', '+5511')],
  });
  const right = person({
    name: 'Bia',
    birthDate: '1987-08-14',
    contacts: [contact('instagram', '@bia'), contact('whatsapp', '+5511'), contact('webchat', 'v1')],
  });

  it('keeps the kept one and fills its gaps', () => {
    const rows = Object.fromEntries(mergeRows(left, right, 'right', ['peso', 'cor'], texts).map((r) => [r.id, r]));
    expect(rows['name']).toEqual({ id: 'name', left: 'Beatriz Carvalho', right: 'Bia', result: 'Bia', differs: true });
    expect(rows['document']?.result).toBe('1');
    expect(rows['birthDate']).toMatchObject({ result: '1987-08-14', differs: false });
    expect(rows['field:peso']?.result).toBe('31');
    expect(rows['field:cor']).toBeUndefined();
    expect(mergeRows(left, right, 'left', [], texts)[0]?.result).toBe('Beatriz Carvalho');
  });

  it('takes the other value where one was picked, and writes only that', () => {
    const rows = mergeRows(left, right, 'left', [], texts, { name: 'right', document: 'right' });
    expect(rows.map((r) => [r.id, r.result])).toEqual([
      ['name', 'Bia'],
      ['document', '1'],
      ['birthDate', '1987-08-14'],
    ]);
    const differ = mergeRows(left, right, 'left', ['peso'], texts).filter((r) => r.differs);
    const picks = Object.fromEntries(differ.map((r) => [r.id, 'right'] as const));
    expect(takenOver(differ, 'left', {})).toEqual([]);
    expect(takenOver(differ, 'left', picks)).toEqual(differ.map((r) => r.id));
    expect(takenOver(differ, 'right', picks)).toEqual([]);
    expect(differ.length).toBeGreaterThan(0);
  });

  it('takes each contact once, without visitors', () => {
    expect(mergedContacts(left, right)).toEqual(['+5511', '@bia']);
  });

  it('suggests the fuller record, then the older', () => {
    expect(suggestKeep(left, person({}))).toBe('left');
    expect(suggestKeep(person({ createdAt: '2026-02-01T00:00:00Z' }), person({}))).toBe('right');
  });
});
