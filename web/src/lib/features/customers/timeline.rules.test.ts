import { describe, expect, it } from 'vitest';
import { byDay, daysSince, noteTitle, titleWorthShowing } from './timeline.rules';

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

  it('counts whole days', () => {
    const now = Date.parse('2026-11-19T12:00:00Z');
    expect([daysSince('2026-11-15T11:00:00Z', now), daysSince('2026-11-19T13:00:00Z', now)]).toEqual([4, 0]);
  });
});
