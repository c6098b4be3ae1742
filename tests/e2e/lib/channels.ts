/* The inbox with the platforms beside it: a server whose Meta is the stand-in Graph API (tests/graph), accounts connected
   by their tokens, customers who write, and the inbox on a screen. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type JsonObject, isObject, ok } from '../../api/lib/client.ts';
import { items } from '../../api/lib/people.ts';
import { Desk, type Row } from '../../api/lib/inbox.ts';
import { freePort, until } from '../../api/lib/server.ts';
import { metaEnv } from '../../channels/lib/meta.ts';
import { type Graph, type WhatsAppCustomer, samples, startGraph } from '../../graph/graph.mjs';
import { Stage } from './stage.ts';

export type Kind = 'whatsapp' | 'messenger' | 'instagram';

export class Town {
  readonly stage = new Stage();
  private made: { graph: Graph; desk: Desk } | undefined;

  get graph(): Graph {
    return this.parts.graph;
  }
  get desk(): Desk {
    return this.parts.desk;
  }
  private get parts(): { graph: Graph; desk: Desk } {
    if (!this.made) throw new Error('not set up yet');
    return this.made;
  }

  async start(): Promise<void> {
    const graph = await startGraph();
    const port = await freePort();
    await this.stage.start({ port, env: { ...metaEnv(graph), INTERFLOW_PUBLIC_URL: `http://127.0.0.1:${port}` } });
    this.made = { graph, desk: await Desk.make(this.stage.server) };
  }

  async stop(): Promise<void> {
    try {
      await this.stage.stop();
    } finally {
      await this.made?.graph.close();
    }
  }

  /** Connects the account of a kind; its webhooks come from now on. */
  async connect(kind: Kind, name: string): Promise<string> {
    const { graph, desk } = this;
    const secrets = { token: kind === 'whatsapp' ? graph.tokens.whatsapp : graph.tokens.page, appSecret: graph.app.secret };
    const settings: JsonObject = { verifyToken: 'verify' };
    if (kind === 'whatsapp') Object.assign(settings, { phoneNumberId: graph.phone.id, wabaId: graph.waba.id });
    const made = ok(await desk.owner.call('channels.create', {}, { json: { kind, name, settings, secrets } }), 201);
    const object = kind === 'whatsapp' ? 'whatsapp_business_account' : kind === 'messenger' ? 'page' : 'instagram';
    await graph.subscribe(object, `${this.stage.url}/hooks/${kind}/${made.str('publicKey')}`, 'verify');
    await until('the app to be subscribed to the account', () =>
      (kind === 'whatsapp' ? graph.waba : graph.page).subscribed.has(graph.app.id),
    );
    return made.str('id');
  }

  /** The chat of a customer, once it is there. */
  chatOf(name: string): Promise<Row> {
    return until(`the chat of ${name}`, async () => {
      const list = await items(this.desk.org.owner.client, this.desk.org.path('/chats'), { view: 'any' });
      return list.find((one) => isObject(one['customer']) && one['customer']['name'] === name) as Row | undefined;
    });
  }

  /** Moves the end of a chat's window, and tells the screens. */
  async windowEnds(chatId: string, inHours: number): Promise<void> {
    this.desk.sql(`update chats set window_until = now() + interval '${inHours} hours', version = version + 1 where id = '${chatId}'`);
    ok(await this.desk.owner.client.post(this.desk.org.path(`/chats/${chatId}/priority`), { priority: 1 }));
    ok(await this.desk.owner.client.post(this.desk.org.path(`/chats/${chatId}/priority`), { priority: 0 }));
  }
}

/** Up before the first test of a file, down after its last. */
export function town(): Town {
  const self = new Town();
  beforeAll(() => self.start());
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await self.stage.photograph(task.name);
  });
  afterAll(() => self.stop());
  return self;
}

/** Every kind of message that WhatsApp brings, from one customer, in an order in which people could have sent them. */
export async function everything(ana: WhatsAppCustomer): Promise<void> {
  const { sends } = ana;
  await sends.fromAd('Vi o anúncio do banho. Tem horário sábado?');
  await sends.image({ bytes: samples.png(480), caption: 'É este aqui, o Thor' });
  await sends.voice({ bytes: samples.voice(4000) });
  await sends.audio({ bytes: samples.mp3(3000), name: 'latido.mp3' });
  await sends.video({ bytes: samples.mp4 });
  await sends.document({ bytes: samples.pdf('Exame'), name: 'exame-de-sangue-outubro.pdf', caption: 'O exame de outubro' });
  await sends.sticker({ bytes: samples.webp, type: 'image/webp' });
  await sends.location({ latitude: -23.55052, longitude: -46.633308, name: 'Praça da Sé', address: 'Sé, São Paulo' });
  await sends.contacts([
    {
      name: { formatted_name: 'Rui Ferraz', first_name: 'Rui' },
      org: { company: 'Distribuidora Ferraz' },
      phones: [{ phone: '+55 11 91234-5678', type: 'CELL' }],
      emails: [{ email: 'rui@ferraz.example', type: 'WORK' }],
    },
  ]);
  await sends.text('Olha o que me mandaram', { forwarded: true });
  await sends.buttonReply('b1', 'Confirmar');
  await sends.listReply('r2', 'Sábado, 10h', 'Com a Bruna');
  await sends.form({ nome_do_pet: 'Thor', peso: 31.4, vacinado: true, flow_token: randomUUID() }, { name: 'Cadastro do pet' });
  await sends.order(
    [
      { product_retailer_id: 'RACAO-15', quantity: 2, item_price: 287.8, currency: 'BRL' },
      { product_retailer_id: 'ANTIPULGAS', quantity: 1, item_price: 119.9, currency: 'BRL' },
    ],
    { text: 'Pode entregar hoje?' },
  );
  await sends.unsupported('poll_creation');
  await sends.text('😍');
  const last = await sends.text('Era isso, obrigada!');
  await sends.edit(last.id, 'Era isso, muito obrigada!');
  const wrong = await sends.text('mensagem errada');
  await sends.revoke(wrong.id);
}

/** Templates as a business has them. */
export function templates(graph: Graph): void {
  graph.addTemplate({
    name: 'lembrete_consulta',
    language: 'pt_BR',
    category: 'UTILITY',
    status: 'APPROVED',
    components: [
      {
        type: 'BODY',
        text: 'Olá, {{1}}! A consulta do {{2}} é {{3}}. Você confirma?',
        example: { body_text: [['Beatriz', 'Thor', 'amanhã às 15h30']] },
      },
      { type: 'FOOTER', text: 'Quintal da Lola' },
      {
        type: 'BUTTONS',
        buttons: [
          { type: 'QUICK_REPLY', text: 'Confirmar' },
          { type: 'QUICK_REPLY', text: 'Reagendar' },
        ],
      },
    ],
  });
  graph.addTemplate({
    name: 'promocao_foto',
    language: 'pt_BR',
    category: 'MARKETING',
    status: 'APPROVED',
    components: [
      { type: 'HEADER', format: 'IMAGE' },
      { type: 'BODY', text: 'Banho com hidratação em promoção só nesta semana.' },
    ],
  });
  graph.addTemplate({
    name: 'appointment_reminder',
    language: 'en_US',
    category: 'UTILITY',
    status: 'APPROVED',
    components: [{ type: 'BODY', text: 'Hi {{1}}, see you tomorrow.', example: { body_text: [['Ana']] } }],
  });
}
