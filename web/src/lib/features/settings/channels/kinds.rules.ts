/* The form of a kind, made of the rows that the server checks it by: which fields stand where, what is hidden until asked for, and
   how what is typed becomes what the server takes. */
import type { ChannelRow, Draft, FieldRow, KindInfo } from './channels.types';

export type FieldPath = 'name' | 'address' | `settings.${string}` | `secrets.${string}`;

export interface KindField {
  path: FieldPath;
  /** The name in the server's row, for its words. */
  name: string;
  row: FieldRow;
  secret: boolean;
}

/** Fields beside each other; a second one is narrow. */
export type Line = readonly KindField[];

export interface KindForm {
  name: string;
  address: string;
  defaultTeamId: string;
  defaultStageId: string;
  settings: Record<string, string>;
  secrets: Record<string, string>;
}

interface Layout {
  /** Paths in order; those that a row does not exist for are left out. */
  lines: readonly (readonly FieldPath[])[];
  /** Settings that are asked for elsewhere, or never. */
  hidden: readonly string[];
}

const layouts: Record<string, Layout> = {
  whatsapp: {
    lines: [['settings.phoneNumberId'], ['settings.wabaId'], ['secrets.token'], ['secrets.appSecret']],
    hidden: [],
  },
  instagram: {
    lines: [['settings.login'], ['settings.accountId'], ['settings.pageId'], ['secrets.token'], ['secrets.appSecret']],
    hidden: [],
  },
  messenger: { lines: [['settings.pageId'], ['secrets.token'], ['secrets.appSecret']], hidden: [] },
  email: {
    lines: [
      ['address'],
      ['secrets.password'],
      ['settings.clientId'],
      ['secrets.clientSecret'],
      ['secrets.refreshToken'],
      ['settings.imapHost', 'settings.imapPort'],
      ['settings.smtpHost', 'settings.smtpPort'],
      ['settings.fromName', 'settings.importDays'],
    ],
    hidden: ['signature', 'preset'],
  },
};
/* What few people touch, even where a row is required: it has a default. */
const rarely = new Set([
  'appId',
  'verifyToken',
  'imapSecurity',
  'smtpSecurity',
  'username',
  'quote',
  'coexistence',
  'pin',
  'perSecond',
  'appSecretOld',
  'folder',
  'auth',
  'tokenUrl',
]);

/** What a mailbox asks for depends on how one gets in. */
function wanted(kind: string, form: KindForm, field: KindField): boolean {
  if (kind !== 'email') return true;
  const token = !['', 'password'].includes(form.settings['auth'] ?? '');
  if (field.path === 'secrets.password') return !token;
  return token || !['clientId', 'tokenUrl', 'clientSecret', 'refreshToken'].includes(field.name);
}

/** The lines without the fields that do not matter with what is chosen. */
export function shownLines(kind: string, lines: readonly Line[], form: KindForm): Line[] {
  return lines.map((l) => l.filter((f) => wanted(kind, form, f))).filter((l) => l.length > 0);
}

const plainTypes = new Set(['text', 'int', 'number', 'bool', 'enum', 'email', 'phone', 'url', 'slug', 'uuid']);

/** Some servers write types as F_TEXT, some values as "a|b". */
export function readRow(row: FieldRow): FieldRow {
  const values: unknown = row.values;
  return {
    ...row,
    type: row.type.toLowerCase().replace(/^f_/, ''),
    ...(typeof values === 'string' ? { values: values.split('|') } : {}),
  };
}

const addressRow: FieldRow = { name: 'address', type: 'email', required: true, max: 200 };

function rowsOf(info: KindInfo): Map<FieldPath, KindField> {
  const out = new Map<FieldPath, KindField>();
  const put = (path: FieldPath, row: FieldRow, secret: boolean) => out.set(path, { path, name: row.name, row, secret });
  if (info.kind === 'email' && !info.settings.some((r) => r.name === 'address')) put('address', addressRow, false);
  for (const r of info.settings.map(readRow)) if (plainTypes.has(r.type)) put(`settings.${r.name}`, r, false);
  for (const r of info.secrets.map(readRow)) if (plainTypes.has(r.type)) put(`secrets.${r.name}`, r, true);
  return out;
}

/** The lines of the form, and what is behind "more options". */
export function linesOf(info: KindInfo): { main: Line[]; more: Line[] } {
  const rows = rowsOf(info);
  const layout = layouts[info.kind] ?? { lines: [], hidden: [] };
  for (const name of layout.hidden) rows.delete(`settings.${name}`);
  const main: Line[] = [];
  const more: Line[] = [];
  for (const paths of layout.lines) {
    const line = paths.flatMap((p) => {
      const field = rows.get(p);
      rows.delete(p);
      return field ? [field] : [];
    });
    if (line.length > 0) main.push(line);
  }
  for (const field of rows.values()) {
    const needed = field.row.required && (field.row.default ?? undefined) === undefined && !rarely.has(field.name);
    (needed ? main : more).push([field]);
  }
  return { main, more };
}

const asText = (v: unknown): string =>
  typeof v === 'string' ? v : typeof v === 'number' || typeof v === 'boolean' ? String(v) : '';

/** A fresh form, or the one of an account; secrets never come back. */
export function kindForm(info: KindInfo | undefined, channel?: ChannelRow): KindForm {
  const settings: Record<string, string> = {};
  for (const r of (info?.settings ?? []).map(readRow))
    if (plainTypes.has(r.type)) settings[r.name] = asText(channel?.settings[r.name] ?? r.default);
  return {
    name: channel?.name ?? '',
    address: channel?.address ?? '',
    defaultTeamId: channel?.defaultTeamId ?? '',
    defaultStageId: channel?.defaultStageId ?? '',
    settings,
    secrets: Object.fromEntries((info?.secrets ?? []).map((r) => [r.name, asText(r.default)])),
  };
}

export function valueOf(form: KindForm, path: FieldPath): string {
  if (path === 'name' || path === 'address') return form[path];
  const [group, name] = path.split('.') as ['settings' | 'secrets', string];
  return form[group][name] ?? '';
}

export function setValue(form: KindForm, path: FieldPath, value: string): void {
  if (path === 'name' || path === 'address') form[path] = value;
  else {
    const [group, name] = path.split('.') as ['settings' | 'secrets', string];
    form[group][name] = value;
  }
}

function typed(row: FieldRow, text: string): unknown {
  if (row.type === 'bool') return text === 'true';
  if ((row.type === 'int' || row.type === 'number') && /^-?\d+(\.\d+)?$/.test(text.trim())) return Number(text);
  return row.name === 'password' ? text : text.trim();
}

/* Copied from a page, these come with blanks and line breaks that are not theirs. */
const unbroken = new Set(['token', 'appSecret', 'appSecretOld', 'refreshToken', 'clientSecret']);

/** Texts as the rows' types; what is empty is left out, so that defaults hold. */
export function typedValues(rows: readonly FieldRow[], values: Record<string, string>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const row of rows.map(readRow)) {
    const text = values[row.name];
    if (text === undefined || text.trim() === '') continue;
    out[row.name] = unbroken.has(row.name) ? text.replace(/\s+/g, '') : typed(row, text);
  }
  return out;
}

export function draftOf(info: KindInfo, form: KindForm): Draft {
  return {
    kind: info.kind,
    ...(form.name.trim() ? { name: form.name.trim() } : {}),
    ...(form.address.trim() ? { address: form.address.trim() } : {}),
    settings: typedValues(info.settings, form.settings),
    secrets: typedValues(info.secrets, form.secrets),
    defaultTeamId: form.defaultTeamId || null,
    ...(form.defaultStageId ? { defaultStageId: form.defaultStageId } : {}),
  };
}

/** Required fields that are empty. */
export function missing(lines: readonly Line[], form: KindForm): FieldPath[] {
  return lines
    .flat()
    .filter((f) => f.row.required && f.row.type !== 'bool' && valueOf(form, f.path).trim() === '')
    .map((f) => f.path);
}
