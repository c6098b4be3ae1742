/* POST /{phone}/messages: who may send, what is refused at once, what is accepted and fails later, how a message travels
   (accepted, sent, delivered, read) and which statuses tell so; read marks and typing. */
import { createHash } from 'node:crypto';
import { day, second } from './clock.mjs';
import { asWebhookError, noObject, refusal } from './errors.mjs';
import { mayReach, needToken } from './http.mjs';
import { digitsOf } from './numbers.mjs';
import { checkMessage } from './whatsapp_rules.mjs';
import { outboundMedium } from './whatsapp_media.mjs';
import { hydrate } from './whatsapp_templates.mjs';

/** @import { Json, Message, Person, Phone } from './types.ts' */
/** @import { Req } from './http.mjs' */
/** @import { World } from './world.mjs' */

/** The token may use this number. @param {World} w @param {Req} r @param {Phone} phone @param {string} scope */
export function mayUse(w, r, phone, scope) {
  const token = needToken(w, r);
  const why = mayReach(token, scope, phone.wabaId);
  if (why === 'target') throw noObject(phone.id, r.call.method.toLowerCase());
  if (why)
    throw scope === 'whatsapp_business_messaging'
      ? refusal(131005, 'Access denied: permission is either not granted or has been removed.')
      : refusal(10, undefined, { message: '(#10) Application does not have permission for this action' });
  return token;
}

/** @param {World} w @param {Json} body @returns {{ person: Person | undefined, contact: Json, key: string }} */
function recipient(w, body) {
  if (body.to !== undefined) {
    const person = w.personByNumber(body.to);
    const waId = person?.waId ?? digitsOf(body.to);
    return { person, contact: { input: body.to, wa_id: waId }, key: waId };
  }
  const person = w.personByUserId(body.recipient);
  return { person, contact: { input: body.recipient, user_id: body.recipient }, key: body.recipient };
}

/** One per six seconds to one person, with 45 borrowed from the future. @param {World} w @param {Phone} phone @param {string} key */
function pairRate(w, phone, key) {
  if (!w.limits.pair) return;
  const now = w.now();
  const due = Math.max(phone.pairs.get(key) ?? 0, now);
  if (due - now > (w.limits.pairBurst - 1) * w.limits.pairMs)
    throw refusal(
      131056,
      'Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time.',
    );
  phone.pairs.set(key, due + w.limits.pairMs);
}

/** @param {World} w @param {Phone} phone */
export function throughput(w, phone) {
  const now = w.now();
  phone.recent = phone.recent.filter((t) => now - t < second);
  phone.recent.push(now);
  return !w.limits.throughput || phone.recent.length <= phone.perSecond;
}

/** The statuses' value around one status. @param {Phone} phone @param {Json} status @param {Json} [contact] */
const statusValue = (phone, status, contact) => ({
  messaging_product: 'whatsapp',
  metadata: { display_phone_number: phone.display.replace(/\D/g, ''), phone_number_id: phone.id },
  ...(contact ? { contacts: [contact] } : {}),
  statuses: [status],
});

/** @param {World} w @param {Message} m @param {string} status @param {Json} [extra] */
export async function emitStatus(w, m, status, extra = {}) {
  const phone = w.phones.get(m.account);
  if (!phone) return;
  const person = w.people.find((p) => p.key === m.person);
  const priced = status === 'sent' || status === 'delivered';
  await w.sender?.emit({
    object: 'whatsapp_business_account',
    entryId: phone.wabaId,
    field: 'messages',
    value: statusValue(
      phone,
      {
        id: m.id,
        status,
        timestamp: String(Math.floor(w.now() / 1000)),
        ...(person?.hidden || (person && !person.waId) ? {} : { recipient_id: person?.waId ?? digitsOf(String(m.raw?.to ?? '')) }),
        ...(person?.userId ? { recipient_user_id: person.userId } : {}),
        ...(m.callback === undefined ? {} : { biz_opaque_callback_data: m.callback }),
        ...(priced
          ? {
              pricing: {
                billable: m.category !== undefined,
                pricing_model: 'PMP',
                type: m.category === undefined ? 'free_customer_service' : 'regular',
                category: (m.category ?? 'service').toLowerCase(),
              },
            }
          : {}),
        ...(w.sender?.policy.conversation && priced
          ? {
              conversation: {
                id: createHash('md5').update(m.id).digest('hex'),
                ...(status === 'sent' ? { expiration_timestamp: String(Math.floor((w.now() + day) / 1000)) } : {}),
                origin: { type: (m.category ?? 'service').toLowerCase() },
              },
            }
          : {}),
        ...extra,
      },
      status === 'failed' || !person ? undefined : contactOf(person),
    ),
  });
}

/** The entry of contacts[]. @param {Person} p @param {boolean} [withoutPhone] */
export const contactOf = (p, withoutPhone = p.hidden) => ({
  profile: { name: p.name, ...(p.username ? { username: p.username } : {}) },
  ...(withoutPhone || !p.waId ? {} : { wa_id: p.waId }),
  ...(p.userId ? { user_id: p.userId } : {}),
  ...(p.parentUserId ? { parent_user_id: p.parentUserId } : {}),
});

/** @param {World} w @param {Message} m @param {Json} error */
async function fail(w, m, error) {
  m.state = 'failed';
  m.error = { code: error.code, message: error.title };
  w.changed(m);
  await emitStatus(w, m, 'failed', { errors: [error] });
}

/** sent, then delivered when the phone is on, read when its owner looks at once. @param {World} w @param {Message} m */
export async function travel(w, m) {
  const person = w.people.find((p) => p.key === m.person);
  m.state = 'sent';
  w.changed(m);
  await emitStatus(w, m, 'sent');
  if (person && !person.offline) await arrive(w, m, person);
}

/** @param {World} w @param {Message} m @param {Person} person */
export async function arrive(w, m, person) {
  if (m.state !== 'sent') return;
  m.state = 'delivered';
  w.changed(m);
  if (!(person.readsAtOnce && w.sender?.policy.skipDelivered)) await emitStatus(w, m, 'delivered');
  if (!person.readsAtOnce) return;
  m.state = 'read';
  w.changed(m);
  await emitStatus(w, m, 'read');
}

/** What a person sees of a body that is no template. @param {Json} b @returns {Partial<Message>} */
export function shownOf(b) {
  const o = b[b.type];
  switch (b.type) {
    case 'text':
      return { text: o.body };
    case 'image':
    case 'video':
    case 'document':
      return { text: o.caption ?? '' };
    case 'location':
      return { text: [o.name, o.address, `${o.latitude}, ${o.longitude}`].filter(Boolean).join('\n') };
    case 'contacts':
      return {
        text: o
          .map((/** @type {Json} */ c) =>
            [c.name?.formatted_name, ...(c.phones ?? []).map((/** @type {Json} */ p) => p.phone)].filter(Boolean).join(' '),
          )
          .join('\n'),
      };
    case 'interactive':
      return {
        text: o.body?.text ?? '',
        header: o.header?.text,
        footer: o.footer?.text,
        buttons:
          o.type === 'button'
            ? o.action.buttons.map((/** @type {Json} */ x) => ({ title: x.reply.title, kind: 'reply', payload: x.reply.id }))
            : o.type === 'list'
              ? o.action.sections.flatMap((/** @type {Json} */ s) =>
                  s.rows.map((/** @type {Json} */ x) => ({ title: x.title, description: x.description, kind: 'row', payload: x.id })),
                )
              : o.type === 'cta_url'
                ? [{ title: o.action.parameters.display_text, kind: 'url', url: o.action.parameters.url }]
                : [{ title: o.type, kind: o.type }],
      };
    default:
      return {};
  }
}

/** POST /{phone}/messages @param {World} w @param {Req} r @param {Phone} phone */
export async function send(w, r, phone) {
  mayUse(w, r, phone, 'whatsapp_business_messaging');
  const body = r.call.body;
  if (body?.status !== undefined) return readMark(w, r, phone);
  const type = checkMessage(body);
  const waba = w.wabas.get(phone.wabaId);
  if (waba?.restricted) throw refusal(waba.restricted, undefined, { whatsapp: waba.restricted > 1000 });
  if (!phone.registered) throw refusal(133010, 'Account not registered');
  if (phone.nameStatus === 'DECLINED')
    throw refusal(131037, 'The display name of this phone number must be approved before messages can be sent.');
  if (body.to !== undefined && !String(body.to).trim().startsWith('+'))
    w.warn(r.call, 'to without +: the platform may put the country code of the business in front');
  if (body.to !== undefined && digitsOf(body.to) === phone.digits) throw refusal(131021, 'Recipient phone number cannot be the sender.');
  const { person, contact, key } = recipient(w, body);
  if (type === 'template' && body.to === undefined) {
    const t = w.templates.find((x) => x.wabaId === phone.wabaId && x.name === body.template.name && x.category === 'AUTHENTICATION');
    if (t) throw refusal(131062, 'Authentication templates need a phone number.');
  }
  const filled = type === 'template' ? hydrate(w, phone.wabaId, body.template) : undefined;
  const carried = filled?.medium
    ? { kind: filled.medium.kind, object: filled.medium.object }
    : ['image', 'video', 'document', 'audio', 'sticker'].includes(type)
      ? { kind: type, object: body[type] }
      : type === 'interactive' && body.interactive.header && body.interactive.header.type !== 'text'
        ? { kind: body.interactive.header.type, object: body.interactive.header[body.interactive.header.type] }
        : undefined;
  const medium = carried ? await outboundMedium(w, phone, carried.kind, carried.object) : undefined;
  pairRate(w, phone, key);
  if (!throughput(w, phone))
    throw refusal(
      130429,
      'Message failed to send because there were too many messages sent from this phone number in a short period of time.',
    );

  const open = person && w.windowOpen(person, phone.id, day);
  const quoted = type === 'reaction' ? w.byId.get(body.reaction.message_id) : undefined;
  const failure =
    r.failLater ??
    (!person || !person.onWhatsApp
      ? asWebhookError(131026, 'Message Undeliverable.')
      : filled && filled.template.category === 'MARKETING' && person.stoppedMarketing
        ? asWebhookError(131050)
        : !filled && !open
          ? asWebhookError(
              131047,
              'Message failed to send because more than 24 hours have passed since the customer last replied to this number.',
            )
          : medium && 'fault' in medium
            ? asWebhookError(131053, medium.fault)
            : type === 'reaction' && (!quoted || quoted.account !== phone.id)
              ? asWebhookError(131009, 'The message to react to was not found.')
              : undefined);
  if (failure && !r.failLater && failure.code !== 131009 && !w.later.has(failure.code))
    throw refusal(failure.code, failure.error_data.details);

  if (body.context && !w.byId.has(body.context.message_id)) w.warn(r.call, 'the quoted message is unknown: it is sent without the quote');
  const message =
    type === 'reaction'
      ? reactionMessage(w, phone, body, person)
      : w.addMessage({
          product: 'whatsapp',
          direction: 'out',
          account: phone.id,
          person: person?.key ?? key,
          type,
          raw: body,
          callback: body.biz_opaque_callback_data,
          replyTo: body.context?.message_id,
          appId: r.call.token?.appId,
          ...shownOf(body),
          ...(filled
            ? {
                text: filled.body,
                header: filled.header,
                footer: filled.footer,
                buttons: filled.buttons,
                category: filled.template.category,
              }
            : {}),
          ...(medium && 'bytes' in medium
            ? {
                media: [
                  {
                    type: carried?.kind ?? type,
                    mime: medium.type,
                    name: medium.name,
                    voice: body[type]?.voice,
                    url: w.publish(medium.bytes, medium.type, medium.name ?? carried?.kind ?? 'file', 365 * day),
                  },
                ],
              }
            : {}),
        });
  if (person) w.typing.delete(person.key);
  const journey = async () => {
    if (filled?.template.pacing) return;
    if (failure) await fail(w, message, failure);
    else {
      if (type === 'reaction' && quoted) react(w, quoted, 'business', body.reaction.emoji);
      await travel(w, message);
    }
  };
  if (w.sender?.policy.statusBeforeAnswer) await journey();
  else setImmediate(() => void journey());
  return {
    messaging_product: 'whatsapp',
    contacts: [contact],
    messages: [{ id: message.id, ...(type === 'template' ? { message_status: filled?.template.pacing ?? 'accepted' } : {}) }],
  };
}

/** A reaction has an id and statuses, but is no message of the thread. @param {World} w @param {Phone} phone @param {Json} body @param {Person | undefined} person */
function reactionMessage(w, phone, body, person) {
  const m = w.addMessage({
    product: 'whatsapp',
    direction: 'out',
    account: phone.id,
    person: person?.key ?? '',
    type: 'reaction',
    raw: body,
    text: body.reaction.emoji,
    callback: body.biz_opaque_callback_data,
  });
  return m;
}

/** @param {World} w @param {Message} m @param {'customer' | 'business'} by @param {string} emoji empty: taken back */
export function react(w, m, by, emoji) {
  m.reactions = m.reactions.filter((x) => x.by !== by);
  if (emoji) m.reactions.push({ by, emoji });
  w.changed(m);
}

/** Read mark, with or without typing. @param {World} w @param {Req} r @param {Phone} phone */
function readMark(w, r, phone) {
  const body = r.call.body;
  if (body.messaging_product !== 'whatsapp') throw refusal(100, 'The parameter messaging_product is required.');
  for (const key of Object.keys(body))
    if (!['messaging_product', 'status', 'message_id', 'typing_indicator'].includes(key))
      throw refusal(100, `Unexpected key "${key}" on param "body".`);
  if (body.status !== 'read') throw refusal(100, 'Param status must be one of {READ}.');
  if (typeof body.message_id !== 'string' || body.message_id === '') throw refusal(131008, 'Required parameter is missing: message_id');
  if (body.typing_indicator !== undefined && body.typing_indicator?.type !== 'text')
    throw refusal(100, "Param typing_indicator['type'] must be one of {TEXT}.");
  const m = w.byId.get(body.message_id);
  if (!m || m.account !== phone.id || m.direction !== 'in' || w.now() - m.at > 30 * day)
    throw refusal(131009, 'Parameter value is not valid: message_id');
  for (const other of w.messages)
    if (
      other.account === m.account &&
      other.person === m.person &&
      other.direction === 'in' &&
      other.at <= m.at &&
      other.state !== 'read'
    ) {
      other.state = 'read';
      w.changed(other);
    }
  if (body.typing_indicator) {
    w.typing.set(m.person, { account: phone.id, until: w.now() + 25 * second });
    w.changed(m);
  }
  return { success: true };
}
