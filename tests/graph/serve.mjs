/* Starts the stand-in for people: node tests/graph/serve.mjs [--port 8090] [--callback URL] [--verify-token TEXT]
   [--whatsapp URL] [--page URL] [--instagram URL] [--speed N]. The demo account keeps its ids, secrets and tokens over
   restarts, so that a channel connected once stays connected. Only reachable from this machine unless --host says so. */
import { parseArgs } from 'node:util';
import { startGraph } from './graph.mjs';

/** @import { WebhookObject } from './types.ts' */

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8090' },
    host: { type: 'string', default: '127.0.0.1' },
    callback: { type: 'string' },
    'verify-token': { type: 'string', default: 'verify' },
    whatsapp: { type: 'string' },
    page: { type: 'string' },
    instagram: { type: 'string' },
    speed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

/** @type {Partial<Record<WebhookObject, { url: string }>>} */
const webhooks = {};
if (values.whatsapp) webhooks.whatsapp_business_account = { url: values.whatsapp };
if (values.page) webhooks.page = { url: values.page };
if (values.instagram) webhooks.instagram = { url: values.instagram };

/** Long and the same each time. @param {string} start @param {string} text */
const fixed = (start, text) => start + text.repeat(12);
const graph = await startGraph({
  port: Number(values.port),
  host: values.host,
  speed: Number(values.speed),
  verifyToken: values['verify-token'],
  webhooks,
  ...(values.callback ? { callback: values.callback } : {}),
  cast: {
    app: {
      id: '715202611210001',
      secret: 'd3m0d3m0d3m0d3m0d3m0d3m0d3m0d3m0',
      instagramId: '715202611210002',
      instagramSecret: '1n5ta1n5ta1n5ta1n5ta1n5ta1n5ta12',
    },
    waba: { id: '102290129340398' },
    phone: { id: '106540352242922', digits: '551130001234', display: '+55 11 3000-1234' },
    page: { id: '108824017345866' },
    instagram: { id: '17841405309211844', scopedId: '26145372948501731' },
    tokens: {
      whatsapp: fixed('EAAGwhatsapp', 'Demo0Token'),
      page: fixed('EAAGpage', 'Demo0Token'),
      instagram: fixed('IGAAinsta', 'Demo0Token'),
      user: fixed('EAAGuser', 'Demo0Token'),
    },
  },
});
Object.assign(graph.reviews, { mode: 'approve', afterMs: 4000 });
graph.whatsappCustomer({ name: 'Ana Souza', phone: '+55 11 98765-4321', userId: 'BR.10000000000000000001' });
graph.whatsappCustomer({ name: 'Bruno Lima', username: 'brunolima', hidden: true, userId: 'BR.10000000000000000002' });
graph.messengerCustomer({ name: 'Carla Dias', id: '24100000000000001' });
graph.instagramCustomer({ name: 'Diego Rocha', username: 'diego.rocha', id: '1010000000000001' });

if (values.json) {
  process.stdout.write(
    `${JSON.stringify({ url: graph.url, app: { id: graph.app.id, secret: graph.app.secret, instagramId: graph.app.instagramId, instagramSecret: graph.app.instagramSecret }, waba: graph.waba.id, phone: graph.phone.id, page: graph.page.id, instagram: graph.instagram.id, tokens: graph.tokens, verifyToken: values['verify-token'] })}\n`,
  );
} else {
  const rows = [
    ['Page', graph.url],
    ['Graph API', graph.url],
    ['App id', graph.app.id],
    ['App secret', graph.app.secret],
    ['Instagram app id', graph.app.instagramId],
    ['Instagram app secret', graph.app.instagramSecret],
    ['Verify token', values['verify-token']],
    ['WhatsApp number id', graph.phone.id],
    ['WABA id', graph.waba.id],
    ['WhatsApp token', graph.tokens.whatsapp],
    ['Facebook page id', graph.page.id],
    ['Page token', graph.tokens.page],
    ['Instagram id', graph.instagram.id],
    ['Instagram token', graph.tokens.instagram],
  ];
  for (const [name, value] of rows) process.stdout.write(`${`${name}:`.padEnd(22)} ${value}\n`);
}
for (const [object, s] of Object.entries(graph.app.subscriptions)) {
  const said = await graph.webhooks.verify(s.url, s.verifyToken).catch((e) => ({ ok: false, status: 0, body: String(e) }));
  process.stderr.write(
    said.ok
      ? `${object}: ${s.url} answers the handshake\n`
      : `${object}: ${s.url} does not answer the handshake (${said.status || said.body}); events are sent there anyway\n`,
  );
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void graph.close().then(() => process.exit(0)));
