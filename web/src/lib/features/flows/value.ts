/* What stands in a field, as lines that a person reads: one for a plain value, one for each option, case, pair or trigger. For
   comparing versions. */
import { t, tMaybe } from '$lib/i18n/i18n.svelte';
import { lookup } from '$lib/shell/session.svelte';
import { flowList } from './form/choices.svelte';
import { brief } from './trace.rules';
import type { Choice, Conditions, FieldRow, FileRef, GraphNode, Trigger } from './types';
import { conditionText, nodeTitle, span, triggerText, valueName } from './words';

type Named = { name: string } | undefined;
const named: Record<string, (id: string) => Named> = {
  team: (id) => lookup.team(id),
  user: (id) => lookup.user(id),
  tag: (id) => lookup.tag(id),
  channel: (id) => lookup.channel(id),
  stage: (id) => lookup.stage(id),
  closureType: (id) => lookup.closureType(id),
  flow: (id) => flowList.items.find((f) => f.id === id),
};
const nameOf = (kind: string, id: unknown) => named[kind]?.(String(id))?.name ?? t('flows.gone');

function choice(c: Choice): string {
  const when = c.when ? conditionText(c.when) : '';
  const weight = c.weight === undefined ? '' : String(c.weight);
  return [c.title, c.description, when, weight].filter(Boolean).join(': ');
}

/** Of one item of a list. */
function item(kind: string, type: string, v: unknown): string {
  switch (kind) {
    case 'options':
    case 'cases':
    case 'weights':
      return choice(v as Choice);
    case 'triggers': {
      const { conditions, enabled } = v as Trigger;
      const more = conditions ? conditionText(conditions) : '';
      const off = enabled === false ? t('flows.diff.off') : '';
      return [triggerText(v as Trigger), more, off].filter(Boolean).join('; ');
    }
    case 'files':
      return (v as FileRef).name;
    case 'pairs':
      return `${String((v as Record<string, unknown>)['name'] ?? '')}: ${String((v as Record<string, unknown>)['value'] ?? '')}`;
    case 'mapping':
      return `${String((v as Record<string, unknown>)['path'] ?? '')} → ${String((v as Record<string, unknown>)['variable'] ?? '')}`;
    case 'assignments':
      return `${String((v as Record<string, unknown>)['name'] ?? '')} = ${String((v as Record<string, unknown>)['value'] ?? '')}`;
    case 'weekdays':
      return tMaybe(`flows.weekday.${String(v)}`, String(v));
    case 'tags':
    case 'channels':
      return nameOf(kind.slice(0, -1), v);
    default:
      return typeof v === 'string' ? v : `${type}: ${brief(v, 200)}`;
  }
}

export function valueLines(
  row: Pick<FieldRow, 'name' | 'kind'> | undefined,
  type: string,
  v: unknown,
  nodes: readonly GraphNode[],
): string[] {
  if (v === undefined || v === null || v === '') return [];
  const kind = row?.kind ?? '';
  if (Array.isArray(v)) return v.map((x) => item(kind, type, x));
  if (typeof v === 'boolean') return [v ? t('flows.yes') : t('flows.no')];
  if (kind === 'duration' && typeof v === 'number') return [span(v)];
  if (kind === 'enum') return [valueName(type, row?.name ?? '', String(v))];
  if (kind === 'conditions') return [conditionText(v as Conditions)];
  if (kind === 'file') return [(v as FileRef).name];
  if (kind === 'waTemplate') return [String((v as { name?: unknown }).name ?? '')];
  if (kind === 'node') {
    const to = nodes.find((n) => n.id === v);
    return [to ? nodeTitle(to) : t('flows.gone')];
  }
  if (kind === 'fields') return Object.entries(v as object).map(([slug, x]) => `${slug}: ${String(x)}`);
  if (kind in named) return [nameOf(kind, v)];
  return String(typeof v === 'object' ? JSON.stringify(v) : v).split('\n');
}
