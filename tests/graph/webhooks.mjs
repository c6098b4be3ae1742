/* The webhook sender: who is subscribed, what a body looks like, signature, and what happens when nobody answers 200.
   How often, in which order and how packed things come is the policy, which a test may change at any time. */
import { createHmac, randomBytes } from 'node:crypto';
import { day, hour, minute, second } from './clock.mjs';
import { writeJson } from './encode.mjs';

/** @import { App, BatchLevel, Delivery, DeliveryPolicy, Json, Subscription, WebhookEvent, WebhookObject, Webhooks } from './types.ts' */
/** @import { World } from './world.mjs' */

/** @returns {DeliveryPolicy} */
const usual = () => ({
  doubleWithin: 0,
  doubleAcross: 0,
  order: 'asis',
  batchMs: 0,
  batchMax: 1000,
  batchLevel: 'messages',
  delayMs: 0,
  statusBeforeAnswer: false,
  unknownFields: false,
  signature: 'right',
  escape: true,
  answerWithinMs: 5000,
  retry: true,
  parallel: 1,
  mediaUrl: false,
  secondsForMs: false,
  skipDelivered: false,
  conversation: false,
  templateLanguage: 'hyphen',
});

const retryAfter = [
  0,
  10 * second,
  30 * second,
  2 * minute,
  5 * minute,
  10 * minute,
  20 * minute,
  30 * minute,
  hour,
  2 * hour,
  4 * hour,
  8 * hour,
  12 * hour,
];
const giveUpAfter = /** @type {Record<WebhookObject, number>} */ ({
  whatsapp_business_account: 7 * day,
  page: 36 * hour,
  instagram: 36 * hour,
});

/** @typedef {{ event: WebhookEvent, app: App, url: string, done: () => void }} Letter */

/** @param {string} secret @param {string | Buffer} body @param {string} [algorithm] */
const hmac = (secret, body, algorithm = 'sha256') => createHmac(algorithm, secret).update(body).digest('hex');

/** @implements {Webhooks} */
export class Sender {
  /** @param {World} world @param {Partial<DeliveryPolicy>} [policy] */
  constructor(world, policy = {}) {
    this.world = world;
    this.first = policy;
    this.seed = world.options.seed ?? 1;
    this.policy = { ...usual(), ...policy };
    /** @type {Delivery[]} */
    this.deliveries = [];
    /** @type {Webhooks['dropped']} */
    this.dropped = [];
    /** @type {Webhooks['alerts']} */
    this.alerts = [];
    /** @type {Letter[] | undefined} */
    this.held = undefined;
    /** @type {Letter[]} */
    this.gathering = [];
    /** @type {Map<string, number>} account → failing since */
    this.failing = new Map();
    this.busy = 0;
    /** @type {(() => void)[]} */
    this.idle = [];
    this.running = 0;
    /** @type {(() => void)[]} */
    this.lane = [];
    this.closed = false;
  }

  reset() {
    this.policy = { ...usual(), ...this.first };
    this.deliveries = [];
    this.dropped = [];
    this.alerts = [];
    this.held = undefined;
    this.gathering = [];
    this.failing.clear();
  }

  /** @param {Partial<DeliveryPolicy>} policy */
  set(policy) {
    Object.assign(this.policy, policy);
  }

  /** @param {string} secret @param {string | Buffer} body */
  sign(secret, body) {
    return `sha256=${hmac(secret, body)}`;
  }

  random() {
    this.seed = (this.seed * 1103515245 + 12345) & 0x7fffffff;
    return this.seed / 0x7fffffff;
  }

  /** @template T @param {T[]} list @param {DeliveryPolicy['order']} order @returns {T[]} */
  ordered(list, order) {
    if (order === 'reversed') return [...list].reverse();
    if (order !== 'shuffled') return [...list];
    return list
      .map((item) => ({ item, at: this.random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item);
  }

  /* ── who gets it ──────────────────────────────────────────────────────────────────────────────────────────── */

  /** @param {WebhookEvent} e @param {App} app @returns {{ url: string } | { reason: string }} */
  addressee(e, app) {
    const subscription = app.subscriptions[e.object];
    const allowed = (/** @type {string[] | 'all' | undefined} */ fields) => fields === 'all' || fields?.includes(e.field) === true;
    if (e.object === 'whatsapp_business_account') {
      const waba = this.world.wabas.get(e.account);
      const own = waba?.subscribed.get(app.id);
      if (!own) return { reason: `the app is not subscribed to WABA ${e.account}` };
      const url = own.url ?? subscription?.url;
      if (!url) return { reason: 'the app has no callback for whatsapp_business_account' };
      return subscription && !allowed(subscription.fields) ? { reason: `the app did not subscribe to ${e.field}` } : { url };
    }
    if (!subscription?.active) return { reason: `the app has no callback for ${e.object}` };
    if (!allowed(subscription.fields)) return { reason: `the app did not subscribe to ${e.field}` };
    const page = this.world.pages.get(e.account);
    const ig = this.world.instagrams.get(e.account);
    const holder =
      page?.subscribed.get(app.id) ??
      ig?.subscribed.get(app.id) ??
      (ig?.pageId ? this.world.pages.get(ig.pageId)?.subscribed.get(app.id) : undefined);
    if (!holder) return { reason: `the app is not subscribed to ${e.account}` };
    const byPage = e.object === 'instagram' && ig?.subscribed.get(app.id) === undefined;
    return byPage || holder.includes(e.field) ? { url: subscription.url } : { reason: `${e.account} is not subscribed to ${e.field}` };
  }

  /** @param {Parameters<Webhooks['emit']>[0]} given @returns {Promise<void>} when the first attempt is over, or it is held */
  async emit(given) {
    /** @type {WebhookEvent} */
    const event = {
      kind: given.object === 'whatsapp_business_account' ? 'change' : 'messaging',
      at: this.world.now(),
      account: given.entryId,
      ...given,
    };
    const waits = [];
    const reasons = [];
    for (const app of this.world.apps.values()) {
      const to = this.addressee(event, app);
      if ('reason' in to) {
        reasons.push(to.reason);
        continue;
      }
      waits.push(
        new Promise((/** @type {(v: void) => void} */ done) => {
          const letter = { event, app, url: to.url, done };
          if (this.held) {
            this.held.push(letter);
            done();
          } else if (this.policy.batchMs > 0) {
            if (this.gathering.push(letter) === 1) {
              this.busy++;
              setTimeout(() => {
                const letters = this.gathering;
                this.gathering = [];
                this.pack(letters, this.policy.order, true, this.policy.batchLevel, this.policy.doubleWithin);
                this.rest();
              }, this.policy.batchMs);
            }
          } else this.pack([letter], 'asis', true, this.policy.batchLevel, this.policy.doubleWithin);
        }),
      );
    }
    if (waits.length === 0) this.dropped.push({ event, reason: reasons.join('; ') || 'no app' });
    await Promise.all(waits);
  }

  hold() {
    this.held ??= [];
  }

  /** @param {Parameters<Webhooks['release']>[0]} [how] */
  async release(how = {}) {
    const letters = this.held ?? [];
    this.held = undefined;
    const waits = letters.map((letter) => new Promise((/** @type {(v: void) => void} */ done) => (letter.done = done)));
    this.pack(
      letters,
      how.order ?? this.policy.order,
      how.together ?? false,
      how.level ?? this.policy.batchLevel,
      how.doubleWithin ?? this.policy.doubleWithin,
    );
    await Promise.all(waits);
  }

  /* ── what a body looks like ───────────────────────────────────────────────────────────────────────────────── */

  /** @param {Letter[]} letters @param {DeliveryPolicy['order']} order @param {boolean} together @param {BatchLevel} level @param {number} doubles */
  pack(letters, order, together, level, doubles) {
    /** @type {Map<string, Letter[]>} */
    const groups = new Map();
    this.ordered(letters, order).forEach((letter, i) => {
      const key = together ? `${letter.url} ${letter.app.id} ${letter.event.object} ${letter.event.byLogin ?? false}` : String(i);
      groups.set(key, [...(groups.get(key) ?? []), letter]);
    });
    for (const group of groups.values())
      for (let at = 0; at < group.length; at += this.policy.batchMax) {
        const part = group.slice(at, at + this.policy.batchMax);
        const many = Array.from({ length: 1 + doubles }, () => part).flat();
        this.dispatch(part, this.bodyOf(this.ordered(many, doubles > 0 ? order : 'asis'), level));
      }
  }

  /** @param {Letter[]} letters @param {BatchLevel} level @returns {Json} */
  bodyOf(letters, level) {
    /** @type {Json[]} */
    const entries = [];
    for (const { event: e } of letters) {
      const how =
        level === 'mixed'
          ? /** @type {BatchLevel} */ (['messages', 'changes', 'entries'][Math.floor(this.random() * 2.99)] ?? 'messages')
          : level;
      const list = e.kind === 'change' ? 'changes' : e.kind;
      const last = entries[entries.length - 1];
      const open =
        how !== 'entries' &&
        e.kind !== 'bare' &&
        last?.id === e.entryId &&
        last[list] &&
        !last.time === !(e.time || e.object !== 'whatsapp_business_account')
          ? last
          : undefined;
      const time =
        e.object === 'whatsapp_business_account'
          ? e.time
            ? { time: Math.floor(e.at / 1000) }
            : {}
          : { time: this.policy.secondsForMs ? Math.floor(e.at / 1000) : e.at };
      if (e.kind === 'bare') {
        entries.push({ id: e.entryId, ...time, field: e.field, value: structuredClone(e.value) });
        continue;
      }
      const item = e.kind === 'change' ? { value: structuredClone(e.value), field: e.field } : structuredClone(e.value);
      if (!open) {
        entries.push({ id: e.entryId, ...time, [list]: [item] });
        continue;
      }
      const before = open[list][open[list].length - 1];
      if (
        e.kind === 'change' &&
        how === 'messages' &&
        e.field === 'messages' &&
        before?.field === 'messages' &&
        before.value.metadata?.phone_number_id === e.value.metadata?.phone_number_id
      ) {
        for (const key of ['messages', 'statuses', 'errors'])
          if (e.value[key]) before.value[key] = [...(before.value[key] ?? []), ...structuredClone(e.value[key])];
        for (const contact of e.value.contacts ?? [])
          if (!(before.value.contacts ?? []).some((/** @type {Json} */ c) => JSON.stringify(c) === JSON.stringify(contact)))
            before.value.contacts = [...(before.value.contacts ?? []), contact];
      } else open[list].push(item);
    }
    const body = { object: letters[0]?.event.object, entry: entries };
    return this.policy.unknownFields ? this.withUnknown(body, 0) : body;
  }

  /** A key nobody knows beside every other, at every level. @param {Json} value @param {number} depth @returns {Json} */
  withUnknown(value, depth) {
    if (Array.isArray(value)) return value.map((v) => this.withUnknown(v, depth + 1));
    if (value === null || typeof value !== 'object') return value;
    const inside = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, this.withUnknown(v, depth + 1)]));
    return { x_new_field: depth % 2 ? { nested: [null, 1.5, 'novo ç'], flag: true } : 'neu ä', ...inside };
  }

  /** @param {App} app @param {boolean | undefined} byLogin @param {string | Buffer} body @returns {Record<string, string>} */
  signature(app, byLogin, body) {
    const secret = byLogin ? app.instagramSecret : app.secret;
    const sha1 = { 'x-hub-signature': `sha1=${hmac(secret, body, 'sha1')}` };
    const right = hmac(secret, body);
    switch (this.policy.signature) {
      case 'none':
        return {};
      case 'sha1':
        return sha1;
      case 'wrong':
        return { ...sha1, 'x-hub-signature-256': `sha256=${hmac(`${secret}x`, body)}` };
      case 'uppercase':
        return { ...sha1, 'x-hub-signature-256': `sha256=${right.toUpperCase()}` };
      case 'short':
        return { ...sha1, 'x-hub-signature-256': `sha256=${right.slice(0, 62)}` };
      default:
        return { ...sha1, 'x-hub-signature-256': `sha256=${right}` };
    }
  }

  /** @param {Letter[]} letters @param {Json} json */
  dispatch(letters, json) {
    const first = letters[0];
    if (!first) return;
    const text = writeJson(json, this.policy.escape);
    /** @type {Promise<void>[]} */
    const waits = [];
    for (let copy = 0; copy <= this.policy.doubleAcross; copy++) {
      /** @type {Delivery} */
      const delivery = {
        id: this.deliveries.length + 1,
        object: first.event.object,
        appId: first.app.id,
        accounts: [...new Set(letters.map((l) => l.event.account))],
        url: first.url,
        body: text,
        headers: {
          'content-type': 'application/json',
          'user-agent': 'facebookexternalua',
          accept: '*/*',
          ...this.signature(first.app, first.event.byLogin, text),
        },
        attempts: [],
        state: 'waiting',
        firstAt: this.world.now(),
      };
      this.deliveries.push(delivery);
      waits.push(this.queue(delivery));
    }
    void Promise.all(waits).then(() => letters.forEach((l) => l.done()));
  }

  /* ── sending it ───────────────────────────────────────────────────────────────────────────────────────────── */

  /** @param {Delivery} delivery */
  async queue(delivery) {
    this.busy++;
    try {
      if (this.policy.delayMs > 0) await new Promise((done) => setTimeout(done, this.policy.delayMs));
      if (this.running >= this.policy.parallel) await new Promise((/** @type {(v: void) => void} */ done) => this.lane.push(done));
      this.running++;
      try {
        await this.attempt(delivery);
      } finally {
        this.running--;
        this.lane.shift()?.();
      }
    } finally {
      this.rest();
    }
  }

  rest() {
    this.busy--;
    if (this.busy === 0) for (const done of this.idle.splice(0)) done();
  }

  /** @param {string} url @param {{ method: string, headers?: Record<string, string>, body?: string }} request */
  async http(url, request) {
    const start = Date.now();
    try {
      const answer = await fetch(url, {
        method: request.method,
        ...(request.headers ? { headers: request.headers } : {}),
        ...(request.body === undefined ? {} : { body: request.body }),
        redirect: 'manual',
        signal: AbortSignal.timeout(this.policy.answerWithinMs),
      });
      return { status: answer.status, body: await answer.text(), ms: Date.now() - start, type: answer.headers.get('content-type') ?? '' };
    } catch (e) {
      const why = e instanceof Error ? (e.cause instanceof Error ? e.cause.message : e.message) : String(e);
      return { status: 0, body: '', ms: Date.now() - start, type: '', error: why };
    }
  }

  /** @param {Delivery} d */
  async attempt(d) {
    if (this.closed || d.state === 'dropped' || d.state === 'done') return;
    const at = this.world.now();
    const said = await this.http(d.url, { method: 'POST', headers: d.headers, body: d.body });
    d.attempts.push({ at, status: said.status, ms: said.ms, error: said.error });
    if (this.closed) return;
    const keys = d.accounts.map((account) => `${d.object} ${account} ${d.appId}`);
    if (said.status === 200) {
      d.state = 'done';
      for (const key of keys) this.failing.delete(key);
      return;
    }
    d.state = 'retrying';
    if (d.object !== 'whatsapp_business_account') for (const account of d.accounts) this.watchFailing(d, account);
    const wait = retryAfter[Math.min(d.attempts.length - 1, retryAfter.length - 1)] ?? 12 * hour;
    if (!this.policy.retry || this.world.now() + wait - d.firstAt > giveUpAfter[d.object]) {
      d.state = 'dropped';
      return;
    }
    this.world.clock.after(wait, () => (d.state === 'retrying' ? this.queue(d) : undefined));
  }

  /** Messenger and Instagram: told after 15 minutes of failure, unsubscribed after an hour. @param {Delivery} d @param {string} account */
  watchFailing(d, account) {
    const key = `${d.object} ${account} ${d.appId}`;
    if (this.failing.has(key)) return;
    const since = this.world.now();
    this.failing.set(key, since);
    this.world.clock.after(15 * minute, () => {
      if (this.failing.get(key) === since) this.alerts.push({ at: this.world.now(), object: d.object, account, what: 'failing' });
    });
    this.world.clock.after(hour, () => {
      if (this.failing.get(key) !== since) return;
      const { pages, instagrams } = this.world;
      pages.get(account)?.subscribed.delete(d.appId);
      const ig = instagrams.get(account);
      ig?.subscribed.delete(d.appId);
      if (ig?.pageId) pages.get(ig.pageId)?.subscribed.delete(d.appId);
      this.failing.delete(key);
      this.alerts.push({ at: this.world.now(), object: d.object, account, what: 'unsubscribed' });
      for (const other of this.deliveries)
        if (other.state === 'retrying' && other.object === d.object && other.accounts.includes(account)) other.state = 'dropped';
    });
  }

  async settled() {
    while (this.busy > 0) await new Promise((/** @type {(v: void) => void} */ done) => this.idle.push(done));
  }

  async retryNow() {
    await Promise.all(this.deliveries.filter((d) => d.state === 'retrying').map((d) => this.queue(d)));
  }

  /** @param {WebhookObject} object @param {string | object} body @param {{ appId?: string, url?: string, signature?: string | null, byLogin?: boolean }} [o] */
  async post(object, body, o = {}) {
    const app = this.world.apps.get(o.appId ?? '') ?? this.world.firstApp();
    const text = typeof body === 'string' ? body : writeJson(body, this.policy.escape);
    const url = o.url ?? app.subscriptions[object]?.url;
    if (!url) throw new Error(`no callback for ${object}`);
    const signature =
      o.signature === undefined ? this.signature(app, o.byLogin, text) : o.signature === null ? {} : { 'x-hub-signature-256': o.signature };
    const said = await this.http(url, { method: 'POST', headers: { 'content-type': 'application/json', ...signature }, body: text });
    return { status: said.status, body: said.body };
  }

  /** @param {string} url @param {string} verifyToken @param {string} [mode] */
  async verify(url, verifyToken, mode = 'subscribe') {
    const challenge = String(randomBytes(4).readUInt32BE());
    const to = new URL(url);
    to.searchParams.set('hub.mode', mode);
    to.searchParams.set('hub.challenge', challenge);
    to.searchParams.set('hub.verify_token', verifyToken);
    const said = await this.http(to.toString(), { method: 'GET' });
    return { ok: said.status === 200 && said.body === challenge, status: said.status, body: said.error ?? said.body, challenge };
  }

  /** @param {App} app @param {WebhookObject} object @param {Subscription} subscription */
  remember(app, object, subscription) {
    app.subscriptions[object] = subscription;
  }
}
