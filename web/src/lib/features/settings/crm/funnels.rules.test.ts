import { describe, expect, it } from 'vitest';
import type { Stage } from '$lib/api/types';
import { draftOf, stageChanges } from './funnels.rules';

const stage = (id: string, position: number): Stage => ({
  id,
  name: id,
  color: '#5a4fd6',
  kind: 'open',
  funnelId: 'f',
  position,
});

describe('saving a funnel', () => {
  const saved = [stage('a', 0), stage('b', 1), stage('c', 2)];

  it('does nothing for what stayed', () => {
    expect(stageChanges(saved, saved.map(draftOf))).toEqual({ added: [], changed: [], removed: [] });
  });

  it('tells new, moved, renamed and removed ones apart', () => {
    const [a, b] = saved.map(draftOf);
    if (!a || !b) throw new Error('drafts');
    const out = stageChanges(saved, [
      b,
      { key: 'x', name: ' Novo ', color: '#1f9d63', kind: 'won' },
      { ...a, name: 'A' },
    ]);
    expect(out.added).toEqual([{ name: 'Novo', color: '#1f9d63', kind: 'won', position: 1 }]);
    expect(out.changed.map((x) => [x.id, x.name, x.position])).toEqual([
      ['b', 'b', 0],
      ['a', 'A', 2],
    ]);
    expect(out.removed.map((x) => x.id)).toEqual(['c']);
  });
});
