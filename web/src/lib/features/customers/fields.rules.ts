/* Values of custom fields: how they read, how they are typed, what the server takes. Money in minor units, times as
   instants that are typed in the organization's zone. */
import type { CustomField, FieldKind } from '$lib/api/types';
import { instantOf, wallOf } from '$lib/i18n/zone';
import type { FieldValue, Money } from './types';

export interface Formats {
  number: (n: number, digits: number) => string;
  money: (minor: number, currency: string) => string;
  date: (iso: string) => string;
  dateTime: (instant: string) => string;
  phone: (value: string) => string;
  yes: string;
  no: string;
}

export function isMoney(v: unknown): v is Money {
  return typeof v === 'object' && v !== null && 'amountMinor' in v;
}

export function isEmptyValue(v: FieldValue | undefined): boolean {
  return v === undefined || v === null || v === '' || (Array.isArray(v) && v.length === 0);
}

const label = (field: Pick<CustomField, 'options'>, id: string) => field.options.find((o) => o.id === id)?.label ?? id;

/** What a profile shows; files are drawn apart. */
export function valueText(
  field: Pick<CustomField, 'kind' | 'options'>,
  value: FieldValue | undefined,
  f: Formats,
): string {
  if (isEmptyValue(value) || value === undefined || value === null) return '';
  if (isMoney(value)) return f.money(value.amountMinor, value.currency);
  if (Array.isArray(value)) return value.map((id) => label(field, id)).join(', ');
  if (typeof value === 'boolean') return value ? f.yes : f.no;
  if (typeof value === 'number') return f.number(value, 6);
  switch (field.kind) {
    case 'select':
      return label(field, value);
    case 'date':
      return f.date(value);
    case 'datetime':
      return f.dateTime(value);
    case 'phone':
      return value.includes('•') ? value : f.phone(value);
    default:
      return value;
  }
}

/** Reads 1.234,56 or 1,234.56 by the sign that the language parts decimals with; undefined when it is no number. */
export function parseNumber(text: string, decimal: ',' | '.'): number | undefined {
  const group = decimal === ',' ? '.' : ',';
  let s = text
    .trim()
    .replace(/^[−–]/, '-')
    .replace(/[\s\u00a0]/g, '');
  if (!s.includes(decimal) && s.split(group).length === 2 && !/^-?\d{1,3}[.,]\d{3}$/.test(s))
    s = s.replace(group, decimal);
  s = s.replaceAll(group, '').replace(decimal, '.');
  return /^-?\d+(\.\d+)?$/.test(s) || /^-?\.\d+$/.test(s) ? Number(s) : undefined;
}

/** Money as typed, in minor units; undefined for none, and for more decimals than the currency has. */
export function parseMoney(text: string, decimal: ',' | '.', digits: number): number | undefined {
  const n = parseNumber(text.replace(/[^\d.,\-−–]/g, ''), decimal);
  if (n === undefined) return undefined;
  const minor = n * 10 ** digits;
  const whole = Math.round(minor);
  return Math.abs(minor - whole) < 1e-6 && Number.isSafeInteger(whole) ? whole : undefined;
}

export function digitsOf(currency: string): number {
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

export function decimalSign(tag: string): ',' | '.' {
  return new Intl.NumberFormat(tag).formatToParts(1.5).find((p) => p.type === 'decimal')?.value === ',' ? ',' : '.';
}

/** What stands in the input for a value. */
export function typed(kind: FieldKind, value: FieldValue | undefined, decimal: ',' | '.'): string {
  if (isEmptyValue(value) || value === undefined || value === null) return '';
  if (isMoney(value)) {
    const digits = digitsOf(value.currency);
    return (value.amountMinor / 10 ** digits).toFixed(digits).replace('.', decimal);
  }
  if (kind === 'number') return String(value).replace('.', decimal);
  return typeof value === 'string' ? value : String(value);
}

/** A value while it is edited: typed text for kinds that are typed, the value itself for those that are chosen. */
export interface FieldDraft {
  text: string;
  value: FieldValue;
}

const chosenKinds: readonly FieldKind[] = ['select', 'multi_select', 'yes_no', 'date', 'datetime', 'file'];

export function draftOf(kind: FieldKind, value: FieldValue | undefined, decimal: ',' | '.'): FieldDraft {
  return { text: typed(kind, value, decimal), value: value ?? null };
}

/** The value of a draft, or the code of what is wrong with it. */
export function parseDraft(kind: FieldKind, d: FieldDraft, o: { decimal: ',' | '.'; currency: string }): Parsed {
  return chosenKinds.includes(kind) ? { ok: true, value: d.value } : parseValue(kind, d.text, o);
}

export type Parsed = { ok: true; value: FieldValue } | { ok: false; code: string };

/** The value for the server of what was typed, or the code of what is wrong. Choices, days and files come as they are. */
export function parseValue(kind: FieldKind, text: string, o: { decimal: ',' | '.'; currency: string }): Parsed {
  const s = text.trim();
  if (s === '') return { ok: true, value: null };
  const wrong = (code: string): Parsed => ({ ok: false, code });
  switch (kind) {
    case 'number': {
      const n = parseNumber(s, o.decimal);
      return n === undefined ? wrong('INVALID_NUMBER') : { ok: true, value: n };
    }
    case 'money': {
      const minor = parseMoney(s, o.decimal, digitsOf(o.currency));
      return minor === undefined
        ? wrong('INVALID_NUMBER')
        : { ok: true, value: { amountMinor: minor, currency: o.currency } };
    }
    case 'link': {
      const url = /^https?:\/\//i.test(s) ? s : `https://${s}`;
      return /^https?:\/\/[^\s/]+\.[^\s]+$/i.test(url) ? { ok: true, value: url } : wrong('INVALID_URL');
    }
    case 'email':
      return /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/.test(s) ? { ok: true, value: s } : wrong('INVALID_EMAIL');
    case 'phone':
      return s.replace(/\D/g, '').length >= 8 ? { ok: true, value: s } : wrong('INVALID_PHONE');
    default:
      return { ok: true, value: s };
  }
}

/** A moment from a day and a time of day; empty without a day. */
export function momentOf(day: string, clock: string, zone: string): string | null {
  return day ? instantOf(day, /^\d{2}:\d{2}$/.test(clock) ? clock : '00:00', zone) : null;
}

export function momentParts(value: FieldValue | undefined, zone: string): [day: string, clock: string] {
  return typeof value === 'string' && value ? wallOf(value, zone) : ['', ''];
}
