/* Values of custom fields: empty or not, as a person reads them, and from what a person types. */
import type { CustomField } from '$lib/api/types';

export interface Money {
  amountMinor: number;
  currency: string;
}

export function isMoney(value: unknown): value is Money {
  return typeof value === 'object' && value !== null && typeof (value as Money).amountMinor === 'number';
}

export function isEmptyValue(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    (typeof value === 'string' && value.trim() === '') ||
    (Array.isArray(value) && value.length === 0)
  );
}

/** Labels of the chosen options; an option that was removed keeps its id. */
export function optionLabels(field: Pick<CustomField, 'options'>, value: unknown): string[] {
  const ids = Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];
  return ids.map((id) => field.options.find((o) => o.id === id)?.label ?? id);
}

/** "1.240,50" or "1,240.50" as "1240.50": the last sign is the decimal one, unless three digits follow it and no other
    sign speaks for it. Undefined for what is no number. */
export function parseDecimal(text: string, decimal: ',' | '.' = ','): string | undefined {
  let s = text.replace(/[\s\u00a0R$€£]/g, '').replace(/^\u2212/, '-');
  if (s === '') return undefined;
  const comma = s.lastIndexOf(',');
  const dot = s.lastIndexOf('.');
  let sign: ',' | '.' | undefined;
  if (comma >= 0 && dot >= 0) sign = comma > dot ? ',' : '.';
  else if (comma >= 0 || dot >= 0) {
    const only = comma >= 0 ? ',' : '.';
    const grouped = new RegExp(`^-?\\d{1,3}(\\${only}\\d{3})+$`).test(s);
    sign = grouped && only !== decimal ? undefined : only;
    if (grouped && s.split(only).length > 2) sign = undefined;
  }
  const thousands = sign === ',' ? '.' : sign === '.' ? ',' : comma >= 0 ? ',' : '.';
  s = s.replaceAll(thousands, '');
  if (sign) s = s.replace(sign, '.');
  return /^-?\d+(\.\d+)?$/.test(s) ? s : undefined;
}

/** Required and empty, for a customer's values. */
export function missingFields(fields: readonly CustomField[], values: Record<string, unknown>): CustomField[] {
  return fields.filter((f) => f.required !== 'no' && isEmptyValue(values[f.slug]));
}
