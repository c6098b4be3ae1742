/* The pure part of the editor: graphs and their edits, undo, clipboard, layout, lining up, checks, versions, traces. */
import { describe, expect, it } from 'vitest';
import { align, guides, neighbour } from '../../src/lib/features/flows/align.rules';
import { byNode, checkGraph, merged } from '../../src/lib/features/flows/check.rules';
import { copyText, paste, readClip } from '../../src/lib/features/flows/clipboard.rules';
import { diff, isSame, same } from '../../src/lib/features/flows/diff.rules';
import {
  addNode,
  canConnect,
  connect,
  emptyGraph,
  freeSpot,
  holds,
  insertOn,
  newNode,
  place,
  portsOf,
  reachable,
  readGraph,
  remove,
  rowOf,
  setField,
  setNode,
} from '../../src/lib/features/flows/graph.rules';
import {
  begin,
  canRedo,
  canUndo,
  commit,
  historyMax,
  joinMs,
  redo,
  undo,
} from '../../src/lib/features/flows/history.rules';
import { namesIn, typed, variableFor } from '../../src/lib/features/flows/http.rules';
import { layout } from '../../src/lib/features/flows/layout.rules';
import { filled, insertAt, isVariableName, opened, parts } from '../../src/lib/features/flows/text.rules';
import { answeredShare, brief, lost, pathOf } from '../../src/lib/features/flows/trace.rules';
import type { Graph, GraphNode, NodeRow, Step } from '../../src/lib/features/flows/types';
import { nodeRows, rows } from './rows';

const row = (type: string): NodeRow => {
  const r = rowOf(nodeRows, type);
  if (!r) throw new Error(type);
  return r;
};
const node = (id: string, type: string, data = {}, x = 0, y = 0): GraphNode => ({ id, type, name: id, x, y, data });

/** start → menu(a, b) → question, transfer; the question goes back to the menu. */
function sample(): Graph {
  const options = [
    { id: 'oa', title: 'Banho' },
    { id: 'ob', title: 'Loja' },
  ];
  let g: Graph = {
    ...emptyGraph,
    nodes: [
      node('s', 'start', { triggers: [] }),
      node(
        'm',
        'menu',
        { text: 'Oi, {{customer.firstName}}', display: 'buttons', options, timeoutMs: 600_000 },
        0,
        100,
      ),
      node('q', 'question', { text: 'O que sente?', kind: 'text', variable: 'symptom' }, 0, 300),
      node('t', 'transfer', { note: '{{symptom}}' }, 210, 300),
    ],
    variables: [
      { name: 'symptom', type: 'text' },
      { name: 'other', type: 'text' },
    ],
  };
  g = connect(g, 's', 'next', 'm');
  g = connect(g, 'm', 'oa', 'q');
  g = connect(g, 'm', 'ob', 't');
  return connect(g, 'q', 'next', 'm');
}

const ends = (g: Graph) => g.edges.map((e) => `${e.from}.${e.port}>${e.to}`).sort();

describe('ports', () => {
  it('are those of the options, then the fixed ones that the data brings', () => {
    const data = { options: [{ id: 'o1', title: 'Sim' }], timeoutMs: 0 };
    expect(portsOf(row('menu'), data).map((p) => p.id)).toEqual(['o1', 'nomatch']);
    expect(portsOf(row('menu'), { ...data, timeoutMs: 60_000 }).map((p) => p.id)).toEqual(['o1', 'nomatch', 'timeout']);
    expect(portsOf(row('condition'), { cases: [] }).map((p) => p.id)).toEqual(['else']);
    expect(portsOf(undefined, {})).toEqual([]);
  });
  it('hold with a value of the list, or with any value', () => {
    expect(holds({ field: 'mode', in: ['time', 'weekday'] }, { mode: 'weekday' })).toBe(true);
    expect(holds({ field: 'mode', in: ['time'] }, {})).toBe(false);
    expect(holds({ field: 'on', in: ['true'] }, { on: true })).toBe(true);
    expect(holds({ field: 'list', in: [] }, { list: [] })).toBe(false);
  });
});

describe('graph', () => {
  it('connects a port to one place only and never into the start or itself', () => {
    const g = sample();
    const other = connect(g, 'm', 'oa', 't');
    expect(ends(other)).toEqual(['m.oa>t', 'm.ob>t', 'q.next>m', 's.next>m']);
    expect(other.edges.find((e) => e.port === 'oa')?.id).toBe(g.edges.find((e) => e.port === 'oa')?.id);
    expect(canConnect(g, 'q', 's')).toBe(false);
    expect(canConnect(g, 'q', 'q')).toBe(false);
    expect(canConnect(g, 'q', 'gone')).toBe(false);
    expect(connect(g, 'm', 'oa', 'q')).toBe(g);
  });
  it('takes edges away with their ends and keeps the start', () => {
    const g = remove(sample(), new Set(['m', 's']));
    expect(g.nodes.map((n) => n.id)).toEqual(['s', 'q', 't']);
    expect(g.edges).toEqual([]);
    const same = sample();
    expect(remove(same, new Set(['nothing']))).toBe(same);
  });
  it('drops the edge of an option that is taken away, and keeps it when the option is renamed', () => {
    const g = sample();
    const renamed = setField(
      g,
      'm',
      'options',
      [
        { id: 'oa', title: 'Outro' },
        { id: 'ob', title: 'Loja' },
      ],
      nodeRows,
    );
    expect(ends(renamed)).toEqual(ends(g));
    const less = setField(g, 'm', 'options', [{ id: 'ob', title: 'Loja' }], nodeRows);
    expect(ends(less)).toEqual(['m.ob>t', 'q.next>m', 's.next>m']);
    const silent = setField(connect(g, 'm', 'timeout', 't'), 'm', 'timeoutMs', 0, nodeRows);
    expect(ends(silent)).toEqual(ends(g));
  });
  it('makes nodes with what their fields begin with, options with ids of their own', () => {
    const a = newNode(row('split'), 'Sorteio', { x: 13, y: 27 }, new Set());
    const b = newNode(row('split'), 'Sorteio', { x: 0, y: 0 }, new Set());
    expect([a.x, a.y]).toEqual([10, 30]);
    const ids = [a, b].flatMap((n) => (n.data['weights'] as { id: string }[]).map((o) => o.id));
    expect(new Set(ids).size).toBe(4);
    expect(newNode(row('http'), '', { x: 0, y: 0 }, new Set()).data).toMatchObject({ method: 'GET', timeoutMs: 10000 });
  });
  it('puts a node on an edge', () => {
    const g = sample();
    const edge = g.edges.find((e) => e.from === 's');
    const out = insertOn(g, edge?.id ?? '', node('x', 'message', { text: '' }), row('message'));
    expect(ends(out)).toContain('s.next>x');
    expect(ends(out)).toContain('x.next>m');
    expect(ends(out)).not.toContain('s.next>m');
  });
  it('keeps the identity of what did not change', () => {
    const g = sample();
    const moved = place(g, new Map([['q', { x: 5, y: 5 }]]));
    expect(moved.nodes[0]).toBe(g.nodes[0]);
    expect(moved.nodes[2]).not.toBe(g.nodes[2]);
    expect(moved.edges).toBe(g.edges);
    expect(place(g, new Map([['q', { x: 0, y: 300 }]]))).toBe(g);
  });
  it('reads drafts that lack lists, and finds what is reached', () => {
    expect(readGraph({ nodes: [{ id: 'a', type: 'end', x: 0, y: 0 } as GraphNode] }).nodes[0]).toMatchObject({
      name: '',
      data: {},
    });
    expect([...reachable(sample(), 'q')].sort()).toEqual(['m', 'q', 't']);
  });
  it('finds a spot where no card is covered', () => {
    const g = addNode(emptyGraph, node('a', 'end', {}, 0, 0));
    expect(freeSpot(g, new Map(), { x: 0, y: 0 })).toEqual({ x: 210, y: 0 });
    expect(freeSpot(g, new Map(), { x: 0, y: 400 })).toEqual({ x: 0, y: 400 });
  });
});

describe('history', () => {
  it('goes back and forth over everything, and forgets the future at the next edit', () => {
    let h = begin(sample());
    const first = h.present.value;
    h = commit(h, remove(first, new Set(['t'])), 'delete', 1);
    h = commit(h, setNode(h.present.value, 'q', { name: 'x' }), 'rename', 2);
    expect(canUndo(h)).toBe(true);
    h = undo(undo(h));
    expect(h.present.value).toBe(first);
    expect(canUndo(h)).toBe(false);
    h = redo(h);
    expect(h.present.label).toBe('delete');
    h = commit(h, first, 'other', 3);
    expect(canRedo(h)).toBe(false);
    expect(undo(undo(undo(h))).present.value).toBe(first);
  });
  it('joins typing at one place, not over a pause, another place or an undo', () => {
    let h = begin('');
    h = commit(h, 'a', 'type', 1000, 'n.text');
    h = commit(h, 'ab', 'type', 1000 + joinMs - 1, 'n.text');
    expect(undo(h).present.value).toBe('');
    h = commit(h, 'abc', 'type', 1000 + 3 * joinMs, 'n.text');
    h = commit(h, 'abcd', 'type', 1001 + 3 * joinMs, 'n.title');
    expect(h.past.map((s) => s.value)).toEqual(['', 'ab', 'abc']);
    h = undo(h);
    h = commit(h, 'abcx', 'type', 1002 + 3 * joinMs, 'n.text');
    expect(h.past.map((s) => s.value)).toEqual(['', 'ab', 'abc']);
  });
  it('is bounded, and an edit that changes nothing is none', () => {
    let h = begin(0);
    for (let i = 1; i <= historyMax + 50; i += 1) h = commit(h, i, 'n', i);
    expect(h.past).toHaveLength(historyMax);
    expect(commit(h, h.present.value, 'n', 1)).toBe(h);
  });
});

describe('clipboard', () => {
  const may = () => true;
  it('pastes with new ids; edges and ports inside follow, those that lead out are cut', () => {
    const g = sample();
    const text = copyText(g, new Set(['m', 'q', 's']));
    const clip = readClip(text ?? '');
    expect(clip?.nodes.map((n) => n.id)).toEqual(['m', 'q']);
    const { graph, ids } = paste(g, clip ?? (undefined as never), { x: 500, y: 500 }, nodeRows, may);
    expect(graph.nodes).toHaveLength(6);
    const [m, q] = graph.nodes.slice(4);
    expect([m?.x, m?.y]).toEqual([500, 500]);
    expect(ids).toEqual(new Set([m?.id, q?.id]));
    const option = (m?.data['options'] as { id: string }[])[0]?.id;
    expect(option).not.toBe('oa');
    expect(ends({ ...graph, edges: graph.edges.slice(4) })).toEqual(
      [`${m?.id}.${option}>${q?.id}`, `${q?.id}.next>${m?.id}`].sort(),
    );
    expect(new Set(graph.nodes.map((n) => n.id)).size).toBe(6);
    expect(new Set(graph.edges.map((e) => e.id)).size).toBe(graph.edges.length);
  });
  it('brings variables that are used and missing there, and none else', () => {
    const clip = readClip(copyText(sample(), new Set(['t'])) ?? '');
    expect(clip?.variables.map((v) => v.name)).toEqual(['symptom']);
    const { graph } = paste(emptyGraph, clip ?? (undefined as never), { x: 0, y: 0 }, nodeRows, may);
    expect(graph.variables.map((v) => v.name)).toEqual(['symptom']);
  });
  it('points jumps to the pasted node, or nowhere', () => {
    const g: Graph = {
      ...emptyGraph,
      nodes: [node('j', 'jump', { node: 'e' }), node('e', 'end'), node('k', 'jump', { node: 'gone' })],
    };
    const clip = readClip(copyText(g, new Set(['j', 'e', 'k'])) ?? '');
    const { graph } = paste(emptyGraph, clip ?? (undefined as never), { x: 0, y: 0 }, nodeRows, may);
    const [j, e, k] = graph.nodes;
    expect(j?.data['node']).toBe(e?.id);
    expect(k?.data['node']).toBe('');
  });
  it('leaves out what this flow may not have, and reads nothing else than its own', () => {
    const clip = readClip(copyText(sample(), new Set(['q', 't'])) ?? '');
    const out = paste(emptyGraph, clip ?? (undefined as never), { x: 0, y: 0 }, nodeRows, (r) => r.type !== 'question');
    expect(out.graph.nodes.map((n) => n.type)).toEqual(['transfer']);
    expect(out.refused).toBe(1);
    expect(readClip('hello')).toBeUndefined();
    expect(readClip('{"format":"interflow-nodes","nodes":[{"id":1}]}')).toBeUndefined();
    expect(copyText(sample(), new Set(['s']))).toBeUndefined();
  });
});

describe('layout', () => {
  const ports = (n: GraphNode) => portsOf(rowOf(nodeRows, n.type), n.data).map((p) => p.id);
  it('puts each card below what leads to it, loops apart, and covers none', () => {
    const g = sample();
    const at = layout(g, new Map(), ports);
    const y = (id: string) => at.get(id)?.y ?? -1;
    expect(y('s')).toBeLessThan(y('m'));
    expect(y('m')).toBeLessThan(y('q'));
    expect(y('q')).toBe(y('t'));
    expect((at.get('q')?.x ?? 0) + 184).toBeLessThan(at.get('t')?.x ?? 0);
  });
  it('holds for any graph: nothing overlaps, children are in the order of their ports', () => {
    let seed = 7;
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    for (let round = 0; round < 20; round += 1) {
      const nodes = Array.from({ length: 40 }, (_, i) => node(`n${i}`, i === 0 ? 'start' : 'message'));
      const edges = Array.from({ length: 60 }, (_, i) => ({
        id: `e${i}`,
        from: `n${Math.floor(random() * 40)}`,
        port: `p${i}`,
        to: `n${1 + Math.floor(random() * 39)}`,
      }));
      const sizes = new Map(nodes.map((n) => [n.id, { w: 184, h: 40 + Math.floor(random() * 160) }]));
      const at = layout({ ...emptyGraph, nodes, edges }, sizes, () => []);
      const boxes = nodes.map((n) => ({ ...(at.get(n.id) ?? { x: NaN, y: NaN }), h: sizes.get(n.id)?.h ?? 0 }));
      for (const [i, a] of boxes.entries())
        for (const b of boxes.slice(i + 1))
          expect(a.x + 184 <= b.x || b.x + 184 <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y).toBe(true);
    }
    const fan: Graph = {
      ...emptyGraph,
      nodes: ['a', 'b', 'c', 'd'].map((id) => node(id, id === 'a' ? 'start' : 'end')),
      edges: ['d', 'c', 'b'].map((to, i) => ({ id: to, from: 'a', port: `p${2 - i}`, to })),
    };
    const at = layout(fan, new Map(), () => ['p0', 'p1', 'p2']);
    expect((at.get('b')?.x ?? 0) < (at.get('c')?.x ?? 0) && (at.get('c')?.x ?? 0) < (at.get('d')?.x ?? 0)).toBe(true);
  });
  it('lays out 300 nodes quickly', () => {
    const nodes = Array.from({ length: 300 }, (_, i) => node(`n${i}`, 'message'));
    const edges = nodes
      .slice(1)
      .map((n, i) => ({ id: `e${i}`, from: `n${Math.floor(i / 2)}`, port: `p${i % 2}`, to: n.id }));
    const started = performance.now();
    layout({ ...emptyGraph, nodes, edges }, new Map(), () => ['p0', 'p1']);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('lining up', () => {
  const boxes = [
    { id: 'a', x: 0, y: 0, w: 184, h: 100 },
    { id: 'b', x: 50, y: 200, w: 184, h: 60 },
    { id: 'c', x: 300, y: 500, w: 184, h: 60 },
  ];
  it('aligns and spreads', () => {
    expect([...align(boxes, 'left').values()].map((p) => p.x)).toEqual([0, 0, 0]);
    expect([...align(boxes, 'bottom').values()].map((p) => p.y)).toEqual([460, 500, 500]);
    expect(align(boxes, 'spreadY').get('b')?.y).toBe(270);
    expect(align(boxes.slice(0, 1), 'left').size).toBe(0);
  });
  it('shows the line to the nearest card in line', () => {
    const g = guides({ x: 0, y: 300, w: 184, h: 60 }, boxes);
    expect(g).toContainEqual({ axis: 'x', at: 0, from: 0, to: 360 });
  });
  it('walks by arrows to what lies ahead', () => {
    expect(neighbour(boxes, 'a', 'ArrowDown')).toBe('b');
    expect(neighbour(boxes, 'c', 'ArrowUp')).toBe('b');
    expect(neighbour(boxes, 'a', 'ArrowLeft')).toBeUndefined();
  });
});

describe('checks', () => {
  const codes = (g: Graph) => checkGraph(g, rows, 'general').map((p) => `${p.nodeId ?? ''}:${p.code}`);
  it('find empty fields, open options and cards out of reach, and nothing in a flow that is whole', () => {
    expect(codes(sample())).toEqual([]);
    const open = remove(sample(), new Set(['t']));
    expect(codes(open)).toEqual(['m:PORT_OPEN']);
    expect(codes(setField(sample(), 'q', 'text', ' ', nodeRows))).toEqual(['q:REQUIRED']);
    expect(codes(addNode(sample(), node('z', 'end')))).toEqual(['z:NODE_UNREACHED']);
    expect(codes(setField(sample(), 'q', 'variable', 'a!', nodeRows))).toEqual(['q:INVALID_NAME']);
    expect(codes({ ...sample(), nodes: sample().nodes.slice(1) })).toContain(':START_ONE');
  });
  it('know limits of length and the kind of flow', () => {
    expect(codes(setField(sample(), 'm', 'text', 'x'.repeat(1025), nodeRows))).toEqual(['m:TOO_LONG']);
    expect(checkGraph(sample(), rows, 'closing').filter((p) => p.code === 'NODE_KIND')).toHaveLength(3);
  });
  it('count what jumps lead to as reached', () => {
    const g = addNode(addNode(sample(), node('z', 'end')), node('j', 'jump', { node: 'z' }));
    expect(codes(connect(g, 'm', 'nomatch', 'j'))).toEqual([]);
  });
  it("join with the server's, each place once, errors first, without what is gone", () => {
    const g = sample();
    const list = merged(
      [{ severity: 'warning', nodeId: 'm', port: 'ob', code: 'PORT_OPEN' }],
      [
        { severity: 'warning', nodeId: 'm', port: 'ob', code: 'PORT_OPEN', field: null },
        { severity: 'error', nodeId: 'gone', code: 'X' },
        { severity: 'error', nodeId: 'q', field: 'text', code: 'TOO_LONG' },
      ],
      g,
    );
    expect(list.map((p) => p.code)).toEqual(['TOO_LONG', 'PORT_OPEN']);
  });
});

describe('versions', () => {
  it('tell what was added, removed, changed, and that moving is no change', () => {
    const a = sample();
    const b = remove(addNode(setField(a, 'q', 'text', 'Outro', nodeRows), node('z', 'end')), new Set(['t']));
    const d = diff(a, b);
    expect([d.added.map((n) => n.id), d.removed.map((n) => n.id), d.changed.map((c) => [c.node.id, c.fields])]).toEqual(
      [['z'], ['t'], [['q', ['text']]]],
    );
    expect(d.edgesRemoved.map((e) => e.port)).toEqual(['ob']);
    const moved = diff(a, place(a, new Map([['q', { x: 9, y: 9 }]])));
    expect(moved.moved).toBe(1);
    expect(isSame(moved)).toBe(true);
    expect(same({ a: 1, b: null }, { a: 1 })).toBe(true);
    expect(same({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
  });
});

describe('texts', () => {
  it('part at braces and fill with examples', () => {
    expect(parts('Oi, {{customer.name | first}}!')).toEqual([
      { text: 'Oi, ', variable: false },
      { text: 'customer.name | first', variable: true },
      { text: '!', variable: false },
    ]);
    const example = (p: string) => (p === 'customer.name' ? 'Marina Duarte' : undefined);
    expect(filled('Oi, {{customer.name|firstName}}! {{x|default:"tudo bem"}} {{y}}', example)).toBe(
      'Oi, Marina! tudo bem {y}',
    );
  });
  it('insert at the cursor and see an unfinished name', () => {
    expect(insertAt('Oi !', 3, 3, 'customer.name')).toEqual({ text: 'Oi {{customer.name}}!', at: 20 });
    expect(opened('Oi {{cust', 9)).toEqual({ from: 3, typed: 'cust' });
    expect(opened('Oi {{a}} b', 10)).toBeUndefined();
    expect(opened('Oi', 2)).toBeUndefined();
  });
  it('know names of variables', () => {
    expect(['sintoma', 'a1', 'opção'].every(isVariableName)).toBe(true);
    expect(['', '1a', 'a!', 'a.b', 'a b'].some(isVariableName)).toBe(false);
  });
});

describe('traces', () => {
  const step = (nodeId: string, port: string | null): Step => ({ n: 1, at: '', nodeId, type: '', name: '', port });
  it('mark the edges that were gone over', () => {
    const g = sample();
    const path = pathOf([step('s', 'next'), step('m', 'oa'), step('q', null)], g);
    expect(g.edges.filter((e) => path.edges.has(e.id)).map((e) => e.port)).toEqual(['next', 'oa']);
    expect(path.nodes.has('t')).toBe(false);
  });
  it('sum up numbers', () => {
    const s = { nodeId: 'm', entered: 200, waiting: 20, answered: 122, left: 150, failed: 3, ports: [] };
    expect(answeredShare(s)).toBe(61);
    expect(lost(s)).toBe(30);
    expect(lost(s, true)).toBe(0);
    expect(answeredShare({ ...s, entered: 0 })).toBeUndefined();
    expect(brief({ a: 1 })).toBe('{"a":1}');
    expect(brief('x'.repeat(100), 10)).toHaveLength(10);
  });
});

describe('what is drawn anew', () => {
  it('keeps the problems of a node that has the same ones', () => {
    const problem = (nodeId: string, code: string) => ({ severity: 'error' as const, nodeId, code });
    const before = byNode([problem('a', 'REQUIRED'), problem('b', 'REQUIRED')]);
    const after = byNode([problem('b', 'REQUIRED'), problem('b', 'TOO_LONG'), problem('a', 'REQUIRED')], before);
    expect(after.get('a')).toBe(before.get('a'));
    expect(after.get('b')?.map((p) => p.code)).toEqual(['REQUIRED', 'TOO_LONG']);
  });
});

describe('a request that is tried', () => {
  it('asks for the variables and the customer that its texts name, each once', () => {
    const data = {
      url: 'https://x.example/{{order}}/{{ customer.phone | digits }}',
      headers: [{ name: 'X', value: '{{session.token}}' }],
      body: '{"a": {{order}}, "b": {{system.now}}, "c": {{items[0].id}}}',
      timeoutMs: 1000,
    };
    expect(namesIn(data, ['order', 'token', 'items', 'other'])).toEqual(['order', 'customer.phone', 'token', 'items']);
  });
  it('sends what was typed as its type, and a text where it is none', () => {
    expect(typed('12', 'number')).toBe(12);
    expect(typed('12', 'text')).toBe('12');
    expect(typed('[1,2]', 'list')).toEqual([1, 2]);
    expect(typed('doze', 'number')).toBe('doze');
  });
  it('names a variable by the end of a path', () => {
    expect(variableFor('data.items[0].order_id')).toBe('order_id');
    expect(variableFor('[0]')).toBe('');
  });
});
