/* The list of flows: what state each is in, and its order. */
import type { FlowItem } from '../types';

export function stateOf(f: Pick<FlowItem, 'publishedVersion' | 'enabled'>): {
  name: 'live' | 'off' | 'draft';
  look: string;
} {
  if (f.publishedVersion === null) return { name: 'draft', look: 'hollow' };
  return f.enabled ? { name: 'live', look: 'ok' } : { name: 'off', look: '' };
}

export function sortFlows(list: readonly FlowItem[], sort: { by: string; dir: 'asc' | 'desc' }): FlowItem[] {
  const value = (f: FlowItem): string | number =>
    sort.by === 'running'
      ? f.sessionsRunning
      : sort.by === 'edited'
        ? (f.draftAt ?? '')
        : sort.by === 'kind'
          ? f.kind
          : '';
  const by = (a: FlowItem, b: FlowItem) => {
    const x = value(a);
    const y = value(b);
    if (x === y) return a.name.localeCompare(b.name);
    return x < y ? -1 : 1;
  };
  const sorted = [...list].sort(by);
  return sort.dir === 'desc' ? sorted.reverse() : sorted;
}
