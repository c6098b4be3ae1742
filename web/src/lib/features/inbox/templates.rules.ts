/* Choosing a template and filling it in, pure: which there are, what each asks for, what stands there to begin with, and
   what the server gets. */
import type { Id } from '$lib/api/types';
import type { TemplateRow } from '../settings/channels/channels.types';
import { fillText, variables, viewOf } from '../settings/channels/template.rules';
import type { MessageFile } from './types';

const plain = (s: string) => s.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase();

/** What can be sent now. */
export function sendable(t: Pick<TemplateRow, 'status' | 'category'>): boolean {
  return t.status.toUpperCase() === 'APPROVED' && t.category.toUpperCase() !== 'AUTHENTICATION';
}

export function languagesOf(all: readonly Pick<TemplateRow, 'language'>[]): string[] {
  return [...new Set(all.map((t) => t.language))].sort();
}

/** Those whose name or words fit, in a language or any ("") of them; names that begin so first. */
export function findTemplates(all: readonly TemplateRow[], query: string, language: string): TemplateRow[] {
  const q = plain(query.trim().replaceAll('_', ' '));
  const rank = (t: TemplateRow): number => {
    if (q === '') return 1;
    const name = plain(t.name.replaceAll('_', ' '));
    if (name.startsWith(q)) return 0;
    if (name.includes(q)) return 1;
    const v = viewOf(t);
    return plain(`${v.header} ${v.body} ${v.footer}`).includes(q) ? 2 : -1;
  };
  return all
    .filter((t) => language === '' || t.language === language)
    .map((t) => ({ t, r: rank(t) }))
    .filter((x) => x.r >= 0)
    .sort((a, b) => a.r - b.r || a.t.name.localeCompare(b.t.name) || a.t.language.localeCompare(b.t.language))
    .map((x) => x.t);
}

/** "pt_BR" and "en-US" are the tag of a language; the best for a person comes first. */
export function bestLanguage(all: readonly string[], wanted: string): string {
  const same = (x: string) => x.replace('-', '_').toLowerCase();
  const w = same(wanted);
  return all.find((x) => same(x) === w) ?? all.find((x) => same(x).slice(0, 2) === w.slice(0, 2)) ?? '';
}

/** One thing to fill in. */
export interface Slot {
  /** "header.1", "body.nome", "button.0", "media". */
  key: string;
  part: 'header' | 'body' | 'button' | 'media';
  /** The variable's name; the button's text; the kind of file. */
  name: string;
  /** What stood there when it was approved. */
  example: string;
  max: number;
}

const list = (v: unknown): unknown[] => (Array.isArray(v) ? v : []);
const words = (v: unknown) => (typeof v === 'string' ? v : '');

function examples(
  t: Pick<TemplateRow, 'components'>,
  part: 'header' | 'body',
  names: readonly string[],
): Record<string, string> {
  const e = t.components.find((c) => c.type.toLowerCase() === part)?.example ?? {};
  const out: Record<string, string> = {};
  for (const row of list(e[`${part}_text_named_params`])) {
    const r = row as { param_name?: unknown; example?: unknown };
    out[words(r.param_name)] = words(r.example);
  }
  const values = part === 'header' ? list(e['header_text']) : list(list(e['body_text'])[0] ?? []);
  names.forEach((n) => {
    const v = values[Number(n) - 1];
    if (out[n] === undefined && typeof v === 'string') out[n] = v;
  });
  return out;
}

/** Everything that a template asks for, in the order in which it is read. */
export function slotsOf(t: Pick<TemplateRow, 'components'>): Slot[] {
  const v = viewOf(t);
  const out: Slot[] = [];
  if (v.media && v.media !== 'location') out.push({ key: 'media', part: 'media', name: v.media, example: '', max: 0 });
  for (const part of ['header', 'body'] as const) {
    const names = variables(v[part]);
    const e = examples(t, part, names);
    for (const name of names)
      out.push({ key: `${part}.${name}`, part, name, example: e[name] ?? '', max: part === 'header' ? 60 : 1024 });
  }
  const buttons = t.components.find((c) => c.type.toUpperCase() === 'BUTTONS')?.buttons ?? [];
  buttons.forEach((b, i) => {
    const type = b.type.toUpperCase();
    if ((type === 'URL' && /\{\{\s*\w+\s*\}\}/.test(b.url ?? '')) || type === 'COPY_CODE')
      out.push({
        key: `button.${i}`,
        part: 'button',
        name: b.text ?? '',
        example: words(list(b.example)[0]) || words(b.example),
        max: type === 'COPY_CODE' ? 20 : 2000,
      });
  });
  return out;
}

export interface Person {
  name: string;
  firstName: string;
  phone: string;
  email: string;
  agent: string;
  organization: string;
}

const meaning: readonly [RegExp, keyof Person][] = [
  [
    /^(?:primeiro_?nome|first_?name|primer_?nombre|nome|nombre|name|cliente|customer|customer_?name|nome_?cliente|nombre_?cliente)$/,
    'firstName',
  ],
  [/^(?:nome_?completo|full_?name|nombre_?completo)$/, 'name'],
  [/^(?:telefone|telefono|phone|celular|whatsapp)$/, 'phone'],
  [/^(?:e_?mail|correo)$/, 'email'],
  [/^(?:atendente|agente|agent|agent_?name|asesor|vendedor)$/, 'agent'],
  [/^(?:empresa|company|loja|tienda|store|organizacao|organizacion|organization|negocio)$/, 'organization'],
];

const greeting =
  /(?:^|[\s¡!*_])(?:ol[áa]|oi|hola|hi|hello|hey|dear|caro|cara|prezad[oa]|estimad[oa]|bom dia|boa tarde|boa noite|buen[oa]s? (?:d[íi]as?|tardes|noches))[\s,!]*[*_]?\{\{\s*([^{}\s]+)\s*\}\}/iu;

/** What stands in the fields to begin with: names that say what they are, and whom the greeting greets. */
export function prefill(t: Pick<TemplateRow, 'components'>, person: Person): Record<string, string> {
  const out: Record<string, string> = {};
  const body = viewOf(t).body;
  const greeted = greeting.exec(body)?.[1];
  for (const s of slotsOf(t)) {
    if (s.part !== 'header' && s.part !== 'body') continue;
    const of = meaning.find(([pattern]) => pattern.test(plain(s.name)))?.[1];
    const value = of ? person[of] : s.part === 'body' && s.name === greeted ? person.firstName : '';
    if (value) out[s.key] = value;
  }
  return out;
}

export type SlotProblem = 'empty' | 'long' | 'lines' | 'file';

/** What the platform would refuse, by field. A value may not have line ends, tabs or four spaces in a row. */
export function slotProblems(
  slots: readonly Slot[],
  values: Readonly<Record<string, string>>,
  media: Pick<MessageFile, 'id'> | undefined,
): Record<string, SlotProblem> {
  const out: Record<string, SlotProblem> = {};
  for (const s of slots) {
    if (s.part === 'media') {
      if (!media?.id) out[s.key] = 'file';
      continue;
    }
    const v = (values[s.key] ?? '').trim();
    if (v === '') out[s.key] = 'empty';
    else if (/[\n\t]| {4,}/.test(v)) out[s.key] = 'lines';
    else if (v.length > s.max) out[s.key] = 'long';
  }
  return out;
}

/** The template as the customer will see it; what is not filled in stays as {{name}}. */
export function filled(t: Pick<TemplateRow, 'components'>, values: Readonly<Record<string, string>>) {
  const v = viewOf(t);
  const of = (part: string) => (name: string) => values[`${part}.${name}`]?.trim();
  return { ...v, header: fillText(v.header, of('header')), body: fillText(v.body, of('body')) };
}

export interface TemplateSend {
  name: string;
  language: string;
  parameters: {
    header: unknown[];
    body: string[] | Record<string, string>;
    buttons: unknown[];
  };
}

/** What the server gets; fileId: of the heading, where it has one. */
export function templateSend(
  t: Pick<TemplateRow, 'name' | 'language' | 'format' | 'components'>,
  values: Readonly<Record<string, string>>,
  fileId?: Id | null,
): TemplateSend {
  const slots = slotsOf(t);
  const value = (s: Slot) => (values[s.key] ?? '').trim();
  const media = slots.find((s) => s.part === 'media');
  const body = slots.filter((s) => s.part === 'body');
  const numbered = [...body].sort((a, b) => Number(a.name) - Number(b.name)).map(value);
  return {
    name: t.name,
    language: t.language,
    parameters: {
      header: media ? [{ type: media.name, fileId }] : slots.filter((s) => s.part === 'header').map(value),
      body: t.format === 'named' ? Object.fromEntries(body.map((s) => [s.name, value(s)])) : numbered,
      buttons: slots
        .filter((s) => s.part === 'button')
        .map((s) => ({ index: Number(s.key.slice('button.'.length)), text: value(s) })),
    },
  };
}

/** The words of it in the conversation, until the server has said them. */
export function templateText(t: Pick<TemplateRow, 'components'>, values: Readonly<Record<string, string>>): string {
  const v = filled(t, values);
  return [v.header, v.body, v.footer].filter((x) => x !== '').join('\n\n');
}
