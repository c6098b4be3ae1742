/* Dates in the organization's time zone, money in its currency, numbers in the language's notation.
   The session sets zone and currency once it knows the organization; before that the browser's zone holds.
   Instants come as ISO 8601 strings or milliseconds; money always in integer minor units (cents). */
import { type Locale, locale } from './i18n.svelte';

type Instant = string | number | Date;

let zone = $state(Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC');
let currency = $state('BRL');

export function setFormats(to: { zone?: string | undefined; currency?: string | undefined }): void {
  if (to.zone) zone = to.zone;
  if (to.currency) currency = to.currency;
}

export function orgZone(): string {
  return zone;
}

export function orgCurrency(): string {
  return currency;
}

/* Spanish is written differently from country to country: the currency tells which one. */
const spanish: Record<string, string> = {
  ARS: 'es-AR',
  BOB: 'es-BO',
  CLP: 'es-CL',
  COP: 'es-CO',
  CRC: 'es-CR',
  DOP: 'es-DO',
  EUR: 'es-ES',
  GTQ: 'es-GT',
  HNL: 'es-HN',
  MXN: 'es-MX',
  NIO: 'es-NI',
  PEN: 'es-PE',
  PYG: 'es-PY',
  UYU: 'es-UY',
  VES: 'es-VE',
};

/** The BCP 47 tag that Intl gets. */
export function tag(of: Locale = locale()): string {
  if (of === 'pt') return currency === 'EUR' ? 'pt-PT' : 'pt-BR';
  if (of === 'es') return spanish[currency] ?? 'es-419';
  return 'en-US';
}

const made = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat | Intl.RelativeTimeFormat>();

function dates(options: Intl.DateTimeFormatOptions, inZone = zone): Intl.DateTimeFormat {
  const id = `d${tag()}|${inZone}|${JSON.stringify(options)}`;
  let f = made.get(id) as Intl.DateTimeFormat | undefined;
  if (!f) made.set(id, (f = new Intl.DateTimeFormat(tag(), { timeZone: inZone, ...options })));
  return f;
}

function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const id = `n${tag()}|${JSON.stringify(options)}`;
  let f = made.get(id) as Intl.NumberFormat | undefined;
  if (!f) made.set(id, (f = new Intl.NumberFormat(tag(), options)));
  return f;
}

/* Some engines write a narrow no-break space or the ASCII hyphen; the design wants U+2212 for minus. */
function minus(text: string): string {
  return text.replace(/^-/, '\u2212');
}

/** 1.240 */
export function number(value: number, fractionDigits = 0): string {
  return minus(numbers({ maximumFractionDigits: fractionDigits }).format(value));
}

/** R$ 89,90 from 8990; the number of minor digits is the currency's own. */
export function money(minor: number, code = currency): string {
  const f = numbers({ style: 'currency', currency: code });
  const digits = f.resolvedOptions().maximumFractionDigits ?? 2;
  return minus(f.format(minor / 10 ** digits));
}

/** 41 MB; steps of 1024, at most one digit after the comma. */
export function bytes(count: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let n = count;
  let i = 0;
  while (n >= 1024 && i < units.length - 1) {
    n /= 1024;
    i += 1;
  }
  return `${number(n, n < 10 && i > 0 ? 1 : 0)}\u00a0${units[i]}`;
}

/** The calendar day in the organization's zone, YYYY-MM-DD: what day separators and "today" compare. */
export function dayKey(at: Instant): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
  return parts.format(new Date(at));
}

/** 10:41; where the day is counted twice to twelve 2:05 p.m., not 02:05. */
export function time(at: Instant): string {
  return dates({ hour: '2-digit', minute: '2-digit' })
    .format(new Date(at))
    .replace(/^0(?=\d\D\d\d\s?[ap])/i, '');
}

/** 19/11/2026 */
export function date(at: Instant): string {
  return dates({ day: '2-digit', month: '2-digit', year: 'numeric' }).format(new Date(at));
}

/** A calendar date without time (YYYY-MM-DD), not moved by any zone. */
export function plainDate(iso: string): string {
  return dates({ day: '2-digit', month: '2-digit', year: 'numeric' }, 'UTC').format(new Date(`${iso}T00:00:00Z`));
}

/** 19/11/2026, 10:41 */
export function dateTime(at: Instant): string {
  return dates({ day: '2-digit', month: '2-digit', year: 'numeric', hour: '2-digit', minute: '2-digit' }).format(
    new Date(at),
  );
}

/** quinta-feira, 19 de novembro (with the year when it is another one) */
export function longDate(at: Instant, now: Instant = Date.now()): string {
  const sameYear = dayKey(at).slice(0, 4) === dayKey(now).slice(0, 4);
  return dates({ weekday: 'long', day: 'numeric', month: 'long', ...(sameYear ? {} : { year: 'numeric' }) }).format(
    new Date(at),
  );
}

/** What a list shows: the time today, the weekday within a week, day and month this year, else the full date. */
export function listTime(at: Instant, now: Instant = Date.now()): string {
  const day = dayKey(at);
  const today = dayKey(now);
  if (day === today) return time(at);
  const days = daysBetween(day, today);
  if (days > 0 && days < 7) return dates({ weekday: 'short' }).format(new Date(at));
  if (day.slice(0, 4) === today.slice(0, 4)) return dates({ day: 'numeric', month: 'short' }).format(new Date(at));
  return date(at);
}

/** Hoje, Ontem, or the long date: for day separators. */
export function dayName(at: Instant, now: Instant = Date.now()): string {
  const days = daysBetween(dayKey(at), dayKey(now));
  if (days !== 0 && days !== 1) return longDate(at, now);
  const word = relatives('auto').format(-days, 'day');
  return word.charAt(0).toLocaleUpperCase(tag()) + word.slice(1);
}

function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}

function relatives(numeric: 'auto' | 'always'): Intl.RelativeTimeFormat {
  const id = `r${tag()}|${numeric}`;
  let f = made.get(id) as Intl.RelativeTimeFormat | undefined;
  if (!f) made.set(id, (f = new Intl.RelativeTimeFormat(tag(), { numeric })));
  return f;
}

/** há 4 dias, em 2 horas */
export function relative(at: Instant, now: Instant = Date.now()): string {
  const seconds = Math.round((new Date(at).getTime() - new Date(now).getTime()) / 1000);
  const size = Math.abs(seconds);
  const f = relatives('auto');
  if (size < 60) return f.format(0, 'minute');
  if (size < 3600) return f.format(Math.trunc(seconds / 60), 'minute');
  if (size < 86_400) return f.format(Math.trunc(seconds / 3600), 'hour');
  if (size < 30 * 86_400) return f.format(Math.trunc(seconds / 86_400), 'day');
  if (size < 365 * 86_400) return f.format(Math.trunc(seconds / (30 * 86_400)), 'month');
  return f.format(Math.trunc(seconds / (365 * 86_400)), 'year');
}

/** 3 min, 2 h, 4 d; with `fine` 23 h 58 min. The units read the same in the three languages. */
export function duration(ms: number, fine = false): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 60) return `${minutes || '<1'}\u00a0min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24 || (fine && hours < 48)) {
    return fine && minutes % 60 ? `${hours}\u00a0h ${minutes % 60}\u00a0min` : `${hours}\u00a0h`;
  }
  return `${Math.floor(hours / 24)}\u00a0d`;
}

/** 0:27, 12:05: the length of a recording. */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
}

/** +55 11 98421-7730 from E.164 digits; numbers of other countries in groups. What is not a number stays as it came. */
export function phone(value: string): string {
  const digits = value.replace(/\D/g, '');
  if (digits.length < 8 || digits.length > 15 || /[a-z@]/i.test(value)) return value;
  const br = /^55(\d{2})(\d{4,5})(\d{4})$/.exec(digits);
  if (br) return `+55\u00a0${br[1]}\u00a0${br[2]}-${br[3]}`;
  const mx = /^52(1?)(\d{2})(\d{4})(\d{4})$/.exec(digits);
  if (mx) return `+52\u00a0${mx[1] ? '1\u00a0' : ''}${mx[2]}\u00a0${mx[3]}\u00a0${mx[4]}`;
  const ar = /^54(9?)(\d{2})(\d{4})(\d{4})$/.exec(digits);
  if (ar) return `+54\u00a0${ar[1] ? '9\u00a0' : ''}${ar[2]}\u00a0${ar[3]}-${ar[4]}`;
  const us = /^1(\d{3})(\d{3})(\d{4})$/.exec(digits);
  if (us) return `+1\u00a0${us[1]}\u00a0${us[2]}-${us[3]}`;
  return `+${digits.replace(/^(\d{2,3})(\d+)$/, (_, cc: string, rest: string) => `${cc}\u00a0${rest.replace(/(\d{3,4})(?=\d{3})/g, '$1\u00a0')}`)}`;
}
