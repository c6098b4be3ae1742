/* startGraph: one server that plays the Graph API, with everything a test scripts and looks at. The words are those of
   types.ts; what they do is in the file of each concern. */
import { asWebhookError } from './errors.mjs';
import { addFault, pathFits } from './faults.mjs';
import { listen } from './http.mjs';
import { samples } from './samples.mjs';
import { Sender } from './webhooks.mjs';
import { digits, waiting, World } from './world.mjs';
import { addTemplate, setStatus } from './whatsapp_templates.mjs';
import { emitStatus } from './whatsapp_messages.mjs';
import { appState, history, metadataOf, ownerMessage, whatsappCustomer } from './customers_whatsapp.mjs';
import { elsewhere, handover, pageCustomer } from './customers_pages.mjs';
import { embeddedSignup } from './oauth.mjs';
import { pageFields } from './page_nodes.mjs';
import { route } from './routes.mjs';

/** @import { Call, Graph, GraphOptions, Token, WebhookObject } from './types.ts' */

export { samples };

/** @type {WebhookObject[]} */
const objects = ['whatsapp_business_account', 'page', 'instagram'];

/** The usual cast: an app, a number, a page with its Instagram account, an Instagram account by login; their tokens. @param {World} w */
function populate(w) {
  const fixed = w.options.cast ?? {};
  const app = w.addApp(fixed.app);
  const waba = w.addWaba(fixed.waba);
  const phone = w.addPhone({ wabaId: waba.id, ...fixed.phone });
  const instagram = w.addInstagram(fixed.instagram);
  const page = w.addPage({ igId: instagram.id, ...fixed.page });
  instagram.pageId = page.id;
  waba.subscribed.set(app.id, {});
  for (const object of objects) {
    const own = w.options.webhooks?.[object];
    const url = own?.url ?? w.options.callback;
    if (url)
      app.subscriptions[object] = { url, verifyToken: own?.verifyToken ?? w.options.verifyToken ?? 'verify', fields: 'all', active: true };
  }
  page.subscribed.set(app.id, [...pageFields]);
  addTemplate(w, {
    name: 'confirmacao_de_horario',
    wabaId: waba.id,
    components: [
      { type: 'BODY', text: 'Olá {{1}}, seu horário é {{2}}. Podemos confirmar?', example: { body_text: [['Ana', 'sexta, 10:00']] } },
      { type: 'FOOTER', text: 'Quintal da Lola' },
      {
        type: 'BUTTONS',
        buttons: [
          { type: 'QUICK_REPLY', text: 'Confirmar' },
          { type: 'QUICK_REPLY', text: 'Remarcar' },
        ],
      },
    ],
  });
  addTemplate(w, {
    name: 'promocao',
    wabaId: waba.id,
    category: 'MARKETING',
    format: 'NAMED',
    components: [
      { type: 'HEADER', format: 'IMAGE', example: { header_handle: ['4::aW'] } },
      {
        type: 'BODY',
        text: 'Oi {{first_name}}, só esta semana: {{discount}} de desconto no banho.',
        example: {
          body_text_named_params: [
            { param_name: 'first_name', example: 'Ana' },
            { param_name: 'discount', example: '20 %' },
          ],
        },
      },
      { type: 'BUTTONS', buttons: [{ type: 'URL', text: 'Ver', url: 'https://quintal.example/{{1}}', example: ['banho'] }] },
    ],
  });
  /** @param {'whatsapp' | 'page' | 'instagram' | 'user'} name @param {Partial<Token> & Pick<Token, 'kind'>} o */
  const token = (name, o) => w.addToken({ ...o, ...(fixed.tokens?.[name] ? { token: fixed.tokens[name] } : {}) }).token;
  return {
    app,
    waba,
    phone,
    page,
    instagram,
    tokens: {
      whatsapp: token('whatsapp', { kind: 'system' }),
      page: token('page', { kind: 'page', pageId: page.id }),
      instagram: token('instagram', { kind: 'instagram', igId: instagram.id, expiresAt: w.now() + 5183944 * 1000 }),
      user: token('user', { kind: 'user', expiresAt: w.now() + 60 * 86400_000 }),
      app: `${app.id}|${app.secret}`,
    },
  };
}

/** @param {GraphOptions} [options] @returns {Promise<Graph>} */
export async function startGraph(options = {}) {
  const w = new World(options);
  const sender = new Sender(w, options.policy);
  w.sender = sender;
  const stop = await listen(w, route);
  let cast = populate(w);

  /** @param {string | RegExp | ((call: Call) => boolean)} match */
  const asTest = (match) => (typeof match === 'function' ? match : (/** @type {Call} */ c) => pathFits(match, c));
  /** @param {import('./types.ts').Waba | undefined} waba */
  const wabaId = (waba) => (waba ?? cast.waba).id;
  const whatsappValue = (/** @type {import('./types.ts').Phone} */ phone) => ({
    messaging_product: 'whatsapp',
    metadata: metadataOf(phone),
  });

  /** @type {Graph} */
  const graph = {
    url: w.url,
    port: w.port,
    hosts: {
      graph: `${w.url}/graph.facebook.com`,
      instagram: `${w.url}/graph.instagram.com`,
      instagramApi: `${w.url}/api.instagram.com`,
      facebookDialog: `${w.url}/www.facebook.com`,
      instagramDialog: `${w.url}/www.instagram.com`,
      media: w.url,
      foreign: `http://localhost:${w.port}/foreign`,
    },
    clock: w.clock,
    get app() {
      return cast.app;
    },
    get waba() {
      return cast.waba;
    },
    get phone() {
      return cast.phone;
    },
    get page() {
      return cast.page;
    },
    get instagram() {
      return cast.instagram;
    },
    get owner() {
      return w.owner;
    },
    get tokens() {
      return cast.tokens;
    },
    get calls() {
      return w.calls;
    },
    get warnings() {
      return w.warnings;
    },
    get faults() {
      return w.faults;
    },
    get templates() {
      return w.templates;
    },
    get media() {
      return w.media;
    },
    get messages() {
      return w.messages;
    },
    get reviews() {
      return w.reviews;
    },
    get later() {
      return w.later;
    },
    get limits() {
      return w.limits;
    },
    get quirks() {
      return w.quirks;
    },
    webhooks: sender,
    fault: (o) => addFault(w, o),
    callsTo: (path, method) => w.calls.filter((c) => pathFits(path, c) && (method === undefined || c.method === method)),
    waitFor(match, timeoutMs = 60_000) {
      const test = asTest(match);
      const there = w.calls.find((c) => (c.answer || c.fault) && test(c));
      if (there) return Promise.resolve(there);
      return waiting(
        (offer) => {
          const look = (/** @type {Call} */ c) => test(c) && offer(c);
          w.callWatchers.add(look);
          return () => w.callWatchers.delete(look);
        },
        timeoutMs,
        () =>
          `a call ${match}; there were: ${
            w.calls
              .slice(-12)
              .map((c) => `${c.method} ${c.path} ${c.answer?.status ?? '-'}`)
              .join(', ') || 'none'
          }`,
      );
    },
    addApp: (o) => w.addApp(o),
    addWaba: (o) => w.addWaba(o),
    addPhone: (o) => w.addPhone(o),
    addPage: (o) => w.addPage(o),
    addInstagram: (o) => w.addInstagram(o),
    addTemplate: (o) => addTemplate(w, o),
    addMedium: (o) =>
      w.addMedium({ ...o, wabaId: w.phones.get(o.phoneId ?? '')?.wabaId ?? cast.waba.id, phoneId: o.phoneId ?? cast.phone.id }),
    token: (o) => w.addToken(o),
    revoke(text) {
      const t = w.tokens.get(text);
      if (t) t.revoked = true;
    },
    expire(text) {
      const t = w.tokens.get(text);
      if (t) t.expiresAt = w.now() - 1;
    },
    whatsappCustomer: (o = {}) =>
      whatsappCustomer(
        w,
        w.addWhatsAppPerson(o.phone === undefined && !o.hidden ? { ...o, phone: `+5511 9${digits(8).replace(/^[1-5]/, '8')}` } : o),
      ),
    messengerCustomer: (o = {}) => pageCustomer(w, w.addPagePerson('messenger', o)),
    instagramCustomer: (o = {}) => pageCustomer(w, w.addPagePerson('instagram', o)),
    async subscribe(object, url, verifyToken = options.verifyToken ?? 'verify', o = {}) {
      const app = o.app ?? cast.app;
      if (!o.withoutCheck) {
        const said = await sender.verify(url, verifyToken);
        if (!said.ok) throw new Error(`the handshake with ${url} failed: ${said.status} ${said.body.slice(0, 200)}`);
      }
      app.subscriptions[object] = { url, verifyToken, fields: o.fields ?? 'all', active: true };
    },
    async approve(url, o = {}) {
      const to = new URL(url);
      to.searchParams.set('answer', o.deny ? 'no' : 'yes');
      if (o.scopes) to.searchParams.set('granted', o.scopes.join(','));
      if (o.pageIds) to.searchParams.set('pages', o.pageIds.join(','));
      if (o.wabaIds) to.searchParams.set('wabas', o.wabaIds.join(','));
      const said = await fetch(to, { redirect: 'manual' });
      const location = said.headers.get('location');
      if (said.status !== 302 || !location)
        throw new Error(
          `the dialog refused: ${said.status} ${(await said.text())
            .replace(/<[^>]*>/g, ' ')
            .trim()
            .slice(-200)}`,
        );
      const back = new URL(location);
      return { location, code: back.searchParams.get('code') ?? '', state: back.searchParams.get('state') ?? '' };
    },
    embeddedSignup: (o) => embeddedSignup(w, o),
    async reviewTemplate(template, status, reason) {
      const t = typeof template === 'string' ? w.templates.find((x) => x.id === template || x.name === template) : template;
      if (!t) throw new Error(`no template ${template}`);
      await setStatus(w, t, status, reason === undefined ? 'NONE' : reason);
    },
    async accountUpdate(event, extra = {}, waba) {
      await sender.emit({
        object: 'whatsapp_business_account',
        entryId: wabaId(waba),
        field: 'account_update',
        time: true,
        value: {
          event,
          ...(event.startsWith('PARTNER') || event.startsWith('ACCOUNT_OFF')
            ? { waba_info: { waba_id: wabaId(waba), owner_business_id: cast.waba.businessId } }
            : {}),
          ...extra,
        },
      });
    },
    async numberUpdate(field, value, waba) {
      await sender.emit({ object: 'whatsapp_business_account', entryId: wabaId(waba), field, time: true, value });
    },
    async accountError(code = 0, phone = cast.phone) {
      await sender.emit({
        object: 'whatsapp_business_account',
        entryId: phone.wabaId,
        field: 'messages',
        value: {
          ...whatsappValue(phone),
          errors: [
            code === 0
              ? {
                  code: 0,
                  title: 'AuthException',
                  message: 'AuthException',
                  error_data: { details: 'We were unable to authenticate the app user.' },
                }
              : asWebhookError(code),
          ],
        },
      });
    },
    ownerSends(customer, content, o = {}) {
      if (customer.person.product !== 'whatsapp') return elsewhere(w, customer.person, content, o);
      return typeof content === 'string'
        ? ownerMessage(w, customer.person, 'text', { body: content }, o)
        : ownerMessage(w, customer.person, content.type, content[content.type], o);
    },
    ownerEdits: (customer, id, body) =>
      ownerMessage(w, customer.person, 'edit', { original_message_id: id, message: { type: 'text', text: { body } } }),
    ownerRevokes: (customer, id) => ownerMessage(w, customer.person, 'revoke', { original_message_id: id }),
    history: (o) => history(w, o),
    appState: (contacts, phone) => appState(w, contacts, phone),
    handover: (customer, what, extra = {}) => handover(w, customer.person, what, extra),
    async policyEnforcement(action, reason = 'The page sent messages that violate the policy.') {
      await sender.emit({
        object: 'page',
        entryId: cast.page.id,
        field: 'messaging_policy_enforcement',
        value: { recipient: { id: cast.page.id }, timestamp: w.now(), policy_enforcement: { action, reason } },
      });
    },
    async status(id, status, extra = {}) {
      const known = w.byId.get(id);
      if (known) return emitStatus(w, known, status, extra);
      await sender.emit({
        object: 'whatsapp_business_account',
        entryId: cast.waba.id,
        field: 'messages',
        value: { ...whatsappValue(cast.phone), statuses: [{ id, status, timestamp: String(Math.floor(w.now() / 1000)), ...extra }] },
      });
    },
    reset() {
      w.clock.restart();
      sender.reset();
      w.clear();
      cast = populate(w);
    },
    async close() {
      sender.closed = true;
      w.clock.stop();
      await stop();
    },
  };
  return graph;
}
