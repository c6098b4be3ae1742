/* Pages, Instagram accounts and people as nodes of the graph: what they say of themselves, the pages of a person, and
   the subscription of an app to a page or an account. */
import { day } from './clock.mjs';
import { invalid, missing, noObject, refusal } from './errors.mjs';
import { mayReach, needToken, pageOf, pickFields } from './http.mjs';

/** @import { InstagramAccount, Json, Page, Person, Token } from './types.ts' */
/** @import { Req } from './http.mjs' */
/** @import { World } from './world.mjs' */

export const pageFields = [
  'messages',
  'messaging_postbacks',
  'message_deliveries',
  'message_reads',
  'message_reactions',
  'message_echoes',
  'message_edits',
  'messaging_referrals',
  'messaging_optins',
  'messaging_handovers',
  'messaging_policy_enforcement',
  'messaging_account_linking',
  'messaging_feedback',
  'messaging_optouts',
  'standby',
  'feed',
  'mention',
];
export const instagramFields = [
  'messages',
  'messaging_postbacks',
  'messaging_seen',
  'message_reactions',
  'message_edit',
  'message_edits',
  'messaging_referral',
  'messaging_referrals',
  'messaging_optins',
  'messaging_handover',
  'messaging_handovers',
  'standby',
  'comments',
  'live_comments',
  'mentions',
  'story_insights',
];

/** The page's token for the person whose token asks; the same one each time. @param {World} w @param {Token} user @param {Page} page */
function pageToken(w, user, page) {
  const old = [...w.tokens.values()].find(
    (t) =>
      t.kind === 'page' &&
      t.pageId === page.id &&
      t.appId === user.appId &&
      t.userId === user.userId &&
      !t.revoked &&
      t.longLived === user.longLived,
  );
  return (
    old ??
    w.addToken({
      kind: 'page',
      appId: user.appId,
      userId: user.userId,
      pageId: page.id,
      scopes: user.scopes,
      longLived: user.longLived,
      expiresAt: user.longLived ? 0 : user.expiresAt,
    })
  );
}

/** @param {World} w @param {Page} page @param {Token} token */
const fieldsOfPage = (w, page, token) => {
  const ig = page.igId ? w.instagrams.get(page.igId) : undefined;
  return {
    id: page.id,
    name: page.name,
    tasks: page.tasks,
    category: 'Pet Service',
    access_token:
      token.kind === 'page' || page.tasks.includes('MODERATE') || page.tasks.includes('MANAGE')
        ? token.kind === 'page'
          ? token.token
          : pageToken(w, token, page).token
        : undefined,
    instagram_business_account: ig ? { id: ig.id, username: ig.username, name: ig.name } : undefined,
    picture: { data: { url: w.publish(ig?.picture ?? Buffer.alloc(0), 'image/png', 'page.png'), is_silhouette: false } },
    link: `https://www.facebook.com/${page.id}`,
  };
};

/** GET /me/accounts @param {World} w @param {Req} r */
export function accounts(w, r) {
  const token = needToken(w, r);
  if (token.kind !== 'user' && token.kind !== 'system' && token.kind !== 'business')
    throw invalid('Tried accessing nonexisting field (accounts) on node type (Page)');
  if (!token.scopes.includes('pages_show_list')) return { data: [] };
  const targets = token.targets['pages_show_list'];
  const pages = [...w.pages.values()].filter((p) => p.ownerId === token.userId && (!targets || targets.includes(p.id)));
  return pageOf(
    w,
    r,
    pages,
    (p) => p.id,
    (p) => pickFields(r.args, 'access_token,category,name,tasks', fieldsOfPage(w, p, token)),
  );
}

/** GET /me and GET /{page} @param {World} w @param {Req} r @param {Page | undefined} page */
export function readPage(w, r, page) {
  const token = needToken(w, r);
  const node = page ?? (token.pageId ? w.pages.get(token.pageId) : undefined);
  if (!node)
    return pickFields(r.args, 'name,id', {
      id: token.userId,
      name: token.kind === 'system' || token.kind === 'business' ? 'Interflow System User' : w.owner.name,
      email: undefined,
      client_business_id: token.businessId,
    });
  if (token.kind === 'page' ? token.pageId !== node.id : token.userId !== node.ownerId) throw noObject(node.id);
  return pickFields(r.args, 'name,id', fieldsOfPage(w, node, token));
}

/** GET /me and GET /{instagram account} @param {World} w @param {Req} r @param {InstagramAccount | undefined} ig */
export function readInstagram(w, r, ig) {
  const token = needToken(w, r);
  const node = ig ?? (token.igId ? w.instagrams.get(token.igId) : undefined);
  if (!node) throw noObject(r.node);
  const byPage = token.kind === 'page' || token.kind === 'user' || token.kind === 'system';
  if (
    byPage ? !node.pageId || (token.kind === 'page' ? token.pageId !== node.pageId : token.userId !== node.ownerId) : token.igId !== node.id
  )
    throw noObject(node.id);
  const fields = {
    id: byPage ? node.id : node.scopedId,
    user_id: byPage ? undefined : node.id,
    username: node.username,
    name: node.name,
    account_type: byPage ? undefined : 'BUSINESS',
    profile_picture_url: w.publish(node.picture, 'image/png', 'profile.png', 3 * day),
    followers_count: 1204,
    follows_count: 87,
    media_count: 310,
  };
  return pickFields(r.args, byPage ? 'id' : 'id', fields);
}

/** GET /{PSID} or GET /{IGSID} @param {World} w @param {Req} r @param {Person} person */
export function profile(w, r, person) {
  const token = needToken(w, r);
  const ig = w.instagrams.get(person.accountId ?? '');
  const own =
    token.kind === 'instagram'
      ? token.igId === person.accountId
      : token.kind === 'page' && (token.pageId === person.accountId || token.pageId === ig?.pageId);
  if (!own || person.profileHidden) throw noObject(person.id ?? r.node);
  if (ig) {
    if (!person.wrote.has(ig.id)) throw refusal(230, undefined, { message: '(#230) User consent is required to access user profile' });
    return pickFields(r.args, 'name,username', {
      id: person.id,
      name: person.name,
      username: person.username ?? person.name.toLowerCase().replace(/\W+/g, '.'),
      profile_pic: w.publish(person.picture, 'image/png', 'profile.png', 3 * day),
      follower_count: 321,
      is_verified_user: false,
      is_user_follow_business: true,
      is_business_follow_user: false,
    });
  }
  return pickFields(r.args, 'first_name,last_name,profile_pic', {
    id: person.id,
    name: person.name,
    first_name: person.firstName,
    last_name: person.lastName,
    profile_pic: w.publish(person.picture, 'image/png', 'profile.png', 30 * day),
    locale: 'pt_BR',
    timezone: -3,
    gender: undefined,
  });
}

/** /{page or Instagram account}/subscribed_apps @param {World} w @param {Req} r @param {Page | InstagramAccount} node */
export function subscribedApps(w, r, node) {
  const token = needToken(w, r);
  const instagram = w.instagrams.has(node.id);
  if (instagram ? token.kind !== 'instagram' || token.igId !== node.id : token.kind !== 'page')
    throw instagram
      ? noObject(node.id, r.call.method.toLowerCase())
      : refusal(210, undefined, { message: '(#210) A page access token is required to request this resource.' });
  if (!instagram && token.pageId !== node.id) throw noObject(node.id, r.call.method.toLowerCase());
  if (mayReach(token, instagram ? 'instagram_business_basic' : 'pages_manage_metadata', node.id))
    throw refusal(200, undefined, {
      message: `(#200) Requires ${instagram ? 'instagram_business_basic' : 'pages_manage_metadata'} permission to manage the object`,
    });
  if (!instagram && !(/** @type {Page} */ (node).tasks.includes('MODERATE')))
    throw refusal(200, undefined, { message: '(#200) The person who granted the token needs the task MODERATE on the page' });
  const show = (/** @type {string} */ id) => ({
    link: `https://www.facebook.com/games/?app_id=${id}`,
    name: w.apps.get(id)?.name ?? '',
    id,
    subscribed_fields: node.subscribed.get(id),
  });
  if (r.call.method === 'GET') return { data: [...node.subscribed.keys()].map(show) };
  if (r.call.method === 'DELETE') {
    node.subscribed.delete(token.appId);
    return { success: true };
  }
  const given = r.args.subscribed_fields;
  if (given === undefined || given === '') throw missing('subscribed_fields');
  const fields = (Array.isArray(given) ? given : String(given).split(',')).map((f) => String(f).trim());
  const known = instagram ? instagramFields : pageFields;
  for (const field of fields)
    if (!known.includes(field))
      throw invalid(`Param subscribed_fields[${fields.indexOf(field)}] must be one of {${known.join(', ')}} - got "${field}"`);
  if (!instagram && !token.scopes.includes('pages_messaging') && fields.includes('messages'))
    throw refusal(200, undefined, {
      message: '(#200) To subscribe to the messages field, one of these permissions is needed: pages_messaging',
    });
  node.subscribed.set(token.appId, fields);
  return { success: true };
}

/** @type {(w: World, r: Req) => Json} */
export function permissions(w, r) {
  const token = needToken(w, r);
  return { data: token.scopes.map((permission) => ({ permission, status: 'granted' })) };
}
