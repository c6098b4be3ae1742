/* The world behind the API: accounts, tokens, customers, media, templates, messages. One World per server; every other
   file takes it as its first argument. Ids are made by chance, like the platform's, so that two runs against one
   database never meet. */
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { Clock, day, hour } from './clock.mjs';
import { laterByDefault } from './errors.mjs';
import { countryOf, digitsOf, displayOf, sameNumber, waIdOf } from './numbers.mjs';
import { samples } from './samples.mjs';

/** @import { App, Call, Fault, GraphOptions, InstagramAccount, Medium, Message, Owner, Page, Person, Phone, Template, Token, TokenKind, Waba } from './types.ts' */

export const scopes = {
  whatsapp: ['whatsapp_business_management', 'whatsapp_business_messaging'],
  page: [
    'pages_messaging',
    'pages_manage_metadata',
    'pages_show_list',
    'instagram_basic',
    'instagram_manage_messages',
    'business_management',
  ],
  instagram: ['instagram_business_basic', 'instagram_business_manage_messages'],
};

/** Digits without a leading zero. @param {number} length */
export function digits(length) {
  let out = String(randomInt(1, 10));
  while (out.length < length) out += String(randomInt(10));
  return out;
}
/** @param {number} length */
export const letters = (length) => randomBytes(length).toString('base64url').replace(/[-_]/g, 'x').slice(0, length);
export const trace = () => `A${randomBytes(16).toString('base64url')}`;
/** @param {Buffer} bytes */
export const sha256 = (bytes) => createHash('sha256').update(bytes).digest();

/** @typedef {{ code: string, appId: string, userId: string, redirectUri: string, kind: 'user' | 'business' | 'instagram', scopes: string[], targets: Record<string, string[]>, igId?: string | undefined, silent?: boolean | undefined, businessId?: string | undefined, expiresAt: number, used: boolean }} Code */

const usualLimits = {
  pairMs: 6000,
  pairBurst: 45,
  pair: true,
  throughput: true,
  managementPerHour: 5000,
  pagePerSecond: 300,
  pageMediaPerSecond: 10,
  templatesPerHour: 100,
};

export class World {
  /** @type {Owner} */
  owner = { id: digits(16), name: 'Lola Quintal' };
  /** @type {Map<string, App>} */
  apps = new Map();
  /** @type {Map<string, Waba>} */
  wabas = new Map();
  /** @type {Map<string, Phone>} */
  phones = new Map();
  /** @type {Map<string, Page>} */
  pages = new Map();
  /** @type {Map<string, InstagramAccount>} */
  instagrams = new Map();
  /** @type {Map<string, Token>} */
  tokens = new Map();
  /** @type {Map<string, Code>} */
  codes = new Map();
  /** @type {Person[]} */
  people = [];
  /** @type {Message[]} */
  messages = [];
  /** @type {Map<string, Message>} */
  byId = new Map();
  /** @type {Medium[]} */
  media = [];
  /** @type {Map<string, { id: string, type: string, bytes: Buffer, mime: string, account: string, expiresAt: number, name: string }>} pre-uploaded attachments of pages */
  attachments = new Map();
  /** @type {Map<string, { bytes: Buffer, mime: string, name: string, expiresAt: number }>} files of the CDN, no token asked */
  cdn = new Map();
  /** @type {Map<string, { id: string, account: string, person: string, at: number, replied: boolean }>} */
  comments = new Map();
  /** @type {Template[]} */
  templates = [];
  /** @type {Call[]} */
  calls = [];
  /** @type {{ what: string, call: Call }[]} */
  warnings = [];
  /** @type {Fault[]} */
  faults = [];
  /** @type {Map<string, { account: string, until: number }>} person → typing of the business */
  typing = new Map();
  /** @type {Map<string, number[]>} counters of calls, by what is limited */
  counts = new Map();
  /** @type {Set<number>} which refusals come later, as a failed status */
  later = new Set(laterByDefault);
  /** @type {import('./types.ts').Reviews} */
  reviews = { mode: 'manual', afterMs: 0 };
  limits = { ...usualLimits };
  /** @type {import('./types.ts').Graph['quirks']} */
  quirks = { instagramTokenWrapped: false, instagramEchoBare: false, mediaUrl: undefined };

  /** @param {GraphOptions} options */
  constructor(options) {
    this.options = options;
    this.clock = new Clock(options.speed ?? 1);
    this.url = '';
    this.port = 0;
    /** @type {import('./webhooks.mjs').Sender | undefined} */
    this.sender = undefined;
    /** @type {Set<(m: Message) => void>} what looks on: waiting tests, the page */
    this.watchers = new Set();
    /** @type {Set<(c: Call) => void>} */
    this.callWatchers = new Set();
  }

  /** Nobody and nothing, the usual limits. */
  clear() {
    for (const kept of [
      this.apps,
      this.wabas,
      this.phones,
      this.pages,
      this.instagrams,
      this.tokens,
      this.codes,
      this.byId,
      this.attachments,
      this.cdn,
      this.comments,
      this.typing,
      this.counts,
    ])
      kept.clear();
    for (const list of [this.people, this.messages, this.media, this.templates, this.calls, this.warnings, this.faults]) list.length = 0;
    this.owner = { id: digits(16), name: 'Lola Quintal' };
    this.later.clear();
    for (const code of laterByDefault) this.later.add(code);
    Object.assign(this.reviews, { mode: 'manual', afterMs: 0 });
    Object.assign(this.limits, usualLimits);
    Object.assign(this.quirks, { instagramTokenWrapped: false, instagramEchoBare: false, mediaUrl: undefined });
  }

  now() {
    return this.clock.now();
  }

  /* ── accounts ─────────────────────────────────────────────────────────────────────────────────────────────── */

  /** @param {Partial<App>} [o] @returns {App} */
  addApp(o = {}) {
    const app = {
      id: digits(15),
      name: 'Interflow',
      secret: randomBytes(16).toString('hex'),
      instagramId: digits(15),
      instagramSecret: randomBytes(16).toString('hex'),
      redirectUris: /** @type {'any'} */ ('any'),
      humanAgent: true,
      requireProof: false,
      subscriptions: {},
      ...o,
    };
    this.apps.set(app.id, app);
    this.tokens.set(`${app.id}|${app.secret}`, this.makeToken({ kind: 'app', appId: app.id, token: `${app.id}|${app.secret}` }));
    return app;
  }

  /** @param {Partial<Waba>} [o] @returns {Waba} */
  addWaba(o = {}) {
    const waba = {
      id: digits(15),
      name: 'Quintal da Lola',
      currency: 'BRL',
      timezone: '25',
      businessId: digits(15),
      subscribed: new Map(),
      templateLimit: 250,
      ...o,
    };
    this.wabas.set(waba.id, waba);
    return waba;
  }

  /** @param {Partial<Phone>} [o] @returns {Phone} */
  addPhone(o = {}) {
    const number = o.digits ?? `551130${digits(6)}`;
    const phone = {
      id: digits(15),
      wabaId: [...this.wabas.keys()][0] ?? '',
      digits: number,
      display: displayOf(number),
      countryCode: /^(1|55|52|54|351|\d\d)/.exec(number)?.[1] ?? '55',
      verifiedName: 'Quintal da Lola',
      quality: /** @type {'GREEN'} */ ('GREEN'),
      tier: 'TIER_2K',
      nameStatus: 'APPROVED',
      verified: true,
      registered: true,
      pin: undefined,
      pinFailures: 0,
      registrations: [],
      coexistence: false,
      onboardedAt: this.now(),
      synced: new Set(),
      perSecond: o.coexistence ? 20 : 80,
      about: {},
      recent: [],
      pairs: new Map(),
      ...o,
    };
    this.phones.set(phone.id, phone);
    return phone;
  }

  /** @param {Partial<Page>} [o] @returns {Page} */
  addPage(o = {}) {
    const page = {
      id: digits(15),
      name: 'Quintal da Lola',
      tasks: ['ADVERTISE', 'ANALYZE', 'CREATE_CONTENT', 'MESSAGING', 'MODERATE', 'MANAGE'],
      ownerId: this.owner.id,
      igId: undefined,
      subscribed: new Map(),
      restricted: false,
      ...o,
    };
    this.pages.set(page.id, page);
    return page;
  }

  /** @param {Partial<InstagramAccount>} [o] @returns {InstagramAccount} */
  addInstagram(o = {}) {
    const ig = {
      id: `1784${digits(13)}`,
      scopedId: digits(17),
      username: 'quintaldalola',
      name: 'Quintal da Lola',
      picture: samples.png(96, [201, 43, 115]),
      ownerId: this.owner.id,
      pageId: undefined,
      subscribed: new Map(),
      ...o,
    };
    this.instagrams.set(ig.id, ig);
    return ig;
  }

  /** @param {Partial<Token> & { kind: TokenKind }} o @returns {Token} */
  makeToken(o) {
    return {
      token: `${o.kind === 'instagram' ? 'IGAA' : 'EAAG'}${letters(o.kind === 'instagram' ? 150 : 180)}`,
      appId: this.firstApp().id,
      userId: this.owner.id,
      scopes:
        o.kind === 'instagram'
          ? scopes.instagram
          : o.kind === 'page'
            ? scopes.page
            : o.kind === 'user'
              ? [...scopes.page, ...scopes.whatsapp]
              : o.kind === 'app'
                ? []
                : scopes.whatsapp,
      targets: {},
      issuedAt: this.now(),
      expiresAt: 0,
      revoked: false,
      longLived: true,
      pageId: undefined,
      igId: undefined,
      ...o,
    };
  }

  /** @param {Partial<Token> & { kind: TokenKind }} o @returns {Token} */
  addToken(o) {
    const token = this.makeToken(o);
    this.tokens.set(token.token, token);
    return token;
  }

  firstApp() {
    const app = [...this.apps.values()][0];
    return app ?? /** @type {App} */ ({ id: '', secret: '' });
  }

  /** @param {string} clientId @returns {{ app: App, instagram: boolean } | undefined} */
  appByClient(clientId) {
    const app = this.apps.get(clientId);
    if (app) return { app, instagram: false };
    const ig = [...this.apps.values()].find((a) => a.instagramId === clientId);
    return ig && { app: ig, instagram: true };
  }

  /* ── people ───────────────────────────────────────────────────────────────────────────────────────────────── */

  /** @param {import('./types.ts').WhatsAppCustomerOptions} o @returns {Person} */
  addWhatsAppPerson(o) {
    const phone = o.phone === undefined ? undefined : digitsOf(o.phone);
    const person = this.person('whatsapp', o);
    person.phone = phone;
    person.waId = phone === undefined ? undefined : (o.waId ?? waIdOf(phone));
    person.userId = o.userId ?? `${countryOf(phone)}.${digits(20)}`;
    person.hidden = o.hidden ?? false;
    person.onWhatsApp = o.onWhatsApp ?? true;
    return person;
  }

  /** @param {'messenger' | 'instagram'} product @param {import('./types.ts').PageCustomerOptions} o @returns {Person} */
  addPagePerson(product, o) {
    const person = this.person(product, o);
    person.id = o.id ?? digits(product === 'instagram' ? 16 : 17);
    const first = product === 'messenger' ? [...this.pages.values()][0] : [...this.instagrams.values()][0];
    person.accountId = o.account?.id ?? first?.id;
    const [firstName, ...rest] = person.name.split(' ');
    person.firstName = o.firstName ?? firstName;
    person.lastName = o.lastName ?? rest.join(' ');
    person.profileHidden = o.profileHidden ?? false;
    return person;
  }

  /** @param {'whatsapp' | 'messenger' | 'instagram'} product @param {import('./types.ts').CustomerOptions} o @returns {Person} */
  person(product, o) {
    const person = /** @type {Person} */ ({
      key: `${product}-${letters(8)}`,
      product,
      name: o.name ?? 'Ana Souza',
      username: o.username,
      picture: o.picture ?? samples.png(96, [randomInt(60, 200), randomInt(60, 200), randomInt(60, 200)]),
      hidden: false,
      onWhatsApp: true,
      stoppedMarketing: false,
      profileHidden: false,
      unavailable: false,
      cannotReceive: false,
      wrote: new Map(),
      readsAtOnce: false,
      offline: false,
    });
    this.people.push(person);
    return person;
  }

  /** Exact numbers first, then the other notation of the same mobile. @param {string} number */
  personByNumber(number) {
    const wanted = digitsOf(number);
    const people = this.people.filter((p) => p.product === 'whatsapp' && p.phone !== undefined);
    return (
      people.find((p) => p.waId === wanted || p.phone === wanted) ??
      people.find((p) => sameNumber(p.waId ?? '', wanted) || sameNumber(p.phone ?? '', wanted))
    );
  }

  /** @param {string} userId */
  personByUserId(userId) {
    return this.people.find((p) => p.product === 'whatsapp' && (p.userId === userId || p.parentUserId === userId));
  }

  /** @param {string} id scoped id @param {string} accountId */
  personByScopedId(id, accountId) {
    return this.people.find((p) => p.id === id && p.accountId === accountId);
  }

  /** @param {Person} person @param {string} account @param {number} [ms] */
  windowOpen(person, account, ms = day) {
    const at = person.wrote.get(account);
    return at !== undefined && this.now() - at <= ms;
  }

  /* ── messages and files ───────────────────────────────────────────────────────────────────────────────────── */

  /** @param {'whatsapp' | 'messenger' | 'instagram'} product */
  messageId(product) {
    if (product === 'whatsapp') return `wamid.${Buffer.concat([Buffer.from([0x1d, 0x05, 0x51]), randomBytes(35)]).toString('base64')}`;
    if (product === 'messenger') return `m_${randomBytes(48).toString('base64url')}`;
    return `aWdfZAG1faXRlbToxOk${randomBytes(96).toString('base64').replace(/\+/g, 'Z').replace(/\//g, 'D')}`;
  }

  /** @param {Partial<Message> & Pick<Message, 'product' | 'direction' | 'account' | 'person' | 'type'>} o @returns {Message} */
  addMessage(o) {
    const message = {
      id: o.id ?? this.messageId(o.product),
      at: this.now(),
      text: '',
      buttons: [],
      media: [],
      reactions: [],
      state: /** @type {'accepted'} */ ('accepted'),
      deleted: false,
      edited: false,
      raw: {},
      header: undefined,
      footer: undefined,
      replyTo: undefined,
      error: undefined,
      callback: undefined,
      category: undefined,
      ...o,
    };
    this.messages.push(message);
    this.byId.set(message.id, message);
    this.changed(message);
    return message;
  }

  /** Tells everyone who looks on. @param {Message} message */
  changed(message) {
    for (const watcher of [...this.watchers]) watcher(message);
  }

  /** @param {{ bytes: Buffer, type: string, name?: string | undefined, inbound?: boolean | undefined, wabaId?: string | undefined, phoneId?: string | undefined }} o @returns {Medium} */
  addMedium(o) {
    const medium = {
      id: digits(16),
      bytes: o.bytes,
      type: o.type,
      name: o.name,
      sha256: sha256(o.bytes).toString('hex'),
      inbound: o.inbound ?? false,
      wabaId: o.wabaId,
      phoneId: o.phoneId,
      expiresAt: this.now() + (o.inbound ? 7 : 30) * day,
      deleted: false,
    };
    this.media.push(medium);
    return medium;
  }

  /** A public address of the CDN, good until it expires. @param {Buffer} bytes @param {string} mime @param {string} name @param {number} [livesMs] */
  publish(bytes, mime, name, livesMs = 24 * hour) {
    const key = `${digits(9)}_${digits(15)}`;
    const expiresAt = this.now() + livesMs;
    this.cdn.set(key, { bytes, mime, name, expiresAt });
    return `${this.url}/cdn/v/t59.3654-21/${key}_n?_nc_cat=1&oh=${randomBytes(8).toString('hex')}&oe=${Math.floor(expiresAt / 1000)
      .toString(16)
      .toUpperCase()}`;
  }

  /**
   * Counts one use of something limited; false when it is used up.
   * @param {string} what @param {number} most @param {number} withinMs
   */
  take(what, most, withinMs) {
    const now = this.now();
    const list = (this.counts.get(what) ?? []).filter((t) => now - t < withinMs);
    const free = list.length < most;
    if (free) list.push(now);
    this.counts.set(what, list);
    return free;
  }

  /** @param {Call} call @param {string} what */
  warn(call, what) {
    this.warnings.push({ what, call });
  }
}

/** Waits for what a watcher tells. @template T @param {(offer: (value: T) => void) => () => void} watch @param {number} timeoutMs @param {() => string} what @returns {Promise<T>} */
export function waiting(watch, timeoutMs, what) {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => {
      stop();
      fail(new Error(`the graph waited ${timeoutMs} ms for ${what()}`));
    }, timeoutMs);
    const stop = watch((value) => {
      clearTimeout(timer);
      stop();
      done(value);
    });
  });
}
