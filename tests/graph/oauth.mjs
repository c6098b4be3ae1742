/* Getting in: the dialogs where an owner grants access (Facebook, Instagram, embedded sign-up), the exchange of one-time
   codes, long-lived and refreshed tokens, debug_token, and the app's own webhook subscriptions. */
import { createHmac } from 'node:crypto';
import { day, hour, minute } from './clock.mjs';
import { invalid, missing, refusal } from './errors.mjs';
import { answer, needToken } from './http.mjs';
import { letters, scopes as usualScopes } from './world.mjs';

/** @import { App, Json, Token, WebhookObject } from './types.ts' */
/** @import { Req } from './http.mjs' */
/** @import { Code, World } from './world.mjs' */

const escape = (/** @type {unknown} */ s) => String(s ?? '').replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** @param {World} w @param {Partial<Code> & Pick<Code, 'appId' | 'kind'>} o @returns {Code} */
export function addCode(w, o) {
  const code = {
    code: `AQ${letters(200)}`,
    userId: w.owner.id,
    redirectUri: '',
    scopes: usualScopes.page,
    targets: {},
    igId: undefined,
    expiresAt: w.now() + 10 * minute,
    used: false,
    ...o,
  };
  w.codes.set(code.code, code);
  return code;
}

/** @param {App} app @param {string} uri */
const uriAllowed = (app, uri) => app.redirectUris === 'any' || app.redirectUris.includes(uri);

/** @param {World} w @param {Req} r @returns {{ app: App, instagram: boolean, redirectUri: string, problem?: string }} */
function dialogOf(w, r) {
  const { client_id: client, redirect_uri: redirectUri = '', response_type: type = 'code' } = r.call.query;
  const instagram = r.call.path === '/oauth/authorize';
  const found = w.appByClient(client ?? '');
  if (!found || found.instagram !== instagram)
    return { app: w.firstApp(), instagram, redirectUri, problem: instagram ? 'Invalid platform app' : 'App not found' };
  if (!/^https?:\/\//.test(redirectUri)) return { ...found, redirectUri, problem: 'The redirect_uri is missing or no URL' };
  if (!uriAllowed(found.app, redirectUri))
    return { ...found, redirectUri, problem: 'URL blocked: the redirect_uri is not on the list of the app' };
  if (!type.split(/[ ,]/).includes('code')) return { ...found, redirectUri, problem: 'response_type must be code' };
  return { ...found, redirectUri };
}

/** GET of a dialog: a page that asks; its buttons come back with `answer`. @param {World} w @param {Req} r */
export function dialog(w, r) {
  const { app, instagram, redirectUri, problem } = dialogOf(w, r);
  const q = r.call.query;
  if (problem) return answer({ status: 400, html: page('Error', `<p role="alert">${escape(problem)}</p>`) });
  if (q['answer'] === undefined) {
    const hidden = Object.entries(q)
      .map(([k, v]) => `<input type="hidden" name="${escape(k)}" value="${escape(v)}">`)
      .join('');
    const ig = [...w.instagrams.values()];
    const choice =
      instagram && ig.length > 1
        ? `<p>${ig.map((a, i) => `<label><input type="radio" name="account" value="${a.id}"${i ? '' : ' checked'}> ${escape(a.username)}</label>`).join('<br>')}</p>`
        : '';
    const wanted = (q['scope'] ?? '').split(/[ ,]+/).filter(Boolean);
    // Whoever allows WhatsApp always names the businesses: here all that there are.
    const wabas = wanted.some((scope) => scope.startsWith('whatsapp_')) && !q['wabas'] ? [...w.wabas.values()] : [];
    const businesses =
      wabas.length > 0
        ? `<p>${wabas.map((one) => escape(one.name)).join('<br>')}</p><input type="hidden" name="wabas" value="${wabas.map((one) => one.id).join(',')}">`
        : '';
    return answer({
      html: page(
        instagram ? 'Instagram' : 'Facebook',
        `<p><b>${escape(app.name)}</b> ⟶ ${escape(instagram ? ig[0]?.username : w.owner.name)}</p><ul>${wanted.map((s) => `<li>${escape(s)}</li>`).join('')}</ul><form>${hidden}${choice}${businesses}<button name="answer" value="yes" autofocus>${instagram ? 'Allow' : `Continue as ${escape(w.owner.name.split(' ')[0])}`}</button> <button name="answer" value="no">Cancel</button></form>`,
      ),
    });
  }
  const to = new URL(redirectUri);
  if (q['answer'] === 'no') {
    for (const [k, v] of Object.entries({ error: 'access_denied', error_reason: 'user_denied', error_description: 'Permissions error' }))
      to.searchParams.set(k, v);
  } else {
    const asked = (q['scope'] ?? '').split(/[ ,]+/).filter(Boolean);
    const scopes =
      q['granted'] === undefined
        ? asked.length > 0
          ? asked
          : instagram
            ? usualScopes.instagram
            : [...usualScopes.page, ...usualScopes.whatsapp]
        : q['granted'].split(',').filter(Boolean);
    /** @type {Record<string, string[]>} */
    const targets = {};
    if (q['pages']) for (const s of ['pages_show_list', 'pages_messaging', 'pages_manage_metadata']) targets[s] = q['pages'].split(',');
    if (q['wabas']) for (const s of usualScopes.whatsapp) targets[s] = q['wabas'].split(',');
    const code = addCode(w, {
      appId: app.id,
      kind: instagram ? 'instagram' : 'user',
      redirectUri,
      scopes,
      targets,
      igId: instagram ? (q['account'] ?? [...w.instagrams.keys()][0]) : undefined,
    });
    to.searchParams.set('code', code.code);
  }
  if (q['state'] !== undefined) to.searchParams.set('state', q['state']);
  return answer({ status: 302, html: '', headers: { location: `${to}${instagram ? '#_' : '#_=_'}` } });
}

/** @param {string} title @param {string} body */
const page = (title, body) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} (stand-in)</title>` +
  `<style>body{font:16px/1.5 system-ui;max-width:26rem;margin:12vh auto;padding:0 1rem}button{font:inherit;padding:.5rem 1rem}</style><h1>${title}</h1>${body}</html>`;

/** @param {World} w @param {Json} args @returns {App} */
function client(w, args) {
  const { client_id: id, client_secret: secret } = args;
  if (id === undefined) throw refusal(101, undefined, { message: 'Missing client_id parameter.' });
  const app = w.apps.get(String(id));
  if (!app) throw refusal(101, undefined, { message: 'Error validating application. Cannot get application info due to a system error.' });
  if (secret === undefined) throw refusal(1, undefined, { message: 'Missing client_secret parameter.' });
  if (secret !== app.secret) throw refusal(1, undefined, { message: 'Error validating client secret.' });
  return app;
}

/** @param {World} w @param {Json} args @param {string} kind @param {string} appId @returns {Code} */
function takeCode(w, args, kind, appId) {
  const code = w.codes.get(String(args.code ?? '').replace(/#_=?_?$/, ''));
  if (args.code === undefined) throw missing('code');
  if (!code || code.appId !== appId || (kind === 'instagram') !== (code.kind === 'instagram'))
    throw refusal(100, undefined, { subcode: 36009, message: 'Invalid verification code format.', status: 400 });
  if (code.used) throw refusal(100, undefined, { subcode: 36009, message: 'This authorization code has been used.' });
  if (code.expiresAt <= w.now()) throw refusal(100, undefined, { subcode: 36007, message: 'This authorization code has expired.' });
  if (code.kind !== 'business' && args.redirect_uri !== code.redirectUri)
    throw refusal(100, undefined, {
      subcode: 36008,
      message:
        'Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request',
    });
  code.used = true;
  return code;
}

/** GET or POST /oauth/access_token of graph.facebook.com @param {World} w @param {Req} r */
export function accessToken(w, r) {
  const { args } = r;
  const found = w.appByClient(String(args.client_id ?? ''));
  if (r.call.area === 'instagram-api' || (r.call.area === '' && found?.instagram)) return instagramToken(w, r);
  const app = client(w, args);
  const grant = args.grant_type ?? 'authorization_code';
  if (grant === 'client_credentials') return { access_token: `${app.id}|${app.secret}`, token_type: 'bearer' };
  if (grant === 'fb_exchange_token') {
    const old = w.tokens.get(String(args.fb_exchange_token ?? ''));
    if (!old || old.appId !== app.id || old.revoked || (old.expiresAt > 0 && old.expiresAt <= w.now()))
      throw refusal(190, undefined, { message: 'Invalid OAuth access token - Cannot parse access token', whatsapp: false });
    const token = w.addToken({ ...copyOf(old), longLived: true, expiresAt: old.kind === 'user' ? w.now() + 60 * day : 0 });
    return { access_token: token.token, token_type: 'bearer', ...(token.expiresAt ? { expires_in: 60 * 86400 } : {}) };
  }
  if (grant !== 'authorization_code') throw invalid(`Unsupported grant_type "${grant}"`);
  const code = takeCode(w, args, 'facebook', app.id);
  const business = code.kind === 'business';
  const token = w.addToken({
    kind: business ? 'business' : 'user',
    appId: app.id,
    userId: code.userId,
    scopes: code.scopes,
    targets: code.targets,
    silent: code.silent,
    businessId: code.businessId,
    longLived: business,
    expiresAt: business ? 0 : w.now() + 2 * hour,
  });
  return { access_token: token.token, token_type: 'bearer', ...(business ? {} : { expires_in: 7200 }) };
}

/** @param {Token} t @returns {Partial<Token> & Pick<Token, 'kind'>} */
const copyOf = ({ kind, appId, userId, pageId, igId, scopes, targets }) => ({ kind, appId, userId, pageId, igId, scopes, targets });

/** What api.instagram.com says when it refuses: a shape of its own. @param {string} message @param {number} [code] */
const instagramRefusal = (message, code = 400) =>
  answer({ status: code, body: { error_type: 'OAuthException', code, error_message: message } });

/** POST /oauth/access_token of api.instagram.com @param {World} w @param {Req} r */
function instagramToken(w, r) {
  const { args } = r;
  if (r.call.method !== 'POST' || !/x-www-form-urlencoded|multipart/.test(r.call.headers['content-type'] ?? ''))
    return instagramRefusal('The request must be a POST of a form');
  const found = w.appByClient(String(args.client_id ?? ''));
  if (!found?.instagram) return instagramRefusal('Invalid platform app');
  if (args.client_secret !== found.app.instagramSecret) return instagramRefusal('Error validating client secret');
  if (args.grant_type !== 'authorization_code') return instagramRefusal('Invalid grant_type');
  if (/#_$/.test(String(args.code ?? ''))) return instagramRefusal('Invalid authorization code');
  let code;
  try {
    code = takeCode(w, args, 'instagram', found.app.id);
  } catch (e) {
    return instagramRefusal(e instanceof Error ? e.message.replace(/^\(#100\) /, '') : 'Invalid authorization code');
  }
  const token = w.addToken({
    kind: 'instagram',
    appId: found.app.id,
    userId: code.userId,
    igId: code.igId,
    scopes: code.scopes,
    longLived: false,
    expiresAt: w.now() + hour,
  });
  // A bare number beyond 2^53, as the platform writes it.
  const text = `{"access_token":"${token.token}","user_id":${code.igId},"permissions":${JSON.stringify(code.scopes)}}`;
  return answer({ bytes: Buffer.from(w.quirks.instagramTokenWrapped ? `{"data":[${text}]}` : text), type: 'application/json' });
}

/** GET /access_token and GET /refresh_access_token of graph.instagram.com @param {World} w @param {Req} r @param {boolean} refresh */
export function instagramLongLived(w, r, refresh) {
  const { args } = r;
  const token = needToken(w, r);
  if (token.kind !== 'instagram')
    throw refusal(190, undefined, { message: 'Invalid OAuth access token - Cannot parse access token', whatsapp: false });
  const app = w.apps.get(token.appId);
  if (refresh) {
    if (args.grant_type !== 'ig_refresh_token') throw invalid('Param grant_type must be ig_refresh_token');
    if (!token.longLived) throw refusal(190, undefined, { message: 'Only long-lived tokens can be refreshed', whatsapp: false });
    if (w.now() - token.issuedAt < day) throw invalid('The token must be at least 24 hours old to be refreshed');
  } else {
    if (args.grant_type !== 'ig_exchange_token') throw invalid('Param grant_type must be ig_exchange_token');
    if (args.client_secret !== app?.instagramSecret) throw invalid('Error validating client secret');
    if (token.longLived)
      throw refusal(452, undefined, {
        message:
          'Session key invalid. This could be because the session key has an incorrect format, or because the user has revoked this session',
      });
  }
  const next = w.addToken({ ...copyOf(token), longLived: true, expiresAt: w.now() + 5183944 * 1000 });
  return {
    access_token: next.token,
    token_type: 'bearer',
    expires_in: 5183944,
    ...(refresh ? { permissions: token.scopes.join(',') } : {}),
  };
}

/** GET /debug_token @param {World} w @param {Req} r */
export function debugToken(w, r) {
  const asking = needToken(w, r);
  const text = r.args.input_token;
  if (text === undefined) throw missing('input_token');
  const t = w.tokens.get(String(text));
  if (!t || t.appId !== asking.appId) {
    if (!t)
      return {
        data: { error: { code: 190, message: 'Invalid OAuth access token - Cannot parse access token' }, is_valid: false, scopes: [] },
      };
    throw invalid('(#100) The App_id in the input_token did not match the Viewing App');
  }
  const expired = t.expiresAt > 0 && t.expiresAt <= w.now();
  return {
    data: {
      app_id: t.appId,
      type: { system: 'SYSTEM_USER', business: 'SYSTEM_USER', user: 'USER', page: 'PAGE', instagram: 'USER', app: 'APP' }[t.kind],
      application: w.apps.get(t.appId)?.name,
      data_access_expires_at: t.kind === 'user' ? Math.floor((t.issuedAt + 90 * day) / 1000) : 0,
      expires_at: Math.floor(t.expiresAt / 1000),
      is_valid: !t.revoked && !expired,
      issued_at: Math.floor(t.issuedAt / 1000),
      scopes: t.scopes,
      granular_scopes: t.scopes.map((scope) => ({ scope, ...(t.targets[scope] && !t.silent ? { target_ids: t.targets[scope] } : {}) })),
      user_id: t.userId,
      ...(t.pageId ? { profile_id: t.pageId } : {}),
      ...(t.revoked
        ? { error: { code: 190, message: 'The session has been invalidated.', subcode: 460 } }
        : expired
          ? { error: { code: 190, message: 'Session has expired.', subcode: 463 } }
          : {}),
    },
  };
}

/** appsecret_proof, when it is given or the app asks for it. @param {World} w @param {Req} r */
export function checkProof(w, r) {
  const token = r.call.token;
  const app = token && w.apps.get(token.appId);
  const proof = r.args.appsecret_proof;
  if (!token || !app || token.kind === 'app') return;
  if (proof === undefined && !app.requireProof) return;
  const secret = token.kind === 'instagram' ? app.instagramSecret : app.secret;
  if (proof === undefined)
    throw refusal(100, undefined, {
      message: 'API calls from the server require an appsecret_proof argument',
      type: 'GraphMethodException',
    });
  if (proof !== createHmac('sha256', secret).update(token.token).digest('hex'))
    throw refusal(100, undefined, { message: 'Invalid appsecret_proof provided in the API argument', type: 'GraphMethodException' });
}

/** /{app}/subscriptions @param {World} w @param {Req} r @param {App} app */
export async function subscriptions(w, r, app) {
  const token = needToken(w, r);
  if (token.kind !== 'app' || token.appId !== app.id)
    throw refusal(15, undefined, { message: '(#15) This method must be called with an app access_token.' });
  const { object, callback_url: url, verify_token: verifyToken, fields } = r.args;
  if (r.call.method === 'GET')
    return {
      data: Object.entries(app.subscriptions).map(([name, s]) => ({
        object: name,
        callback_url: s.url,
        active: s.active,
        fields: (s.fields === 'all' ? ['messages'] : s.fields).map((f) => ({ name: f, version: 'v25.0' })),
      })),
    };
  if (!['whatsapp_business_account', 'page', 'instagram'].includes(String(object)))
    throw invalid('Param object must be one of {whatsapp_business_account, page, instagram}');
  const name = /** @type {WebhookObject} */ (object);
  if (r.call.method === 'DELETE') {
    delete app.subscriptions[name];
    return { success: true };
  }
  if (url === undefined) throw missing('callback_url');
  if (verifyToken === undefined) throw missing('verify_token');
  const said = await w.sender?.verify(String(url), String(verifyToken));
  if (!said?.ok)
    throw refusal(2200, undefined, {
      message: `(#2200) Callback verification failed with the following errors: HTTP Status Code = ${said?.status}; HTTP Message = ${said?.body.slice(0, 80)}`,
    });
  app.subscriptions[name] = {
    url: String(url),
    verifyToken: String(verifyToken),
    fields: fields === undefined ? 'all' : Array.isArray(fields) ? fields : String(fields).split(','),
    active: true,
  };
  return { success: true };
}

/** A code of embedded sign-up, and what its popup tells the page that opened it. silent: debug_token does not tell which accounts the
 * token is for. @param {World} w @param {{ wabaId?: string, phoneId?: string, coexistence?: boolean, event?: string, appId?: string, silent?: boolean }} [o] */
export function embeddedSignup(w, o = {}) {
  const waba = w.wabas.get(o.wabaId ?? '') ?? [...w.wabas.values()][0];
  const phone = w.phones.get(o.phoneId ?? '') ?? [...w.phones.values()].find((p) => p.wabaId === waba?.id);
  const event = o.event ?? (o.coexistence ? 'FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING' : 'FINISH');
  const code = addCode(w, {
    appId: o.appId ?? w.firstApp().id,
    kind: 'business',
    scopes: usualScopes.whatsapp,
    targets: Object.fromEntries(usualScopes.whatsapp.map((s) => [s, waba ? [waba.id] : []])),
    silent: o.silent ?? false,
    ...(waba ? { businessId: waba.sharedWith ?? waba.businessId } : {}),
  });
  const data =
    event === 'CANCEL'
      ? { current_step: 'PHONE_NUMBER_SETUP' }
      : event === 'ERROR'
        ? { error_message: 'Your verified name violates WhatsApp guidelines', error_id: '524126', session_id: 'f34b51dab5e0498' }
        : event === 'FINISH'
          ? { phone_number_id: phone?.id, waba_id: waba?.id, business_id: waba?.businessId }
          : { waba_id: waba?.id };
  return { code: code.code, message: { type: 'WA_EMBEDDED_SIGNUP', event, data, version: '3' } };
}

/** The script of connect.facebook.net, as far as embedded sign-up needs it: FB.init, FB.login with a popup, and the
 * message that the popup posts. The popup is a page here that asks which way to end. @param {World} w */
export const sdk = (w) =>
  answer({
    type: 'application/javascript; charset=utf-8',
    bytes: Buffer.from(`(() => {
  const base = ${JSON.stringify(w.url)};
  let app = '';
  window.FB = {
    init(options) { app = options.appId; },
    login(done, options = {}) {
      const popup = window.open(base + '/dialog/embedded?client_id=' + encodeURIComponent(app) + '&origin=' + encodeURIComponent(location.origin), 'fb', 'width=520,height=640');
      const heard = (e) => {
        if (e.origin !== new URL(base).origin || !e.data || e.data.standIn !== 'embedded') return;
        window.removeEventListener('message', heard);
        window.postMessage(JSON.stringify(e.data.message), location.origin);
        done(e.data.code ? { status: 'connected', authResponse: { code: e.data.code, userID: null, expiresIn: null } } : { status: 'unknown', authResponse: null });
        if (popup) popup.close();
      };
      window.addEventListener('message', heard);
    },
  };
  if (window.fbAsyncInit) window.fbAsyncInit();
})();
`),
  });

/** GET /dialog/embedded: the popup of the script above @param {World} w @param {Req} r */
export function embeddedDialog(w, r) {
  const { event, origin = '*', client_id: appId } = r.call.query;
  if (event === undefined) {
    const events = ['FINISH', 'FINISH_ONLY_WABA', 'FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING', 'CANCEL', 'ERROR'];
    return answer({
      html: page(
        'WhatsApp',
        `<form>${Object.entries(r.call.query)
          .map(([k, v]) => `<input type="hidden" name="${escape(k)}" value="${escape(v)}">`)
          .join('')}${events.map((e) => `<p><button name="event" value="${e}">${e}</button></p>`).join('')}</form>`,
      ),
    });
  }
  const { code, message } = embeddedSignup(w, { event, ...(appId ? { appId } : {}) });
  const told = JSON.stringify({ standIn: 'embedded', code: /^FINISH/.test(event) ? code : null, message }).replace(/</g, '\\u003c');
  return answer({
    html: page('WhatsApp', `<script>opener.postMessage(${told}, ${JSON.stringify(origin).replace(/</g, '\\u003c')})</script>`),
  });
}
