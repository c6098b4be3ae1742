/* What the pure rules of customers need from the language and the organization. */
import type { CustomField } from '$lib/api/types';
import { dateTime, money, number, orgCurrency, phone, plainDate, tag } from '$lib/i18n/format.svelte';
import { t } from '$lib/i18n/i18n.svelte';
import { decimalSign, digitsOf, type Formats, valueText } from './fields.rules';
import type { Address, FieldValue } from './types';

export function formats(): Formats {
  return {
    number: (n, digits) => number(n, digits),
    money: (minor, currency) => money(minor, currency),
    date: plainDate,
    dateTime,
    phone,
    yes: t('customers.yes'),
    no: t('customers.no'),
  };
}

export function fieldText(field: CustomField, value: FieldValue | undefined): string {
  return valueText(field, value, formats());
}

export const typing = () => ({ decimal: decimalSign(tag()), currency: orgCurrency(), digits: digitsOf(orgCurrency()) });

/** Two lines at most: street and number; district, city, state. */
export function addressLines(a: Address): string[] {
  const first = [[a.street, a.number].filter(Boolean).join(', '), a.complement].filter(Boolean).join(' ');
  const second = [a.district, [a.city, a.state].filter(Boolean).join(' '), a.postalCode].filter(Boolean).join(', ');
  return [first, second].filter((s) => s !== '');
}

/** "português" for pt, as the reader's own language calls it. */
export function languageName(code: string): string {
  const name = new Intl.DisplayNames(tag(), { type: 'language', fallback: 'code' }).of(code) ?? code;
  return name.charAt(0).toLocaleUpperCase(tag()) + name.slice(1);
}
