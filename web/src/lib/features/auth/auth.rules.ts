/* Pure rules of the sign-in pages. */

/** As the server has it. */
export const passwordMin = 8;

export type Strength = 'short' | 'weak' | 'fair' | 'strong';

const common = /^(?:.*(?:password|senha|contrase|qwerty|interflow|12345|abcde).*|(.)\1+)$/i;

/** A rough guess of how long a password resists: its length and variety, and what everybody takes. */
export function strength(password: string): Strength {
  const length = [...password].length;
  if (length < passwordMin) return 'short';
  if (common.test(password)) return 'weak';
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((k) => k.test(password)).length;
  const variety = new Set(password.toLowerCase()).size;
  const score = length + 2 * kinds + Math.min(variety, 12);
  if (variety < 5 || score < 24) return 'weak';
  return score < 32 ? 'fair' : 'strong';
}

export function looksLikeEmail(text: string): boolean {
  return /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/.test(text.trim());
}

/** Where to go after signing in: only a path of ours, never another site's address. */
export function safeNext(next: string | undefined): string {
  return next && /^\/(?![/\\])/.test(next) && !next.startsWith('/login') ? next : '/inbox';
}

interface Country {
  code: string;
  currency: string;
}

const countries: readonly Country[] = [
  { code: 'AR', currency: 'ARS' },
  { code: 'BO', currency: 'BOB' },
  { code: 'BR', currency: 'BRL' },
  { code: 'CL', currency: 'CLP' },
  { code: 'CO', currency: 'COP' },
  { code: 'CR', currency: 'CRC' },
  { code: 'DO', currency: 'DOP' },
  { code: 'EC', currency: 'USD' },
  { code: 'ES', currency: 'EUR' },
  { code: 'GT', currency: 'GTQ' },
  { code: 'HN', currency: 'HNL' },
  { code: 'MX', currency: 'MXN' },
  { code: 'NI', currency: 'NIO' },
  { code: 'PA', currency: 'USD' },
  { code: 'PE', currency: 'PEN' },
  { code: 'PT', currency: 'EUR' },
  { code: 'PY', currency: 'PYG' },
  { code: 'SV', currency: 'USD' },
  { code: 'US', currency: 'USD' },
  { code: 'UY', currency: 'UYU' },
  { code: 'VE', currency: 'VES' },
];

export function countryCodes(): string[] {
  return countries.map((c) => c.code);
}

export function currencies(): string[] {
  return [...new Set(countries.map((c) => c.currency))].sort();
}

export function currencyOf(country: string): string {
  return countries.find((c) => c.code === country)?.currency ?? 'USD';
}

const zones: readonly [RegExp, string][] = [
  [
    /^America\/(Sao_Paulo|Manaus|Bahia|Fortaleza|Recife|Belem|Cuiaba|Campo_Grande|Porto_Velho|Rio_Branco|Boa_Vista|Maceio|Araguaina|Santarem|Eirunepe|Noronha)/,
    'BR',
  ],
  [/^America\/(Argentina\/|Buenos_Aires)/, 'AR'],
  [/^America\/La_Paz/, 'BO'],
  [/^America\/(Santiago|Punta_Arenas)/, 'CL'],
  [/^America\/Bogota/, 'CO'],
  [/^America\/Costa_Rica/, 'CR'],
  [/^America\/Santo_Domingo/, 'DO'],
  [/^America\/Guayaquil/, 'EC'],
  [/^Europe\/Madrid/, 'ES'],
  [/^America\/Guatemala/, 'GT'],
  [/^America\/Tegucigalpa/, 'HN'],
  [
    /^America\/(Mexico_City|Tijuana|Monterrey|Cancun|Merida|Chihuahua|Hermosillo|Mazatlan|Matamoros|Ciudad_Juarez)/,
    'MX',
  ],
  [/^America\/Managua/, 'NI'],
  [/^America\/Panama/, 'PA'],
  [/^America\/Lima/, 'PE'],
  [/^Europe\/Lisbon|^Atlantic\/(Azores|Madeira)/, 'PT'],
  [/^America\/Asuncion/, 'PY'],
  [/^America\/El_Salvador/, 'SV'],
  [/^America\/Montevideo/, 'UY'],
  [/^America\/Caracas/, 'VE'],
];

/** The country to suggest: by the time zone, else by the browser's language, else Brazil. */
export function guessCountry(zone: string, languages: readonly string[]): string {
  const byZone = zones.find(([pattern]) => pattern.test(zone))?.[1];
  if (byZone) return byZone;
  for (const tag of languages) {
    const region = /-([A-Z]{2})\b/.exec(tag)?.[1];
    if (region && countries.some((c) => c.code === region)) return region;
  }
  return 'BR';
}
