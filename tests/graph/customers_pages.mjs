/* Customers on Messenger and Instagram: a builder for each shape that their webhooks take, where the two differ (echoes,
   read marks, shares, stories, comments), and hand-over between apps. */
import { day, hour } from './clock.mjs';
import { customerBase } from './customers.mjs';
import { samples } from './samples.mjs';
import { addressOf, arrive, echo, seen } from './page_send.mjs';
import { digits } from './world.mjs';

/** @import { FileOptions, InstagramAccount, Json, Message, Page, PageCustomer, Person, SendOptions, Sent } from './types.ts' */
/** @import { World } from './world.mjs' */

/** @param {World} w @param {Person} person @param {SendOptions} o @returns {Page | InstagramAccount} */
function accountOf(w, person, o) {
  const account = w.pages.get(o.to?.id ?? person.accountId ?? '') ?? w.instagrams.get(o.to?.id ?? person.accountId ?? '');
  if (!account) throw new Error('there is no such page or account');
  return account;
}

/** @param {World} w @param {Person} person @param {SendOptions} o @param {string} field @param {Json} item @param {{ shown?: Partial<Message>, hidden?: boolean, opens?: boolean, mid?: string | undefined }} [more] @returns {Promise<Sent>} */
async function inbound(w, person, o, field, item, more = {}) {
  const account = accountOf(w, person, o);
  const at = o.at ?? w.now();
  const product = w.instagrams.has(account.id) ? 'instagram' : 'messenger';
  const id = more.mid ?? item.message?.mid ?? item.postback?.mid ?? o.id ?? w.messageId(product);
  const value = {
    sender: { id: person.id },
    recipient: { id: account.id },
    timestamp: w.sender?.policy.secondsForMs ? Math.floor(at / 1000) : at,
    ...item,
  };
  o.raw?.(value.message ?? value, value);
  if (more.opens !== false) person.wrote.set(account.id, Math.max(person.wrote.get(account.id) ?? 0, at));
  /** @type {Message} */
  const kept = more.hidden
    ? {
        id,
        product,
        direction: 'in',
        account: account.id,
        person: person.key,
        at,
        type: 'event',
        text: '',
        buttons: [],
        media: [],
        reactions: [],
        state: 'delivered',
        deleted: false,
        edited: false,
        raw: value,
      }
    : w.addMessage({
        id,
        product,
        direction: 'in',
        account: account.id,
        person: person.key,
        type: 'text',
        at,
        state: 'delivered',
        raw: value,
        replyTo: o.replyTo,
        ...more.shown,
      });
  await w.sender?.emit({ ...addressOf(w, kept), field, value, at });
  return { id, message: kept };
}

/** @param {World} w @param {Person} person @returns {PageCustomer['sends']} */
function sendsOf(w, person) {
  const instagram = person.product === 'instagram';
  /** A message with this content. @param {Json} content @param {SendOptions} o @param {Partial<Message>} [shown] */
  const message = (content, o, shown = {}) =>
    inbound(
      w,
      person,
      o,
      'messages',
      {
        message: {
          mid: o.id ?? w.messageId(person.product),
          ...(o.replyTo === undefined ? {} : { reply_to: { mid: o.replyTo, ...(instagram ? {} : { is_self_reply: false }) } }),
          ...content,
          ...(o.referral === undefined ? {} : { referral: o.referral }),
        },
      },
      { shown },
    );
  /** @param {string} type @param {FileOptions} o @param {Buffer} bytes @param {string} mime @param {string} name */
  const file = (type, o, bytes, mime, name) => {
    const url = w.publish(
      o.broken === 'type' ? Buffer.from('<html></html>') : (o.bytes ?? bytes),
      o.type ?? mime,
      o.name ?? name,
      o.broken === 'expired' ? -1 : 7 * day,
    );
    const shown = w.publish(o.bytes ?? bytes, o.type ?? mime, o.name ?? name, 365 * day);
    return message({ attachments: [{ type, payload: { url: o.broken === 'missing' ? `${w.url}/cdn/v/gone_n` : url } }] }, o, {
      type,
      media: [{ type, mime: o.type ?? mime, url: shown, name: o.name ?? name }],
    });
  };
  /** @param {string} type @param {Json} payload @param {SendOptions} o @param {string} [text] @param {Json} [extra] */
  const attached = (type, payload, o, text = '', extra = {}) =>
    message({ attachments: [{ type, ...(payload === undefined ? {} : { payload }), ...extra }] }, o, { type, text });
  const cdn = (/** @type {number} */ lives = 7 * day) => w.publish(samples.jpeg, 'image/jpeg', 'photo.jpg', lives);
  return {
    text: (body, o = {}) => message({ text: body }, o, { text: body }),
    image: (o = {}) => file('image', o, samples.jpeg, 'image/jpeg', 'photo.jpg'),
    images: (count, o = {}) => {
      const urls = Array.from({ length: count }, () => cdn());
      return message({ attachments: urls.map((url) => ({ type: 'image', payload: { url } })) }, o, {
        type: 'image',
        media: urls.map((url) => ({ type: 'image', mime: 'image/jpeg', url })),
      });
    },
    video: (o = {}) => file('video', o, samples.mp4, 'video/mp4', 'video.mp4'),
    audio: (o = {}) => file('audio', o, samples.mp3(), instagram ? 'audio/mpeg' : 'audio/mpeg', 'audioclip.mp3'),
    file: (o = {}) => file('file', o, samples.pdf(), 'application/pdf', 'Orçamento.pdf'),
    sticker: (o = {}) =>
      instagram
        ? file('image', o, samples.png(), 'image/png', 'sticker.png')
        : message(
            {
              attachments: [
                {
                  type: 'sticker',
                  payload: { url: w.publish(samples.png(), 'image/png', 'like.png', 365 * day), sticker_id: 369239263222822 },
                },
              ],
            },
            o,
            { type: 'sticker', text: '👍' },
          ),
    likeHeart: (o = {}) => attached('like_heart', undefined, o, '❤️'),
    location: (place = { lat: -23.5614, long: -46.6559 }, o = {}) =>
      attached(
        'location',
        { coordinates: { lat: place.lat, long: place.long } },
        o,
        `${place.lat}, ${place.long}`,
        place.title ? { title: place.title } : {},
      ),
    fallback: (title = 'Interflow', url = 'https://interflow.example/a', o = {}) =>
      message(
        { ...(url ? { text: url } : {}), attachments: [{ type: 'fallback', title, payload: url === null ? null : { url, title } }] },
        o,
        { type: 'fallback', text: `${title} ${url ?? ''}` },
      ),
    share: (o = {}) =>
      attached(
        o.legacy ? 'share' : instagram ? 'ig_post' : 'post',
        { url: o.url ?? cdn(), ...(o.legacy ? {} : { id: digits(17), title: 'Promoção da semana' }) },
        o,
        o.url ?? '',
      ),
    reel: (o = {}) =>
      attached(
        instagram ? 'ig_reel' : 'reel',
        { url: w.publish(samples.mp4, 'video/mp4', 'reel.mp4', 7 * day), reel_video_id: digits(17), title: 'Banho e tosa' },
        o,
        'reel',
      ),
    story: (o = {}) => attached('ig_story', { url: cdn(day), id: digits(17) }, o, 'story'),
    storyReply: (body, o = {}) =>
      inbound(
        w,
        person,
        o,
        'messages',
        {
          message: {
            mid: o.id ?? w.messageId('instagram'),
            text: body,
            reply_to: { story: { id: o.storyId ?? digits(17), url: cdn(day) } },
          },
        },
        { shown: { text: body } },
      ),
    storyMention: (o = {}) => attached('story_mention', { url: cdn(Math.min(day, 20 * hour)) }, o, '@'),
    quickReply: (title, payload, o = {}) => message({ text: title, quick_reply: { payload } }, o, { text: title }),
    postback: (title, payload, o = {}) =>
      inbound(
        w,
        person,
        o,
        'messaging_postbacks',
        {
          postback: {
            ...(o.withoutMid ? {} : { mid: o.id ?? w.messageId(person.product) }),
            title,
            payload,
            ...(o.referral === undefined ? {} : { referral: o.referral }),
          },
        },
        { shown: { text: title, type: 'postback' } },
      ),
    referral: (referral, o = {}) =>
      inbound(
        w,
        person,
        o,
        instagram ? 'messaging_referral' : 'messaging_referrals',
        { referral: referral ?? { ref: 'vitrine', source: 'SHORTLINK', type: 'OPEN_THREAD' } },
        { hidden: true },
      ),
    fromAd: (body, referral, o = {}) =>
      message(
        { text: body },
        {
          ...o,
          referral: referral ?? {
            ref: 'campanha-1',
            source: 'ADS',
            type: 'OPEN_THREAD',
            ad_id: digits(17),
            ads_context_data: { ad_title: 'Banho e tosa', photo_url: cdn(), post_id: digits(15) },
          },
        },
        { text: body },
      ),
    reaction: (mid, emoji = '❤️', o = {}) => {
      const m = w.byId.get(mid);
      if (m) {
        m.reactions = [...m.reactions.filter((x) => x.by !== 'customer'), { by: 'customer', emoji }];
        w.changed(m);
      }
      return inbound(
        w,
        person,
        o,
        'message_reactions',
        { reaction: { mid, action: 'react', reaction: o.name ?? (emoji === '❤️' ? 'love' : 'other'), emoji } },
        { hidden: true },
      );
    },
    reactionRemoved: (mid, o = {}) => {
      const m = w.byId.get(mid);
      if (m) {
        m.reactions = m.reactions.filter((x) => x.by !== 'customer');
        w.changed(m);
      }
      return inbound(w, person, o, 'message_reactions', { reaction: { mid, action: 'unreact' } }, { hidden: true });
    },
    edit: (mid, body, o = {}) => {
      const m = w.byId.get(mid);
      if (m) {
        Object.assign(m, { text: body, edited: true });
        w.changed(m);
      }
      return inbound(
        w,
        person,
        o,
        instagram ? 'message_edit' : 'message_edits',
        { message_edit: { mid, text: body, num_edit: o.count ?? 1 } },
        { hidden: true },
      );
    },
    unsend: (mid, o = {}) => {
      const m = w.byId.get(mid);
      if (m) {
        m.deleted = true;
        w.changed(m);
      }
      return inbound(w, person, o, 'messages', { message: { mid, is_deleted: true } }, { hidden: true, opens: false });
    },
    unsupported: (o = {}) => message({ is_unsupported: true }, o, { type: 'unsupported' }),
    optin: (optin, o = {}) =>
      inbound(
        w,
        person,
        o,
        'messaging_optins',
        { optin: optin ?? { type: 'notification_messages', notification_messages_token: digits(30), payload: 'news', title: 'Novidades' } },
        { hidden: true },
      ),
    comment: async (body, o = {}) => {
      const account = accountOf(w, person, o);
      const id = o.id ?? digits(17);
      w.comments.set(id, { id, account: account.id, person: person.key, at: w.now(), replied: false });
      const kept = w.addMessage({
        id,
        product: person.product,
        direction: 'in',
        account: account.id,
        person: person.key,
        type: 'comment',
        text: body,
        state: 'delivered',
      });
      const value = {
        from: { id: person.id, username: person.username ?? person.name.toLowerCase().replace(/\W+/g, '.') },
        media: { id: digits(17), media_product_type: 'FEED' },
        id,
        ...(o.parentId === undefined ? {} : { parent_id: o.parentId }),
        text: body,
      };
      await w.sender?.emit({
        ...addressOf(w, kept),
        field: instagram ? 'comments' : 'feed',
        kind: o.flat ? 'bare' : 'change',
        value: instagram ? value : { ...value, item: 'comment', verb: 'add', comment_id: id, post_id: digits(15), message: body },
      });
      return { id, message: kept };
    },
    template: (elements = [{ title: 'Ração 15 kg', subtitle: 'R$ 189,90', image_url: cdn(), buttons: [] }], o = {}) =>
      attached('template', { product: { elements } }, o, elements.map((e) => e.title).join('\n')),
    anything: (item, o = {}) => inbound(w, person, o, o.field ?? 'messages', item, { hidden: !item.message }),
  };
}

/** @param {World} w @param {Person} person @returns {PageCustomer} */
export function pageCustomer(w, person) {
  const sends = sendsOf(w, person);
  const base = customerBase(w, person, {
    arrive: (m) => arrive(w, m, person),
    async reads(list) {
      const last = list[list.length - 1];
      if (last) await seen(w, last, person);
    },
    tap(m, b) {
      const o = { to: accountOf(w, person, { to: /** @type {Page} */ ({ id: m.account }) }) };
      return b.kind === 'quick_reply'
        ? sends.quickReply(b.title, b.payload ?? b.title, o)
        : sends.postback(b.title, b.payload ?? b.title, o);
    },
  });
  return Object.assign(Object.create(null, Object.getOwnPropertyDescriptors(base)), {
    sends,
    async plays() {
      throw new Error('only WhatsApp tells that a voice message was played');
    },
  });
}

/** The owner, or another app, wrote to the customer. @param {World} w @param {Person} person @param {string | Json} content @param {{ account?: { id: string }, appId?: string, metadata?: string }} o @returns {Promise<Sent>} */
export async function elsewhere(w, person, content, o) {
  const account = accountOf(w, person, o.account ? { to: /** @type {Page} */ (o.account) } : {});
  const body = typeof content === 'string' ? { text: content } : content;
  const m = w.addMessage({
    product: person.product,
    direction: 'out',
    account: account.id,
    person: person.key,
    type: 'text',
    text: body.text ?? '',
    state: 'delivered',
    raw: body,
  });
  // The inbox of the page has an app id of its own; Instagram's own app writes none.
  await echo(
    w,
    { account },
    person,
    m,
    { ...body, ...(o.metadata ? { metadata: o.metadata } : {}) },
    o.appId ?? (person.product === 'messenger' ? '26390203743090' : undefined),
  );
  return { id: m.id, message: m };
}

/** @param {World} w @param {Person} person @param {'pass' | 'take' | 'request' | 'standby'} what @param {Json} extra */
export async function handover(w, person, what, extra) {
  const account = accountOf(w, person, {});
  const instagram = w.instagrams.has(account.id);
  const at = w.now();
  const base = { sender: { id: person.id }, recipient: { id: account.id }, timestamp: at };
  const app = w.firstApp().id;
  const items = {
    pass: { pass_thread_control: { previous_owner_app_id: '263902037430900', new_owner_app_id: app, metadata: '' } },
    take: { take_thread_control: { previous_owner_app_id: app, new_owner_app_id: '263902037430900', metadata: '' } },
    request: { request_thread_control: { requested_owner_app_id: '263902037430900', metadata: '' } },
    standby: { message: { mid: w.messageId(person.product), text: 'Oi' } },
  };
  const probe = /** @type {Message} */ ({ account: account.id });
  await w.sender?.emit({
    ...addressOf(w, probe),
    kind: what === 'standby' ? 'standby' : 'messaging',
    field: what === 'standby' ? 'standby' : instagram ? 'messaging_handover' : 'messaging_handovers',
    value: { ...base, ...items[what], ...extra },
    at,
  });
}
