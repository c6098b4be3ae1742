/* A WhatsApp account of the stand-in Graph API, connected before the first test of a file, and its people. */
import { beforeAll } from 'vitest';
import { type JsonObject, ok } from '../../api/lib/client.ts';
import { type Row } from '../../api/lib/inbox.ts';
import { until } from '../../api/lib/server.ts';
import { type WhatsAppCustomer } from '../../graph/types.ts';
import { type MetaHouse, arrived, becomes, metaHouse } from './meta.ts';

export const files = (row: Row): Row[] => (Array.isArray(row['files']) ? (row['files'] as Row[]) : []);
export const list = (row: Row, name: string): Row[] => (Array.isArray(row[name]) ? (row[name] as Row[]) : []);

export interface WhatsAppHouse {
  all: MetaHouse;
  /** The channel's id and the last part of its webhook's address. */
  account: { id: string; key: string };
  input: (settings?: JsonObject, secrets?: JsonObject) => JsonObject;
  /** A person who has written, with the chat. */
  talk: (customer: WhatsAppCustomer, text?: string) => Promise<{ chatId: string; message: Row }>;
  person: (name?: string) => WhatsAppCustomer;
  /** A message of ours, once it has left or failed. */
  send: (chatId: string, json: JsonObject) => Promise<Row>;
}

/** killed: the test kills workers, which the supervisor may say. */
export function whatsappHouse(options: { killed?: boolean } = {}): WhatsAppHouse {
  const all = metaHouse(options);
  const account = { id: '', key: '' };
  let next = 0;
  const input = (settings: JsonObject = {}, secrets: JsonObject = {}): JsonObject => ({
    kind: 'whatsapp',
    settings: { phoneNumberId: all.graph.phone.id, wabaId: all.graph.waba.id, verifyToken: 'verify', ...settings },
    secrets: { token: all.graph.tokens.whatsapp, appSecret: all.graph.app.secret, ...secrets },
  });
  beforeAll(async () => {
    const made = ok(await all.desk.owner.call('channels.create', {}, { json: { ...input(), name: 'WhatsApp da loja' } }), 201);
    account.id = made.str('id');
    account.key = made.str('publicKey');
    await until('its webhooks to be ours', () => all.graph.waba.subscribed.get(all.graph.app.id)?.url === `${all.server.url}/hooks/whatsapp/${account.key}`);
  });
  return {
    all,
    account,
    input,
    async talk(customer, text = 'Oi') {
      const message = await arrived(all, await customer.sends.text(text));
      return { chatId: String(message['chatId']), message };
    },
    person: (name = 'Ana') => all.graph.whatsappCustomer({ phone: `+55 11 9${8000 + ++next}-${1000 + next}`, name }),
    async send(chatId, json) {
      const row = ok(await all.desk.owner.call('messages.send', { chatId }, { json })).json as Row;
      return becomes(all, { ...row, chatId }, (r) => /sent|delivered|read|failed/.test(String(r['status'])), 'the message to leave');
    },
  };
}
