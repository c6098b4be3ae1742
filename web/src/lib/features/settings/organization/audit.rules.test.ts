import { describe, expect, it } from 'vitest';
import { changesOf, valueText, verbOf } from './audit.rules';

const words = { none: 'vazio', yes: 'sim', no: 'não', name: (id: string) => (id === 'r1' ? 'Gerente' : undefined) };

describe('audit lines', () => {
  it('takes the verb whatever its tense', () => {
    expect(['tag.created', 'team.create', 'user.add'].map(verbOf)).toEqual(['created', 'created', 'created']);
    expect(verbOf('channel.changed')).toBe('changed');
    expect(verbOf('user.login')).toBeUndefined();
  });

  it('reads both forms of a change, and looks into objects', () => {
    expect(changesOf({ name: ['A', 'B'], roleId: { from: 'r1', to: 'r2' } })).toEqual([
      { field: 'name', from: 'A', to: 'B' },
      { field: 'roleId', from: 'r1', to: 'r2' },
    ]);
    expect(changesOf({ settings: { from: { a: 1, b: 2 }, to: { a: 1, b: 3 } } })).toEqual([
      { field: 'settings.b', from: 2, to: 3 },
    ]);
    expect(changesOf({ note: 'x' })).toEqual([{ field: 'note', from: undefined, to: 'x' }]);
  });

  it('writes values as people read them', () => {
    expect(valueText(null, words)).toBe('vazio');
    expect(valueText(true, words)).toBe('sim');
    expect(valueText('r1', words)).toBe('Gerente');
    expect(valueText('{r1,x}', words)).toBe('Gerente, x');
    expect(valueText('{}', words)).toBe('vazio');
    expect(valueText([{ label: 'Ouro', id: '1' }, 'b'], words)).toBe('Ouro, b');
    expect(valueText('x'.repeat(300), words)).toHaveLength(160);
  });
});
