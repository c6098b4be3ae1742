/* Countries, currencies and time zones to choose from, named in the person's language. */
import { locale } from './i18n.svelte';

export const countryCodes: readonly string[] =
  'AR BO BR CL CO CR CU DO EC ES GT HN MX NI PA PE PR PT PY SV US UY VE AO MZ CV'.split(' ');
export const currencyCodes: readonly string[] =
  'ARS BOB BRL CLP COP CRC CUP DOP EUR GTQ HNL MXN NIO PAB PEN PYG USD UYU VES AOA MZN CVE'.split(' ');

interface Choice {
  value: string;
  label: string;
}

function named(type: 'region' | 'currency', codes: readonly string[]): Choice[] {
  const names = new Intl.DisplayNames([locale()], { type });
  return codes
    .map((c) => ({ value: c, label: type === 'currency' ? `${c}, ${names.of(c) ?? ''}` : (names.of(c) ?? c) }))
    .sort((a, b) => a.label.localeCompare(b.label, locale()));
}

/** With `own` among them, whatever it is. */
export function countries(own?: string | null): Choice[] {
  return named('region', own && !countryCodes.includes(own) ? [own, ...countryCodes] : countryCodes);
}

export function currencies(own?: string | null): Choice[] {
  return named('currency', own && !currencyCodes.includes(own) ? [own, ...currencyCodes] : currencyCodes);
}

export function zones(own?: string | null): Choice[] {
  const all = new Set([...(own ? [own] : []), ...Intl.supportedValuesOf('timeZone')]);
  return [...all].map((z) => ({ value: z, label: z.replaceAll('_', ' ') }));
}
