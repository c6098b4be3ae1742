/* Rules around the editor: traces card by card, files from elsewhere, values of a call, what differs between versions. */
import { describe, expect, it } from 'vitest';
import { lineDiff } from '../../src/lib/features/flows/diff.rules';
import { nameAt } from '../../src/lib/features/flows/hook.rules';
import { notHere, refsOf, replaced } from '../../src/lib/features/flows/list/import.rules';
import { stayMs, stays } from '../../src/lib/features/flows/stay.rules';
import type { Step } from '../../src/lib/features/flows/types';

describe('a trace', () => {
  const step = (n: number, nodeId: string, what: Step['what'], port: string | null, second: number): Step => ({
    n,
    at: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(),
    nodeId,
    type: 'menu',
    name: '',
    ...(what ? { what } : {}),
    port,
    ms: 5,
  });
  it('joins what was asked and what was answered', () => {
    const list = stays([
      step(1, 'start', 'entered', 'next', 0),
      step(2, 'menu', 'entered', null, 0),
      step(3, 'menu', 'answered', null, 3),
      step(4, 'menu', 'answered', 'a', 4),
      step(5, 'menu', 'entered', null, 4),
    ]);
    expect(list.map((x) => x.map((y) => y.n))).toEqual([[1], [2, 3, 4], [5]]);
    expect(list.map(stayMs)).toEqual([5, 4005, 5]);
  });
  it('keeps apart what left, and the same card of another flow', () => {
    const called = { ...step(2, 'm', 'answered', 'next', 1), flowId: 'other' };
    expect(stays([step(1, 'm', 'entered', null, 0), called])).toHaveLength(2);
    expect(stays([step(1, 'm', 'entered', 'next', 0), step(2, 'm', 'answered', null, 1)])).toHaveLength(2);
    expect(stays([])).toEqual([]);
  });
});

describe('a file from elsewhere', () => {
  const file = {
    refs: { team: { t1: 'Clínica', t2: 'Loja' }, tag: { g1: 'VIP' }, field: 'x' },
    graph: { nodes: [{ data: { teamId: 't2', tags: ['g1'], text: 't2 fica' } }] },
  };
  it('tells what is not here by its name, case and accents aside', () => {
    const here = (kind: string) => (kind === 'team' ? [{ value: 'z', label: 'CLINICA' }] : []);
    expect(notHere(refsOf(file), here).map((r) => r.name)).toEqual(['Loja', 'VIP']);
    expect(refsOf(null)).toEqual([]);
  });
  it('takes other ids in their places alone', () => {
    expect(replaced(file, new Map([['t2', 'z']]))).toEqual({
      ...file,
      graph: { nodes: [{ data: { teamId: 'z', tags: ['g1'], text: 't2 fica' } }] },
    });
  });
});

it('a variable is named after what stands at the path', () => {
  expect(['order.number', 'items[0].name', 'a["total com frete"]', 'ids[2]', '["7"]'].map(nameAt)).toEqual([
    'number',
    'name',
    'total_com_frete',
    'ids',
    'valor',
  ]);
});

it('lines that went and that came', () => {
  expect(lineDiff(['a', 'b', 'c'], ['c', 'd'])).toEqual({ gone: ['a', 'b'], come: ['d'] });
});
