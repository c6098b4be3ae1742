/* Customers on WhatsApp: a builder for each inbound type and oddity, read and played marks, changes of number and user
   id; and the owner in the phone app: echoes, history, contacts. */
import { second } from './clock.mjs';
import { asWebhookError } from './errors.mjs';
import { customerBase } from './customers.mjs';
import { digitsOf, waIdOf } from './numbers.mjs';
import { samples } from './samples.mjs';
import { arrive, contactOf, emitStatus, react, throughput } from './whatsapp_messages.mjs';
import { mediaUrl } from './whatsapp_media.mjs';
import { digits } from './world.mjs';

/** @import { FileOptions, Json, Message, Person, Phone, SendOptions, Sent, WhatsAppCustomer } from './types.ts' */
/** @import { World } from './world.mjs' */

/** @param {Phone} phone */
export const metadataOf = (phone) => ({ display_phone_number: phone.display.replace(/\D/g, ''), phone_number_id: phone.id });
/** @param {World} w @param {SendOptions} o @returns {Phone} */
function phoneOf(w, o) {
  const phone = o.to ? w.phones.get(o.to.id) : [...w.phones.values()][0];
  if (!phone) throw new Error('there is no WhatsApp number');
  return phone;
}
/** @param {World} w @param {number} [at] */
const stamp = (w, at) => String(Math.floor((at ?? w.now()) / 1000));

/** What `context` says of a message. @param {World} w @param {Phone} phone @param {SendOptions} o */
function contextOf(w, phone, o) {
  if (o.context !== undefined) return o.context;
  if (o.replyTo !== undefined) {
    const quoted = w.byId.get(o.replyTo);
    const author = quoted?.direction === 'in' ? w.people.find((p) => p.key === quoted.person)?.waId : phone.digits;
    return { ...(author ? { from: author } : {}), id: o.replyTo };
  }
  if (o.frequentlyForwarded) return { frequently_forwarded: true };
  return o.forwarded ? { forwarded: true } : undefined;
}

/**
 * One message of a customer, as webhook and in the thread.
 * @param {World} w @param {Person} person @param {string} type @param {Json} payload @param {SendOptions} o
 * @param {{ shown?: Partial<Message>, extra?: Json, contacts?: boolean, opens?: boolean, errors?: Json[], hidden?: boolean }} [more]
 * @returns {Promise<Sent>}
 */
async function inbound(w, person, type, payload, o, more = {}) {
  const phone = phoneOf(w, o);
  const at = o.at ?? w.now();
  const context = contextOf(w, phone, o);
  const withoutPhone = o.withoutPhone ?? (person.hidden || person.waId === undefined);
  const id = o.id ?? w.messageId('whatsapp');
  const message = {
    ...(o.anonymous ? {} : o.userIdAsPhone ? { from: person.userId } : withoutPhone ? {} : { from: person.waId }),
    ...(o.anonymous || o.userIdAsPhone ? {} : { from_user_id: person.userId }),
    ...(person.parentUserId ? { from_parent_user_id: person.parentUserId } : {}),
    id,
    timestamp: stamp(w, at),
    type,
    ...(payload === undefined ? {} : { [type]: payload }),
    ...(context === undefined ? {} : { context }),
    ...(o.referral === undefined ? {} : { referral: o.referral }),
    ...more.extra,
  };
  const contact = { ...contactOf(person, withoutPhone), ...(o.userIdAsPhone ? { wa_id: person.userId } : {}) };
  const value = {
    messaging_product: 'whatsapp',
    metadata: metadataOf(phone),
    ...(o.withoutContacts || o.anonymous || more.contacts === false ? {} : { contacts: [contact] }),
    messages: [message],
    ...(more.errors ? { errors: more.errors } : {}),
  };
  o.raw?.(message, value);
  if (more.opens !== false) person.wrote.set(phone.id, Math.max(person.wrote.get(phone.id) ?? 0, at));
  throughput(w, phone);
  const kept = more.hidden
    ? { ...blank(w, person, phone), id }
    : w.addMessage({
        id,
        product: 'whatsapp',
        direction: 'in',
        account: phone.id,
        person: person.key,
        type,
        at,
        state: 'delivered',
        replyTo: context?.id,
        raw: message,
        ...more.shown,
      });
  await w.sender?.emit({ object: 'whatsapp_business_account', entryId: phone.wabaId, field: 'messages', value, at });
  return { id, message: kept };
}

/** @param {World} w @param {Person} person @param {Phone} phone @returns {Message} what is no message of the thread */
const blank = (w, person, phone) => ({
  id: '',
  product: 'whatsapp',
  direction: 'in',
  account: phone.id,
  person: person.key,
  at: w.now(),
  type: 'event',
  text: '',
  buttons: [],
  media: [],
  reactions: [],
  state: 'delivered',
  deleted: false,
  edited: false,
  raw: {},
});

/** @param {World} w @param {Person} person @param {string} type @param {FileOptions} o @param {{ bytes: Buffer, type: string, name?: string, extra?: Json, voice?: boolean }} usual */
function file(w, person, type, o, usual) {
  const phone = phoneOf(w, o);
  const bytes = o.broken === 'type' ? Buffer.from('<html><body>Not Found</body></html>') : (o.bytes ?? usual.bytes);
  const mime = o.type ?? usual.type;
  const name = o.name ?? usual.name;
  const m = w.addMedium({ bytes, type: mime, name, inbound: true, wabaId: phone.wabaId, phoneId: phone.id });
  if (o.broken === 'sha256') m.sha256 = '0'.repeat(64);
  if (o.broken === 'missing') m.deleted = true;
  if (o.broken === 'expired') m.expiresAt = w.now() - 1;
  const payload = {
    ...(o.caption === undefined ? {} : { caption: o.caption }),
    ...(type === 'document' && name !== undefined ? { filename: name } : {}),
    mime_type: mime,
    sha256: Buffer.from(m.sha256, 'hex').toString('base64'),
    id: m.id,
    ...(w.sender?.policy.mediaUrl ? { url: mediaUrl(w, m) } : {}),
    ...usual.extra,
  };
  return inbound(w, person, type, payload, o, {
    shown: {
      text: o.caption ?? '',
      media: [{ type, mime, name, voice: usual.voice, url: w.publish(bytes, mime, name ?? type, 365 * 24 * 3600 * second) }],
    },
  });
}

/** @param {World} w @param {Person} person @returns {WhatsAppCustomer['sends']} */
function sendsOf(w, person) {
  const card = (/** @type {string} */ name, /** @type {string} */ phone) => ({
    name: { formatted_name: name, first_name: name.split(' ')[0] },
    phones: [{ phone, wa_id: digitsOf(phone), type: 'CELL' }],
  });
  return {
    text: (body, o = {}) => inbound(w, person, 'text', { body }, o, { shown: { text: body } }),
    image: (o = {}) => file(w, person, 'image', o, { bytes: samples.jpeg, type: 'image/jpeg' }),
    video: (o = {}) => file(w, person, 'video', o, { bytes: samples.mp4, type: 'video/mp4' }),
    document: (o = {}) => file(w, person, 'document', o, { bytes: samples.pdf(), type: 'application/pdf', name: 'Orçamento nº 12.pdf' }),
    audio: (o = {}) => file(w, person, 'audio', o, { bytes: samples.mp3(), type: 'audio/mpeg', extra: { voice: false } }),
    voice: (o = {}) =>
      file(w, person, 'audio', o, { bytes: samples.voice(), type: 'audio/ogg; codecs=opus', extra: { voice: true }, voice: true }),
    sticker: (o = {}) =>
      file(w, person, 'sticker', o, { bytes: samples.webp, type: 'image/webp', extra: { animated: o.animated ?? false } }),
    location: (place = {}, o = {}) => {
      const p = { latitude: -23.5614, longitude: -46.6559, ...place };
      return inbound(w, person, 'location', p, o, {
        shown: { text: [p.name, p.address, `${p.latitude}, ${p.longitude}`].filter(Boolean).join('\n') },
      });
    },
    contacts: (cards = [card('Bruno Lima', '+55 21 99876-5432')], o = {}) =>
      inbound(w, person, 'contacts', cards, o, { shown: { text: cards.map((c) => c.name?.formatted_name).join('\n') } }),
    ownContact: (o = {}) =>
      inbound(w, person, 'contacts', [{ ...card(person.name, `+${person.phone ?? digits(12)}`), origin: 'contact_request' }], o, {
        shown: { text: person.name },
      }),
    reaction: (messageId, emoji, o = {}) => {
      const m = w.byId.get(messageId);
      if (m) react(w, m, 'customer', emoji);
      return inbound(w, person, 'reaction', { message_id: messageId, emoji }, o, { hidden: true });
    },
    reactionRemoved: (messageId, how = 'empty', o = {}) => {
      const m = w.byId.get(messageId);
      if (m) react(w, m, 'customer', '');
      return inbound(w, person, 'reaction', { message_id: messageId, ...(how === 'empty' ? { emoji: '' } : {}) }, o, { hidden: true });
    },
    button: (text, payload = text, o = {}) => {
      const last = w.messages.filter((m) => m.person === person.key && m.direction === 'out' && m.type === 'template').pop();
      return inbound(w, person, 'button', { payload, text }, o.withoutContext || o.replyTo || !last ? o : { ...o, replyTo: last.id }, {
        shown: { text },
      });
    },
    buttonReply: (id, title, o = {}) =>
      inbound(w, person, 'interactive', { type: 'button_reply', button_reply: { id, title } }, o, { shown: { text: title } }),
    listReply: (id, title, description, o = {}) =>
      inbound(
        w,
        person,
        'interactive',
        { type: 'list_reply', list_reply: { id, title, ...(description === undefined ? {} : { description }) } },
        o,
        { shown: { text: title } },
      ),
    form: (content, o = {}) =>
      inbound(
        w,
        person,
        'interactive',
        {
          type: 'nfm_reply',
          nfm_reply: {
            name: o.name ?? 'flow',
            body: o.body ?? 'Sent',
            response_json: typeof content === 'string' ? content : JSON.stringify(content),
          },
        },
        o,
        { shown: { text: o.body ?? 'Sent' } },
      ),
    callPermission: (response, o = {}) =>
      inbound(
        w,
        person,
        'interactive',
        {
          type: 'call_permission_reply',
          call_permission_reply: { response, expiration_timestamp: stamp(w, w.now() + 7 * 86400 * second), response_source: 'user_action' },
        },
        o,
        { shown: { text: response } },
      ),
    order: (items = [{ product_retailer_id: 'racao-15kg', quantity: 2, item_price: 189.9, currency: 'BRL' }], o = {}) =>
      inbound(w, person, 'order', { catalog_id: o.catalog ?? digits(15), text: o.text ?? '', product_items: items }, o, {
        shown: { text: o.text ?? `${items.length} ×` },
      }),
    productQuestion: (body, product = { catalog_id: digits(15), product_retailer_id: 'racao-15kg' }, o = {}) =>
      inbound(
        w,
        person,
        'text',
        { body },
        { ...o, context: { from: phoneOf(w, o).digits, id: w.messageId('whatsapp'), referred_product: product } },
        { shown: { text: body } },
      ),
    fromAd: (body, referral, o = {}) =>
      inbound(
        w,
        person,
        'text',
        { body },
        {
          ...o,
          referral: referral ?? {
            source_url: 'https://fb.me/3cr4Wqqkv',
            source_id: digits(17),
            source_type: 'ad',
            headline: 'Banho e tosa',
            body: '20 % na primeira visita',
            media_type: 'image',
            image_url: w.publish(samples.jpeg, 'image/jpeg', 'ad.jpg'),
            ctwa_clid: `Aff${digits(60)}`,
            welcome_message: { text: 'Olá! Como podemos ajudar?' },
          },
        },
        { shown: { text: body } },
      ),
    unsupported: (kind = 'poll_creation', o = {}) =>
      inbound(w, person, 'unsupported', { type: kind }, o, {
        extra: { errors: [asWebhookError(131051, 'Message type is not currently supported.')] },
        shown: { text: kind },
      }),
    unknown: (o = {}) =>
      inbound(w, person, 'unknown', undefined, o, {
        extra: { errors: [asWebhookError(131051, 'Message type is not currently supported.')] },
      }),
    brokenInteractive: (o = {}) =>
      inbound(w, person, 'interactive', undefined, o, { errors: [asWebhookError(131000, 'Unsupported webhook payload')] }),
    tooLarge: (o = {}) =>
      inbound(w, person, 'unsupported', { type: 'video' }, o, {
        extra: { errors: [asWebhookError(131052, 'Media file size too big. Max file size we currently support: 100MB.')] },
      }),
    edit: (messageId, body, o = {}) => {
      const m = w.byId.get(messageId);
      if (m) Object.assign(m, { text: body, edited: true });
      return o.asUnsupported
        ? inbound(w, person, 'unsupported', { type: 'edit' }, o, { extra: { errors: [asWebhookError(131051)] }, hidden: true })
        : inbound(w, person, 'edit', { original_message_id: messageId, message: { type: 'text', text: { body } } }, o, { hidden: true });
    },
    revoke: (messageId, o = {}) => {
      const m = w.byId.get(messageId);
      if (m) m.deleted = true;
      return inbound(w, person, 'revoke', { original_message_id: messageId }, o, { hidden: true });
    },
    changedNumber: (phone, o = {}) => {
      const old = person.waId;
      person.phone = digitsOf(phone);
      person.waId = waIdOf(phone);
      return inbound(
        w,
        person,
        'system',
        { type: 'user_changed_number', body: `${person.name} changed from ${old} to ${person.waId}`, wa_id: person.waId },
        o,
        { extra: { from: old }, contacts: false, opens: false, hidden: true },
      );
    },
    changedUserId: (userId, o = {}) => {
      const old = person.userId;
      person.userId = userId ?? `${old?.slice(0, 2) ?? 'BR'}.${digits(20)}`;
      return inbound(
        w,
        person,
        'system',
        { type: 'user_changed_user_id', body: `${person.name} changed the user id`, user_id: person.userId },
        o,
        { extra: { from_user_id: old }, contacts: false, opens: false, hidden: true },
      );
    },
    identityChanged: (o = {}) =>
      inbound(w, person, 'system', { type: 'customer_identity_changed', body: 'The customer identity changed' }, o, {
        extra: { identity: { acknowledged: false, created_timestamp: stamp(w), hash: 'Sfhd2fL0s' } },
        contacts: false,
        opens: false,
        hidden: true,
      }),
    anything: (type, payload, o = {}) => inbound(w, person, type, payload, o),
  };
}

/** @param {World} w @param {Person} person @returns {WhatsAppCustomer} */
export function whatsappCustomer(w, person) {
  const sends = sendsOf(w, person);
  const base = customerBase(w, person, {
    arrive: (m) => arrive(w, m, person),
    async reads(list) {
      for (const m of list) {
        m.state = 'read';
        w.changed(m);
        await emitStatus(w, m, 'read');
      }
    },
    tap(m, b) {
      const o = { replyTo: m.id, to: /** @type {Phone} */ (w.phones.get(m.account)) };
      if (m.type === 'template') return sends.button(b.title, b.payload ?? b.title, o);
      if (b.kind === 'row') return sends.listReply(b.payload ?? '', b.title, b.description, o);
      if (b.kind === 'request_contact_info') return sends.ownContact(o);
      if (b.kind === 'location_request_message') return sends.location({}, o);
      return sends.buttonReply(b.payload ?? '', b.title, o);
    },
  });
  return Object.assign(Object.create(null, Object.getOwnPropertyDescriptors(base)), {
    sends,
    async plays(/** @type {string} */ id) {
      const m = w.byId.get(id);
      if (!m) throw new Error('no such message');
      m.state = 'played';
      w.changed(m);
      await emitStatus(w, m, 'played');
    },
    async changesUserId() {
      const previous = person.userId;
      await sends.changedUserId();
      const phone = phoneOf(w, {});
      await w.sender?.emit({
        object: 'whatsapp_business_account',
        entryId: phone.wabaId,
        field: 'user_id_update',
        value: {
          messaging_product: 'whatsapp',
          metadata: metadataOf(phone),
          contacts: [contactOf(person)],
          user_id_update: [
            {
              ...(person.waId && !person.hidden ? { wa_id: person.waId } : {}),
              detail: `User ${previous} changed to ${person.userId}`,
              user_id: { previous, current: person.userId },
              timestamp: stamp(w),
            },
          ],
        },
      });
    },
    async stopsMarketing(stop = true) {
      person.stoppedMarketing = stop;
      const phone = phoneOf(w, {});
      await w.sender?.emit({
        object: 'whatsapp_business_account',
        entryId: phone.wabaId,
        field: 'user_preferences',
        value: {
          messaging_product: 'whatsapp',
          metadata: metadataOf(phone),
          contacts: [contactOf(person)],
          user_preferences: [
            {
              ...(person.waId ? { wa_id: person.waId } : {}),
              user_id: person.userId,
              detail: 'User requested to stop marketing messages',
              category: 'marketing_messages',
              value: stop ? 'stop' : 'resume',
              timestamp: stamp(w),
            },
          ],
        },
      });
    },
  });
}

/* ── the owner in the phone app ───────────────────────────────────────────────────────────────────────────────── */

/** @param {World} w @param {Person} person @param {string} type @param {Json} payload @param {{ account?: { id: string } | undefined }} [o] @returns {Promise<Sent>} */
export async function ownerMessage(w, person, type, payload, o = {}) {
  const phone = phoneOf(w, o.account ? { to: /** @type {Phone} */ (o.account) } : {});
  const id = w.messageId('whatsapp');
  const content = type === 'edit' || type === 'revoke' ? undefined : payload;
  const message = {
    from: phone.digits,
    ...(person.hidden || !person.waId ? {} : { to: person.waId }),
    to_user_id: person.userId,
    id,
    timestamp: stamp(w),
    type,
    [type]: payload,
  };
  const kept = content
    ? w.addMessage({
        id,
        product: 'whatsapp',
        direction: 'out',
        account: phone.id,
        person: person.key,
        type,
        text: content.body ?? content.caption ?? '',
        raw: message,
        state: 'delivered',
      })
    : blank(w, person, phone);
  const target = w.byId.get(payload.original_message_id);
  if (target && type === 'edit') Object.assign(target, { text: payload.message?.text?.body ?? target.text, edited: true });
  if (target && type === 'revoke') target.deleted = true;
  if (target) w.changed(target);
  await w.sender?.emit({
    object: 'whatsapp_business_account',
    entryId: phone.wabaId,
    field: 'smb_message_echoes',
    value: { messaging_product: 'whatsapp', metadata: metadataOf(phone), message_echoes: [message] },
  });
  return { id, message: kept };
}

/** @param {World} w @param {Phone} phone */
function usualThreads(w, phone) {
  return w.people
    .filter((p) => p.product === 'whatsapp' && p.waId)
    .map((p, n) => ({
      id: p.waId,
      messages: Array.from({ length: 6 }, (_, i) => ({
        ...(i % 2 ? { from: phone.digits, to: p.waId } : { from: p.waId }),
        id: w.messageId('whatsapp'),
        timestamp: stamp(w, w.now() - (n + 1) * 86400 * second + i * 60 * second),
        type: 'text',
        text: { body: i % 2 ? `Resposta ${i} pelo celular` : `Mensagem antiga ${i} de ${p.name}` },
        history_context: { status: i % 2 ? 'READ' : 'DELIVERED' },
      })),
    }));
}

/** @param {World} w @param {{ phone?: Phone, threads?: Json[], refused?: boolean, chunks?: number, media?: boolean }} [o] */
export async function history(w, o = {}) {
  const phone = o.phone ?? phoneOf(w, {});
  const emit = (/** @type {Json} */ value) =>
    w.sender?.emit({
      object: 'whatsapp_business_account',
      entryId: phone.wabaId,
      field: 'history',
      value: { messaging_product: 'whatsapp', metadata: metadataOf(phone), ...value },
    });
  if (o.refused) {
    await emit({
      history: [
        {
          errors: [
            {
              code: 2593109,
              title: 'History sync is turned off by the business from the WhatsApp Business App',
              message: 'History sync is turned off by the business from the WhatsApp Business App',
              error_data: { details: 'History sharing is turned off by the business' },
            },
          ],
        },
      ],
    });
    return;
  }
  const threads = structuredClone(o.threads ?? usualThreads(w, phone));
  const first = threads[0];
  /** @type {Json} */
  let withMedia;
  if (o.media && first) {
    const m = w.addMedium({ bytes: samples.jpeg, type: 'image/jpeg', inbound: true, wabaId: phone.wabaId, phoneId: phone.id });
    const id = w.messageId('whatsapp');
    const common = { from: first.id, id, timestamp: stamp(w, w.now() - 2 * 86400 * second) };
    first.messages.push({ ...common, type: 'media_placeholder', history_context: { status: 'READ' } });
    withMedia = {
      ...common,
      type: 'image',
      image: { caption: 'Olha ele', mime_type: 'image/jpeg', sha256: Buffer.from(m.sha256, 'hex').toString('base64'), id: m.id },
    };
  }
  const chunks = o.chunks ?? 2;
  const parts = Array.from({ length: chunks }, (_, c) => ({
    metadata: { phase: Math.min(2, Math.floor((c * 3) / chunks)), chunk_order: c + 1, progress: Math.round(((c + 1) * 100) / chunks) },
    threads: threads.map((t) => ({
      ...t,
      messages: t.messages.filter((/** @type {Json} */ _, /** @type {number} */ i) => i % chunks === c),
    })),
  }));
  const last = parts.pop();
  if (last) parts.unshift(last);
  for (const part of parts) await emit({ history: [part] });
  if (withMedia) await emit({ messages: [withMedia] });
}

/** The address book. Of each contact action (add, also when it was edited; remove) and at (milliseconds) may be said.
 * @param {World} w @param {Json[]} [contacts] @param {Phone} [phone] */
export async function appState(w, contacts, phone = phoneOf(w, {})) {
  const list =
    contacts ??
    w.people
      .filter((p) => p.product === 'whatsapp' && p.phone)
      .map((p) => ({ full_name: p.name, first_name: p.name.split(' ')[0], phone_number: p.phone }));
  await w.sender?.emit({
    object: 'whatsapp_business_account',
    entryId: phone.wabaId,
    field: 'smb_app_state_sync',
    value: {
      messaging_product: 'whatsapp',
      metadata: metadataOf(phone),
      state_sync: list.map(({ action = 'add', at, ...contact }) => ({ type: 'contact', contact, action, metadata: { timestamp: stamp(w, at) } })),
    },
  });
}

/** What POST smb_app_data sets going. @param {World} w @param {Phone} phone @param {string} type */
export function beginSync(w, phone, type) {
  setImmediate(() => void (type === 'history' ? history(w, { phone, media: true }) : appState(w, undefined, phone)));
}
