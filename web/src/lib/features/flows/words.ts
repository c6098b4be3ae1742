/* How things of flows are called: every name of a row (type, field, value, port, code) is a key of the texts; what a newer
   server brings and no text knows yet shows its bare name. */
import { orgZone } from '$lib/i18n/format.svelte';
import { locale, t, tMaybe } from '$lib/i18n/i18n.svelte';
import { lookup } from '$lib/shell/session.svelte';
import { icons, type IconName } from '$lib/ui/icons';
import { rightText } from './conditions.rules';
import { itemsOf, type Port, portsOf, rowOf } from './graph.rules';
import { type Part, parts } from './text.rules';
import type {
  Conditions,
  ConditionRow,
  FieldRow,
  Graph,
  GraphNode,
  NodeRow,
  Problem,
  Trigger,
  TriggerSummary,
  Words3,
} from './types';

/* Names of Lucide that this interface draws by another of its icons. */
const kin: Record<string, IconName> = {
  'arrow-left-right': 'arrow-right-left',
  'circle-stop': 'circle-dot',
  webhook: 'zap',
  hand: 'user-round',
  calculator: 'variable',
  'user-pen': 'user-round',
  'list-checks': 'square-check',
  'message-circle': 'message-square',
  flag: 'circle-dot',
  'corner-up-right': 'corner-up-left',
  'layout-template': 'file-text',
};

export function iconOf(name: string | undefined): IconName {
  if (name === undefined) return 'square';
  return name in icons ? (name as IconName) : (kin[name] ?? 'square');
}

export function typeName(type: string): string {
  return tMaybe(`flows.node.${type}`, type);
}

export function typeAbout(type: string): string {
  return tMaybe(`flows.about.${type}`, '');
}

export function triggerName(kind: string): string {
  return tMaybe(`flows.trigger.${kind}`, kind);
}

export function fieldName(type: string, field: string): string {
  return tMaybe(`flows.field.${type}.${field}`, tMaybe(`flows.field.${field}`, field));
}

export function fieldHelp(type: string, field: string): string | undefined {
  return tMaybe(`flows.help.${type}.${field}`, tMaybe(`flows.help.${field}`, '')) || undefined;
}

export function valueName(type: string, field: string, value: string): string {
  return tMaybe(`flows.value.${type}.${field}.${value}`, tMaybe(`flows.value.${field}.${value}`, value));
}

/** What a path of a text is called: "Primeiro nome"; a variable by its own name. */
export function pathName(path: string): string {
  return tMaybe(`flows.path.${path}`, path);
}

export function words3(w: Words3 | undefined): string {
  return w === undefined ? '' : typeof w === 'string' ? w : w[locale()];
}

/** 10 min, 2 h, 1 d 4 h, 30 s: as short as a card needs it. */
export function span(ms: number): string {
  const units: [number, string][] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1000, 's'],
  ];
  const out: string[] = [];
  let rest = Math.max(0, Math.round(ms));
  for (const [size, unit] of units) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0) out.push(`${n}\u00a0${unit}`);
  }
  return out.slice(0, 2).join(' ') || `0\u00a0s`;
}

/** What a port is called on the card, in the form and in a trace. */
export function portName(port: Port, node: GraphNode, row?: NodeRow): string {
  if (port.role === 'option') {
    if (port.title) return port.title;
    const list = itemsOf(row?.portsField ? node.data[row.portsField] : undefined);
    return t('flows.port.optionEmpty', { n: list.findIndex((o) => o.id === port.id) + 1 });
  }
  const wait = node.data['timeoutMs'];
  if (port.role === 'timeout' && typeof wait === 'number' && wait > 0)
    return t('flows.port.timeoutAfter', { time: span(wait) });
  if (port.id === 'next' && node.type === 'question') return t('flows.port.answered');
  if (port.id === 'next' && itemsOf(row?.portsField ? node.data[row.portsField] : undefined).length > 0)
    return t('flows.port.other');
  return tMaybe(
    `flows.port.${node.type}.${port.id}`,
    tMaybe(`flows.port.${port.id}`, tMaybe(`flows.port.${port.role}`, port.id)),
  );
}

function channelNames(ids: readonly string[] | null | undefined): string {
  return (ids ?? []).map((id) => lookup.channel(id)?.name ?? t('flows.gone')).join(', ');
}

/** One trigger in a few words: "Palavra-chave: preço, valor". */
export function triggerText(x: TriggerSummary | Trigger): string {
  const kind = triggerName(x.kind);
  const strings = (v: unknown) => (Array.isArray(v) ? v.filter((w) => typeof w === 'string') : []);
  const words = strings(x['words' as keyof typeof x]);
  if (words.length > 0) return t('flows.triggerOn.channels', { kind, names: words.join(', ') });
  const names = channelNames(strings(x['channelIds' as keyof typeof x]));
  return names ? t('flows.triggerOn.channels', { kind, names }) : kind;
}

/** What the card is called: its own name, else what it is; the start says what makes it begin. */
export function nodeTitle(n: GraphNode): string {
  if (n.name) return n.name;
  if (n.type !== 'start') return typeName(n.type);
  const triggers = ((n.data['triggers'] as Trigger[] | undefined) ?? []).filter((x) => x.enabled !== false);
  const first = triggers[0];
  if (!first) return t('flows.node.start');
  return triggers.length > 1 ? `${triggerText(first)} +${triggers.length - 1}` : triggerText(first);
}

const plain = (text: string): Part => ({ text, variable: false });
const marked = (text: string): Part => ({ text, variable: true });

function isRow(c: ConditionRow | Conditions): c is ConditionRow {
  return 'left' in c;
}

/** A condition as one reads it: "symptom contém vômito". */
export function conditionText(c: Conditions | null | undefined): string {
  if (!c) return '';
  return c.rows
    .map((r) =>
      isRow(r)
        ? [
            pathName(r.left),
            tMaybe(`flows.op.${r.op}`, r.op),
            rightText(
              r.right,
              (u) => tMaybe(`flows.unit.${u}`, u),
              (d) => tMaybe(`flows.weekday.${d}`, String(d)),
            ),
          ]
            .join(' ')
            .trim()
        : `(${conditionText(r)})`,
    )
    .join(c.op === 'all' ? ', ' : ' / ');
}

function names(value: unknown, name: (id: string) => string | undefined): string {
  const ids = Array.isArray(value) ? value : typeof value === 'string' && value !== '' ? [value] : [];
  return ids.map((id) => name(String(id)) ?? t('flows.gone')).join(', ');
}

/** What the card says below its head. */
export function summary(n: GraphNode, row: NodeRow | undefined, g: Pick<Graph, 'nodes'>): Part[] {
  const d = n.data;
  const text = (f: string) => (typeof d[f] === 'string' ? d[f] : '');
  switch (n.type) {
    case 'question': {
      if (!text('variable')) break;
      const kind = valueName('question', 'kind', text('kind') || 'text');
      const name = text('variable');
      const [before = '', after = ''] = t('flows.summary.answer', { kind, variable: '\u0000' }).split('\u0000');
      return [plain(before), marked(name), plain(after)];
    }
    case 'condition':
      return itemsOf(d['cases'])
        .slice(0, 1)
        .map((c) => plain(conditionText((c as { when?: Conditions }).when)));
    case 'hours':
      return [plain(names(d['teamId'], (id) => lookup.team(id)?.name) || t('flows.hoursOrganization'))];
    case 'split':
      return [];
    case 'delay': {
      if (d['mode'] === 'time') return [plain(t('flows.summary.untilTime', { time: text('time') || '…' }))];
      if (d['mode'] === 'weekday') {
        const days = ((d['weekdays'] as number[] | undefined) ?? []).map((x) =>
          tMaybe(`flows.weekday.${x}`, String(x)),
        );
        return [plain(t('flows.summary.untilDay', { days: days.join(', ') || '…', time: text('time') || '…' }))];
      }
      return typeof d['durationMs'] === 'number' ? [plain(span(d['durationMs']))] : [];
    }
    case 'jump': {
      const to = g.nodes.find((x) => x.id === d['node']);
      return to ? [plain(t('flows.summary.toNode', { name: nodeTitle(to) }))] : [];
    }
    case 'set':
      return ((d['assignments'] as { name?: string; value?: unknown }[] | undefined) ?? [])
        .slice(0, 3)
        .flatMap((a, i) => [...(i ? [plain(', ')] : []), marked(a.name ?? '…'), plain(` = ${String(a.value ?? '')}`)]);
    case 'http':
      return text('url') ? [plain(`${text('method') || 'GET'} `), ...parts(text('url'))] : [];
    case 'customer': {
      const bits = [
        names(d['tagsAdd'], (id) => lookup.tag(id)?.name),
        names(d['stageId'], (id) => lookup.stage(id)?.name),
      ];
      const fields = Object.keys((d['fields'] as object | undefined) ?? {}).length;
      return [
        plain(
          [
            bits[0] && t('flows.summary.tags', { names: bits[0] }),
            bits[1] && t('flows.summary.stage', { name: bits[1] }),
            fields > 0 && t('flows.summary.fields', { n: fields }),
          ]
            .filter(Boolean)
            .join(', '),
        ),
      ];
    }
    case 'transfer': {
      const to =
        names(d['teamId'], (id) => lookup.team(id)?.name) ||
        names(d['userId'], (id) => lookup.user(id)?.name) ||
        t('flows.summary.queue');
      return [plain(to), ...(text('note') ? [plain('. '), ...parts(text('note'))] : [])];
    }
    case 'close':
      return [plain(names(d['closureTypeId'], (id) => lookup.closureType(id)?.name) || t('flows.summary.noType'))];
    case 'template': {
      const w = d['template'] as { name?: string } | null | undefined;
      return w?.name ? [plain(w.name)] : [];
    }
    case 'media': {
      const f = d['file'] as { name?: string } | null | undefined;
      if (!text('caption') && f?.name) return [plain(f.name)];
      break;
    }
    default:
      break;
  }
  return row?.summary && text(row.summary) ? parts(text(row.summary)) : [];
}

function lastName(type: string, path: string): string {
  const names = path.split(/[.[\]]+/).filter((p) => p !== '' && !/^\d+$/.test(p));
  const index = /\[(\d+)\]/.exec(path)?.[1];
  const first = names[0] === 'triggers' ? names[names.length - 1] : names[0];
  const base = fieldName(type, first ?? path);
  return index === undefined ? base : `${base} ${Number(index) + 1}`;
}

/** A problem in words; unknown codes speak the server's own. */
export function problemText(p: Problem, g: Pick<Graph, 'nodes'>, rows: readonly NodeRow[]): string {
  const node = g.nodes.find((n) => n.id === p.nodeId);
  const type = node?.type ?? '';
  const row = rowOf(rows, type);
  const field = p.field ? lastName(type, p.field) : '';
  const found = node && portsOf(row, node.data).find((x) => x.id === p.port);
  const port = found && node ? portName(found, node, row) : (p.port ?? '');
  const channel = p.data?.['channel'];
  const own = tMaybe(`flows.problem.${p.code}`, p.message ?? p.code, {
    ...(p.data ?? {}),
    field,
    port,
    ...(channel === undefined ? {} : { channel: tMaybe(`channels.kind.${channel}`, String(channel)) }),
  });
  return own.replace(/\{(\w+)\}/g, '…');
}

/** How a field of a row is called when its problem stands beside it. */
export function rowFieldName(row: Pick<NodeRow, 'type'> | undefined, f: FieldRow): string {
  return fieldName(row?.type ?? '', f.name);
}

export function zoneText(): string {
  return t('flows.zoneOrg', { zone: orgZone() });
}

/** Pieces of a flow that this text is in, for the search in the editor. */
export function nodesWith(g: Graph, query: string): GraphNode[] {
  const fold = (s: string) => s.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase();
  const q = fold(query.trim());
  if (q === '') return [];
  return g.nodes.filter((n) => fold([nodeTitle(n), typeName(n.type), JSON.stringify(n.data)].join(' ')).includes(q));
}
