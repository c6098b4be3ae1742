import { describe, expect, it } from 'vitest';
import { bulk, type BulkAnswer, reasons, undoing } from './bulk.rules';
import type { CustomerItem } from './types';

const go = { stopped: () => false, onprogress: () => undefined };
const all = (n: number): BulkAnswer => ({ done: n, failed: [], next: null });

describe('bulk work', () => {
  it('goes through the marked ones in portions and adds up', async () => {
    const seen: number[] = [];
    const result = await bulk(
      { action: 'tag', tagId: 't' },
      { ids: ['a', 'b', 'c'] },
      async (body) => {
        const ids = 'customerIds' in body ? body.customerIds : [];
        return {
          ...all(ids.filter((x) => x !== 'b').length),
          failed: ids.includes('b') ? [{ id: 'b', code: 'X' }] : [],
        };
      },
      { ...go, portion: 2, onprogress: (n) => seen.push(n) },
    );
    expect(result).toEqual({ done: 2, failed: [{ id: 'b', code: 'X' }], reached: ['a', 'b', 'c'], stopped: false });
    expect(seen).toEqual([2, 3]);
  });

  it('stops between portions and says what it reached', async () => {
    const result = await bulk({ action: 'delete' }, { ids: ['a', 'b', 'c'] }, async () => all(1), {
      ...go,
      portion: 1,
      stopped: () => true,
    });
    expect([result.reached, result.stopped]).toEqual([['a'], true]);
  });

  it('follows a filter to its end', async () => {
    const cursors: unknown[] = [];
    const result = await bulk(
      { action: 'owner', ownerId: null },
      { filter: { tagId: 't' } },
      async (body) => {
        cursors.push('cursor' in body ? body.cursor : undefined);
        return { ...all(500), next: cursors.length < 3 ? `after ${cursors.length}` : null };
      },
      go,
    );
    expect([cursors, result.done]).toEqual([[undefined, 'after 1', 'after 2'], 1500]);
  });

  it('undoes only what it changed', () => {
    const row = (id: string, tags: string[], ownerId: string | null) => ({ id, tags, ownerId }) as CustomerItem;
    const rows = [row('a', ['t'], 'u'), row('b', [], null), row('c', [], 'u')];
    expect(undoing({ action: 'tag', tagId: 't' }, rows)).toEqual([
      { action: { action: 'untag', tagId: 't' }, ids: ['b', 'c'] },
    ]);
    expect(undoing({ action: 'owner', ownerId: 'x' }, rows)).toEqual([
      { action: { action: 'owner', ownerId: 'u' }, ids: ['a', 'c'] },
      { action: { action: 'owner', ownerId: null }, ids: ['b'] },
    ]);
    expect(undoing({ action: 'delete' }, rows)).toEqual([]);
  });

  it('puts failures together by their reason', () => {
    const f = (id: string, code: string) => ({ id, code });
    expect(reasons([f('a', 'X'), f('b', 'Y'), f('c', 'Y')])).toEqual([
      { code: 'Y', ids: ['b', 'c'] },
      { code: 'X', ids: ['a'] },
    ]);
  });
});
