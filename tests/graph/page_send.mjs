/* The Send API of pages and Instagram accounts: windows and tags, attachments by address, id or upload, sender actions,
   replies to comments, and what follows from a send: the echo, delivery and read events. */
import { day, second } from './clock.mjs';
import { GraphError, invalid, missing, noObject, refusal } from './errors.mjs';
import { mayReach, needToken } from './http.mjs';
import { bare, fetchLink, sniff } from './whatsapp_media.mjs';
import { checkPageMessage, deadTags, fileFault } from './page_rules.mjs';
import { digits } from './world.mjs';

/** @import { InstagramAccount, Json, Message, Page, Person } from './types.ts' */
/** @import { Req } from './http.mjs' */
/** @import { World } from './world.mjs' */

/** Where a send goes: the account whose customer it is, and by which of the two routes. @typedef {{ instagram: boolean, account: Page | InstagramAccount, byLogin: boolean }} Route */

/** The token may write for this account. @param {World} w @param {Req} r @param {Page | InstagramAccount} node @returns {{ byLogin: boolean }} */
export function mayWrite(w, r, node) {
  const token = needToken(w, r);
  if (w.instagrams.has(node.id)) {
    if (token.kind !== 'instagram') throw noObject(node.id, r.call.method.toLowerCase());
    if (token.igId !== node.id) throw noObject(node.id, r.call.method.toLowerCase());
    if (mayReach(token, 'instagram_business_manage_messages', node.id))
      throw refusal(10, undefined, { message: '(#10) Application does not have permission for this action' });
    return { byLogin: true };
  }
  if (token.kind !== 'page')
    throw refusal(210, undefined, { subcode: 2069032, message: '(#210) A page access token is required to request this resource.' });
  if (token.pageId !== node.id) throw noObject(node.id, r.call.method.toLowerCase());
  if (!token.scopes.includes('pages_messaging') && !token.scopes.includes('instagram_manage_messages'))
    throw refusal(200, undefined, { message: '(#200) Requires pages_messaging permission to manage the object' });
  return { byLogin: false };
}

/** @param {World} w @param {Page | InstagramAccount} node @param {Json} recipient @returns {Route} */
function routeOf(w, node, recipient) {
  if (w.instagrams.has(node.id)) return { instagram: true, account: node, byLogin: true };
  const page = /** @type {Page} */ (node);
  const ig = page.igId ? w.instagrams.get(page.igId) : undefined;
  const comment = recipient?.comment_id ? w.comments.get(String(recipient.comment_id)) : undefined;
  if (ig && (w.personByScopedId(String(recipient?.id ?? ''), ig.id) || comment?.account === ig.id))
    return { instagram: true, account: ig, byLogin: false };
  return { instagram: false, account: page, byLogin: false };
}

/** @param {boolean} instagram */
const outside = (instagram) =>
  refusal(10, undefined, {
    subcode: instagram ? 2534022 : 2018278,
    message:
      '(#10) This message is sent outside of allowed window. Learn more about the new policy here: https://developers.facebook.com/docs/messenger-platform/policy-overview',
  });

/** @param {World} w @param {Req} r @param {Route} route @returns {Person} */
function whom(w, r, route) {
  const recipient = r.args.recipient;
  if (recipient === undefined) throw missing('recipient');
  if (recipient === null || typeof recipient !== 'object') throw invalid('Param recipient must be a JSON object');
  if (recipient.comment_id !== undefined) {
    const c = w.comments.get(String(recipient.comment_id));
    if (!c || c.account !== route.account.id) throw noObject(String(recipient.comment_id), 'post');
    if (c.replied || w.now() - c.at > 7 * day)
      throw refusal(10, undefined, {
        subcode: route.instagram ? 2534022 : 2018278,
        message: '(#10) A comment takes one private reply, within 7 days',
      });
    const person = w.people.find((p) => p.key === c.person);
    if (!person) throw noObject(String(recipient.comment_id), 'post');
    return person;
  }
  const id = recipient.id ?? recipient.user_ref;
  if (typeof id !== 'string' || !/^\d+$/.test(id)) throw invalid('Param recipient[id] must be a string of digits');
  const person = w.personByScopedId(id, route.account.id);
  if (!person) throw invalid('No matching user found', 2018001);
  return person;
}

/** @param {World} w @param {Req} r @param {Route} route @param {Person} person */
function checkWindow(w, r, route, person) {
  const { messaging_type: type, tag, recipient } = r.args;
  if (!route.instagram && type === undefined) throw missing('messaging_type');
  if (type !== undefined && !['RESPONSE', 'UPDATE', 'MESSAGE_TAG'].includes(type))
    throw invalid('Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG}');
  if (type === 'MESSAGE_TAG' && tag === undefined) throw missing('tag');
  if (tag !== undefined && type !== 'MESSAGE_TAG' && !route.instagram) throw invalid('A tag needs messaging_type MESSAGE_TAG');
  if (tag !== undefined) {
    if (deadTags.includes(tag)) throw invalid(`Message tag ${tag} has been deprecated. Use utility message templates instead.`);
    if (!(route.instagram ? ['HUMAN_AGENT'] : ['HUMAN_AGENT', 'CUSTOMER_FEEDBACK']).includes(tag))
      throw invalid(`Param tag is not valid: "${tag}"`);
    const app = w.apps.get(r.call.token?.appId ?? '');
    if (tag === 'HUMAN_AGENT' && !app?.humanAgent)
      throw refusal(200, undefined, { message: '(#200) The Human Agent permission is needed to use the tag HUMAN_AGENT' });
    if (recipient.comment_id === undefined && !w.windowOpen(person, route.account.id, 7 * day)) throw outside(route.instagram);
    return;
  }
  if (recipient.comment_id === undefined && !w.windowOpen(person, route.account.id, day)) throw outside(route.instagram);
}

/** @param {World} w @param {Req} r @param {Route} route @param {Json} a @returns {Promise<{ bytes: Buffer, mime: string, name: string, attachmentId?: string | undefined }>} */
async function fileOf(w, r, route, a) {
  const { payload } = a;
  if (payload.attachment_id !== undefined) {
    const known = w.attachments.get(String(payload.attachment_id));
    if (!known || known.account !== route.account.id || known.expiresAt <= w.now()) throw invalid('Invalid attachment ID', 2018074);
    if (known.type !== a.type) throw invalid('The attachment is of another type', 2018074);
    return { bytes: known.bytes, mime: known.mime, name: known.name, attachmentId: known.id };
  }
  let bytes;
  let mime;
  let name = 'file';
  if (payload.url !== undefined) {
    const got = await fetchLink(w, String(payload.url), {
      max: 200 * 1024 * 1024,
      timeoutMs: (a.type === 'video' ? 75 : 10) * second,
      keepMs: 0,
    });
    if ('fault' in got) throw invalid(`Failed to fetch the file from the url: ${got.fault}`, 2018008);
    ({ bytes, type: mime } = got);
    name = decodeURIComponent(new URL(String(payload.url)).pathname.split('/').pop() || 'file');
  } else {
    if (route.instagram) throw invalid('Instagram takes attachments by url or attachment_id');
    const file = r.call.files.find((f) => f.field === 'filedata');
    if (!file) throw missing('filedata');
    ({ bytes, type: mime, name } = file);
  }
  const found = sniff(bytes);
  const real =
    found && bare(mime) !== found && a.type !== 'file' && !(found === 'video/mp4' && bare(mime).startsWith('audio/')) ? found : mime;
  const fault = fileFault(a.type, real, bytes, route.instagram, payload.url !== undefined);
  if (fault) throw invalid(fault.message, fault.subcode);
  const attachmentId = payload.is_reusable ? keepAttachment(w, route.account.id, a.type, bytes, mime, name) : undefined;
  return { bytes, mime, name, attachmentId };
}

/** @param {World} w @param {string} account @param {string} type @param {Buffer} bytes @param {string} mime @param {string} name */
function keepAttachment(w, account, type, bytes, mime, name) {
  const id = digits(16);
  w.attachments.set(id, { id, type, bytes, mime, account, name, expiresAt: w.now() + 90 * day });
  return id;
}

/** POST /{page}/message_attachments @param {World} w @param {Req} r @param {Page | InstagramAccount} node */
export async function uploadAttachment(w, r, node) {
  mayWrite(w, r, node);
  const a = r.args.message?.attachment;
  if (!a) throw missing('message');
  if (!['image', 'audio', 'video', 'file'].includes(a.type))
    throw invalid('Param message[attachment][type] must be one of {image, audio, video, file}');
  const instagram = w.instagrams.has(node.id) || r.args.platform === 'instagram';
  const account = instagram && !w.instagrams.has(node.id) ? w.instagrams.get(/** @type {Page} */ (node).igId ?? '') : node;
  if (!account) throw noObject(node.id, 'post');
  const file = await fileOf(w, r, { instagram, account, byLogin: false }, { type: a.type, payload: { ...a.payload, is_reusable: true } });
  return { attachment_id: file.attachmentId };
}

/** @param {World} w @param {Req} r @param {Route} route */
function rate(w, r, route) {
  const m = r.args.message;
  const heavy = ['audio', 'video'].includes(m?.attachment?.type);
  const most = heavy ? w.limits.pageMediaPerSecond : w.limits.pagePerSecond;
  if (!w.take(`send ${heavy} ${route.account.id}`, most, second))
    throw refusal(613, undefined, { message: '(#613) Calls to this api have exceeded the rate limit.' });
}

/** The attachment as an echo or a customer's phone shows it. @param {World} w @param {string} type @param {{ bytes: Buffer, mime: string, name: string }} f */
const shownFile = (w, type, f) => ({ type, payload: { url: w.publish(f.bytes, f.mime, f.name) } });

/** POST /{page or Instagram account}/messages @param {World} w @param {Req} r @param {Page | InstagramAccount} node */
export async function send(w, r, node) {
  const { byLogin } = mayWrite(w, r, node);
  const { args } = r;
  const route = { ...routeOf(w, node, args.recipient), byLogin };
  if (r.call.token && !byLogin && !r.call.token.scopes.includes(route.instagram ? 'instagram_manage_messages' : 'pages_messaging'))
    throw refusal(200, undefined, {
      message: `(#200) Requires ${route.instagram ? 'instagram_manage_messages' : 'pages_messaging'} permission to manage the object`,
    });
  for (const key of Object.keys(args))
    if (
      ![
        'recipient',
        'message',
        'messaging_type',
        'tag',
        'notification_type',
        'reply_to',
        'persona_id',
        'sender_action',
        'payload',
        'access_token',
        'appsecret_proof',
        'platform',
        'filedata',
      ].includes(key)
    )
      throw invalid(`Unexpected key "${key}" on the request`);
  if (!route.instagram && w.pages.get(node.id)?.restricted)
    throw refusal(10, undefined, { subcode: 1893063, message: '(#10) The page is temporarily restricted from sending messages.' });
  rate(w, r, route);
  if (args.sender_action !== undefined) return action(w, r, route);
  const person = whom(w, r, route);
  if (args.message === undefined) throw missing('message');
  const hasFile = r.call.files.some((f) => f.field === 'filedata');
  checkPageMessage(args.message, route.instagram, hasFile);
  if (args.notification_type !== undefined && !['REGULAR', 'SILENT_PUSH', 'NO_PUSH'].includes(args.notification_type))
    throw invalid('Param notification_type must be one of {REGULAR, SILENT_PUSH, NO_PUSH}');
  checkWindow(w, r, route, person);
  if (args.reply_to !== undefined && (typeof args.reply_to?.mid !== 'string' || w.byId.get(args.reply_to.mid)?.person !== person.key))
    throw invalid('Param reply_to[mid] is no message of this conversation');
  if (person.unavailable) throw refusal(551, undefined, { subcode: 1545041, message: "(#551) This person isn't available right now." });
  if (person.cannotReceive)
    throw refusal(10, undefined, {
      subcode: 2018108,
      message: '(#10) This Person Cannot Receive Messages: This person is not receiving messages from you right now.',
    });

  const m = args.message;
  const list = m.attachments ?? (m.attachment ? [m.attachment] : []);
  const files = [];
  for (const a of list)
    if (['image', 'audio', 'video', 'file'].includes(a.type)) files.push({ type: a.type, ...(await fileOf(w, r, route, a)) });
  if (r.failLater) throw new GraphError(r.failLater.code, undefined, {});
  const template = m.attachment?.type === 'template' ? m.attachment.payload : undefined;
  const comment = args.recipient.comment_id === undefined ? undefined : w.comments.get(String(args.recipient.comment_id));
  if (comment) comment.replied = true;
  const message = w.addMessage({
    product: route.instagram ? 'instagram' : 'messenger',
    direction: 'out',
    account: route.account.id,
    person: person.key,
    type: template ? 'template' : (list[0]?.type ?? 'text'),
    appId: r.call.token?.appId,
    text:
      m.text ??
      template?.text ??
      template?.elements?.map((/** @type {Json} */ e) => [e.title, e.subtitle].filter(Boolean).join('\n')).join('\n\n') ??
      (m.attachment?.type === 'like_heart' ? '❤️' : m.sticker_id ? '👍' : ''),
    buttons: [
      ...(m.quick_replies ?? []).map((/** @type {Json} */ q) => ({
        title: q.title ?? q.content_type,
        kind: 'quick_reply',
        payload: q.payload,
      })),
      ...(template?.buttons ?? template?.elements?.flatMap((/** @type {Json} */ e) => e.buttons ?? []) ?? []).map(
        (/** @type {Json} */ b) => ({ title: b.title, kind: b.type, payload: b.payload, url: b.url }),
      ),
    ],
    media: files.map((f) => ({ type: f.type, mime: f.mime, name: f.name, url: w.publish(f.bytes, f.mime, f.name, 365 * day) })),
    replyTo: args.reply_to?.mid,
    raw: args,
  });
  w.typing.delete(person.key);
  const attachments =
    m.attachments || files.length > 0
      ? files.map((f) => shownFile(w, f.type, f))
      : m.attachment
        ? [m.attachment.type === 'template' ? { type: 'template', payload: m.attachment.payload } : { type: m.attachment.type }]
        : undefined;
  const journey = async () => {
    await echo(
      w,
      route,
      person,
      message,
      {
        ...(m.text ? { text: m.text } : {}),
        ...(attachments ? { attachments } : {}),
        ...(m.metadata ? { metadata: m.metadata } : {}),
        ...(args.reply_to ? { reply_to: args.reply_to } : {}),
      },
      message.appId,
    );
    message.state = 'sent';
    w.changed(message);
    if (!person.offline) await arrive(w, message, person);
  };
  if (w.sender?.policy.statusBeforeAnswer) await journey();
  else setImmediate(() => void journey());
  const attachmentId = files[0]?.attachmentId;
  return { recipient_id: person.id, message_id: message.id, ...(attachmentId && !route.instagram ? { attachment_id: attachmentId } : {}) };
}

/** @param {World} w @param {Message} m @returns {Pick<import('./types.ts').WebhookEvent, 'object' | 'entryId' | 'account' | 'byLogin'>} */
export function addressOf(w, m) {
  const ig = w.instagrams.get(m.account);
  return { object: ig ? 'instagram' : 'page', entryId: m.account, account: m.account, byLogin: ig ? ig.subscribed.size > 0 : false };
}

/** @param {World} w @param {{ account: Page | InstagramAccount }} route @param {Person} person @param {Message} m @param {Json} content @param {string | undefined} appId */
export async function echo(w, route, person, m, content, appId) {
  const ig = w.instagrams.has(route.account.id);
  const bare = ig && w.quirks.instagramEchoBare;
  const { metadata, ...rest } = content;
  await w.sender?.emit({
    ...addressOf(w, m),
    field: ig ? 'messages' : 'message_echoes',
    at: m.at,
    value: {
      sender: { id: route.account.id },
      recipient: { id: person.id },
      timestamp: m.at,
      message: {
        mid: m.id,
        is_echo: true,
        ...(appId === undefined || bare ? {} : { app_id: Number(appId) }),
        ...(metadata === undefined || bare ? {} : { metadata }),
        ...rest,
      },
    },
  });
}

/** @param {World} w @param {Message} m @param {Person} person */
export async function arrive(w, m, person) {
  if (m.state !== 'sent' && m.state !== 'accepted') return;
  m.state = 'delivered';
  w.changed(m);
  if (m.product === 'messenger')
    await w.sender?.emit({
      ...addressOf(w, m),
      field: 'message_deliveries',
      value: { sender: { id: person.id }, recipient: { id: m.account }, timestamp: w.now(), delivery: { mids: [m.id], watermark: m.at } },
    });
  if (person.readsAtOnce) await seen(w, m, person);
}

/** @param {World} w @param {Message} m @param {Person} person */
export async function seen(w, m, person) {
  for (const other of w.messages)
    if (other.person === person.key && other.direction === 'out' && other.at <= m.at && other.state !== 'failed') {
      other.state = 'read';
      w.changed(other);
    }
  const instagram = m.product === 'instagram';
  await w.sender?.emit({
    ...addressOf(w, m),
    field: instagram ? 'messaging_seen' : 'message_reads',
    value: {
      sender: { id: person.id },
      recipient: { id: m.account },
      timestamp: w.now(),
      read: instagram ? { mid: m.id } : { watermark: m.at },
    },
  });
}

/** @param {World} w @param {Req} r @param {Route} route */
function action(w, r, route) {
  const { args } = r;
  const name = args.sender_action;
  if (!['typing_on', 'typing_off', 'mark_seen', 'react', 'unreact'].includes(name))
    throw invalid('Param sender_action must be one of {typing_on, typing_off, mark_seen, react, unreact}');
  if (args.message !== undefined) throw invalid('A sender action takes no message');
  const person = whom(w, r, route);
  if (!w.windowOpen(person, route.account.id, day)) throw outside(route.instagram);
  if (name === 'react' || name === 'unreact') {
    const m = w.byId.get(String(args.payload?.message_id ?? ''));
    if (!m || m.person !== person.key) throw invalid('Param payload[message_id] is no message of this conversation');
    if (name === 'react' && (typeof args.payload.reaction !== 'string' || args.payload.reaction === '')) throw missing('payload[reaction]');
    m.reactions = m.reactions.filter((x) => x.by !== 'business');
    if (name === 'react') m.reactions.push({ by: 'business', emoji: args.payload.reaction === 'love' ? '❤️' : args.payload.reaction });
    w.changed(m);
  } else if (name === 'mark_seen') {
    for (const m of w.messages)
      if (m.person === person.key && m.direction === 'in') {
        m.state = 'read';
        w.changed(m);
      }
  } else {
    if (name === 'typing_on') w.typing.set(person.key, { account: route.account.id, until: w.now() + 20 * second });
    else w.typing.delete(person.key);
    const last = w.messages.filter((m) => m.person === person.key).pop();
    if (last) w.changed(last);
  }
  return { recipient_id: person.id };
}
