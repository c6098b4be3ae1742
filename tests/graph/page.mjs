/* The page for people: a phone on the screen, on which one writes to the business as its customer and sees what it
   answers. This file answers its requests; the page itself is in page/. Only for the machine it runs on: no login. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hour, second } from './clock.mjs';
import { codes, invalid } from './errors.mjs';
import { addFault } from './faults.mjs';
import { answer } from './http.mjs';
import { ownerMessage, whatsappCustomer } from './customers_whatsapp.mjs';
import { elsewhere, pageCustomer } from './customers_pages.mjs';
import { setStatus } from './whatsapp_templates.mjs';

/** @import { Json, Message, PageCustomer, Person, WebhookObject, WhatsAppCustomer } from './types.ts' */
/** @import { Req } from './http.mjs' */
/** @import { World } from './world.mjs' */

const scripts = ['app', 'store', 'people', 'phone', 'panel', 'words'];
const files = /** @type {Record<string, [string, string]>} */ ({
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/-/style.css': ['style.css', 'text/css; charset=utf-8'],
  ...Object.fromEntries(scripts.map((name) => [`/-/${name}.mjs`, [`${name}.mjs`, 'text/javascript; charset=utf-8']])),
});

/** @param {Message} m */
const shown = (m) => ({
  id: m.id,
  direction: m.direction,
  at: m.at,
  type: m.type,
  text: m.text,
  header: m.header,
  footer: m.footer,
  buttons: m.buttons,
  media: m.media,
  replyTo: m.replyTo,
  reactions: m.reactions,
  state: m.state,
  error: m.error,
  deleted: m.deleted,
  edited: m.edited,
  account: m.account,
});

/** @param {World} w @param {Person} p */
function summary(w, p) {
  const account = p.accountId ?? [...w.phones.keys()][0] ?? '';
  const thread = w.messages.filter((m) => m.person === p.key && m.type !== 'reaction');
  const last = thread[thread.length - 1];
  const wrote = p.wrote.get(account);
  return {
    key: p.key,
    product: p.product,
    name: p.name,
    phone: p.hidden ? undefined : p.phone,
    username: p.username,
    offline: p.offline,
    last: last && { text: last.text, type: last.type, at: last.at, direction: last.direction },
    unread: thread.filter((m) => m.direction === 'out' && m.state === 'delivered').length,
    windowUntil: wrote === undefined ? undefined : wrote + 24 * hour,
  };
}

/** @param {World} w @param {string | undefined} key */
function state(w, key) {
  const app = w.firstApp();
  const person = w.people.find((p) => p.key === key);
  const deliveries = w.sender?.deliveries ?? [];
  const typing = person && w.typing.get(person.key);
  return {
    now: w.now(),
    people: w.people.map((p) => summary(w, p)),
    thread: person ? w.messages.filter((m) => m.person === person.key && m.type !== 'reaction').map(shown) : [],
    typing: typing !== undefined && typing.until > w.now(),
    typingMs: typing ? Math.max(0, typing.until - w.now()) : 0,
    webhooks: Object.fromEntries(
      ['whatsapp_business_account', 'page', 'instagram'].map((object) => [
        object,
        {
          url: app.subscriptions[/** @type {WebhookObject} */ (object)]?.url ?? '',
          last: deliveries
            .filter((d) => d.object === object)
            .pop()
            ?.attempts.at(-1),
        },
      ]),
    ),
    dropped: w.sender?.dropped.at(-1)?.reason,
    policy: w.sender?.policy,
    faults: w.faults.filter((f) => f.used < (f.times ?? 1)).map((f) => ({ code: f.code, kind: f.kind, left: (f.times ?? 1) - f.used })),
    templates: w.templates
      .filter((t) => t.deletedAt === undefined)
      .map((t) => ({ id: t.id, name: t.name, language: t.language, status: t.status })),
    account: accountData(w),
    calls: w.calls
      .slice(-40)
      .reverse()
      .map((c) => ({
        n: c.n,
        at: c.at,
        method: c.method,
        path: c.path,
        status: c.answer?.status,
        error: c.answer?.body?.error?.code,
        fault: c.fault,
      })),
    codes: Object.entries(codes)
      .filter(([code]) => Number(code) > 100)
      .map(([code, [title]]) => ({ code: Number(code), title })),
  };
}

/** What one types into the form of a channel. @param {World} w @returns {[string, string][]} */
export function accountData(w) {
  const app = w.firstApp();
  const phone = [...w.phones.values()][0];
  const page = [...w.pages.values()][0];
  const ig = [...w.instagrams.values()][0];
  const token = (/** @type {string} */ kind) => [...w.tokens.values()].find((t) => t.kind === kind && !t.revoked)?.token ?? '';
  return [
    ['Graph API', w.url],
    ['Instagram API', w.url],
    ['Media', w.url],
    ['App id', app.id],
    ['App secret', app.secret],
    ['Instagram app id', app.instagramId],
    ['Instagram app secret', app.instagramSecret],
    ['Verify token', w.options.verifyToken ?? 'verify'],
    ['WhatsApp: phone number id', phone?.id ?? ''],
    ['WhatsApp: WABA id', phone?.wabaId ?? ''],
    ['WhatsApp: number', phone?.display ?? ''],
    ['WhatsApp: token', token('system')],
    ['Messenger: page id', page?.id ?? ''],
    ['Messenger: page token', token('page')],
    ['Instagram: account id', ig?.id ?? ''],
    ['Instagram: token', token('instagram')],
  ];
}

/** @param {World} w @param {Person} p @returns {WhatsAppCustomer | PageCustomer} */
const customerOf = (w, p) => (p.product === 'whatsapp' ? whatsappCustomer(w, p) : pageCustomer(w, p));

/** What a person can do, by name. @type {Record<string, (w: World, p: Person, a: Json) => Promise<unknown> | unknown>} */
const actions = {
  text: (w, p, a) => customerOf(w, p).sends.text(String(a.text), a.replyTo ? { replyTo: String(a.replyTo) } : {}),
  image: (w, p, a) => customerOf(w, p).sends.image(fileOf(a)),
  video: (w, p, a) => customerOf(w, p).sends.video(fileOf(a)),
  audio: (w, p, a) => customerOf(w, p).sends.audio(fileOf(a)),
  document: (w, p, a) =>
    p.product === 'whatsapp' ? whatsappCustomer(w, p).sends.document(fileOf(a)) : pageCustomer(w, p).sends.file(fileOf(a)),
  voice: (w, p) => (p.product === 'whatsapp' ? whatsappCustomer(w, p).sends.voice() : pageCustomer(w, p).sends.audio()),
  sticker: (w, p) =>
    p.product === 'whatsapp'
      ? whatsappCustomer(w, p).sends.sticker()
      : p.product === 'instagram'
        ? pageCustomer(w, p).sends.likeHeart()
        : pageCustomer(w, p).sends.sticker(),
  location: (w, p) =>
    p.product === 'whatsapp'
      ? whatsappCustomer(w, p).sends.location({ name: 'Parque Ibirapuera', address: 'São Paulo' })
      : pageCustomer(w, p).sends.location(),
  contact: (w, p) => whatsappCustomer(w, p).sends.contacts(),
  storyReply: (w, p) => pageCustomer(w, p).sends.storyReply('😍'),
  storyMention: (w, p) => pageCustomer(w, p).sends.storyMention(),
  unsupported: (w, p) => customerOf(w, p).sends.unsupported(),
  react: (w, p, a) =>
    a.emoji ? customerOf(w, p).sends.reaction(String(a.id), String(a.emoji)) : customerOf(w, p).sends.reactionRemoved(String(a.id)),
  unsend: (w, p, a) =>
    p.product === 'whatsapp' ? whatsappCustomer(w, p).sends.revoke(String(a.id)) : pageCustomer(w, p).sends.unsend(String(a.id)),
  edit: (w, p, a) => customerOf(w, p).sends.edit(String(a.id), String(a.text)),
  tap(w, p, a) {
    const m = w.byId.get(String(a.id));
    if (!m) throw invalid('no such message');
    return customerOf(w, p).taps(m, Number(a.index));
  },
  reads: (w, p) => customerOf(w, p).reads(),
  plays: (w, p, a) =>
    p.product === 'whatsapp' && w.byId.get(String(a.id))?.state !== 'played' ? whatsappCustomer(w, p).plays(String(a.id)) : undefined,
  offline(w, p, a) {
    if (a.on) p.offline = true;
    else return customerOf(w, p).back();
    return undefined;
  },
  owner: (w, p, a) =>
    p.product === 'whatsapp' ? ownerMessage(w, p, 'text', { body: String(a.text) }) : elsewhere(w, p, String(a.text), {}),
};

/** @type {Record<string, (w: World, a: Json) => Promise<unknown> | unknown>} */
const settings = {
  person(w, a) {
    const name = String(a.name || 'Ana');
    if (a.product === 'whatsapp')
      return { key: w.addWhatsAppPerson({ name, ...(a.phone ? { phone: String(a.phone) } : { hidden: true }) }).key };
    return { key: w.addPagePerson(a.product === 'instagram' ? 'instagram' : 'messenger', { name }).key };
  },
  fault: (w, a) =>
    addFault(w, { path: /\/messages$/, ...(a.kind ? { kind: a.kind } : { code: Number(a.code), later: a.later === true }) }) && undefined,
  unfault(w) {
    w.faults.length = 0;
  },
  advance: (w, a) => w.clock.advance(Number(a.hours) * hour),
  policy: (w, a) => w.sender?.set(a.policy),
  template(w, a) {
    const t = w.templates.find((x) => x.id === a.id);
    return t && setStatus(w, t, a.status);
  },
  async subscribe(w, a) {
    const object = /** @type {WebhookObject} */ (a.object);
    const verifyToken = String(a.verifyToken || w.options.verifyToken || 'verify');
    const said = await w.sender?.verify(String(a.url), verifyToken).catch((e) => ({ ok: false, status: 0, body: String(e) }));
    w.firstApp().subscriptions[object] = { url: String(a.url), verifyToken, fields: 'all', active: true };
    return { ok: said?.ok ?? false, status: said?.status ?? 0, body: said?.body.slice(0, 200) ?? '' };
  },
};

/** @param {Json} a */
const fileOf = (a) =>
  a.bytes
    ? {
        bytes: Buffer.from(String(a.bytes), 'base64'),
        type: String(a.type),
        name: String(a.name),
        ...(a.caption ? { caption: String(a.caption) } : {}),
      }
    : {};

/** News as they happen: the page then asks for the state. @param {World} w */
const events = (w) =>
  answer({
    stream(res) {
      res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      res.write('data: hello\n\n');
      const tell = () => res.write('data: changed\n\n');
      w.watchers.add(tell);
      w.callWatchers.add(tell);
      const beat = setInterval(() => res.write(': beat\n\n'), 15 * second);
      res.on('close', () => {
        clearInterval(beat);
        w.watchers.delete(tell);
        w.callWatchers.delete(tell);
      });
    },
  });

/** @param {World} w @param {Req} r */
export async function servePage(w, r) {
  const { path, method, body, query } = r.call;
  const file = files[path];
  if (method === 'GET' && file)
    return answer({
      bytes: readFileSync(join(import.meta.dirname, 'page', file[0])),
      type: file[1],
      headers: { 'cache-control': 'no-store' },
    });
  if (method === 'GET' && path === '/-/state') return state(w, query['person']);
  if (method === 'GET' && path === '/-/events') return events(w);
  if (method === 'POST' && path === '/-/do' && body) {
    const setting = settings[body.what];
    if (setting) return (await setting(w, body)) ?? { ok: true };
    const person = w.people.find((p) => p.key === body.person);
    const act = actions[body.what];
    if (!act || !person) throw invalid('no such action or person');
    await act(w, person, body);
    return { ok: true };
  }
  return answer({ status: 404, bytes: Buffer.from('not found'), type: 'text/plain' });
}
