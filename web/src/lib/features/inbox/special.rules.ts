/* Reading the data of special messages, pure; channels name the members a little differently. */
import type { Id, Instant } from '$lib/api/types';
import type { Message } from './types';

type Data = Record<string, unknown>;

export const text = (v: unknown) => (typeof v === 'string' ? v.trim() : typeof v === 'number' ? String(v) : '');
export const list = (v: unknown): unknown[] => (Array.isArray(v) ? v : []);
export const record = (v: unknown): Data =>
  typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Data) : {};
const present = (v: unknown) => typeof v === 'object' && v !== null && !Array.isArray(v);

/** An address that may be opened, also one of ours; "" for anything else (javascript:, data:). */
export function safeHref(v: unknown): string {
  const s = text(v);
  if (/^\/api\/[\w/-]+$/.test(s)) return s;
  return /^https?:\/\/\S+$/i.test(s) && URL.canParse(s) ? s : '';
}

export interface Place {
  name: string;
  address: string;
  coordinates: string;
  href: string;
}

/** A place with a link to a map; undefined when there are no coordinates on earth. */
export function place(data: Data): Place | undefined {
  const d = { ...data, ...record(data['location']) };
  const lat = Number(d['latitude'] ?? d['lat'] ?? NaN);
  const lon = Number(d['longitude'] ?? d['lng'] ?? d['lon'] ?? d['long'] ?? NaN);
  if (!(Math.abs(lat) <= 90 && Math.abs(lon) <= 180)) return undefined;
  return {
    name: text(d['name']),
    address: text(d['address']),
    coordinates: `${lat.toFixed(5)}, ${lon.toFixed(5)}`,
    href: `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=17/${lat}/${lon}`,
  };
}

export interface Card {
  name: string;
  organization: string;
  phones: string[];
  emails: string[];
}

/** The cards of a contact message: a name, and numbers or addresses. */
export function cards(data: Data): Card[] {
  const all = list(data['contacts']).length ? list(data['contacts']) : [data];
  return all.map((raw) => {
    const c = record(raw);
    const n = record(c['name']);
    const values = (key: string, member: string) => [
      ...new Set(
        [
          ...list(c[key]).map((p) => text(p) || text(record(p)[member]) || text(record(p)['value'])),
          text(c[member]),
        ].filter((x) => x !== ''),
      ),
    ];
    return {
      name:
        text(c['name']) ||
        text(n['formatted_name'] ?? n['formattedName']) ||
        [text(n['first_name']), text(n['last_name'])].filter((x) => x !== '').join(' ') ||
        text(c['displayName']),
      organization: text(c['org']) || text(record(c['org'])['company']),
      phones: values('phones', 'phone'),
      emails: values('emails', 'email'),
    };
  });
}

/** What the customer chose: a pressed button or a row of a list. */
export function answer(data: Data): { title: string; description: string } | undefined {
  if (!present(data['answer'])) return undefined;
  const a = record(data['answer']);
  return { title: text(a['title']) || text(a['id']), description: text(a['description']) };
}

/** A key of a form as words: "nome_do_pet" → "Nome do pet". The platform's own names for fields lose their numbers. */
export function fieldWords(key: string): string {
  const s = key
    .replace(/^screen_\d+_/i, '')
    .replace(/_\d+$/, '')
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .trim()
    .toLowerCase();
  return s.charAt(0).toUpperCase() + s.slice(1);
}

/** What was filled in, as lines; an answer that is no object is one line without a name. */
export function form(
  data: Data,
  numberText: (n: number) => string = String,
): { name: string; lines: { key: string; value: string }[] } | undefined {
  const f = data['form'];
  if (f === undefined || f === null) return undefined;
  const outer = record(f);
  let body: unknown = outer['values'] ?? outer['value'] ?? outer['text'] ?? outer['response_json'] ?? f;
  if (typeof body === 'string') {
    try {
      body = JSON.parse(body);
    } catch {
      /* Words then. */
    }
  }
  const name = body === f ? '' : text(outer['name']) === 'flow' ? '' : text(outer['name']);
  if (Array.isArray(body)) body = { '': body };
  if (!present(body)) return { name, lines: text(body) ? [{ key: '', value: text(body) }] : [] };
  const value = (v: unknown): string =>
    typeof v === 'boolean'
      ? v
        ? '✓'
        : '–'
      : Array.isArray(v)
        ? v.map(value).join(', ')
        : present(v)
          ? JSON.stringify(v)
          : typeof v === 'number'
            ? numberText(v)
            : text(v);
  return {
    name,
    lines: Object.entries(record(body))
      .filter(([key]) => key !== 'flow_token')
      .map(([key, v]) => ({ key: fieldWords(key), value: value(v) }))
      .filter((l) => l.value !== ''),
  };
}

export interface OrderItem {
  product: string;
  quantity: number;
  /** In the currency's minor units. */
  priceMinor: number | undefined;
  currency: string;
}

export function order(
  data: Data,
): { note: string; items: OrderItem[]; totalMinor: number | undefined; currency: string } | undefined {
  if (!present(data['order'])) return undefined;
  const o = record(data['order']);
  const rows = list(o['items']).length ? list(o['items']) : list(o['product_items']);
  const items = rows.map((raw) => {
    const r = record(raw);
    const price = Number(r['price'] ?? r['item_price'] ?? NaN);
    const minor = r['priceMinor'] ?? r['price_minor'];
    return {
      product: text(r['name']) || text(r['retailerId'] ?? r['product_retailer_id'] ?? r['product'] ?? r['id']),
      quantity: Number(r['quantity'] ?? 1) || 1,
      priceMinor: typeof minor === 'number' ? minor : Number.isFinite(price) ? Math.round(price * 100) : undefined,
      currency: text(r['currency']) || text(o['currency']),
    };
  });
  const currency = items[0]?.currency ?? '';
  const sums = items.every((i) => i.priceMinor !== undefined && i.currency === currency);
  return {
    note: text(o['text'] ?? o['note']),
    items,
    totalMinor: sums && items.length ? items.reduce((n, i) => n + (i.priceMinor ?? 0) * i.quantity, 0) : undefined,
    currency,
  };
}

/** The advertisement or link by which the customer came. */
export function referral(data: Data): { title: string; body: string; href: string; ad: boolean } | undefined {
  if (!present(data['referral'])) return undefined;
  const r = record(data['referral']);
  const source = text(r['source']).toLowerCase();
  return {
    title: text(r['title']) || text(r['ref']),
    body: text(r['text']),
    href: safeHref(r['url']),
    ad: source === 'ad' || source === 'ads' || text(r['adId'] ?? r['clickId']) !== '',
  };
}

export interface Story {
  what: 'reply' | 'mention' | 'story';
  /** "" when it is over, or was never there. */
  href: string;
}

/** A story that the message is about. Its picture lives at the platform for a day, and is kept nowhere else. */
export function story(data: Data, now: number): Story | undefined {
  const found = (
    [
      ['reply', 'storyReply'],
      ['mention', 'storyMention'],
      ['story', 'story'],
    ] as const
  ).find(([, key]) => present(data[key]));
  if (!found) return undefined;
  const s = record(data[found[1]]);
  const until = Date.parse(text(s['until']) as Instant);
  const lives = Number.isNaN(until) ? false : until > now;
  return { what: found[0], href: lives ? safeHref(s['url']) : '' };
}

/** A post or reel that was shared, or the preview of a link. */
export function share(data: Data): { what: 'post' | 'reel' | 'link'; title: string; href: string } | undefined {
  const key = present(data['share']) ? 'share' : present(data['link']) ? 'link' : undefined;
  if (!key) return undefined;
  const s = record(data[key]);
  const kind = text(s['kind']).toLowerCase();
  return {
    what: key === 'link' ? 'link' : kind.includes('reel') ? 'reel' : 'post',
    title: text(s['title']),
    href: safeHref(s['url']),
  };
}

export interface Choice {
  id: string;
  title: string;
  description: string;
}

export interface Choices {
  buttons: Choice[];
  /** The button that opens the list. */
  listButton: string;
  sections: { title: string; rows: Choice[] }[];
  link: { title: string; href: string } | undefined;
}

/** What a message of ours offers to press. */
export function choices(data: Data): Choices | undefined {
  const one = (raw: unknown): Choice => {
    const c = record(raw);
    return { id: text(c['id']), title: text(c['title']) || text(raw), description: text(c['description']) };
  };
  const buttons = list(data['buttons'])
    .map(one)
    .filter((b) => b.title !== '');
  const l = record(data['list']);
  const sections = list(l['sections']).map((raw) => {
    const s = record(raw);
    return {
      title: text(s['title']),
      rows: list(s['rows']).map(one),
    };
  });
  const link = record(data['link']);
  const href = safeHref(link['url']);
  if (buttons.length === 0 && sections.length === 0 && href === '') return undefined;
  return {
    buttons,
    listButton: text(l['button']),
    sections,
    link: href ? { title: text(link['title']), href } : undefined,
  };
}

/** What customers have chosen, by the message that offered it, as far as the messages are here. */
export function chosenIn(items: readonly Pick<Message, 'direction' | 'replyTo' | 'data'>[]): Map<Id, Set<string>> {
  const out = new Map<Id, Set<string>>();
  for (const m of items) {
    const id = m.direction === 'in' && m.replyTo ? text(record(m.data['answer'])['id']) : '';
    if (!m.replyTo || id === '') continue;
    const had = out.get(m.replyTo.id);
    if (had) had.add(id);
    else out.set(m.replyTo.id, new Set([id]));
  }
  return out;
}

/** Why a message cannot be shown: the platform's name of its type, and its reason. */
export function unsupported(data: Data): { type: string; reason: string } {
  const u = record(data['unsupported']);
  return { type: text(u['type']) || text(data['type']), reason: text(u['reason']) };
}

export function isVoice(m: Pick<Message, 'kind' | 'data'>): boolean {
  return m.kind === 'audio' && m.data['voice'] === true;
}
export function isSticker(m: Pick<Message, 'data'>): boolean {
  return m.data['sticker'] === true;
}
/** Passed on from another conversation; 2: many times. */
export function forwarded(data: Data): 0 | 1 | 2 {
  if (data['forwardedOften'] === true) return 2;
  return data['forwarded'] === true ? 1 : 0;
}
/** The business wrote it elsewhere: on the phone, or in the platform's own inbox. */
export function isEcho(m: Pick<Message, 'direction' | 'data'>): boolean {
  return m.direction === 'out' && (m.data['echo'] === true || text(m.data['appId']) !== '');
}
