/* The language of the interface. Texts are looked up through t(), which is reactive: changing the language redraws.
   A language is one lazy chunk; Portuguese is the base, whose texts give the types of keys and parameters.
   Number, date and money formats follow the language and the organization (see format.svelte.ts). */
import type { Key, Texts } from './areas';
import type { Message, ParamsOf } from './types';

export type Locale = 'pt' | 'es' | 'en';
export const locales: readonly { id: Locale; name: string }[] = [
  { id: 'pt', name: 'Português' },
  { id: 'es', name: 'Español' },
  { id: 'en', name: 'English' },
];

type Bundle = Record<string, Record<string, Message>>;
const loaders: Record<Locale, () => Promise<{ default: Bundle }>> = {
  pt: () => import('./pt'),
  es: () => import('./es'),
  en: () => import('./en'),
};
/* Areas that only some pages need: each is a chunk of its own, loaded by needTexts() before such a page. */
type LateArea = 'flows';
const lateLoaders: Record<LateArea, Record<Locale, () => Promise<{ default: Record<string, Message> }>>> = {
  flows: {
    pt: () => import('./pt/flows'),
    es: () => import('./es/flows'),
    en: () => import('./en/flows'),
  },
};
const needed = new Set<LateArea>();
const htmlLang: Record<Locale, string> = { pt: 'pt-BR', es: 'es-419', en: 'en' };

let current = $state<Locale>('pt');
let bundle = $state.raw<Bundle>({});
let plurals = new Intl.PluralRules('pt');

export function locale(): Locale {
  return current;
}

export function isLocale(value: unknown): value is Locale {
  return value === 'pt' || value === 'es' || value === 'en';
}

/** The language to begin with: the one chosen on this device, else the browser's, else Portuguese. */
export function preferredLocale(): Locale {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem('locale');
  } catch {
    /* storage forbidden */
  }
  if (isLocale(stored)) return stored;
  for (const tag of navigator.languages ?? []) {
    const id = tag.slice(0, 2).toLowerCase();
    if (isLocale(id)) return id;
  }
  return 'pt';
}

/* "0 conversas" is how people write in all three, though the rules of Portuguese count nought with one. */
function isOne(n: number): boolean {
  return n !== 0 && plurals.select(n) === 'one';
}

/** Loads a language and switches to it; rejects when its chunk cannot be fetched, leaving the old one. */
export async function setLocale(id: Locale): Promise<void> {
  const [texts, ...late] = await Promise.all([loaders[id](), ...[...needed].map((area) => lateArea(area, id))]);
  bundle = Object.assign({}, texts.default, ...late) as Bundle;
  plurals = new Intl.PluralRules(htmlLang[id]);
  current = id;
  document.documentElement.lang = htmlLang[id];
  try {
    localStorage.setItem('locale', id);
  } catch {
    /* storage forbidden: the choice lasts for this page */
  }
}

async function lateArea(area: LateArea, id: Locale): Promise<Bundle> {
  return { [area]: (await lateLoaders[area][id]()).default };
}

/** Loads the texts of an area that is not in the language's own chunk; from then on a change of language brings them too. */
export async function needTexts(area: LateArea): Promise<void> {
  if (needed.has(area)) return;
  const id = current;
  const texts = await lateArea(area, id);
  needed.add(area);
  if (id === current) bundle = { ...bundle, ...texts };
  else bundle = { ...bundle, ...(await lateArea(area, current)) };
}

function find(key: string): Message | undefined {
  const dot = key.indexOf('.');
  return bundle[key.slice(0, dot)]?.[key.slice(dot + 1)];
}

function fill(message: Message, params: Record<string, string | number> | undefined): string {
  let text: string;
  if (typeof message === 'string') text = message;
  else text = isOne(Number(params?.['n'] ?? 0)) ? message.one : message.other;
  if (!params) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? value.toLocaleString(htmlLang[current]) : value;
  });
}

/** The text of a key, its {names} filled in (numbers written in the language's way). */
export function t<K extends Key>(key: K, ...params: ParamsOf<Texts[K]>): string {
  const message = find(key);
  return message === undefined ? key : fill(message, params[0] as Record<string, string | number> | undefined);
}

/** For keys made at run time (error codes, states a newer server may send): the text, or the fallback. */
export function tMaybe(key: string, fallback: string, params?: Record<string, string | number>): string {
  const message = find(key);
  return message === undefined ? fallback : fill(message, params);
}
