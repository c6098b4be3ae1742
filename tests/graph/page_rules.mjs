/* What Messenger and Instagram take and refuse in a message: no published schema exists, so these are the rules of the
   platform's pages by hand. Instagram counts bytes; Messenger counts characters. */
import { invalid, missing } from './errors.mjs';

/** @import { Json } from './types.ts' */

export const deadTags = ['CONFIRMED_EVENT_UPDATE', 'ACCOUNT_UPDATE', 'POST_PURCHASE_UPDATE'];
const length = (/** @type {string} */ s) => [...s].length;
const isObject = (/** @type {Json} */ v) => v !== null && typeof v === 'object' && !Array.isArray(v);

/** @param {string} name @param {Json} value @param {number} below */
function shorter(name, value, below) {
  if (typeof value !== 'string') throw invalid(`Param ${name} must be a string`);
  if (length(value) >= below) throw invalid(`Length of param ${name} must be less than ${below}`);
}
/** @param {string} name @param {Json} value @param {number} max */
function atMost(name, value, max) {
  if (typeof value !== 'string' || value === '') throw invalid(`Param ${name} must be a non-empty string`);
  if (length(value) > max) throw invalid(`Length of param ${name} must be less than or equal to ${max}`);
}

/** @param {Json} list */
function quickReplies(list) {
  if (!Array.isArray(list) || list.length === 0) throw invalid('Param message[quick_replies] must be a non-empty array');
  if (list.length > 13) throw invalid('Param message[quick_replies] has too many elements, at most 13');
  for (const q of list) {
    if (!['text', 'user_phone_number', 'user_email'].includes(q?.content_type))
      throw invalid('Param message[quick_replies][content_type] must be one of {text, user_phone_number, user_email}');
    if (q.content_type !== 'text') continue;
    atMost('message[quick_replies][title]', q.title, 20);
    atMost('message[quick_replies][payload]', q.payload, 1000);
  }
}

/** @param {Json} list @param {string} where */
function buttons(list, where) {
  if (!Array.isArray(list) || list.length < 1 || list.length > 3) throw invalid(`Param ${where}[buttons] must have 1 to 3 elements`);
  for (const b of list) {
    if (!['web_url', 'postback', 'phone_number'].includes(b?.type))
      throw invalid(`Param ${where}[buttons][type] must be one of {web_url, postback, phone_number}`);
    atMost(`${where}[buttons][title]`, b.title, 20);
    if (b.type === 'web_url' && !/^https?:\/\/\S+$/.test(String(b.url ?? '')))
      throw invalid(`Param ${where}[buttons][url] should represent a valid URL`);
    if (b.type === 'postback') atMost(`${where}[buttons][payload]`, b.payload, 1000);
    if (b.type === 'phone_number' && !/^\+\d{5,20}$/.test(String(b.payload ?? '')))
      throw invalid(`Param ${where}[buttons][payload] must be a phone number with +`);
  }
}

/** @param {Json} p @param {boolean} instagram */
function template(p, instagram) {
  const where = 'message[attachment][payload]';
  if (p.template_type === 'button' && !instagram) {
    atMost(`${where}[text]`, p.text, 640);
    buttons(p.buttons, where);
  } else if (p.template_type === 'generic') {
    if (!Array.isArray(p.elements) || p.elements.length < 1 || p.elements.length > 10)
      throw invalid(`Param ${where}[elements] must have 1 to 10 elements`);
    for (const e of p.elements) {
      atMost(`${where}[elements][title]`, e?.title, 80);
      if (e.subtitle !== undefined) atMost(`${where}[elements][subtitle]`, e.subtitle, 80);
      if (e.subtitle === undefined && e.image_url === undefined && e.buttons === undefined && e.default_action === undefined)
        throw invalid(`Param ${where}[elements] needs more than a title`);
      if (e.buttons !== undefined) buttons(e.buttons, `${where}[elements]`);
    }
  } else if (p.template_type === 'media' && !instagram) {
    if (!Array.isArray(p.elements) || p.elements.length !== 1) throw invalid(`Param ${where}[elements] must have one element`);
  } else throw invalid(`Param ${where}[template_type] is not valid here: "${p.template_type ?? ''}"`);
}

/** @param {Json} a @param {boolean} instagram @param {boolean} hasFile */
function attachment(a, instagram, hasFile) {
  if (!isObject(a)) throw invalid('Param message[attachment] must be a JSON object');
  const types = instagram
    ? ['image', 'audio', 'video', 'file', 'template', 'like_heart', 'MEDIA_SHARE']
    : ['image', 'audio', 'video', 'file', 'template'];
  if (!types.includes(a.type)) throw invalid(`Param message[attachment][type] must be one of {${types.join(', ')}}`);
  if (a.type === 'like_heart') return;
  if (!isObject(a.payload)) throw missing('message[attachment][payload]');
  if (a.type === 'template') return template(a.payload, instagram);
  if (a.type === 'MEDIA_SHARE') {
    if (!a.payload.id) throw missing('message[attachment][payload][id]');
    return;
  }
  const given = [a.payload.url, a.payload.attachment_id, hasFile ? 'file' : undefined].filter((x) => x !== undefined);
  if (given.length !== 1) throw invalid('An attachment has exactly one of url, attachment_id and a file', 2018074);
  if (a.payload.url !== undefined && !/^https?:\/\/[^\s/]+/.test(String(a.payload.url)))
    throw invalid('Param message[attachment][payload][url] should represent a valid URL', 2018008);
}

/** @param {Json} m @param {boolean} instagram @param {boolean} hasFile */
export function checkPageMessage(m, instagram, hasFile) {
  if (!isObject(m)) throw invalid('Param message must be a JSON object');
  const known = instagram
    ? ['text', 'attachment', 'attachments', 'quick_replies', 'metadata', 'sticker_id']
    : ['text', 'attachment', 'attachments', 'quick_replies', 'metadata', 'sticker_id'];
  for (const key of Object.keys(m)) if (!known.includes(key)) throw invalid(`Unexpected key "${key}" on param "message"`);
  const parts = [m.text, m.attachment, m.attachments, m.sticker_id].filter((x) => x !== undefined && x !== '');
  if (parts.length === 0) throw invalid('Message cannot be empty, must provide valid attachment or text');
  if (parts.length > 1) throw invalid('Message must have exactly one of text and attachment');
  if (m.text !== undefined && m.text !== '') {
    if (typeof m.text !== 'string' || m.text.trim() === '') throw invalid('Message cannot be empty, must provide valid attachment or text');
    if (instagram && Buffer.byteLength(m.text) > 1000)
      throw invalid('Length of param message[text] must be less than or equal to 1000 bytes', 2534038);
    if (!instagram) shorter('message[text]', m.text, 2000);
  }
  if (m.metadata !== undefined) shorter('message[metadata]', m.metadata, 1000);
  if (m.quick_replies !== undefined) quickReplies(m.quick_replies);
  if (m.attachment !== undefined) attachment(m.attachment, instagram, hasFile);
  if (m.attachments !== undefined) {
    if (!instagram) throw invalid('Unexpected key "attachments" on param "message"');
    if (!Array.isArray(m.attachments) || m.attachments.length < 1 || m.attachments.length > 10)
      throw invalid('Param message[attachments] must have 1 to 10 elements');
    for (const a of m.attachments) {
      if (a?.type !== 'image') throw invalid('Param message[attachments] takes images only');
      attachment(a, instagram, false);
    }
  }
  if (m.sticker_id !== undefined && instagram) throw invalid('Unexpected key "sticker_id" on param "message"');
}

const mb = 1024 * 1024;
/** kind → types and bytes */
const messengerKinds = /** @type {Record<string, { types: RegExp, max: number }>} */ ({
  image: { types: /^image\/(png|jpe?g|gif)$/, max: 25 * mb },
  audio: { types: /^audio\//, max: 25 * mb },
  video: { types: /^video\//, max: 25 * mb },
  file: { types: /./, max: 25 * mb },
});
const instagramKinds = /** @type {Record<string, { types: RegExp, max: number }>} */ ({
  image: { types: /^image\/(png|jpe?g)$/, max: 8 * mb },
  audio: { types: /^(audio\/(aac|mp4|m4a|x-m4a|wav|x-wav|wave)|video\/mp4)$/, max: 25 * mb },
  video: { types: /^(video\/(mp4|ogg|avi|x-msvideo|msvideo|quicktime|webm))$/, max: 25 * mb },
  file: { types: /^application\/pdf$/, max: 25 * mb },
});

/** Why a file cannot be sent. @param {string} kind @param {string} mime @param {Buffer} bytes @param {boolean} instagram @param {boolean} byUrl */
export function fileFault(kind, mime, bytes, instagram, byUrl) {
  const rule = (instagram ? instagramKinds : messengerKinds)[kind];
  if (!rule) return undefined;
  const plain = (mime.split(';')[0] ?? '').trim().toLowerCase();
  const max = byUrl && kind === 'image' ? 8 * mb : rule.max;
  if (bytes.length === 0) return { message: 'Upload attachment failure: the file is empty.', subcode: 2018047 };
  if (bytes.length > max) return { message: `Upload attachment failure: the file is too large, at most ${max / mb} MB.`, subcode: 2018047 };
  if (!rule.types.test(plain))
    return {
      message: `Upload attachment failure: ${plain} is no ${kind} that can be sent. A common way to trigger this error is a provided media type that does not match the type of the file.`,
      subcode: 2018047,
    };
  return undefined;
}
