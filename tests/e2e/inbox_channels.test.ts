/* Conversations over WhatsApp, Messenger and Instagram as a person has them: every kind of message that comes, what can be
   sent, the time to answer, and what failed with its reason. The platforms are the stand-in Graph API. */
import { beforeAll, describe, expect, test } from 'vitest';
import { until } from '../api/lib/server.ts';
import { unique } from '../api/lib/people.ts';
import { type PageCustomer, type WhatsAppCustomer, samples } from '../graph/graph.mjs';
import { everything, templates, town } from './lib/channels.ts';
import { Inbox } from './lib/inbox.ts';
import { look } from './lib/look.ts';
import { type Screen, patience, phone } from './lib/stage.ts';

const s = town();

describe('WhatsApp', () => {
  let ana: WhatsAppCustomer;
  let bia: WhatsAppCustomer;
  let screen: Screen;
  let inbox: Inbox;
  let anaId: string;
  let biaId: string;

  beforeAll(async () => {
    templates(s.graph);
    await s.connect('whatsapp', 'Recepção');
    ana = s.graph.whatsappCustomer({ phone: '+55 11 98765-4321', name: 'Ana Prado' });
    bia = s.graph.whatsappCustomer({ phone: '+55 11 98765-4322', name: 'Bia Costa' });
    await everything(ana);
    await bia.sends.text('Oi, tudo bem?');
    anaId = String((await s.chatOf('Ana Prado'))['id']);
    biaId = String((await s.chatOf('Bia Costa'))['id']);
    screen = await s.stage.person(s.desk.org.owner.client, `/inbox/${anaId}`);
    inbox = new Inbox(screen.page);
  });
  const dialog = () => screen.page.getByRole('dialog');
  const make = async (what: string) => {
    await inbox.chat.getByRole('button', { name: 'Mais para enviar' }).click();
    await screen.page.getByRole('menuitem', { name: what, exact: true }).click();
  };
  const sendIt = async () => {
    await dialog().getByRole('button', { name: 'Enviar' }).click();
    await dialog().waitFor({ state: 'hidden' });
  };

  test('shows every kind of message that comes', async () => {
    const pane = inbox.messages;
    await pane.getByText('Era isso, muito obrigada!').waitFor();
    await pane.getByText('Mensagem apagada').waitFor();
    await inbox.message('Era isso, muito obrigada!').getByText('editada').waitFor();
    await inbox.message('Vi o anúncio do banho').getByText('Veio por um anúncio').waitFor();
    await inbox.message('É este aqui, o Thor').getByRole('img').first().waitFor();
    await pane.getByRole('group', { name: 'Mensagem de voz' }).waitFor();
    await pane.getByRole('group', { name: 'Áudio', exact: true }).waitFor();
    await pane.locator('video').waitFor();
    await pane.getByRole('link', { name: /exame-de-sangue-outubro\.pdf/ }).waitFor();
    expect(await pane.getByRole('link', { name: /Praça da Sé/ }).getAttribute('href')).toContain('-23.55052');
    await inbox.message('Olha o que me mandaram').getByText('Encaminhada').waitFor();
    await inbox.message('Confirmar').getByText('Escolheu').waitFor();
    await inbox.message('Sábado, 10h').getByText('Com a Bruna').waitFor();
    const form = pane.getByRole('group', { name: 'Cadastro do pet' });
    expect(await form.innerText()).toMatch(/Nome do pet\s+Thor/);
    expect(await form.innerText()).not.toContain('flow');
    expect(await pane.getByRole('group', { name: 'Pedido' }).innerText()).toMatch(/R\$\s*695,50/);
    await pane.getByText('Enquete: o WhatsApp só mostra no celular.').waitFor();
    expect(await look(screen.page, 'every kind')).toEqual([]);
  });

  test('keeps a contact that was sent as a customer', async () => {
    const card = inbox.messages.locator('[data-message]').filter({ hasText: 'Rui Ferraz' });
    await card.getByRole('button', { name: 'Salvar contato' }).click();
    await screen.page.getByRole('menuitem', { name: 'Como novo cliente' }).click();
    await screen.page.getByText('Rui Ferraz agora é um cliente.').waitFor();
    expect(s.desk.sql("select count(*) from contacts where identifier like '%91234%5678%' or identifier = 'rui@ferraz.example'").trim()).toBe('2');
  });

  test('text, reply and reaction go out and come back', async () => {
    await inbox.open('Bia Costa');
    await inbox.messages.getByText('Oi, tudo bem?').waitFor();
    const words = `Bom dia ${unique()}`;
    await inbox.send(words);
    const got = await bia.receives(words);
    await inbox.state(words, 'Entregue').waitFor();
    await bia.reads();
    await inbox.state(words, 'Lida').waitFor();
    await bia.sends.text('Sobre isso', { replyTo: got.id });
    await inbox.message('Sobre isso').getByRole('button', { name: new RegExp(words) }).waitFor();
    await bia.sends.reaction(got.id, '🙏');
    await inbox.message(words).getByRole('button', { name: '🙏, 1 pessoa' }).first().waitFor();
    await bia.sends.reactionRemoved(got.id);
    await inbox.message(words).getByRole('button', { name: '🙏, 1 pessoa' }).first().waitFor({ state: 'hidden' });

    const theirs = inbox.message('Oi, tudo bem?');
    await theirs.hover();
    await theirs.getByRole('button', { name: 'Reagir', exact: true }).click();
    await screen.page.getByRole('button', { name: 'Reagir com 👍' }).click();
    await until('the reaction', () => s.graph.callsTo('/messages').some((c) => c.body?.type === 'reaction' && c.body.reaction.emoji === '👍'));
    await theirs.hover();
    await theirs.getByRole('button', { name: 'Responder a esta' }).click();
    const answer = `Tudo, e você? ${unique()}`;
    await inbox.composer.fill(answer);
    await inbox.composer.press('Enter');
    expect((await bia.receives(answer)).replyTo).toBeTruthy();
  });

  test('buttons, a list, a link, a place and a card are made within the limits', async () => {
    await make('Botões');
    await dialog().getByLabel('Texto', { exact: true }).fill('Você confirma?');
    await dialog().getByLabel('Botão 1', { exact: true }).fill('Um título longo demais para o botão');
    await dialog().getByText('Passa do que o canal aceita.').waitFor();
    await dialog().getByLabel('Botão 1', { exact: true }).fill('Sim');
    await dialog().getByLabel('Botão 2', { exact: true }).fill('Agora não');
    expect(await look(screen.page, 'buttons')).toEqual([]);
    await sendIt();
    await bia.taps(await bia.receives('Você confirma?'), 'Sim');
    await inbox.messages.locator('[data-message]').filter({ hasText: 'Escolheu' }).filter({ hasText: 'Sim' }).waitFor();

    await make('Lista');
    await dialog().getByLabel('Texto', { exact: true }).fill('Qual horário?');
    await dialog().getByLabel('Botão que abre a lista').fill('Ver horários');
    await dialog().getByLabel('Título').nth(0).fill('9h');
    await dialog().getByLabel('Título').nth(1).fill('10h');
    await sendIt();
    expect((await bia.receives('Qual horário?')).buttons.map((b) => b.title)).toEqual(expect.arrayContaining(['9h', '10h']));

    await make('Botão com link');
    await dialog().getByLabel('Texto', { exact: true }).fill('Veja o catálogo');
    await dialog().getByLabel('Texto do botão').fill('Abrir');
    await dialog().getByLabel('Endereço').fill('loja.example/catalogo');
    await sendIt();
    expect((await bia.receives('Veja o catálogo')).buttons[0]?.url).toBe('https://loja.example/catalogo');

    await make('Localização');
    await dialog().getByRole('button', { name: 'Enviar' }).click();
    await dialog().getByText('Preencha este campo.').waitFor();
    await dialog().getByLabel('Coordenadas ou link do mapa').fill('https://www.openstreetmap.org/#map=17/-23.55052/-46.633308');
    await dialog().getByLabel('Nome do lugar').fill('Quintal da Lola');
    await sendIt();
    expect((await bia.receives((m) => m.type === 'location')).raw.location).toMatchObject({ latitude: -23.55052, name: 'Quintal da Lola' });

    await make('Contato');
    await dialog().getByLabel('Nome', { exact: true }).fill('Dra. Camila');
    await dialog().getByLabel('Telefone').fill('+55 11 91111-2222');
    await sendIt();
    expect((await bia.receives((m) => m.type === 'contacts')).raw.contacts[0].name.formatted_name).toBe('Dra. Camila');
  });

  test('a voice message is recorded and leaves as one', async () => {
    await screen.context.grantPermissions(['microphone']);
    await inbox.chat.getByRole('button', { name: 'Gravar voz' }).click();
    await inbox.chat.getByRole('timer').filter({ hasText: '0:02' }).waitFor();
    await inbox.chat.getByRole('button', { name: 'Usar gravação' }).click();
    await inbox.chat.getByRole('list', { name: 'Anexos' }).waitFor();
    await inbox.chat.getByRole('button', { name: 'Enviar', exact: true }).click();
    const got = await bia.receives((m) => m.type === 'audio');
    expect(got.media[0]).toMatchObject({ voice: true, mime: expect.stringContaining('ogg') });
    await inbox.messages.getByRole('group', { name: 'Mensagem de voz' }).waitFor();
  });

  test('a picture goes out with its words; what the channel does not take is refused at once', async () => {
    const input = inbox.chat.locator('input[type=file]');
    await input.setInputFiles({ name: 'foto.png', mimeType: 'image/png', buffer: samples.png(64) });
    await inbox.chat.getByRole('list', { name: 'Anexos' }).getByText('foto.png').waitFor();
    const words = `a foto ${unique()}`;
    await inbox.send(words);
    expect((await bia.receives(words)).type).toBe('image');
    await input.setInputFiles({ name: 'grande.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(17 * 1024 * 1024) });
    await screen.page.getByText(/grande\.mp4 passa do limite de 16/).waitFor();
  });

  test('what failed says why in words, and goes out at the second try', async () => {
    const fault = s.graph.fault({ code: 131026, times: 1, path: '/messages', where: (c) => c.body?.type === 'text', later: true });
    const words = `não chega ${unique()}`;
    await inbox.send(words);
    const message = inbox.message(words);
    await message.getByRole('alert').waitFor();
    expect(await message.getByRole('alert').innerText()).toMatch(/^Não enviada: .{10,}/);
    fault.cancel();
    await message.getByRole('button', { name: 'Detalhes' }).click();
    await message.getByText('131026').first().waitFor();
    await message.getByRole('button', { name: 'Tentar de novo' }).click();
    await bia.receives(words);
    await inbox.state(words, 'Entregue').waitFor();
    await message.getByRole('alert').waitFor({ state: 'hidden' });
  });

  test('a file that the platform did not give is asked for again', async () => {
    await bia.sends.document({ name: 'perdido.pdf', broken: 'missing' });
    const message = inbox.message('perdido.pdf');
    await message.getByRole('button', { name: 'Buscar de novo' }).waitFor({ timeout: 60_000 });
    await message.getByRole('button', { name: 'Buscar de novo' }).click();
    await until('another try', () => s.graph.callsTo(/media|\/\d+$/).length > 0);
  });

  test('when the time is over, only a template goes out', async () => {
    await s.windowEnds(biaId, 1.5);
    await inbox.chat.getByText(/^Janela: 1\sh/).waitFor();
    await inbox.row('Bia Costa').getByRole('img', { name: 'A janela para responder fecha em menos de 2 horas' }).waitFor();
    await s.windowEnds(biaId, -3);
    await inbox.chat.getByText('A janela para responder fechou há 3 horas.').waitFor();
    expect(await inbox.composer.count()).toBe(0);
    expect(await look(screen.page, 'window over')).toEqual([]);
    await inbox.chat.getByRole('button', { name: 'Escolher modelo' }).click();
    await dialog().getByLabel('Buscar modelo').fill('lembrete consulta');
    await dialog().getByRole('button', { name: /lembrete_consulta/ }).click();
    expect(await dialog().getByLabel('Campo 1').inputValue()).toBe('Bia');
    await dialog().getByRole('button', { name: 'Enviar' }).click();
    await dialog().getByText('Preencha para enviar.').first().waitFor();
    await dialog().getByLabel('Campo 2').fill('Thor');
    await dialog().getByLabel('Campo 3').fill('amanhã às 15h30');
    expect(await look(screen.page, 'template')).toEqual([]);
    await sendIt();
    const got = await bia.receives(/A consulta do Thor é amanhã às 15h30/);
    expect(got.type).toBe('template');
    await inbox.messages.getByText('Modelo lembrete_consulta').waitFor();
    await bia.taps(got, 'Confirmar');
    await inbox.composer.waitFor();
  });

  test('begins a conversation with a template', async () => {
    const page = screen.page;
    await page.getByRole('button', { name: /^Nova conversa/ }).click();
    await dialog().getByRole('combobox', { name: 'Para' }).fill('+55 11 98765-4399');
    await page.getByRole('option', { name: /98765-4399/ }).click();
    await dialog().getByLabel('Nome').fill('Caio Lima');
    await dialog().getByRole('button', { name: /lembrete_consulta/ }).click();
    await dialog().getByLabel('Campo 1').fill('Caio');
    await dialog().getByLabel('Campo 2').fill('Rex');
    await dialog().getByLabel('Campo 3').fill('hoje');
    expect(await look(page, 'new conversation')).toEqual([]);
    const caio = s.graph.whatsappCustomer({ phone: '+55 11 98765-4399', name: 'Caio' });
    await dialog().getByRole('button', { name: 'Enviar' }).click();
    await caio.receives(/A consulta do Rex é hoje/);
    await inbox.chat.getByText('Este cliente ainda não escreveu.').waitFor();
  });

  test('on a phone', async () => {
    const hand = await s.stage.person(s.desk.org.owner.client, `/inbox/${anaId}`, phone);
    await new Inbox(hand.page).messages.getByText('Era isso, muito obrigada!').waitFor();
    expect(await look(hand.page, 'phone')).toEqual([]);
    await s.windowEnds(anaId, -3);
    await hand.page.getByRole('button', { name: 'Escolher modelo' }).click();
    await hand.page.getByRole('button', { name: /lembrete_consulta/ }).click();
    await hand.page.getByLabel('Campo 2').waitFor();
    expect(await look(hand.page, 'phone, template')).toEqual([]);
  });

  test('what the owner writes on the telephone is shown as sent there, and is not sent again', async () => {
    const nina = s.graph.whatsappCustomer({ phone: '+55 11 98765-4333', name: 'Nina Alves' });
    await nina.sends.text('Ainda tem horário?');
    const id = String((await s.chatOf('Nina Alves'))['id']);
    const own = await s.stage.person(s.desk.org.owner.client, `/inbox/${id}`);
    const there = new Inbox(own.page);
    await there.messages.getByText('Ainda tem horário?').waitFor();
    const words = `Tem sim ${unique()}`;
    const sent = await s.graph.ownerSends(nina, words);
    await there.message(words).getByText('Enviada pelo celular').waitFor();
    await there.state(words, 'Enviada').waitFor();
    await there.row('Nina Alves').getByText(words).waitFor();
    await s.graph.ownerEdits(nina, sent.id, `${words}, às 15h`);
    await there.message(`${words}, às 15h`).getByText('editada').waitFor();
    await own.page.reload();
    await there.message(`${words}, às 15h`).getByText('Enviada pelo celular').waitFor();
    expect(await there.messages.locator('[data-message]').count()).toBe(2);
    expect(s.graph.callsTo('/messages').filter((c) => JSON.stringify(c.body ?? '').includes(words))).toEqual([]);
    expect(await look(own.page, 'sent on the telephone')).toEqual([]);
    await own.context.close();
  });

  test('a customer with a new number: a line says so, the conversation goes on', async () => {
    const iris = s.graph.whatsappCustomer({ phone: '+55 11 98765-4344', name: 'Íris Melo' });
    await iris.sends.text('Vou trocar de chip');
    const id = String((await s.chatOf('Íris Melo'))['id']);
    const own = await s.stage.person(s.desk.org.owner.client, `/inbox/${id}`);
    const there = new Inbox(own.page);
    await there.messages.getByText('Vou trocar de chip').waitFor();
    await iris.sends.changedNumber('+55 11 97777-1234');
    const line = there.messages.getByText(/^O cliente mudou de número: .*-4344 → .*-1234, \d/);
    await line.waitFor();
    // Who may not see contact data reads this line, too.
    expect(await line.innerText()).not.toMatch(/98765|97777/);
    await own.page.getByRole('complementary').getByText(/97777-1234/).waitFor();
    await iris.sends.text('Já é o novo');
    await there.messages.getByText('Já é o novo').waitFor();
    await own.page.reload();
    await line.waitFor();
    expect(await line.count()).toBe(1);
    expect(s.desk.sql("select count(*) from customers where name = 'Íris Melo'").trim()).toBe('1');
    expect(await look(own.page, 'a new number')).toEqual([]);
    await own.context.close();
  });
});

describe('Messenger and Instagram', () => {
  let screen: Screen;
  let inbox: Inbox;

  beforeAll(async () => {
    await s.connect('messenger', 'Página');
    await s.connect('instagram', 'Instagram');
    screen = await s.stage.person(s.desk.org.owner.client, '/inbox');
    inbox = new Inbox(screen.page);
  });

  /** Opens the conversation of a customer by its address. */
  const visit = async (name: string): Promise<string> => {
    const id = String((await s.chatOf(name))['id']);
    await screen.page.goto(`${s.stage.url}/inbox/${id}`);
    await inbox.composer.waitFor();
    return id;
  };
  const act = async (words: string, what: string) => {
    const message = inbox.message(words);
    await message.hover();
    await message.getByRole('button', { name: what, exact: true }).click();
  };
  /** What can be said on both: words, reaction, picture, voice, document, and what fails at first. */
  const say = async (one: PageCustomer, theirs: string) => {
    const words = `Bom dia ${unique()}`;
    await inbox.send(words);
    const got = await one.receives(words);
    await one.reads();
    await inbox.state(words, 'Lida').waitFor();
    await one.sends.reaction(got.id, '❤️');
    await inbox.message(words).getByRole('button', { name: '❤️, 1 pessoa' }).waitFor();
    await one.sends.reactionRemoved(got.id);
    await inbox.message(words).getByRole('button', { name: '❤️, 1 pessoa' }).waitFor({ state: 'hidden' });
    await one.sends.text('Sobre isso', { replyTo: got.id });
    await inbox.message('Sobre isso').getByRole('button', { name: new RegExp(words) }).waitFor();
    await act(theirs, 'Reagir');
    await screen.page.getByRole('button', { name: 'Reagir com ❤️' }).click();
    await until('the reaction', () => one.thread.some((m) => m.reactions.some((r) => r.by === 'business')));

    const input = inbox.chat.locator('input[type=file]');
    const attached = inbox.chat.getByRole('list', { name: 'Anexos' });
    await input.setInputFiles({ name: 'foto.png', mimeType: 'image/png', buffer: samples.png(64) });
    await attached.getByText('foto.png').waitFor();
    await inbox.chat.getByRole('button', { name: 'Enviar', exact: true }).click();
    await one.receives((m) => m.media.some((x) => x.type === 'image'));
    await attached.waitFor({ state: 'hidden' });
    await input.setInputFiles({ name: 'orcamento.pdf', mimeType: 'application/pdf', buffer: samples.pdf('Orçamento') });
    await attached.getByText('orcamento.pdf').waitFor();
    await inbox.chat.getByRole('button', { name: 'Enviar', exact: true }).click();
    await one.receives((m) => m.media.some((x) => x.type === 'file'));
    await attached.waitFor({ state: 'hidden' });
    await screen.context.grantPermissions(['microphone']);
    await inbox.chat.getByRole('button', { name: 'Gravar voz' }).click();
    await inbox.chat.getByRole('timer').filter({ hasText: '0:02' }).waitFor();
    await inbox.chat.getByRole('button', { name: 'Usar gravação' }).click();
    await attached.waitFor();
    await inbox.chat.getByRole('button', { name: 'Enviar', exact: true }).click();
    await one.receives((m) => m.media.some((x) => x.type === 'audio'));
    await inbox.messages.getByRole('group', { name: 'Mensagem de voz' }).last().waitFor();

    const lost = `não chega ${unique()}`;
    const fault = s.graph.fault({ code: 551, path: '/messages', where: (c) => c.body?.message?.text === lost });
    await inbox.send(lost);
    const failure = inbox.message(lost).getByRole('alert');
    await failure.waitFor();
    expect(await failure.innerText()).toMatch(/^Não enviada: .{10,}/);
    fault.cancel();
    await inbox.message(lost).getByRole('button', { name: 'Tentar de novo' }).click();
    await one.receives(lost);
    await failure.waitFor({ state: 'hidden' });
  };

  test('Messenger: every kind of message that comes', async () => {
    const rui = s.graph.messengerCustomer({ name: 'Rui Dias' });
    await rui.sends.fromAd('Vi o anúncio, quero o banho');
    await rui.sends.text('Vocês abrem sábado?');
    await rui.sends.image({ bytes: samples.png(320), type: 'image/png' });
    await rui.sends.video();
    await rui.sends.audio();
    await rui.sends.file();
    await rui.sends.sticker();
    await rui.sends.location({ lat: -23.55052, long: -46.633308, title: 'Praça da Sé' });
    await rui.sends.postback('Ver horários', 'HORARIOS');
    await rui.sends.share();
    await rui.sends.unsupported();
    const wrong = await rui.sends.text('mensagem errada');
    await rui.sends.unsend(wrong.id);
    await rui.sends.text('É só isso');
    await visit('Rui Dias');
    const pane = inbox.messages;
    await pane.getByText('É só isso').waitFor();
    await inbox.message('Vi o anúncio, quero o banho').getByText('Veio por um anúncio').waitFor();
    await pane.getByRole('button', { name: /^Ampliar/ }).first().waitFor();
    await pane.locator('video').waitFor();
    await pane.getByRole('group', { name: /^(Mensagem de voz|Áudio)$/ }).waitFor();
    await pane.getByRole('link', { name: /Baixar/ }).waitFor();
    expect(await pane.getByRole('link', { name: /Praça da Sé/ }).getAttribute('href')).toContain('-23.55052');
    await inbox.message('Ver horários').getByText('Escolheu').waitFor();
    await pane.getByText('Mensagem apagada').waitFor();
    expect(await pane.getByText('mensagem errada').count()).toBe(0);
    expect(await look(screen.page, 'Messenger')).toEqual([]);
  });

  test('Messenger: what we say, with reply, buttons and a failure', async () => {
    const rui = s.graph.messengerCustomer({ name: 'Davi Nunes' });
    await rui.sends.text('Vocês abrem domingo?');
    await visit('Davi Nunes');
    await say(rui, 'Vocês abrem domingo?');
    await act('Vocês abrem domingo?', 'Responder a esta');
    const answer = `Abrimos sim ${unique()}`;
    await inbox.send(answer);
    expect((await rui.receives(answer)).replyTo).toBeTruthy();
    await inbox.chat.getByRole('button', { name: 'Mais para enviar' }).click();
    await screen.page.getByRole('menuitem', { name: 'Botões', exact: true }).click();
    const dialog = screen.page.getByRole('dialog');
    await dialog.getByLabel('Texto', { exact: true }).fill('Qual turno?');
    await dialog.getByLabel('Botão 1', { exact: true }).fill('Manhã');
    await dialog.getByLabel('Botão 2', { exact: true }).fill('Tarde');
    await dialog.getByRole('button', { name: 'Enviar' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await rui.taps(await rui.receives('Qual turno?'), 'Tarde');
    await inbox.messages.locator('[data-message]').filter({ hasText: 'Escolheu' }).filter({ hasText: 'Tarde' }).waitFor();
    expect(await look(screen.page, 'Messenger, ours')).toEqual([]);
  });

  test('what is written in the platform’s own app is shown as sent there', async () => {
    const leo = s.graph.messengerCustomer({ name: 'Léo Prates' });
    const mia = s.graph.instagramCustomer({ name: 'Mia Torres', username: 'mia.torres' });
    for (const one of [leo, mia]) {
      await one.sends.text('Vocês entregam?');
      await visit(one === leo ? 'Léo Prates' : 'Mia Torres');
      await inbox.messages.getByText('Vocês entregam?').waitFor();
      const words = `Entregamos ${unique()}`;
      await s.graph.ownerSends(one, words);
      await inbox.message(words).getByText('Enviada em outro app').waitFor();
      expect(await inbox.messages.locator('[data-message]').count()).toBe(2);
    }
    expect(await look(screen.page, 'sent elsewhere')).toEqual([]);
  });

  test('Instagram: what we say', async () => {
    const eva = s.graph.instagramCustomer({ name: 'Eva Luz', username: 'eva.luz' });
    await eva.sends.text('Tem vaga hoje?');
    await eva.sends.image();
    await eva.sends.audio();
    await eva.sends.reel();
    await eva.sends.likeHeart();
    await visit('Eva Luz');
    await inbox.messages.getByText('Tem vaga hoje?').waitFor();
    await inbox.messages.getByText('Reel').waitFor();
    await screen.page.getByRole('complementary').getByText('@eva.luz').waitFor();
    await say(eva, 'Tem vaga hoje?');
    expect(await look(screen.page, 'Instagram, ours')).toEqual([]);
  });

  test('Instagram: a story, a shared reel, and a week for a person', async () => {
    const lia = s.graph.instagramCustomer({ name: 'Lia Reis', username: 'lia.dog' });
    await lia.sends.storyReply('que fofura esse laço');
    await lia.sends.storyMention();
    const chatId = String((await s.chatOf('Lia Reis'))['id']);
    await screen.page.goto(`${s.stage.url}/inbox/${chatId}`);
    const reply = inbox.message('que fofura esse laço');
    await reply.getByText('Respondeu ao seu story').waitFor();
    expect(await reply.getByRole('link').getAttribute('href')).toMatch(/^(https?:|\/api\/)/);
    await inbox.row('Lia Reis').getByText('Mencionou você em um story').waitFor();
    await inbox.messages.getByText('Mencionou você em um story').waitFor();
    await s.windowEnds(chatId, -30);
    await inbox.chat.getByText(/o Instagram ainda aceita resposta de uma pessoa/).waitFor();
    await inbox.composer.waitFor();
    expect(await look(screen.page, 'human agent')).toEqual([]);
    await s.windowEnds(chatId, -200);
    await inbox.chat.getByText('O Instagram só deixa responder depois que o cliente escrever de novo.').waitFor({ timeout: patience });
    expect(await inbox.composer.count()).toBe(0);
  });
});
