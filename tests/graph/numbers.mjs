/* Phone numbers as WhatsApp sees them. What a person dials and the wa_id of the account differ in three countries:
   Brazil's ninth digit, Mexico's 521, Argentina's 549. Matching is exact first; only then the other notation counts. */

/** @param {string} text */
export const digitsOf = (text) => text.replace(/[\s()+-]/g, '');

/** Whether the platform reads it as a number at all. @param {string} text */
export const looksLikeNumber = (text) => /^\+?[\d\s()-]+$/.test(text) && /^\d{5,20}$/.test(digitsOf(text));

/** The wa_id that WhatsApp gives the owner of a number. @param {string} phone */
export function waIdOf(phone) {
  const d = digitsOf(phone);
  const brazil = /^55(\d\d)9([6-9]\d{7})$/.exec(d);
  if (brazil?.[1] && Number(brazil[1]) >= 31) return `55${brazil[1]}${brazil[2]}`;
  const mexico = /^52(\d{10})$/.exec(d);
  if (mexico) return `521${mexico[1]}`;
  return d;
}

/** One spelling for both notations of a mobile number. @param {string} number */
function canonical(number) {
  const d = digitsOf(number);
  const brazil = /^55(\d\d)([6-9]\d{7})$/.exec(d);
  if (brazil) return `55${brazil[1]}9${brazil[2]}`;
  const mexico = /^521(\d{10})$/.exec(d);
  if (mexico) return `52${mexico[1]}`;
  const argentina = /^549(\d{10})$/.exec(d);
  if (argentina) return `54${argentina[1]}`;
  return d;
}

/** @param {string} a @param {string} b */
export const sameNumber = (a, b) => canonical(a) === canonical(b);

/** Two letters for the BSUID. @param {string | undefined} phone */
export function countryOf(phone) {
  const d = phone ? digitsOf(phone) : '';
  for (const [code, country] of [
    ['55', 'BR'],
    ['52', 'MX'],
    ['54', 'AR'],
    ['57', 'CO'],
    ['56', 'CL'],
    ['51', 'PE'],
    ['351', 'PT'],
    ['34', 'ES'],
    ['49', 'DE'],
    ['1', 'US'],
  ])
    if (d.startsWith(code ?? '')) return country ?? 'US';
  return 'BR';
}

/** "+55 11 98765-4321": how the platform writes the business's number. @param {string} digits */
export function displayOf(digits) {
  const brazil = /^55(\d\d)(\d{4,5})(\d{4})$/.exec(digits);
  if (brazil) return `+55 ${brazil[1]} ${brazil[2]}-${brazil[3]}`;
  const us = /^1(\d{3})(\d{3})(\d{4})$/.exec(digits);
  if (us) return `+1 ${us[1]}-${us[2]}-${us[3]}`;
  return `+${digits}`;
}
