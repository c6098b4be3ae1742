/* The settings of a web chat, as the form has them and as the server takes them. */
import type { Id } from '$lib/api/types';
import { hoursProblem, needed } from '../parts/form.rules';
import { type Hours, readHours } from '../parts/hours.rules';
import type { ChannelRow, Language, Words } from './channels.types';

export type { Language } from './channels.types';
export type PreChatField = 'name' | 'email' | 'phone';
export const preChatFields: readonly PreChatField[] = ['name', 'email', 'phone'];
export type Need = 'no' | 'optional' | 'required';

export interface WebchatForm {
  name: string;
  address: string;
  color: string;
  position: 'right' | 'left';
  /** Empty: the page's own, else the organization's. */
  language: Language | '';
  title: Words;
  welcome: Words;
  hoursText: Words;
  origins: string[];
  preChat: Record<PreChatField, Need>;
  defaultTeamId: Id;
  hours: Hours | null;
}

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);
const texts = (v: unknown): string[] => (Array.isArray(v) ? v.filter((x): x is string => typeof x === 'string') : []);

export function readWords(value: unknown): Words {
  const o = isObject(value) ? value : {};
  const of = (l: Language) => (typeof o[l] === 'string' ? o[l] : '');
  return { pt: of('pt'), es: of('es'), en: of('en') };
}

export function formOf(
  channel: Pick<ChannelRow, 'name' | 'address' | 'settings' | 'defaultTeamId' | 'hours'> | undefined,
): WebchatForm {
  const s = channel?.settings ?? {};
  const pre = isObject(s['preChat']) ? s['preChat'] : {};
  const asked = pre['enabled'] === true ? texts(pre['fields'] ?? ['name']) : [];
  const required = texts(pre['required'] ?? ['name']);
  const need = (f: PreChatField): Need => (!asked.includes(f) ? 'no' : required.includes(f) ? 'required' : 'optional');
  const language = s['language'];
  return {
    name: channel?.name ?? '',
    address: channel?.address ?? '',
    color: typeof s['color'] === 'string' ? s['color'] : '#5a4fd6',
    position: s['position'] === 'left' ? 'left' : 'right',
    language: language === 'pt' || language === 'es' || language === 'en' ? language : '',
    title: readWords(s['title']),
    welcome: readWords(s['welcome']),
    hoursText: readWords(s['hoursText']),
    origins: texts(s['origins']),
    preChat: { name: need('name'), email: need('email'), phone: need('phone') },
    defaultTeamId: channel?.defaultTeamId ?? '',
    hours: readHours(channel?.hours),
  };
}

export function filled(words: Words): Partial<Words> | undefined {
  const some = Object.fromEntries(Object.entries(words).flatMap(([k, v]) => (v.trim() ? [[k, v.trim()]] : [])));
  return Object.keys(some).length > 0 ? (some as Partial<Words>) : undefined;
}

/** What the server takes; texts that are empty are left out, so that its defaults hold. */
export function bodyOf(form: WebchatForm): Record<string, unknown> {
  const fields = preChatFields.filter((f) => form.preChat[f] !== 'no');
  const words = { title: filled(form.title), welcome: filled(form.welcome), hoursText: filled(form.hoursText) };
  return {
    name: form.name.trim(),
    address: form.address.trim(),
    defaultTeamId: form.defaultTeamId || null,
    hours: form.hours,
    settings: {
      ...Object.fromEntries(Object.entries(words).filter(([, v]) => v !== undefined)),
      color: form.color,
      position: form.position,
      ...(form.language ? { language: form.language } : {}),
      origins: form.origins,
      preChat: {
        enabled: fields.length > 0,
        fields,
        required: fields.filter((f) => form.preChat[f] === 'required'),
      },
    },
  };
}

/** "https://Loja.example/path" → https://loja.example; loja.example, *.loja.example and localhost:3000 stay; undefined for no site. */
export function cleanOrigin(text: string): string | undefined {
  const s = text.trim().toLowerCase();
  const m =
    /^(https?:\/\/)?((?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)(:\d{1,5})?(?:[/?#].*)?$/.exec(
      s,
    );
  if (!m?.[2]) return undefined;
  const host = m[2];
  if (!host.includes('.') && host !== 'localhost') return undefined;
  if (host.startsWith('*.') && m[1]) return undefined;
  return `${m[1] ?? ''}${host}${m[3] ?? ''}`;
}

export function scriptTag(origin: string, key: string): string {
  return `<script src="${origin}/widget.js" data-channel="${key}" async></script>`;
}

/** Relative luminance (WCAG) of #rrggbb, 0 black to 1 white. */
export function luminance(hex: string): number {
  const part = (i: number) => {
    const v = parseInt(hex.slice(i, i + 2), 16) / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}

/** White or near-black, whichever reads better on the colour. */
export function textOn(hex: string): string {
  return luminance(hex) > 0.36 ? '#171a21' : '#ffffff';
}

/** What is wrong before the server is asked. */
export function checkWebchat(v: WebchatForm): Record<string, string> {
  const [name, hours] = [needed(v.name), hoursProblem(v.hours)];
  return { ...(name ? { name } : {}), ...(hours ? { hours } : {}) };
}

/** Whether what is wrong is about answering, not about looks. */
export function serviceProblem(problem: (field: string) => string | undefined): boolean {
  return ['hours', 'settings.preChat', 'settings.origins'].some((f) => problem(f) !== undefined);
}
