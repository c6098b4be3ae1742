/* The words of a trace: what a stay at a card came to in one line, and all its values when one looks closer. */
import { dateTime } from '$lib/i18n/format.svelte';
import { t, tMaybe } from '$lib/i18n/i18n.svelte';
import { itemsOf } from './graph.rules';
import type { Stay } from './stay.rules';
import { brief } from './trace.rules';
import type { Choice, ConditionRow, Conditions, GraphNode, Step } from './types';
import { conditionText, triggerName } from './words';

/** What nodes note of themselves; every other name is a variable's. */
const known = new Set(
  'answer option case caption file part shown subject template text to try why error flow note request status tries trigger until'.split(
    ' ',
  ),
);

interface Looked {
  yes: boolean;
  rows: { yes: boolean; row?: string; left?: unknown; op: string; right?: unknown }[];
}
/** The row at "rows[0].rows[1]". */
function rowAt(when: Conditions | undefined, path = ''): ConditionRow | undefined {
  let at: ConditionRow | Conditions | undefined = when;
  for (const [, i] of path.matchAll(/\[(\d+)\]/g)) at = at && 'rows' in at ? at.rows[Number(i)] : undefined;
  return at && 'left' in at ? at : undefined;
}
const isLooked = (v: unknown): v is Looked =>
  typeof v === 'object' && v !== null && 'yes' in v && 'rows' in v && Array.isArray(v.rows);

const filled = (s: Step) => Object.entries(s.data ?? {}).filter(([, v]) => v !== null && v !== '');
const variables = (s: Step) => filled(s).filter(([name, v]) => !known.has(name) && !isLooked(v));

/** "sintoma = vomitou", the answer, the request with its status: what one wants to see without opening it. */
export function stayLine(stay: Stay, port: string): string {
  const last = stay[stay.length - 1] ?? stay[0];
  const set = variables(last).map(([name, v]) => `${name} = ${brief(v, 60)}`);
  const plain = filled(last).filter(([name, v]) => known.has(name) && name !== 'shown' && typeof v !== 'object');
  const value =
    last.type === 'http'
      ? [brief(stay[0].data?.['request'], 60), brief(last.data?.['status'])].filter(Boolean).join(' ')
      : set.length > 0
        ? set.join(', ')
        : brief(plain[0]?.[1], 60);
  return [port, value === port ? '' : value].filter(Boolean).join(': ');
}

/** All values of a step, each with the name that a person knows it by. */
export function stepValues(s: Step, node: GraphNode | undefined): [name: string, value: string][] {
  const out = filled(s).map(([name, v]): [string, string] => {
    if (isLooked(v)) {
      const drawn = itemsOf(node?.data['cases']).find((c) => c.id === name) as Choice | undefined;
      const title = drawn?.title;
      const rows = v.rows.map((r) => {
        /* As it is drawn, where that is still the same; else by the values that were compared. */
        const same = rowAt(drawn?.when, r.row);
        const row =
          same?.op === r.op && String(same.right ?? '') === String(r.right ?? '')
            ? same
            : { left: brief(r.left, 60) || '""', op: r.op, type: 'text', right: r.right };
        return `${conditionText({ op: 'all', rows: [row] })}: ${r.yes ? t('flows.yes') : t('flows.no')}`;
      });
      return [typeof title === 'string' && title ? title : name, rows.join('\n')];
    }
    if (name === 'trigger' && typeof v === 'object' && v !== null && 'kind' in v)
      return [t('flows.data.trigger'), triggerName(String(v.kind))];
    if (name === 'shown') return [t('flows.data.shown'), tMaybe(`flows.shown.${String(v)}`, String(v))];
    return [known.has(name) ? tMaybe(`flows.data.${name}`, name) : name, brief(v, 2000)];
  });
  return [[t('flows.data.at'), dateTime(s.at)], ...out];
}
