/* Which path leads where. A node is found by its id (or "me", by the token), then its kind, method and edge decide. */
import { noObject, refusal } from './errors.mjs';
import { answer, needToken } from './http.mjs';
import * as media from './whatsapp_media.mjs';
import * as templates from './whatsapp_templates.mjs';
import * as numbers from './whatsapp_numbers.mjs';
import * as messages from './whatsapp_messages.mjs';
import * as pages from './page_nodes.mjs';
import * as pageSend from './page_send.mjs';
import * as oauth from './oauth.mjs';
import { beginSync } from './customers_whatsapp.mjs';
import { servePage } from './page.mjs';

/** @import { Json } from './types.ts' */
/** @import { Req } from './http.mjs' */
/** @import { World } from './world.mjs' */

/** Fixed paths: "METHOD /path". */
/** @type {Record<string, (w: World, r: Req) => Json>} */
const fixed = {
  'GET /oauth/access_token': oauth.accessToken,
  'POST /oauth/access_token': oauth.accessToken,
  'GET /access_token': (w, r) => oauth.instagramLongLived(w, r, false),
  'GET /refresh_access_token': (w, r) => oauth.instagramLongLived(w, r, true),
  'GET /debug_token': oauth.debugToken,
  'GET /dialog/oauth': oauth.dialog,
  'GET /dialog/embedded': oauth.embeddedDialog,
  'GET /oauth/authorize': oauth.dialog,
  'GET /en_US/sdk.js': (w) => oauth.sdk(w),
  'GET /whatsapp_business/attachments': media.download,
  'GET /me/accounts': pages.accounts,
  'GET /me/permissions': pages.permissions,
};

/** "kind METHOD edge" */
/** @type {Record<string, (w: World, r: Req, node: Json) => Json>} */
const edges = {
  'phone POST messages': messages.send,
  'phone POST media': media.upload,
  'phone GET ': numbers.read,
  'phone POST register': numbers.register,
  'phone POST deregister': numbers.deregister,
  'phone POST smb_app_data': (w, r, phone) => numbers.appData(w, r, phone, beginSync),
  'phone GET whatsapp_business_profile': numbers.profile,
  'phone POST whatsapp_business_profile': numbers.profile,
  'waba GET ': numbers.readWaba,
  'waba GET phone_numbers': numbers.list,
  'waba GET subscribed_apps': numbers.subscribedApps,
  'waba POST subscribed_apps': numbers.subscribedApps,
  'waba DELETE subscribed_apps': numbers.subscribedApps,
  'waba GET message_templates': templates.list,
  'waba POST message_templates': templates.create,
  'waba DELETE message_templates': templates.remove,
  'business GET owned_whatsapp_business_accounts': (w, r, business) => numbers.accountsOf(w, r, business.id, true),
  'business GET client_whatsapp_business_accounts': (w, r, business) => numbers.accountsOf(w, r, business.id, false),
  'template GET ': templates.read,
  'template POST ': templates.edit,
  'media GET ': media.metadata,
  'media DELETE ': media.remove,
  'page GET ': pages.readPage,
  'page POST messages': pageSend.send,
  'page POST message_attachments': pageSend.uploadAttachment,
  'page GET subscribed_apps': pages.subscribedApps,
  'page POST subscribed_apps': pages.subscribedApps,
  'page DELETE subscribed_apps': pages.subscribedApps,
  'instagram GET ': pages.readInstagram,
  'instagram POST messages': pageSend.send,
  'instagram POST message_attachments': pageSend.uploadAttachment,
  'instagram GET subscribed_apps': pages.subscribedApps,
  'instagram POST subscribed_apps': pages.subscribedApps,
  'instagram DELETE subscribed_apps': pages.subscribedApps,
  'person GET ': pages.profile,
  'user GET ': (w, r) => pages.readPage(w, r, undefined),
  'app GET subscriptions': oauth.subscriptions,
  'app POST subscriptions': oauth.subscriptions,
  'app DELETE subscriptions': oauth.subscriptions,
};

/** @param {World} w @param {Req} r @returns {[string, Json] | undefined} */
function nodeOf(w, r) {
  const { node } = r;
  if (node === 'me') {
    const token = needToken(w, r);
    if (token.kind === 'instagram') return ['instagram', w.instagrams.get(token.igId ?? '')];
    if (token.kind === 'page') return ['page', w.pages.get(token.pageId ?? '')];
    return ['user', w.owner];
  }
  if (node === 'app') return ['app', w.apps.get(needToken(w, r).appId)];
  for (const [kind, map] of /** @type {[string, Map<string, Json>][]} */ ([
    ['phone', w.phones],
    ['waba', w.wabas],
    ['page', w.pages],
    ['instagram', w.instagrams],
    ['app', w.apps],
  ])) {
    const found = map.get(node);
    if (found) return [kind, found];
  }
  const business = [...w.wabas.values()].find((b) => b.businessId === node || b.sharedWith === node);
  if (business) return ['business', { id: node }];
  const ig = [...w.instagrams.values()].find((a) => a.scopedId === node && r.call.token?.igId === a.id);
  if (ig) return ['instagram', ig];
  const template = w.templates.find((t) => t.id === node);
  if (template) return ['template', template];
  const medium = w.media.find((m) => m.id === node);
  if (medium) return ['media', medium];
  const person = w.people.find(
    (p) =>
      p.id === node &&
      (r.call.token?.igId === p.accountId ||
        r.call.token?.pageId === p.accountId ||
        r.call.token?.pageId === w.instagrams.get(p.accountId ?? '')?.pageId),
  );
  return person ? ['person', person] : undefined;
}

/** @param {World} w @param {Req} r @returns {Promise<Json>} */
export async function route(w, r) {
  const { method, path, area } = r.call;
  if (path === '/' || path.startsWith('/-/')) return servePage(w, r);
  if (path === '/favicon.ico') return answer({ status: 204, bytes: Buffer.alloc(0), type: 'image/x-icon' });
  if (area === 'foreign') return answer({ status: 200, bytes: Buffer.from('not Meta'), type: 'text/plain' });
  if (path.startsWith('/cdn/')) return media.cdn(w, r);
  oauth.checkProof(w, r);
  const byPath = fixed[`${method} ${path}`];
  if (byPath) return byPath(w, r);
  const found = nodeOf(w, r);
  if (!found?.[1] || r.rest.length > 0) {
    needToken(w, r);
    throw noObject(r.node, method.toLowerCase());
  }
  const handler = edges[`${found[0]} ${method} ${r.edge}`];
  if (!handler) {
    needToken(w, r);
    const edge = Object.keys(edges).some((k) => k.startsWith(`${found[0]} `) && k.endsWith(` ${r.edge}`));
    if (edge)
      throw refusal(100, undefined, {
        subcode: 33,
        message: `Unsupported ${method.toLowerCase()} request. Object with ID '${r.node}' does not support this operation.`,
      });
    throw refusal(2500, undefined, { message: `Unknown path components: /${r.edge}` });
  }
  return handler(w, r, found[1]);
}
