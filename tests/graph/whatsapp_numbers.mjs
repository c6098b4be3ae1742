/* Onboarding and care of WhatsApp numbers: what a number says of itself, registering and its refusals, subscribing apps
   to a WABA (with a callback of its own), the syncs of a number that is also used in the phone app. */
import { randomUUID } from 'node:crypto';
import { day, hour } from './clock.mjs';
import { noObject, refusal } from './errors.mjs';
import { mayReach, needToken, pageOf, pickFields } from './http.mjs';
import { mayUse } from './whatsapp_messages.mjs';
import { manage } from './whatsapp_templates.mjs';

/** @import { Json, Phone, Waba } from './types.ts' */
/** @import { Req } from './http.mjs' */
/** @import { World } from './world.mjs' */

/** @param {Phone} p @returns {Record<string, Json>} */
const fieldsOf = (p) => ({
  id: p.id,
  verified_name: p.verifiedName,
  display_phone_number: p.display,
  quality_rating: p.quality,
  code_verification_status: p.verified ? 'VERIFIED' : 'NOT_VERIFIED',
  name_status: p.nameStatus,
  new_name_status: 'NONE',
  messaging_limit_tier: p.tier,
  whatsapp_business_manager_messaging_limit: p.tier,
  platform_type: p.registered ? 'CLOUD_API' : 'NOT_APPLICABLE',
  throughput: { level: p.perSecond >= 1000 ? 'HIGH' : 'STANDARD' },
  is_on_biz_app: p.coexistence,
  is_pin_enabled: p.pin !== undefined,
  status: p.registered ? 'CONNECTED' : 'PENDING',
  account_mode: 'LIVE',
  is_official_business_account: false,
  certificate: undefined,
  webhook_configuration: undefined,
  last_onboarded_time: new Date(p.onboardedAt).toISOString().replace('.000Z', '+0000'),
});
const usualFields = 'verified_name,code_verification_status,display_phone_number,quality_rating,platform_type,throughput';

/** GET /{phone} @param {World} w @param {Req} r @param {Phone} phone */
export function read(w, r, phone) {
  const token = r.call.token;
  mayUse(
    w,
    r,
    phone,
    token?.scopes.includes('whatsapp_business_management') ? 'whatsapp_business_management' : 'whatsapp_business_messaging',
  );
  return pickFields(r.args, usualFields, fieldsOf(phone));
}

/** GET /{waba}/phone_numbers @param {World} w @param {Req} r @param {Waba} waba */
export function list(w, r, waba) {
  manage(w, r, waba);
  return pageOf(
    w,
    r,
    [...w.phones.values()].filter((p) => p.wabaId === waba.id),
    (p) => p.id,
    (p) => pickFields(r.args, usualFields, fieldsOf(p)),
  );
}

/** GET /{waba} @param {World} w @param {Req} r @param {Waba} waba */
export function readWaba(w, r, waba) {
  manage(w, r, waba);
  return pickFields(r.args, 'name,currency,timezone_id,message_template_namespace', {
    id: waba.id,
    name: waba.name,
    currency: waba.currency,
    timezone_id: waba.timezone,
    message_template_namespace: 'a1b2c3d4_0000_4000_8000_000000000000',
    account_review_status: 'APPROVED',
    business_verification_status: 'verified',
    ownership_type: 'SELF',
    status: waba.restricted ? 'RESTRICTED' : 'ACTIVE',
    country: 'BR',
    health_status: { can_send_message: waba.restricted ? 'BLOCKED' : 'AVAILABLE' },
    owner_business_info: { id: waba.businessId, name: waba.name },
    on_behalf_of_business_info: undefined,
  });
}

/** GET /{business}/owned_ or client_whatsapp_business_accounts @param {World} w @param {Req} r @param {string} businessId @param {boolean} owned */
export function accountsOf(w, r, businessId, owned) {
  const token = needToken(w, r);
  if (token.businessId !== undefined && token.businessId !== businessId) throw noObject(businessId);
  const reach = (/** @type {Waba} */ b) => mayReach(token, 'whatsapp_business_management', b.id) === undefined;
  return pageOf(
    w,
    r,
    [...w.wabas.values()].filter((b) => (owned ? b.businessId : b.sharedWith) === businessId && reach(b)),
    (b) => b.id,
    (b) => pickFields(r.args, 'id,name', { id: b.id, name: b.name }),
  );
}

/** @param {World} w @param {Phone} phone */
function countAttempt(w, phone) {
  phone.registrations = phone.registrations.filter((t) => w.now() - t < 72 * hour);
  if (phone.registrations.length >= 10)
    throw refusal(
      133016,
      'Registration or deregistration failed because there were too many attempts for this phone number in a short period of time.',
    );
  phone.registrations.push(w.now());
}

/** POST /{phone}/register @param {World} w @param {Req} r @param {Phone} phone */
export function register(w, r, phone) {
  mayUse(w, r, phone, 'whatsapp_business_management');
  const { messaging_product: product, pin } = r.args;
  if (product !== 'whatsapp') throw refusal(100, 'The parameter messaging_product is required.');
  if (pin === undefined) throw refusal(100, 'The parameter pin is required.');
  if (!/^\d{6}$/.test(String(pin))) throw refusal(100, 'Param pin must be 6 characters long and numeric.');
  if (phone.coexistence) throw refusal(100, 'This number is used in the WhatsApp Business app and cannot be registered.');
  countAttempt(w, phone);
  if (!phone.verified) throw refusal(133006, 'The phone number must be verified before registration.');
  if (phone.pinFailures >= 5) throw refusal(133008, 'Too many PIN guesses for this phone number.');
  if (phone.pin !== undefined && phone.pin !== String(pin)) {
    phone.pinFailures++;
    throw refusal(133005, 'Two step verification PIN mismatch.');
  }
  phone.pin = String(pin);
  phone.pinFailures = 0;
  phone.registered = true;
  return { success: true };
}

/** POST /{phone}/deregister @param {World} w @param {Req} r @param {Phone} phone */
export function deregister(w, r, phone) {
  mayUse(w, r, phone, 'whatsapp_business_management');
  if (phone.coexistence) throw refusal(100, 'This number is used in the WhatsApp Business app and cannot be deregistered.');
  countAttempt(w, phone);
  if (!phone.registered) throw refusal(133010, 'The number is not registered.');
  phone.registered = false;
  return { success: true };
}

/** @param {World} w @param {Waba} waba @param {string} appId */
const shownApp = (w, waba, appId) => ({
  whatsapp_business_api_data: { id: appId, name: w.apps.get(appId)?.name ?? '', link: `https://www.facebook.com/games/?app_id=${appId}` },
  ...(waba.subscribed.get(appId)?.url ? { override_callback_uri: waba.subscribed.get(appId)?.url } : {}),
});

/** /{waba}/subscribed_apps @param {World} w @param {Req} r @param {Waba} waba */
export async function subscribedApps(w, r, waba) {
  manage(w, r, waba);
  const appId = r.call.token?.appId ?? '';
  if (r.call.method === 'GET') return { data: [...waba.subscribed.keys()].map((id) => shownApp(w, waba, id)) };
  if (r.call.method === 'DELETE') {
    waba.subscribed.delete(appId);
    return { success: true };
  }
  const { override_callback_uri: url, verify_token: verifyToken } = r.args;
  if (url !== undefined) {
    if (typeof verifyToken !== 'string' || verifyToken === '')
      throw refusal(100, undefined, { message: '(#100) The parameter verify_token is required' });
    const said = /^https?:\/\//.test(String(url)) ? await w.sender?.verify(String(url), verifyToken) : undefined;
    if (!said?.ok)
      throw refusal(2200, undefined, {
        message: `(#2200) Callback verification failed with the following errors: ${said ? `HTTP Status Code = ${said.status}; HTTP Message = ${said.body.slice(0, 80)}` : 'invalid URL'}`,
      });
  } else if (!w.apps.get(appId)?.subscriptions.whatsapp_business_account && w.options.callback) {
    throw refusal(2200, undefined, {
      message: '(#2200) The app has no callback for whatsapp_business_account: configure one first, or give override_callback_uri',
    });
  }
  waba.subscribed.set(appId, { url, verifyToken });
  return { success: true };
}

/** POST /{phone}/smb_app_data @param {World} w @param {Req} r @param {Phone} phone @param {(w: World, phone: Phone, type: string) => void} begin */
export function appData(w, r, phone, begin) {
  mayUse(w, r, phone, 'whatsapp_business_management');
  const { messaging_product: product, sync_type: type } = r.args;
  if (product !== 'whatsapp') throw refusal(100, 'The parameter messaging_product is required.');
  if (!['smb_app_state_sync', 'history'].includes(type))
    throw refusal(100, 'Param sync_type must be one of {smb_app_state_sync, history}.');
  if (!phone.coexistence) throw refusal(100, 'This number is not used in the WhatsApp Business app.');
  if (phone.synced.has(type)) throw refusal(2593107, 'This synchronization has been requested already.');
  if (w.now() - phone.onboardedAt > day) throw refusal(2593108, 'Synchronization must be requested within 24 hours of onboarding.');
  phone.synced.add(type);
  begin(w, phone, type);
  return { messaging_product: 'whatsapp', request_id: randomUUID() };
}

/** /{phone}/whatsapp_business_profile @param {World} w @param {Req} r @param {Phone} phone */
export function profile(w, r, phone) {
  mayUse(w, r, phone, 'whatsapp_business_messaging');
  if (r.call.method === 'GET') return { data: [{ about: 'Disponível', messaging_product: 'whatsapp', ...phone.about }] };
  if (r.args.messaging_product !== 'whatsapp') throw refusal(100, 'The parameter messaging_product is required.');
  for (const key of Object.keys(r.args))
    if (!['messaging_product', 'about', 'address', 'description', 'email', 'vertical', 'websites', 'profile_picture_handle'].includes(key))
      throw refusal(100, `Unexpected key "${key}" on param "body".`);
  const { messaging_product: _, ...about } = r.args;
  Object.assign(phone.about, about);
  return { success: true };
}
