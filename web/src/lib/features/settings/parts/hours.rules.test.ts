import { describe, expect, it } from 'vitest';
import { copiedTo, dayProblems, hoursWrong, nextSpan, noDay, parseTime, readHours, usualHours } from './hours.rules';

describe('opening hours', () => {
  it('reads times as people type them', () => {
    expect(['8', '830', '8:30', '08h30', '8.5', '24', '0'].map(parseTime)).toEqual([
      '08:00',
      '08:30',
      '08:30',
      '08:30',
      '08:05',
      '24:00',
      '00:00',
    ]);
    expect(['25', '8:75', 'oito', '', '24:30'].map(parseTime)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('finds what the server would refuse', () => {
    expect(
      dayProblems([
        ['08:00', '12:00'],
        ['13:00', '18:00'],
      ]),
    ).toEqual([undefined, undefined]);
    expect(
      dayProblems([
        ['08:00', '08:00'],
        ['x', '18:00'],
      ]),
    ).toEqual(['order', 'time']);
    expect(
      dayProblems([
        ['08:00', '12:00'],
        ['11:00', '18:00'],
      ]),
    ).toEqual([undefined, 'overlap']);
    expect(
      dayProblems([
        ['08:00', '12:00'],
        ['12:00', '24:00'],
      ]),
    ).toEqual([undefined, undefined]);
    expect(hoursWrong(null)).toBe(false);
    expect([null, {}, { mon: [] }, usualHours].map(noDay)).toEqual([false, true, true, false]);
    expect(hoursWrong({ sat: [['10:00', '09:00']] })).toBe(true);
  });

  it('offers the next span while there is room', () => {
    expect(nextSpan([])).toEqual(['08:00', '18:00']);
    expect(nextSpan([['08:00', '12:00']])).toEqual(['13:00', '17:00']);
    expect(nextSpan([['08:00', '21:30']])).toEqual(['22:30', '24:00']);
    expect(nextSpan([['08:00', '23:30']])).toBeUndefined();
  });

  it('keeps only what it knows, and copies days', () => {
    expect(readHours(null)).toBeNull();
    expect(readHours({ mon: [['08:00', '12:00'], 'x'], foo: [] })).toEqual({ mon: [['08:00', '12:00']] });
    const copied = copiedTo({ mon: [['08:00', '12:00']], sat: [['09:00', '10:00']] }, 'mon', ['tue', 'sat']);
    expect(copied.sat).toEqual([['08:00', '12:00']]);
    expect(copied.tue).not.toBe(copied.mon);
    expect(copiedTo({ mon: [['08:00', '12:00']] }, 'sun', ['mon'])).toEqual({});
  });
});
