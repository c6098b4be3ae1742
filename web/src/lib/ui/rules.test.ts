/* The pure parts of the components: dates, the table's arithmetic, placing, files, names and colours. */
import { describe, expect, it } from 'vitest';
import { colorOf } from './colors';
import { addMonths, dateOrder, monthGrid, parseDay } from './dates';
import { sift } from './files';
import { position } from './float';
import { icons } from './icons';
import { initials } from './initials';
import { keyTarget, windowOf } from './table.rules';

describe('dates', () => {
  it('reads what a person types', () => {
    for (const text of ['19/11/2026', '19-11-26', '19.11.2026', '19112026', '2026-11-19', '19/11'])
      expect(parseDay(text, 'dmy', '2026-01-01')).toBe('2026-11-19');
    expect(parseDay('11/19/2026', 'mdy', '2026-01-01')).toBe('2026-11-19');
    for (const text of ['31/02/2026', '19/13/2026', 'amanhã', '', '1/1/1/1'])
      expect(parseDay(text, 'dmy', '2026-01-01')).toBeUndefined();
  });

  it('walks months without losing days', () => {
    expect(addMonths('2026-01-31', 1)).toBe('2026-02-28');
    expect(addMonths('2026-03-31', -1)).toBe('2026-02-28');
    expect(addMonths('2026-12-15', 1)).toBe('2027-01-15');
    const grid = monthGrid('2026-11-19', 0);
    expect([grid.length, grid[0], grid[41]]).toEqual([42, '2026-11-01', '2026-12-12']);
    expect(monthGrid('2026-11-19', 1)[0]).toBe('2026-10-26');
  });

  it('knows the order of a language', () => {
    expect([dateOrder('pt-BR'), dateOrder('es-MX'), dateOrder('en-US')]).toEqual(['dmy', 'dmy', 'mdy']);
  });
});

describe('table', () => {
  it('draws a window of a million rows, never beyond either end', () => {
    expect(windowOf(1_000_000, 40, 0, 400)).toEqual({ from: 0, to: 19 });
    const end = windowOf(1_000_000, 40, 40_000_000, 400);
    expect(end.to).toBe(1_000_000);
    expect(end.to - end.from).toBeLessThan(40);
    expect(windowOf(3, 40, 0, 400)).toEqual({ from: 0, to: 3 });
    expect(windowOf(0, 40, 0, 400)).toEqual({ from: 0, to: 0 });
  });

  it('moves by keys and stops at the ends', () => {
    expect(keyTarget('ArrowDown', 4, 5, 10)).toBe(4);
    expect(keyTarget('ArrowUp', 0, 5, 10)).toBe(0);
    expect(keyTarget('PageDown', 1, 50, 10)).toBe(11);
    expect(keyTarget('End', 0, 50, 10)).toBe(49);
    expect(keyTarget('a', 0, 50, 10)).toBeUndefined();
    expect(keyTarget('ArrowDown', -1, 0, 10)).toBeUndefined();
  });
});

describe('floats', () => {
  const screen = { width: 400, height: 300 };
  const size = { left: 0, top: 0, width: 100, height: 120 };
  it('go below, turn up when there is no room, and stay on the screen', () => {
    expect(position({ left: 10, top: 10, width: 50, height: 30 }, size, screen, {})).toEqual({ left: 10, top: 44 });
    expect(position({ left: 10, top: 250, width: 50, height: 30 }, size, screen, {})).toEqual({ left: 10, top: 126 });
    expect(position({ left: 380, top: 10, width: 20, height: 30 }, size, screen, {}).left).toBe(292);
    expect(position({ left: 380, top: 10, width: 20, height: 30 }, size, screen, { side: 'right' }).left).toBe(276);
  });
});

describe('small things', () => {
  it('sifts files', () => {
    const png = new File(['12345'], 'Foto.PNG', { type: 'image/png' });
    const csv = new File(['1'], 'a.csv', { type: 'text/csv' });
    expect(sift([png, csv], { accept: 'image/*' }).bad).toEqual([{ file: csv, why: 'kind' }]);
    expect(sift([png, csv], { accept: '.png,.csv', maxBytes: 3 }).bad).toEqual([{ file: png, why: 'size' }]);
    expect(sift([png, csv], {}).good).toEqual([png, csv]);
  });

  it('makes initials of any name', () => {
    expect(
      ['Beatriz Carvalho', 'Visitante do site 4821', 'Ícaro', '  ', '+55 11 9', 'maria-clara (vip)'].map(initials),
    ).toEqual(['BC', 'V4', 'ÍC', '?', '+9', 'MV']);
  });

  it('draws known colours by token, refuses what is no colour', () => {
    expect(colorOf('#5A4FD6')).toBe('var(--chart-1)');
    expect(colorOf('#123456')).toBe('#123456');
    for (const bad of [null, undefined, '', 'red; background: url(x)', 'javascript:1'])
      expect(colorOf(bad)).toBeUndefined();
  });

  it('has a path for every icon, all within the grid', () => {
    for (const d of Object.values(icons)) expect(d).toMatch(/^M[\d\s.,MmLlHhVvCcSsQqTtAaZz-]+$/);
  });
});
