/* Making messages that are more than words, pure: buttons, lists, links, places and contact cards, within what the channel
   takes. Ids of what can be pressed are ours and short: the words may change, the ids answer. */
import type { Limits } from './limits.rules';
import { textLength } from './limits.rules';

export type Wrong = 'empty' | 'long' | 'twice' | 'many' | 'url' | 'place' | 'contact';
export type Problems = Record<string, Wrong>;

function check(out: Problems, key: string, text: string, most: number): void {
  const s = text.trim();
  if (s === '') out[key] = 'empty';
  else if (most > 0 && textLength(s) > most) out[key] = 'long';
}

function checkTwice(out: Problems, keys: readonly string[], texts: readonly string[]): void {
  const seen = new Set<string>();
  texts.forEach((t, i) => {
    const s = t.trim().toLocaleLowerCase();
    const key = keys[i];
    if (s === '' || key === undefined) return;
    if (seen.has(s)) out[key] ??= 'twice';
    seen.add(s);
  });
}

/* ---- buttons ---- */

export interface ButtonsDraft {
  text: string;
  titles: string[];
}

export function buttonsProblems(d: ButtonsDraft, l: Limits): Problems {
  const out: Problems = {};
  check(out, 'text', d.text, l.buttonsTextMax);
  d.titles.forEach((t, i) => check(out, `titles.${i}`, t, l.buttonTitleMax));
  checkTwice(
    out,
    d.titles.map((_, i) => `titles.${i}`),
    d.titles,
  );
  if (l.buttonsMax > 0 && d.titles.length > l.buttonsMax) out['titles'] = 'many';
  return out;
}

export const buttonsData = (d: ButtonsDraft) => ({
  buttons: d.titles.map((t, i) => ({ id: `b${i + 1}`, title: t.trim() })),
});

/* ---- a list ---- */

export interface ListDraft {
  text: string;
  button: string;
  rows: { section: string; title: string; description: string }[];
}

export function listProblems(d: ListDraft, l: Limits): Problems {
  const out: Problems = {};
  check(out, 'text', d.text, l.listTextMax);
  check(out, 'button', d.button, l.listButtonMax);
  d.rows.forEach((r, i) => {
    check(out, `rows.${i}.title`, r.title, l.listTitleMax);
    if (textLength(r.description.trim()) > l.listDescriptionMax) out[`rows.${i}.description`] = 'long';
    if (textLength(r.section.trim()) > l.listTitleMax) out[`rows.${i}.section`] = 'long';
  });
  /* With several groups, each has its name: the first row begins the first. */
  if (d.rows.some((r, i) => i > 0 && r.section.trim() !== '' && r.section.trim() !== d.rows[0]?.section.trim())) {
    if (d.rows[0]?.section.trim() === '') out['rows.0.section'] = 'empty';
  }
  checkTwice(
    out,
    d.rows.map((_, i) => `rows.${i}.title`),
    d.rows.map((r) => r.title),
  );
  if (l.listRowsMax > 0 && d.rows.length > l.listRowsMax) out['rows'] = 'many';
  return out;
}

/** Rows under their headings; a row without one stands under that of the row before it. */
export function listData(d: ListDraft) {
  const sections: { title: string; rows: { id: string; title: string; description?: string }[] }[] = [];
  d.rows.forEach((r, i) => {
    const title = r.section.trim();
    let s = sections.at(-1);
    if (!s || (title !== '' && title !== s.title)) sections.push((s = { title, rows: [] }));
    const description = r.description.trim();
    s.rows.push({ id: `r${i + 1}`, title: r.title.trim(), ...(description ? { description } : {}) });
  });
  return { list: { button: d.button.trim(), sections } };
}

/* ---- a link ---- */

export interface LinkDraft {
  text: string;
  title: string;
  url: string;
}

/** "loja.com/x" is meant as https. */
export function fullUrl(text: string): string {
  const s = text.trim();
  return s === '' || /^[a-z][a-z\d+.-]*:/i.test(s) ? s : `https://${s}`;
}

export function linkProblems(d: LinkDraft, l: Limits): Problems {
  const out: Problems = {};
  check(out, 'text', d.text, l.buttonsTextMax);
  check(out, 'title', d.title, l.buttonTitleMax);
  const url = fullUrl(d.url);
  if (url === '') out['url'] = 'empty';
  else if (!/^https?:\/\/[^\s/]+\.[^\s]+$/i.test(url) || !URL.canParse(url)) out['url'] = 'url';
  return out;
}

export const linkData = (d: LinkDraft) => ({ link: { title: d.title.trim(), url: fullUrl(d.url) } });

/* ---- a place ---- */

export interface PlaceDraft {
  where: string;
  name: string;
  address: string;
}

const number = /(-?\d{1,3}(?:\.\d+)?)/.source;
const places: readonly RegExp[] = [
  new RegExp(`^\\s*${number}\\s*[,;\\s]\\s*${number}\\s*$`),
  new RegExp(`[?&]mlat=${number}&mlon=${number}`),
  new RegExp(`!3d${number}!4d${number}`),
  new RegExp(`[?&](?:q|ll|query|center|daddr|destination)=(?:loc:)?${number}(?:,|%2C)\\s*\\+?${number}`),
  new RegExp(`@${number},${number}`),
  new RegExp(`#map=\\d+/${number}/${number}`),
  new RegExp(`^geo:${number},${number}`),
];

/** Coordinates from what one copies: "-23.55, -46.63", or the address of a map. */
export function coordinates(text: string): { latitude: number; longitude: number } | undefined {
  for (const p of places) {
    const m = p.exec(text);
    if (!m) continue;
    const latitude = Number(m[1]);
    const longitude = Number(m[2]);
    if (Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180) return { latitude, longitude };
  }
  return undefined;
}

export function placeProblems(d: PlaceDraft): Problems {
  if (d.where.trim() === '') return { where: 'empty' };
  return coordinates(d.where) ? {} : { where: 'place' };
}

export function placeData(d: PlaceDraft) {
  const at = coordinates(d.where) ?? { latitude: 0, longitude: 0 };
  const name = d.name.trim();
  const address = d.address.trim();
  return { location: { ...at, ...(name ? { name } : {}), ...(address ? { address } : {}) } };
}

/* ---- a contact card ---- */

export interface ContactDraft {
  name: string;
  phone: string;
  email: string;
}

export function contactProblems(d: ContactDraft): Problems {
  const out: Problems = {};
  check(out, 'name', d.name, 200);
  const phone = d.phone.replace(/\D/g, '');
  if (d.phone.trim() === '' && d.email.trim() === '') out['phone'] = 'empty';
  else if (d.phone.trim() !== '' && (phone.length < 8 || phone.length > 15)) out['phone'] = 'contact';
  if (d.email.trim() !== '' && !/^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/.test(d.email.trim())) out['email'] = 'contact';
  return out;
}

export function contactData(d: ContactDraft) {
  const name = d.name.trim();
  return {
    contacts: [
      {
        name: { formatted_name: name, first_name: name.split(/\s+/)[0] ?? name },
        ...(d.phone.trim() ? { phones: [{ phone: d.phone.trim() }] } : {}),
        ...(d.email.trim() ? { emails: [{ email: d.email.trim() }] } : {}),
      },
    ],
  };
}
