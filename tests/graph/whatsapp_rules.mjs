/* What WhatsApp takes and refuses in the body of a message: the published schema, mended where it wrongly rejects, plus
   the rules that it misses. The rules by hand come first, because they name the field the way the platform does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { refusal } from './errors.mjs';
import { looksLikeNumber } from './numbers.mjs';

/** @import { Json } from './types.ts' */

const types = ['text', 'image', 'video', 'document', 'audio', 'sticker', 'location', 'contacts', 'reaction', 'interactive', 'template'];
const known = new Set(['messaging_product', 'recipient_type', 'to', 'recipient', 'type', 'context', 'biz_opaque_callback_data', ...types]);
/** Keys per object; what is not here is refused by name. */
const keys = /** @type {Record<string, string[]>} */ ({
  text: ['body', 'preview_url'],
  image: ['id', 'link', 'caption', 'provider'],
  video: ['id', 'link', 'caption', 'provider'],
  document: ['id', 'link', 'caption', 'filename', 'provider'],
  audio: ['id', 'link', 'voice', 'provider'],
  sticker: ['id', 'link', 'provider'],
  location: ['latitude', 'longitude', 'name', 'address'],
  reaction: ['message_id', 'emoji'],
});

const length = (/** @type {string} */ s) => [...s].length;
const isObject = (/** @type {Json} */ v) => v !== null && typeof v === 'object' && !Array.isArray(v);

const needed = (/** @type {string} */ name, /** @type {string} */ why = '') =>
  refusal(131008, `Required parameter is missing: ${name}${why && ` ${why}`}`);
const wrong = (/** @type {string} */ details) => refusal(131009, details);
const badParam = (/** @type {string} */ details) => refusal(100, details);

/** @param {string} name @param {Json} value @param {number} max */
function text(name, value, max) {
  if (value === undefined || value === null || value === '') throw needed(name);
  if (typeof value !== 'string') throw badParam(`Param ${name} must be a string.`);
  if (value.trim() === '') throw needed(name);
  if (length(value) > max) throw badParam(`Param ${name} must be at most ${max} characters long.`);
}
/** @param {string} name @param {Json} value @param {number} max */
function maybeText(name, value, max) {
  if (value !== undefined) text(name, value, max);
}

const schema = JSON.parse(readFileSync(join(import.meta.dirname, 'whatsapp-cloud-api.schema.json'), 'utf8'));

/** The published schema does not know these, the pages of the platform do. @param {Json} defs */
function mend(defs) {
  const base = defs.BaseMessageProperties;
  base.properties.messaging_product = { const: 'whatsapp' };
  base.properties.recipient = { type: 'string' };
  base.properties.biz_opaque_callback_data = { type: 'string' };
  base.required = ['messaging_product', 'type'];
  base.anyOf = [{ required: ['to'] }, { required: ['recipient'] }];
  defs.BodyObject.properties.text.maxLength = 4096;
  const named = defs.ActionObject.oneOf[defs.ActionObject.oneOf.length - 1];
  named.properties.name.enum = ['cta_url', 'review_and_pay', 'review_order', 'address_message'];
  defs.ActionObject.oneOf.push({ required: ['name'], properties: { name: { enum: ['send_location', 'request_contact_info'] } } });
  return defs;
}

const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true });
ajv.addFormat('url', /^https?:\/\/\S+$/);
ajv.addFormat('uri', /^[a-z][a-z0-9+.-]*:\S+$/i);
ajv.addFormat('email', /^[^\s@]+@[^\s@]+\.[^\s@]+$/);
ajv.addFormat('date', /^\d{4}-\d\d-\d\d$/);
ajv.addSchema({ $id: 'graph', $defs: mend(schema.$defs) });
const validators = Object.fromEntries(
  types.map((type) => [type, ajv.compile({ $ref: `graph#/$defs/${type[0]?.toUpperCase()}${type.slice(1)}Message` })]),
);
const validateTemplate = ajv.compile({ $ref: 'graph#/$defs/create_template_body' });

/** @param {import('ajv').ValidateFunction} validate @param {Json} body */
function bySchema(validate, body) {
  if (validate(body)) return;
  const e =
    validate.errors?.find((x) => x.keyword === 'unevaluatedProperties' || x.keyword === 'additionalProperties') ?? validate.errors?.[0];
  const extra = e?.params?.['unevaluatedProperty'] ?? e?.params?.['additionalProperty'];
  throw badParam(
    extra
      ? `Unexpected key "${extra}" on param "${e?.instancePath.slice(1).replace(/\//g, '.')}".`
      : `Param ${e?.instancePath.slice(1).replace(/\//g, '.') || 'body'} ${e?.message}.`,
  );
}

/** @param {Json} body */
export const checkTemplateSchema = (body) => bySchema(validateTemplate, body);

/** @param {string} type @param {Json} o id xor link */
function media(type, o) {
  if (!isObject(o)) throw badParam(`Param ${type} must be a JSON object.`);
  if (o.id === undefined && o.link === undefined) throw needed(`${type}.id or ${type}.link`);
  if (o.id !== undefined && o.link !== undefined) throw badParam(`Param ${type} must have exactly one of "id" and "link".`);
  if (o.id !== undefined && (typeof o.id !== 'string' || !/^\d+$/.test(o.id)))
    throw badParam(`Param ${type}['id'] is not a valid whatsapp business account media attachment ID`);
  if (o.link !== undefined && (typeof o.link !== 'string' || !/^https?:\/\/[^\s/]+/.test(o.link)))
    throw badParam(`Param ${type}['link'] must be a valid URI.`);
  for (const key of Object.keys(o))
    if (keys[type] && !keys[type].includes(key)) throw badParam(`Unexpected key "${key}" on param "${type}".`);
  maybeText(`${type}['caption']`, o.caption === '' ? undefined : o.caption, 1024);
  maybeText(`${type}['filename']`, o.filename, 240);
  if (o.voice !== undefined && typeof o.voice !== 'boolean') throw badParam(`Param ${type}['voice'] must be a boolean.`);
}

/** @param {string} name @param {Json} n @param {number} bound */
function degrees(name, n, bound) {
  if (n === undefined) throw needed(`location.${name}`);
  const value = Number(n);
  if ((typeof n !== 'number' && typeof n !== 'string') || n === '' || !Number.isFinite(value) || Math.abs(value) > bound)
    throw wrong(`location.${name} must be a number between -${bound} and ${bound}`);
}

/** @param {Json} i */
function interactive(i) {
  if (!isObject(i)) throw badParam('Param interactive must be a JSON object.');
  const all = [
    'button',
    'list',
    'cta_url',
    'location_request_message',
    'flow',
    'product',
    'product_list',
    'catalog_message',
    'request_contact_info',
    'address_message',
    'call_permission_request',
  ];
  if (!i.type) throw needed('interactive.type');
  if (!all.includes(i.type)) throw badParam(`Param interactive['type'] must be one of {${all.join(', ')}} - got "${i.type}".`);
  if (!isObject(i.action)) throw needed('interactive.action');
  const bodyOptional = ['product', 'call_permission_request'].includes(i.type);
  if (i.body === undefined && !bodyOptional) throw needed('interactive.body');
  if (i.body !== undefined) {
    const max = i.type === 'list' ? 4096 : 1024;
    if (!isObject(i.body) || typeof i.body.text !== 'string' || i.body.text.trim() === '') throw needed('interactive.body.text');
    if (length(i.body.text) > max) throw wrong(`Body text length invalid. Min length: 1, Max length: ${max}`);
  }
  if (i.footer !== undefined && (typeof i.footer?.text !== 'string' || i.footer.text === '' || length(i.footer.text) > 60))
    throw wrong('Footer text length invalid. Min length: 1, Max length: 60');
  if (i.header !== undefined) header(i);
  if (i.type === 'button') buttons(i.action);
  if (i.type === 'list') list(i.action);
  if (i.type === 'cta_url') ctaUrl(i.action);
  if (i.type === 'location_request_message' && i.action.name !== 'send_location') throw wrong('action.name must be "send_location"');
  if (i.type === 'request_contact_info' && i.action.name !== 'request_contact_info')
    throw wrong('action.name must be "request_contact_info"');
  if (i.type === 'flow' && i.action.name !== 'flow') throw wrong('action.name must be "flow"');
  if (i.type === 'product' && (!i.action.catalog_id || !i.action.product_retailer_id))
    throw needed('interactive.action.catalog_id and product_retailer_id');
  if (i.type === 'product_list' && (!i.action.catalog_id || !Array.isArray(i.action.sections) || i.header?.type !== 'text'))
    throw needed('interactive.action.catalog_id, sections and a text header');
}

/** @param {Json} i */
function header(i) {
  const h = i.header;
  const allowed = i.type === 'list' || i.type === 'product_list' ? ['text'] : ['text', 'image', 'video', 'document'];
  if (!isObject(h) || !allowed.includes(h.type))
    throw wrong(`Header type must be one of ${allowed.join(', ')} for interactive type "${i.type}"`);
  if (h.type === 'text') {
    if (typeof h.text !== 'string' || h.text.trim() === '' || length(h.text) > 60)
      throw wrong('Header text length invalid. Min length: 1, Max length: 60');
  } else {
    if (h[h.type] === undefined) throw needed(`interactive.header.${h.type}`);
    const { filename: _, ...rest } = h[h.type];
    media(`interactive.header.${h.type}`, rest);
  }
}

/** @param {Json} action */
function buttons(action) {
  const list = action.buttons;
  if (!Array.isArray(list) || list.length < 1 || list.length > 3)
    throw wrong('Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3');
  for (const b of list) {
    if (b?.type !== 'reply' || !isObject(b.reply)) throw wrong('Button type must be "reply" with a reply object');
    if (typeof b.reply.id !== 'string' || b.reply.id === '' || length(b.reply.id) > 256)
      throw wrong('Button reply id length invalid. Min length: 1, Max length: 256');
    if (/^\s|\s$/.test(b.reply.id)) throw wrong('Button reply id may not begin or end with a space');
    if (typeof b.reply.title !== 'string' || b.reply.title.trim() === '' || length(b.reply.title) > 20)
      throw wrong('Button title length invalid. Min length: 1, Max length: 20');
  }
  for (const key of ['id', 'title'])
    if (new Set(list.map((b) => b.reply[key])).size !== list.length) throw wrong(`Duplicated button reply ${key}`);
}

/** @param {Json} action */
function list(action) {
  if (typeof action.button !== 'string' || action.button.trim() === '' || length(action.button) > 20)
    throw wrong('Action button text length invalid. Min length: 1, Max length: 20');
  const sections = action.sections;
  if (!Array.isArray(sections) || sections.length < 1 || sections.length > 10)
    throw wrong('Invalid sections count. Min allowed sections: 1, Max allowed sections: 10');
  const ids = new Set();
  let rows = 0;
  for (const s of sections) {
    if (sections.length > 1 && !s?.title) throw wrong('Section title is required when there is more than one section');
    if (s?.title !== undefined && (typeof s.title !== 'string' || length(s.title) > 24))
      throw wrong('Section title length invalid. Min length: 1, Max length: 24');
    if (!Array.isArray(s?.rows) || s.rows.length === 0) throw wrong('A section needs rows');
    for (const row of s.rows) {
      if (typeof row?.id !== 'string' || row.id === '' || length(row.id) > 200)
        throw wrong('Row id length invalid. Min length: 1, Max length: 200');
      if (typeof row.title !== 'string' || row.title.trim() === '' || length(row.title) > 24)
        throw wrong('Row title length invalid. Min length: 1, Max length: 24');
      if (row.description !== undefined && row.description !== '' && (typeof row.description !== 'string' || length(row.description) > 72))
        throw wrong('Row description length invalid. Max length: 72');
      if (ids.has(row.id)) throw wrong('Duplicated row id');
      ids.add(row.id);
      rows++;
    }
  }
  if (rows > 10) throw wrong('Total row count exceed max allowed count: 10');
}

/** @param {Json} action */
function ctaUrl(action) {
  if (action.name !== 'cta_url') throw wrong('action.name must be "cta_url"');
  const p = action.parameters;
  if (!isObject(p)) throw needed('interactive.action.parameters');
  if (typeof p.display_text !== 'string' || p.display_text.trim() === '' || length(p.display_text) > 20)
    throw wrong('display_text length invalid. Min length: 1, Max length: 20');
  if (typeof p.url !== 'string' || !/^https?:\/\/[^\s]+$/.test(p.url)) throw wrong('url is not a valid URL');
}

/** @param {Json} cards */
function contacts(cards) {
  if (!Array.isArray(cards) || cards.length === 0) throw needed('contacts');
  if (cards.length > 5) throw badParam('Param contacts must have at most 5 elements.');
  cards.forEach((card, i) => {
    if (!isObject(card?.name)) throw needed(`contacts[${i}].name`);
    if (typeof card.name.formatted_name !== 'string' || card.name.formatted_name.trim() === '')
      throw needed(`contacts[${i}].name.formatted_name`);
    if (Object.keys(card.name).length < 2) throw wrong(`contacts[${i}].name needs one more part besides formatted_name`);
  });
}

/** @param {Json} t */
function template(t) {
  if (!isObject(t)) throw badParam('Param template must be a JSON object.');
  if (typeof t.name !== 'string' || t.name === '') throw needed('template.name');
  if (!isObject(t.language) || typeof t.language.code !== 'string') throw needed('template.language.code');
  if (t.components !== undefined && !Array.isArray(t.components)) throw badParam("Param template['components'] must be an array.");
  for (const c of t.components ?? []) {
    if (!['header', 'body', 'button', 'carousel', 'limited_time_offer', 'order_details'].includes(c?.type))
      throw badParam(`Param template['components'] has an unknown type "${c?.type}".`);
    if (c.type === 'button' && c.sub_type === undefined) throw needed('template.components.sub_type', '(of type button)');
    if (c.type === 'button' && c.index === undefined) throw needed('template.components.index', '(of type button)');
    if (c.parameters !== undefined && !Array.isArray(c.parameters)) throw badParam('Param parameters must be an array.');
  }
}

/** Refuses what the platform refuses; the body is sound afterwards. @param {Json} body */
export function checkMessage(body) {
  if (!isObject(body)) throw refusal(100, undefined, { message: '(#100) The parameter messaging_product is required.', whatsapp: true });
  if (body.messaging_product === undefined) throw refusal(100, 'The parameter messaging_product is required.');
  if (body.messaging_product !== 'whatsapp') throw badParam('Param messaging_product must be one of {WHATSAPP}.');
  for (const key of Object.keys(body)) if (!known.has(key)) throw badParam(`Unexpected key "${key}" on param "body".`);
  if (body.to === undefined && body.recipient === undefined) throw refusal(100, 'The parameter to is required.');
  if (body.to !== undefined && (typeof body.to !== 'string' || !looksLikeNumber(body.to))) throw wrong('to: phone number is not valid');
  if (
    body.recipient !== undefined &&
    (typeof body.recipient !== 'string' || !/^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$/.test(body.recipient))
  )
    throw wrong('recipient: business-scoped user id is not valid');
  const type = body.type ?? 'text';
  if (!types.includes(type))
    throw badParam(`Param type must be one of {${types.map((t) => t.toUpperCase()).join(', ')}} - got "${body.type}".`);
  if (body[type] === undefined) throw refusal(131008, `Parameter '${type}' is mandatory for type '${type}'`);
  for (const other of types)
    if (other !== type && body[other] !== undefined) throw badParam(`Unexpected key "${other}" on a message of type "${type}".`);
  if (body.context !== undefined && (typeof body.context?.message_id !== 'string' || body.context.message_id === ''))
    throw needed('context.message_id');
  if (
    body.biz_opaque_callback_data !== undefined &&
    (typeof body.biz_opaque_callback_data !== 'string' || body.biz_opaque_callback_data.length > 512)
  )
    throw badParam('Param biz_opaque_callback_data must be a string of at most 512 characters.');
  const o = body[type];
  if (type === 'text') {
    if (!isObject(o)) throw badParam('Param text must be a JSON object.');
    text("text['body']", o.body, 4096);
  } else if (['image', 'video', 'document', 'audio', 'sticker'].includes(type)) {
    media(type, o);
  } else if (type === 'location') {
    degrees('latitude', o?.latitude, 90);
    degrees('longitude', o?.longitude, 180);
  } else if (type === 'contacts') contacts(o);
  else if (type === 'reaction') {
    if (typeof o?.message_id !== 'string' || o.message_id === '') throw needed('reaction.message_id');
    if (typeof o.emoji !== 'string') throw needed('reaction.emoji');
    if (o.emoji !== '' && (!/\p{Emoji}/u.test(o.emoji) || length(o.emoji) > 12 || /[a-z]/i.test(o.emoji)))
      throw wrong('reaction.emoji must be one emoji');
  } else if (type === 'interactive') interactive(o);
  else if (type === 'template') template(o);
  if (keys[type] && isObject(o))
    for (const key of Object.keys(o)) if (!keys[type].includes(key)) throw badParam(`Unexpected key "${key}" on param "${type}".`);
  // The schema has no components of these kinds, the platform does.
  const shown =
    type === 'template' && o.components
      ? {
          ...body,
          type,
          template: { ...o, components: o.components.filter((/** @type {Json} */ c) => ['header', 'body', 'button'].includes(c.type)) },
        }
      : { ...body, type };
  const validate = validators[type];
  if (validate) bySchema(validate, shown);
  return type;
}
