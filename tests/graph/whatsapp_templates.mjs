/* Message templates: the managed list of a WABA (create, edit, delete, cursors, statuses with their webhooks) and the
   check of a template that is sent: counts, formats, lengths, named or by position; with the text that a person sees. */
import { day, hour } from './clock.mjs';
import { invalid, noObject, refusal } from './errors.mjs';
import { needToken, mayReach, pageOf } from './http.mjs';
import { checkTemplateSchema } from './whatsapp_rules.mjs';
import { digits } from './world.mjs';

/** @import { Json, Template, TemplateStatus, Waba } from './types.ts' */
/** @import { Req } from './http.mjs' */
/** @import { World } from './world.mjs' */

const variable = /\{\{\s*([^{}]*?)\s*\}\}/g;
/** @param {string | undefined} text @returns {string[]} */
export const variablesOf = (text) => [...new Set([...(text ?? '').matchAll(variable)].map((m) => m[1] ?? ''))];
const length = (/** @type {string} */ s) => [...s].length;

/** @param {World} w @param {Req} r @param {Waba} waba */
export function manage(w, r, waba) {
  const token = needToken(w, r);
  const why = mayReach(token, 'whatsapp_business_management', waba.id);
  if (why === 'target') throw noObject(waba.id, r.call.method.toLowerCase());
  if (why) throw refusal(200, undefined, { message: '(#200) Requires whatsapp_business_management permission to manage the object' });
  if (!w.take(`management ${token.appId} ${waba.id}`, w.limits.managementPerHour, hour))
    throw refusal(80007, 'The WhatsApp Business Account has reached its rate limit.');
}

/** @param {Template} t */
const show = (t) => ({
  name: t.name,
  parameter_format: t.format,
  components: t.components,
  language: t.language,
  status: t.status,
  category: t.category,
  id: t.id,
  ...(t.rejectedReason === 'NONE' ? {} : { rejected_reason: t.rejectedReason }),
  quality_score: { score: t.quality, date: 1700000000 },
});

/** GET /{waba}/message_templates @param {World} w @param {Req} r @param {Waba} waba */
export function list(w, r, waba) {
  manage(w, r, waba);
  const { args } = r;
  const wanted = w.templates.filter(
    (t) =>
      t.wabaId === waba.id &&
      t.deletedAt === undefined &&
      (args.name === undefined || t.name.includes(String(args.name))) &&
      (args.status === undefined || t.status === args.status) &&
      (args.language === undefined || t.language === args.language) &&
      (args.category === undefined || t.category === args.category),
  );
  const fields = args.fields === undefined ? undefined : String(args.fields).split(',');
  return pageOf(
    w,
    r,
    wanted,
    (t) => t.id,
    (t) => {
      const all = show(t);
      return fields ? Object.fromEntries(Object.entries(all).filter(([k]) => k === 'id' || fields.includes(k))) : all;
    },
  );
}

/** @param {Json} c @param {boolean} named */
function checkExamples(c, named) {
  const names = variablesOf(c.text);
  const where = `component of type ${c.type}`;
  if (names.length === 0) return;
  if (named) {
    for (const n of names)
      if (!/^[a-z_][a-z0-9_]*$/.test(n))
        throw invalid(`Variable {{${n}}}: named parameters are lower-case letters, digits and underscores`, 2388073);
    const given = c.type === 'HEADER' ? c.example?.header_text_named_params : c.example?.body_text_named_params;
    if (!Array.isArray(given) || names.some((n) => !given.some((g) => g?.param_name === n && g.example)))
      throw invalid(`${where} is missing expected field(s) (example)`, 2388043);
    return;
  }
  names.forEach((n, i) => {
    if (n !== String(i + 1)) throw invalid(`Variables of ${where} must be numbered from {{1}} without gaps`, 2388073);
  });
  const given = c.type === 'HEADER' ? c.example?.header_text : c.example?.body_text?.[0];
  if (!Array.isArray(given) || given.length !== names.length || given.some((g) => typeof g !== 'string' || g === ''))
    throw invalid(`${where} is missing expected field(s) (example)`, 2388043);
}

/** @param {Json[]} components @param {boolean} named @param {string} category */
function checkComponents(components, named, category) {
  if (!Array.isArray(components)) throw invalid('The parameter components is required.');
  const of = (/** @type {string} */ type) => components.filter((c) => c?.type === type);
  for (const c of components)
    if (!['HEADER', 'BODY', 'FOOTER', 'BUTTONS', 'CAROUSEL', 'LIMITED_TIME_OFFER'].includes(c?.type))
      throw invalid(`Param components[type] must be one of {HEADER, BODY, FOOTER, BUTTONS} - got "${c?.type}".`);
  for (const type of ['HEADER', 'BODY', 'FOOTER', 'BUTTONS'])
    if (of(type).length > 1) throw invalid(`More than one component of type ${type}`);
  const body = of('BODY')[0];
  if (!body) throw invalid('A template needs a BODY component', 2388043);
  if (category !== 'AUTHENTICATION') {
    if (typeof body.text !== 'string' || body.text.trim() === '')
      throw invalid('component of type BODY is missing expected field(s) (text)', 2388043);
    if (length(body.text) > 1024) throw invalid('Body text must be at most 1024 characters', 2388040);
    if (/^\s*\{\{[^}]*\}\}|\{\{[^}]*\}\}\s*$/.test(body.text))
      throw invalid("Variables can't be at the start or end of the template", 2388299);
    checkExamples(body, named);
  }
  const header = of('HEADER')[0];
  if (header) {
    if (!['TEXT', 'IMAGE', 'VIDEO', 'DOCUMENT', 'LOCATION'].includes(header.format))
      throw invalid('component of type HEADER is missing expected field(s) (format)', 2388043);
    if (header.format === 'TEXT') {
      if (typeof header.text !== 'string' || header.text === '' || length(header.text) > 60)
        throw invalid('Header text must have 1 to 60 characters', 2388040);
      if (variablesOf(header.text).length > 1) throw invalid('A text header takes one variable', 2388047);
      checkExamples(header, named);
    } else if (header.format !== 'LOCATION' && !Array.isArray(header.example?.header_handle))
      throw invalid('component of type HEADER is missing expected field(s) (example)', 2388043);
  }
  const footer = of('FOOTER')[0];
  if (
    footer &&
    category !== 'AUTHENTICATION' &&
    (typeof footer.text !== 'string' || footer.text === '' || length(footer.text) > 60 || variablesOf(footer.text).length > 0)
  )
    throw invalid('Footer text must have 1 to 60 characters and no variable', 2388040);
  const buttons = of('BUTTONS')[0]?.buttons;
  if (of('BUTTONS').length === 0) return;
  if (!Array.isArray(buttons) || buttons.length < 1 || buttons.length > 10) throw invalid('A template takes 1 to 10 buttons');
  for (const b of buttons) {
    if (!['QUICK_REPLY', 'URL', 'PHONE_NUMBER', 'COPY_CODE', 'FLOW', 'CATALOG', 'MPM', 'OTP', 'VOICE_CALL'].includes(b?.type))
      throw invalid(`Unknown button type "${b?.type}"`);
    if (b.type !== 'COPY_CODE' && b.type !== 'OTP' && (typeof b.text !== 'string' || b.text === '' || length(b.text) > 25))
      throw invalid('Button text must have 1 to 25 characters', 2388040);
    if (b.type === 'URL' && (typeof b.url !== 'string' || !/^https?:\/\//.test(b.url))) throw invalid('Button url is not valid');
    if (b.type === 'URL' && variablesOf(b.url).length > 0 && (!/\{\{1\}\}$/.test(b.url) || !b.example))
      throw invalid('A button url takes {{1}} at its end, with an example', 2388043);
    if (b.type === 'PHONE_NUMBER' && !/^\+?\d{5,20}$/.test(String(b.phone_number ?? ''))) throw invalid('Button phone_number is not valid');
  }
}

/** POST /{waba}/message_templates @param {World} w @param {Req} r @param {Waba} waba */
export function create(w, r, waba) {
  manage(w, r, waba);
  const { args } = r;
  const { access_token: _, ...body } = args;
  checkTemplateSchema(body);
  if (typeof args.name !== 'string' || args.name === '') throw invalid('The parameter name is required.');
  if (!/^[a-z0-9_]{1,512}$/.test(args.name)) throw invalid('Param name must have 1 to 512 characters of a-z, 0-9 and _');
  if (!['AUTHENTICATION', 'MARKETING', 'UTILITY'].includes(args.category))
    throw invalid(`Param category must be one of {AUTHENTICATION, MARKETING, UTILITY} - got "${args.category ?? ''}".`);
  if (typeof args.language !== 'string' || !/^[a-z]{2,3}(_[A-Z]{2,3})?$/.test(args.language))
    throw invalid('Param language is not a language of templates', 2388006);
  if (args.parameter_format !== undefined && !['NAMED', 'POSITIONAL'].includes(String(args.parameter_format).toUpperCase()))
    throw invalid('Param parameter_format must be one of {NAMED, POSITIONAL}');
  const named = String(args.parameter_format).toUpperCase() === 'NAMED';
  checkComponents(args.components, named, args.category);
  const same = w.templates.filter((t) => t.wabaId === waba.id && t.name === args.name && t.language === args.language);
  if (same.some((t) => t.deletedAt !== undefined && w.now() - t.deletedAt < 30 * day))
    throw refusal(100, undefined, {
      subcode: 2388023,
      message: 'Invalid parameter',
      userTitle: 'Message template language is being deleted',
      userMessage:
        'New content cannot be added while the existing content is being deleted. Try again later or create a new message template.',
    });
  if (same.some((t) => t.deletedAt === undefined))
    throw refusal(100, undefined, {
      subcode: 2388024,
      message: 'Invalid parameter',
      userTitle: 'Content in this language already exists',
      userMessage: `There is already ${args.language} content for this template. You can create a new template and try again.`,
    });
  if (w.templates.filter((t) => t.wabaId === waba.id && t.deletedAt === undefined).length >= waba.templateLimit)
    throw refusal(100, undefined, { subcode: 2388019, message: 'Message template limit exceeded' });
  if (!w.take(`templates ${waba.id}`, w.limits.templatesPerHour, hour))
    throw refusal(80007, 'Too many templates were created in the last hour.');
  const t = addTemplate(w, {
    wabaId: waba.id,
    name: args.name,
    language: args.language,
    category: args.category,
    status: 'PENDING',
    format: named ? 'NAMED' : 'POSITIONAL',
    components: args.components,
  });
  review(w, t);
  return { id: t.id, status: 'PENDING', category: t.category };
}

/** @param {World} w @param {Template} t */
function review(w, t) {
  if (w.reviews.mode === 'manual') return;
  w.clock.after(w.reviews.afterMs, () =>
    setStatus(w, t, w.reviews.mode === 'approve' ? 'APPROVED' : 'REJECTED', w.reviews.mode === 'approve' ? 'NONE' : 'INVALID_FORMAT'),
  );
}

/** @param {World} w @param {Partial<Template> & { name: string }} o @returns {Template} */
export function addTemplate(w, o) {
  const t = {
    id: digits(15),
    wabaId: [...w.wabas.keys()][0] ?? '',
    language: 'pt_BR',
    category: 'UTILITY',
    status: /** @type {TemplateStatus} */ ('APPROVED'),
    format: /** @type {'POSITIONAL'} */ ('POSITIONAL'),
    components: [{ type: 'BODY', text: 'Olá!' }],
    quality: 'UNKNOWN',
    rejectedReason: 'NONE',
    deletedAt: undefined,
    pacing: undefined,
    ...o,
  };
  w.templates.push(t);
  return t;
}

/** @param {World} w @param {Req} r @param {Template} t */
const wabaOf = (w, r, t) => {
  const waba = w.wabas.get(t.wabaId);
  if (!waba || t.deletedAt !== undefined) throw noObject(t.id, r.call.method.toLowerCase());
  manage(w, r, waba);
  return waba;
};

/** GET /{template} @param {World} w @param {Req} r @param {Template} t */
export function read(w, r, t) {
  wabaOf(w, r, t);
  return show(t);
}

/** POST /{template} @param {World} w @param {Req} r @param {Template} t */
export function edit(w, r, t) {
  wabaOf(w, r, t);
  const { args } = r;
  if (!['APPROVED', 'REJECTED', 'PAUSED'].includes(t.status))
    throw refusal(100, undefined, { subcode: 2388025, message: 'Only approved, rejected or paused templates can be edited' });
  if (args.category !== undefined && args.category !== t.category && t.status === 'APPROVED')
    throw refusal(100, undefined, { subcode: 2388025, message: 'The category of an approved template cannot be changed' });
  if (args.components !== undefined) {
    checkComponents(args.components, t.format === 'NAMED', t.category);
    t.components = args.components;
  }
  if (args.category !== undefined) t.category = args.category;
  t.status = 'PENDING';
  review(w, t);
  return { success: true };
}

/** DELETE /{waba}/message_templates @param {World} w @param {Req} r @param {Waba} waba */
export async function remove(w, r, waba) {
  manage(w, r, waba);
  const { name, hsm_id: id } = r.args;
  if (name === undefined) throw invalid('The parameter name is required.');
  const gone = w.templates.filter(
    (t) => t.wabaId === waba.id && t.name === name && t.deletedAt === undefined && (id === undefined || t.id === String(id)),
  );
  if (gone.length === 0)
    throw refusal(100, undefined, {
      subcode: 2593002,
      message: 'Invalid parameter',
      userTitle: 'Message Template Not Found',
      userMessage: `No message template found with name ${name}`,
    });
  for (const t of gone) {
    t.deletedAt = w.now();
    t.status = 'DELETED';
    void announce(w, t, 'DELETED', null);
  }
  return { success: true };
}

/** @param {World} w @param {Template} t @param {TemplateStatus} event @param {string | null} reason */
function announce(w, t, event, reason) {
  const hyphen = w.sender?.policy.templateLanguage === 'hyphen';
  return w.sender?.emit({
    object: 'whatsapp_business_account',
    entryId: t.wabaId,
    field: 'message_template_status_update',
    time: true,
    value: {
      event,
      message_template_id: Number(t.id),
      message_template_name: t.name,
      message_template_language: hyphen ? t.language.replace('_', '-') : t.language,
      message_template_category: t.category,
      reason,
      ...(event === 'DISABLED' ? { disable_info: { disable_date: Math.floor(w.now() / 1000) } } : {}),
      ...(event === 'PAUSED'
        ? {
            other_info: {
              title: 'FIRST_PAUSE',
              description: 'Your template has been paused for 3 hours because it had issues with quality.',
            },
          }
        : {}),
      ...(event === 'REJECTED'
        ? { rejection_info: { reason: 'The template does not follow the format.', recommendation: 'Change it and send it again.' } }
        : {}),
    },
  });
}

/** @param {World} w @param {Template} t @param {TemplateStatus} status @param {string | null} [reason] */
export async function setStatus(w, t, status, reason = 'NONE') {
  const lasting = /** @type {Partial<Record<TemplateStatus, TemplateStatus>>} */ ({
    REINSTATED: 'APPROVED',
    FLAGGED: 'APPROVED',
    UNARCHIVED: 'APPROVED',
    LOCKED: t.status,
  });
  t.status = lasting[status] ?? status;
  t.rejectedReason = status === 'REJECTED' ? (reason ?? 'NONE') : 'NONE';
  if (status === 'DELETED') t.deletedAt = w.now();
  await announce(w, t, status, reason);
}

/* ── sending one ──────────────────────────────────────────────────────────────────────────────────────────────── */

/** @param {Json} p @returns {{ kind: string, shown: string }} */
function parameter(p) {
  switch (p?.type) {
    case 'text':
      if (typeof p.text !== 'string' || p.text === '') throw refusal(131008, 'Parameter of type text is missing text value');
      if (/[\n\t]| {5,}/.test(p.text))
        throw refusal(132018, 'Param text cannot have new-line/tab characters or more than 4 consecutive spaces');
      return { kind: 'TEXT', shown: p.text };
    case 'currency':
      if (!p.currency?.fallback_value || !p.currency.code || p.currency.amount_1000 === undefined)
        throw refusal(131008, 'Parameter of type currency is missing currency value');
      return { kind: 'TEXT', shown: p.currency.fallback_value };
    case 'date_time':
      if (!p.date_time?.fallback_value) throw refusal(131008, 'Parameter of type date_time is missing date_time value');
      return { kind: 'TEXT', shown: p.date_time.fallback_value };
    case 'image':
    case 'video':
    case 'document':
      if (!p[p.type] || (p[p.type].id === undefined) === (p[p.type].link === undefined))
        throw refusal(131008, `Parameter of type ${p.type} needs exactly one of id and link`);
      return { kind: p.type.toUpperCase(), shown: '' };
    case 'location':
      if (p.location?.latitude === undefined || p.location.longitude === undefined)
        throw refusal(131008, 'Parameter of type location is missing location value');
      return { kind: 'LOCATION', shown: p.location.name ?? '' };
    default:
      throw refusal(100, `Param type of a template parameter is not valid: "${p?.type}".`);
  }
}

/** @param {string} where @param {Json} given @param {string} text @param {boolean} named @returns {string} the text with its values */
function fill(where, given, text, named) {
  const names = variablesOf(text);
  const params = given?.parameters ?? [];
  if (params.length !== names.length)
    throw refusal(
      132000,
      `${where}: number of localizable_params (${params.length}) does not match the expected number of params (${names.length})`,
    );
  /** @type {Record<string, string>} */
  const values = {};
  params.forEach((/** @type {Json} */ p, /** @type {number} */ i) => {
    const { kind, shown } = parameter(p);
    if (kind !== 'TEXT') throw refusal(132012, `${where}: Format mismatch, expected TEXT, received ${kind}`);
    if (named && typeof p.parameter_name !== 'string') throw refusal(100, 'Parameter name is missing or empty');
    if (named && !names.includes(p.parameter_name)) throw refusal(132000, `${where}: unknown parameter name ${p.parameter_name}`);
    if (named && p.parameter_name in values) throw refusal(132000, `${where}: parameter ${p.parameter_name} is given twice`);
    if (!named && p.parameter_name !== undefined) throw refusal(132012, `${where}: the template has no named parameters`);
    values[named ? p.parameter_name : String(i + 1)] = shown;
  });
  return text.replace(variable, (_, n) => values[n] ?? '');
}

/**
 * The template that a message names, checked and filled in.
 * @param {World} w @param {string} wabaId @param {Json} sent
 */
export function hydrate(w, wabaId, sent) {
  const code = sent.language.code;
  const t = w.templates.find((x) => x.wabaId === wabaId && x.name === sent.name && x.language === code && x.deletedAt === undefined);
  if (!t || ['PENDING', 'REJECTED', 'IN_APPEAL', 'DELETED', 'PENDING_DELETION', 'LIMIT_EXCEEDED'].includes(t.status))
    throw refusal(132001, `template name (${sent.name}) does not exist in ${code}`);
  if (t.status === 'PAUSED') throw refusal(132015, 'Template is paused due to low quality so it cannot be sent in a template message.');
  if (t.status !== 'APPROVED')
    throw refusal(132016, 'Template has been paused too many times due to low quality and is now permanently disabled.');
  const given = sent.components ?? [];
  const of = (/** @type {string} */ type) => t.components.find((c) => c.type === type);
  const one = (/** @type {string} */ type) => {
    const found = given.filter((/** @type {Json} */ c) => c.type === type);
    if (found.length > 1) throw refusal(132018, `More than one component of type ${type}`);
    return found[0];
  };
  const named = t.format === 'NAMED';
  const header = of('HEADER');
  const headerGiven = one('header');
  let head = '';
  /** @type {{ kind: string, object: Json } | undefined} */
  let medium;
  if (header && header.format !== 'TEXT') {
    const p = headerGiven?.parameters?.[0];
    if (headerGiven?.parameters?.length !== 1)
      throw refusal(132012, `header: Format mismatch, expected ${header.format}, received ${headerGiven ? 'UNKNOWN' : 'NOTHING'}`);
    const { kind, shown } = parameter(p);
    if (kind !== header.format) throw refusal(132012, `header: Format mismatch, expected ${header.format}, received ${kind}`);
    head = shown;
    if (kind !== 'LOCATION') medium = { kind: kind.toLowerCase(), object: p[p.type] };
  } else if (header) head = fill('header', headerGiven, header.text, named);
  else if (headerGiven && (headerGiven.parameters ?? []).length > 0)
    throw refusal(
      132000,
      `header: number of localizable_params (${headerGiven.parameters.length}) does not match the expected number of params (0)`,
    );
  const body = fill('body', one('body'), of('BODY')?.text ?? '', named);
  if (length(body) > 1024) throw refusal(132005, `Translated text too long: body has ${length(body)} characters, at most 1024`);
  const own = of('BUTTONS')?.buttons ?? [];
  const seen = new Set();
  const buttons = own.map((/** @type {Json} */ b) => ({
    title: b.text ?? 'Copiar',
    kind: String(b.type).toLowerCase(),
    payload: b.text,
    url: b.url,
  }));
  for (const c of given.filter((/** @type {Json} */ x) => x.type === 'button')) {
    const index = Number(c.index);
    const b = own[index];
    if (!Number.isInteger(index) || !b) throw refusal(131009, `buttons: there is no button at index ${c.index}`);
    if (seen.has(index)) throw refusal(132018, `buttons: index ${index} is given twice`);
    seen.add(index);
    if (String(c.sub_type).toUpperCase() !== b.type)
      throw refusal(132018, `buttons: button at index ${index} is of type ${b.type}, received ${String(c.sub_type).toUpperCase()}`);
    const p = c.parameters?.[0];
    if (b.type === 'QUICK_REPLY') {
      if (p?.type !== 'payload' || typeof p.payload !== 'string' || p.payload.length > 128)
        throw refusal(131008, 'buttons: a quick reply takes one parameter of type payload (up to 128 characters)');
      buttons[index].payload = p.payload;
    } else if (b.type === 'URL') {
      if (variablesOf(b.url).length === 0) throw refusal(132018, `buttons: Button at index ${index} of type Url does not have a parameter`);
      if (p?.type !== 'text' || typeof p.text !== 'string' || p.text === '')
        throw refusal(131008, `buttons: Button at index ${index} of type Url requires a parameter`);
      buttons[index].url = b.url.replace(variable, p.text);
    } else if (b.type === 'COPY_CODE' && (p?.type !== 'coupon_code' || !p.coupon_code))
      throw refusal(131008, `buttons: Button at index ${index} of type CopyCode requires a coupon_code`);
  }
  own.forEach((/** @type {Json} */ b, /** @type {number} */ i) => {
    if ((b.type === 'URL' && variablesOf(b.url).length > 0) || b.type === 'COPY_CODE')
      if (!seen.has(i))
        throw refusal(131008, `buttons: Button at index ${i} of type ${b.type === 'URL' ? 'Url' : 'CopyCode'} requires a parameter`);
  });
  return { template: t, header: head, body, footer: of('FOOTER')?.text, buttons, medium };
}
