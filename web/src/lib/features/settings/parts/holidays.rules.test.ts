import { describe, expect, it } from 'vitest';
import { dayProblem, holidaysMax, inOrder, isOver, nextOn, readHolidays, withDay } from './holidays.rules';

const today = '2026-11-21';

describe('holidays', () => {
  it('reads what the server keeps', () => {
    expect(readHolidays(undefined)).toEqual([]);
    expect(readHolidays({})).toEqual([]);
    expect(readHolidays(['12-25', 7, '2026-12-24'])).toEqual(['12-25', '2026-12-24']);
  });

  it('finds when a day comes next', () => {
    expect(['12-25', '01-01', '11-21', '02-29', '2026-03-03'].map((d) => nextOn(d, today))).toEqual([
      '2026-12-25',
      '2027-01-01',
      '2026-11-21',
      '2028-02-29',
      '2026-03-03',
    ]);
    expect(['2026-11-20', '2026-11-21', '11-20'].map((d) => isOver(d, today))).toEqual([true, false, false]);
  });

  it('puts them in the order in which they come, what is over last', () => {
    expect(inOrder(['01-01', '2025-06-19', '12-25', '2026-12-24', '2026-06-04', '11-21'], today)).toEqual([
      '11-21',
      '2026-12-24',
      '12-25',
      '01-01',
      '2026-06-04',
      '2025-06-19',
    ]);
  });

  it('adds a day once', () => {
    expect(withDay(['12-24'], '2026-12-25', false)).toEqual(['12-24', '2026-12-25']);
    expect(withDay(['2025-12-25', '2026-12-25', '12-24'], '2026-12-25', true)).toEqual(['12-24', '12-25']);
    expect(dayProblem(['12-25'], '2026-12-25', false)).toBe('there');
    expect(dayProblem(['12-25'], '2027-12-25', true)).toBe('there');
    expect(dayProblem(['2026-12-25'], '2026-12-25', false)).toBe('there');
    expect(dayProblem(['2026-12-25'], '2026-12-25', true)).toBeUndefined();
    const full = Array.from({ length: holidaysMax }, (_, i) => `2100-01-${String(i)}`);
    expect(dayProblem(full, '2026-12-25', false)).toBe('full');
  });
});
