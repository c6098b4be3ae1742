import { describe, expect, it } from 'vitest';
import type { TimelineItem } from './types';
import { byDay, foldChanges, noteTitle, titleWorthShowing } from './timeline.rules';

describe('timeline', () => {
  it('groups what is in order by day', () => {
    const items = ['2026-11-19T13:00Z', '2026-11-19T02:00Z', '2026-11-18T10:00Z'].map((at) => ({ at }));
    expect(byDay(items, (at) => at.slice(0, 10)).map((g) => [g.day, g.items.length])).toEqual([
      ['2026-11-19', 2],
      ['2026-11-18', 1],
    ]);
  });

  it('makes titles of notes, and hides those that only repeat', () => {
    expect(noteTitle('Curta\nsegunda linha')).toBe('Curta');
    const long = 'Dra. Camila encaixa às 11h20 se a Beatriz vier agora. Pede o exame de outubro.';
    expect(noteTitle(long).length).toBeLessThanOrEqual(60);
    expect(noteTitle(long).endsWith('…')).toBe(true);
    expect(titleWorthShowing(noteTitle(long), long)).toBe(false);
    expect(titleWorthShowing('Encaixe', long)).toBe(true);
    expect(titleWorthShowing('', long)).toBe(false);
  });

  it('folds what one person changed in one go, and forgets what was taken back', () => {
    const field = (id: string, at: string, actorId: string, changes: Record<string, unknown>): TimelineItem => ({
      id,
      type: 'field',
      at,
      actorId,
      actorName: actorId,
      data: { changes },
    });
    const folded = foldChanges([
      field('4', '2026-11-19T13:10:00Z', 'm', { name: ['B', 'C'] }),
      field('3', '2026-11-19T13:05:00Z', 'm', { name: ['A', 'B'], 'fields.pet': [null, 'Thor'] }),
      field('2', '2026-11-19T13:04:00Z', 't', { name: ['X', 'A'] }),
      field('1', '2026-11-19T12:00:00Z', 't', { name: ['A', 'X'] }),
    ]);
    expect(folded.map((x) => [x.id, x.type === 'field' && x.data.changes])).toEqual([
      ['4', { name: ['A', 'C'], 'fields.pet': [null, 'Thor'] }],
      ['2', { name: ['X', 'A'] }],
      ['1', { name: ['A', 'X'] }],
    ]);
    expect(
      foldChanges([
        field('2', '2026-11-19T13:04:00Z', 't', { name: ['X', 'A'] }),
        field('1', '2026-11-19T13:00:00Z', 't', { name: ['A', 'X'] }),
      ]),
    ).toEqual([]);
  });
});
