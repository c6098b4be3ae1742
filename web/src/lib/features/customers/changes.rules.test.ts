import { describe, expect, it } from 'vitest';
import { changesOf, contactsIn, documentText, earliest } from './changes.rules';

describe('changes of a record', () => {
  it('come in a fixed order, without what stayed empty', () => {
    const list = changesOf({
      'fields.pet': [null, 'Thor'],
      pinnedNote: ['', 'Portão dos fundos'],
      name: ['Bia', 'Beatriz'],
      address: [{}, {}],
      tags: [],
    });
    expect(list.map((c) => c.key)).toEqual(['name', 'pinnedNote', 'tags', 'fields.pet']);
    expect(list[1]).toEqual({ key: 'pinnedNote', before: null, after: 'Portão dos fundos' });
  });

  it('keep false and zero, which are values', () => {
    expect(changesOf({ 'fields.castrado': [null, false], valueMinor: [0, 5] })).toEqual([
      { key: 'valueMinor', before: 0, after: 5 },
      { key: 'fields.castrado', before: null, after: false },
    ]);
  });

  it('read contacts of either side', () => {
    expect(contactsIn([{ kind: 'phone', contact: '+55 •• 7730' }, 'x', null])).toEqual([
      { kind: 'phone', contact: '+55 •• 7730' },
    ]);
    expect(contactsIn(null)).toEqual([]);
  });
});

describe('words', () => {
  it('write documents with their signs', () => {
    expect(['31048291807', '12345678000195', 'XAXX010101000', '310.482.918-07'].map(documentText)).toEqual([
      '310.482.918-07',
      '12.345.678/0001-95',
      'XAXX010101000',
      '310.482.918-07',
    ]);
  });

  it('find what was first', () => {
    expect(earliest('2026-11-02T00:00:00Z', '2026-10-01T00:00:00Z')).toBe('2026-10-01T00:00:00Z');
    expect(earliest('2026-11-02T00:00:00Z', null)).toBe('2026-11-02T00:00:00Z');
  });
});
