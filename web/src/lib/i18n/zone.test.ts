import { describe, expect, it } from 'vitest';
import { instantOf, startOfDay, wallOf } from './zone';

describe('zones', () => {
  it('knows standard and daylight-saving time', () => {
    expect(instantOf('2026-11-19', '10:42', 'America/Sao_Paulo')).toBe('2026-11-19T13:42:00.000Z');
    expect(instantOf('2026-07-01', '09:00', 'America/New_York')).toBe('2026-07-01T13:00:00.000Z');
    expect(instantOf('2026-12-01', '09:00', 'America/New_York')).toBe('2026-12-01T14:00:00.000Z');
    expect(startOfDay('2026-03-29', 'Europe/Lisbon')).toBe('2026-03-29T00:00:00.000Z');
    expect(startOfDay('2026-03-30', 'Europe/Lisbon')).toBe('2026-03-29T23:00:00.000Z');
  });

  it('reads back what it wrote', () => {
    for (const zone of ['America/Sao_Paulo', 'Asia/Kolkata', 'UTC', 'America/Santiago'])
      expect(wallOf(instantOf('2026-09-20', '14:05', zone), zone)).toEqual(['2026-09-20', '14:05']);
  });
});
