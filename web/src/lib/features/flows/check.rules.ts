/* What can be seen without the server while one edits: fields that are empty or too long, options without a name, a menu
   that leads nowhere, cards that nothing leads to. Codes are those of the server's check; its list, made with the draft
   that it last saw, is shown together with this one, each problem once. */
import { holds, isMain, portsOf, reachable, rowOf } from './graph.rules';
import { charCount, isVariableName } from './text.rules';
import type { Choice, FieldRow, FlowKind, Graph, GraphNode, Problem, Rows, Trigger } from './types';

function isEmpty(v: unknown): boolean {
  if (Array.isArray(v)) return v.length === 0;
  if (typeof v === 'string') return v.trim() === '';
  return v === undefined || v === null;
}

const measured = new Set(['template', 'text', 'url', 'expression', 'variable', 'json']);
const counted = new Set([
  'options',
  'weights',
  'cases',
  'pairs',
  'mapping',
  'files',
  'words',
  'assignments',
  'triggers',
]);

function checkField(
  f: FieldRow,
  value: unknown,
  out: (p: Omit<Problem, 'nodeId' | 'severity'> & { severity?: 'warning' }) => void,
) {
  const field = f.name;
  if (isEmpty(value)) {
    if (f.required && f.kind !== 'triggers') out({ field, code: 'REQUIRED' });
    return;
  }
  if (measured.has(f.kind) && typeof value === 'string' && f.max && charCount(value) > f.max)
    out({ field, code: 'TOO_LONG', data: { max: f.max } });
  if (counted.has(f.kind) && Array.isArray(value)) {
    if (f.max && value.length > f.max) out({ field, code: 'TOO_MANY', data: { max: f.max } });
    if (f.min && value.length < f.min) out({ field, code: 'TOO_FEW', data: { min: f.min } });
  }
  if ((f.kind === 'number' || f.kind === 'duration') && typeof value === 'number') {
    if (f.max !== null && f.max !== undefined && f.max !== 0 && value > f.max)
      out({ field, code: 'OUT_OF_RANGE', data: { min: f.min ?? 0, max: f.max } });
    if (f.min !== null && f.min !== undefined && value < f.min)
      out({ field, code: 'OUT_OF_RANGE', data: { min: f.min, max: f.max ?? '∞' } });
  }
  if (f.kind === 'variable' && typeof value === 'string' && !isVariableName(value))
    out({ field, code: 'INVALID_NAME' });
  if (f.kind === 'options' || f.kind === 'cases' || f.kind === 'weights')
    (value as Choice[]).forEach((o, i) => {
      if (isEmpty(o.title)) out({ field: `${field}[${i}].title`, code: 'REQUIRED' });
    });
}

function checkNode(n: GraphNode, rows: Rows, alone: boolean, open: (port: string) => boolean): Problem[] {
  const row = rowOf(rows.nodes, n.type);
  if (!row) return [{ severity: 'error', nodeId: n.id, code: 'UNKNOWN_TYPE', data: { type: n.type } }];
  const out: Problem[] = [];
  for (const f of row.fields)
    if (holds(f.when, n.data))
      checkField(f, n.data[f.name], (p) => out.push({ severity: 'error', nodeId: n.id, ...p }));
  for (const t of n.type === 'start' ? ((n.data['triggers'] as Trigger[] | undefined) ?? []) : []) {
    const trigger = rows.triggers.find((x) => x.kind === t.kind);
    for (const f of trigger?.fields ?? [])
      if (holds(f.when, t))
        checkField(f, t[f.name], (p) =>
          out.push({ severity: 'error', nodeId: n.id, ...p, field: `triggers[${t.id}].${p.field ?? ''}` }),
        );
  }
  for (const p of portsOf(row, n.data))
    if (open(p.id) && (p.role === 'option' || (n.type === 'start' && !alone && isMain(p))))
      out.push({
        severity: n.type === 'start' ? 'error' : 'warning',
        nodeId: n.id,
        port: p.id,
        code: 'PORT_OPEN',
        data: { port: p.title || p.id },
      });
  return out;
}

/** Problems that need no server, in the order of the cards. */
export function checkGraph(g: Graph, rows: Rows, kind: FlowKind): Problem[] {
  const out: Problem[] = [];
  const starts = g.nodes.filter((n) => n.type === 'start');
  if (starts.length !== 1) out.push({ severity: 'error', code: 'START_ONE' });
  const used = new Set(g.edges.map((e) => `${e.from} ${e.port}`));
  const start = starts[0];
  const seen = start ? reachable(g, start.id) : new Set<string>();
  /* A jump leads on without an edge. */
  for (const n of g.nodes) {
    const row = rowOf(rows.nodes, n.type);
    for (const f of row?.fields ?? []) {
      const to = n.data[f.name];
      if (f.kind === 'node' && typeof to === 'string') for (const id of reachable(g, to)) seen.add(id);
    }
  }
  for (const n of g.nodes) {
    out.push(...checkNode(n, rows, g.nodes.length === 1, (port) => !used.has(`${n.id} ${port}`)));
    const row = rowOf(rows.nodes, n.type);
    if (row && !row.kinds.includes(kind)) out.push({ severity: 'error', nodeId: n.id, code: 'NODE_KIND' });
    if (start && !seen.has(n.id)) out.push({ severity: 'warning', nodeId: n.id, code: 'NODE_UNREACHED' });
  }
  return out;
}

/** The server's problems and ours as one list: errors first, each place and code once, none of nodes that are gone. */
export function merged(ours: readonly Problem[], theirs: readonly Problem[], g: Graph): Problem[] {
  const there = new Set(g.nodes.map((n) => n.id));
  const key = (p: Problem) =>
    `${p.nodeId ?? ''}|${p.code === 'PORT_OPEN' ? '' : (p.field ?? '')}|${p.port ?? ''}|${p.code}`;
  const seen = new Set<string>();
  return [...theirs, ...ours]
    .filter((p) => {
      const k = key(p);
      if ((p.nodeId && !there.has(p.nodeId)) || seen.has(k)) return false;
      seen.add(k);
      return true;
    })
    .sort((a, b) => (a.severity === b.severity ? 0 : a.severity === 'error' ? -1 : 1));
}

/** Problems by node, for the cards. A node whose problems are those of `before` keeps its list: its card is not drawn anew. */
export function byNode(
  problems: readonly Problem[],
  before?: ReadonlyMap<string, readonly Problem[]>,
): Map<string, readonly Problem[]> {
  const out = new Map<string, Problem[]>();
  for (const p of problems) if (p.nodeId) (out.get(p.nodeId) ?? out.set(p.nodeId, []).get(p.nodeId))?.push(p);
  const kept = new Map<string, readonly Problem[]>(out);
  for (const [id, list] of out) {
    const was = before?.get(id);
    if (was && JSON.stringify(was) === JSON.stringify(list)) kept.set(id, was);
  }
  return kept;
}
