/* Two of the team and a visitor at once: who has a chat, who types and looks on, what each has not read yet, notes that stay in the
   house, a chat handed over. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Organization, type Person, join, signUp, unique } from '../api/lib/people.ts';
import { Inbox } from './lib/inbox.ts';
import { type Screen, makeWebchat, patience, stage } from './lib/stage.ts';
import { Talker } from './lib/talk.ts';
import { Widget } from './lib/widget.ts';

const s = stage();

describe('two of the team and a visitor', () => {
  let org: Organization;
  let ana: Person;
  let marina: Screen;
  let anas: Screen;
  let visitor: Screen;
  let inbox: Inbox;
  let hers: Inbox;
  let widget: Widget;
  const first = `Oi, o bolo de cenoura ainda tem? ${unique()}`;

  const unread = (i: Inbox, text: string) => i.row(text).getByRole('img', { name: /não lida/ });

  beforeAll(async () => {
    org = await signUp(s.url);
    const { key } = await makeWebchat(org);
    ana = await join(org, 'agent');
    [marina, anas, visitor] = await Promise.all([s.person(org.owner.client), s.person(ana.client), s.visitor(key)]);
    inbox = new Inbox(marina.page);
    hers = new Inbox(anas.page);
    widget = new Widget(visitor.page);
    await Promise.all([inbox.tab('Todas').click(), hers.tab('Todas').click(), widget.open()]);
  });

  test('both see what the visitor writes, unread', async () => {
    await widget.write(first);
    await Promise.all([unread(inbox, first).waitFor(), unread(hers, first).waitFor()]);
    await widget.write(`Aceita cartão? ${unique()}`);
    await inbox.row('Aceita cartão?').getByRole('img', { name: '2 mensagens não lidas' }).waitFor();
  });

  test('who opens it has read it, the other has not', async () => {
    await inbox.open('Aceita cartão?');
    await inbox.message(first).waitFor();
    await unread(inbox, 'Aceita cartão?').waitFor({ state: 'hidden' });
    expect(await unread(hers, 'Aceita cartão?').count()).toBe(1);
  });

  test('who takes it has it on both screens', async () => {
    await marina.page.getByRole('button', { name: 'Assumir' }).click();
    await inbox.chat.getByText('Em atendimento').waitFor();
    await hers.row('Aceita cartão?').getByTitle(/Marina/).or(hers.row('Aceita cartão?').getByRole('img', { name: /Marina/ })).first().waitFor();
    await hers.tab('Minhas').click();
    await anas.page.getByText('Nenhuma conversa sua').waitFor();
    await hers.tab('Todas').click();
  });

  test('each sees who types and who looks on', async () => {
    await inbox.composer.pressSequentially('Temos, ');
    await widget.panel.getByText('Atendimento digitando').waitFor();
    await widget.box.pressSequentially('E o de ');
    await inbox.messages.getByRole('status', { name: 'Digitando' }).waitFor();
    await hers.row('Digitando').waitFor();
    await hers.open('Digitando');
    await inbox.chat.getByText('Ana está vendo').waitFor();
    await hers.composer.pressSequentially('Oi');
    await inbox.chat.getByText('Ana está digitando').waitFor();
    await hers.composer.fill('');
    await inbox.send('Temos, saiu agora do forno.');
    await widget.message('saiu agora do forno').waitFor();
    await hers.message('saiu agora do forno').waitFor();
    await widget.panel.getByText('Atendimento digitando').waitFor({ state: 'hidden' });
  });

  test('a note reaches the colleague who is named, and never the visitor', async () => {
    await anas.page.getByRole('link', { name: 'Clientes' }).click();
    await anas.page.getByRole('heading', { name: 'Clientes' }).waitFor();
    await marina.page.getByRole('button', { name: 'Nota', exact: true }).click();
    await inbox.noteComposer.pressSequentially('Guarda um inteiro para este, @An');
    await marina.page.getByRole('listbox', { name: 'Mencionar alguém' }).getByRole('option', { name: /Ana/ }).waitFor();
    await inbox.noteComposer.press('Enter');
    await inbox.noteComposer.press('Enter');
    await inbox.message('Guarda um inteiro').getByText('Nota interna').waitFor();
    await anas.page.getByText(/mencionou você/).first().waitFor();
    await anas.page.getByRole('button', { name: 'Abrir', exact: true }).click();
    await hers.message('Guarda um inteiro').waitFor();
    // Something that comes after the note: had the note gone out, it would be there by now.
    await inbox.send('Separei um para você.');
    await widget.message('Separei um para você').waitFor();
    expect((await widget.texts()).join(' ')).not.toContain('Guarda um inteiro');
    await visitor.page.reload();
    await widget.open();
    await widget.message('Separei um para você').waitFor();
    expect((await widget.texts()).join(' ')).not.toContain('Guarda um inteiro');
  });

  test('handed over with a note, the chat is hers', async () => {
    await inbox.menu('Transferir');
    const dialog = marina.page.getByRole('dialog', { name: 'Transferir conversa' });
    await dialog.getByRole('combobox').fill('Ana');
    await marina.page.getByRole('option', { name: /^Ana/ }).click();
    await dialog.getByRole('textbox', { name: /Recado/ }).fill('Ela conhece o cliente.');
    await dialog.getByRole('button', { name: 'Transferir' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await hers.tab('Minhas').click();
    await hers.row('Separei um para você').waitFor();
    await hers.messages.getByText(/transferiu para Ana/).waitFor();
    await hers.messages.getByText('Ela conhece o cliente.').waitFor();
    await inbox.tab('Minhas').click();
    await expect.poll(() => inbox.row('Separei um para você').count(), { timeout: patience }).toBe(0);
    await hers.send('Pode buscar a partir das 15h.');
    await widget.message('Pode buscar a partir das 15h').getByText('Ana').first().waitFor();
    expect(await widget.log.getByText('Ela conhece o cliente').count()).toBe(0);
    // What comes in now is hers to read, wherever she is.
    await anas.page.getByRole('link', { name: 'Clientes' }).click();
    await widget.write(`Obrigada! ${unique()}`);
    await anas.page.getByRole('link', { name: 'Conversas, 1 não lida' }).waitFor();
    expect(await marina.page.getByRole('link', { name: /^Conversas, / }).count()).toBe(0);
  });

  test('a list under the eyes does not jump when others write', async () => {
    const { key } = await makeWebchat(org, {}, 'Blog');
    await inbox.tab('Todas').click();
    const talkers = Array.from({ length: 14 }, (_, i) => new Talker(org, key, `Fila ${String.fromCharCode(65 + i)} ${unique()}`));
    for (const [i, talker] of talkers.entries()) await talker.write(`pergunta ${i} ${unique()}`);
    const last = talkers.at(-1);
    await inbox.row(last?.name ?? '').waitFor();
    const list = marina.page.getByRole('listbox', { name: 'Conversas' });
    // The pointer rests on a row: a chat that comes up must not push another one under it.
    const under = inbox.row(talkers[6]?.name ?? '');
    await under.hover();
    const before = await under.boundingBox();
    const newest = `chegou agora ${unique()}`;
    await talkers[0]?.write(newest);
    await inbox.row(newest).waitFor();
    expect(await under.boundingBox()).toEqual(before);
    await marina.page.mouse.move(900, 400);
    await expect.poll(async () => (await list.getByRole('option').first().innerText()).includes('chegou agora'), { timeout: patience }).toBe(true);
  });
});
