/* E-mail in the inbox, against Dovecot and Postfix on this machine: reading a thread with HTML, a picture inside it and
   pictures elsewhere, answering with copies, a mail that comes back. */
import { type Server as Web, createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ok } from '../api/lib/client.ts';
import { Desk } from '../api/lib/inbox.ts';
import { until } from '../api/lib/server.ts';
import { MailServer, canRun } from '../channels/lib/mailserver.ts';
import { samples } from '../graph/graph.mjs';
import { Inbox } from './lib/inbox.ts';
import { look } from './lib/look.ts';
import { type Screen, Stage, patience, phone } from './lib/stage.ts';

const shop = 'loja@loja.example';
const ana = 'ana@cliente.example';
const bia = 'bia@cliente.example';

const s = new Stage();
let mail: MailServer;
let desk: Desk;
let elsewhere: Web;
let asked = 0;

/** The name and the words of a header in Unicode. */
const word = (text: string): string => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;

interface Letter {
  subject: string;
  text: string;
  html?: string;
  id: string;
  head?: Record<string, string>;
  picture?: Buffer;
}

function letter({ subject, text, html, id, head = {}, picture }: Letter): string {
  const part = (type: string, body: string): string =>
    `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(body).toString('base64')}\r\n`;
  const heads = Object.entries({
    From: `${word('Ana Lima')} <${ana}>`,
    To: `Loja <${shop}>`,
    Subject: word(subject),
    Date: new Date().toUTCString().replace('GMT', '+0000'),
    'Message-ID': `<${id}>`,
    'MIME-Version': '1.0',
    ...head,
  })
    .map(([key, value]) => `${key}: ${value}\r\n`)
    .join('');
  if (!html) return `${heads}${part('text/plain', text)}`;
  const inline = picture
    ? `--r\r\nContent-Type: image/png; name="thor.png"\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <thor>\r\nContent-Disposition: inline; filename="thor.png"\r\n\r\n${picture.toString('base64')}\r\n`
    : '';
  return `${heads}Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n${part('text/plain', text)}--a\r\n${part('text/html', html)}--a--\r\n${inline}--r--\r\n--m\r\nContent-Type: application/pdf; name="pedido.pdf"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="pedido.pdf"\r\n\r\n${samples.pdf('Pedido').toString('base64')}\r\n--m--\r\n`;
}

describe.runIf(canRun)('e-mail', () => {
  let screen: Screen;
  let inbox: Inbox;

  beforeAll(async () => {
    elsewhere = createServer((_, response) => {
      asked++;
      response.writeHead(200, { 'Content-Type': 'image/png' }).end(samples.png(40));
    });
    await new Promise<void>((done) => elsewhere.listen(0, '127.0.0.1', () => done()));
    mail = await MailServer.start([shop, ana, bia]);
    await s.start({ env: mail.env });
    desk = await Desk.make(s.server);
    const made = await desk.owner.call(
      'channels.create',
      {},
      {
        json: {
          kind: 'email',
          name: 'Atendimento',
          address: shop,
          settings: {
            imapHost: '127.0.0.1',
            imapPort: mail.imapsPort,
            imapSecurity: 'tls',
            smtpHost: '127.0.0.1',
            smtpPort: mail.smtpPort,
            smtpSecurity: 'starttls',
            username: shop,
            fromName: 'Quintal da Lola',
            signature: { pt: 'Quintal da Lola\nRua das Flores, 12' },
          },
          secrets: { password: `senha de ${shop}` },
        },
      },
    );
    ok(made, 201);
    screen = await s.person(desk.org.owner.client, '/inbox');
    inbox = new Inbox(screen.page);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await s.photograph(task.name);
  });
  afterAll(async () => {
    try {
      await s.stop();
    } finally {
      await mail?.stop();
      elsewhere?.close();
    }
  });

  /** The mail they begin with: its words go into the frame, its subject stays. */
  const theirs = () => inbox.messages.locator('[data-message]').filter({ has: screen.page.getByRole('heading', { name: 'Proposta para três gatos', exact: true }) });

  test('a mail is known by its subject; its history is folded', async () => {
    const port = (elsewhere.address() as { port: number }).port;
    mail.put(
      shop,
      letter({
        subject: 'Proposta para três gatos',
        id: 'um@cliente.example',
        text: 'Bom dia! Segue o pedido.\r\n\r\nEm qui., 19 de nov. de 2026 às 10:40, Loja <loja@loja.example> escreveu:\r\n> Pode mandar o pedido?\r\n> Obrigada',
        html: `<div style="color:#0a5">Bom dia! <b>Segue o pedido.</b></div><img src="cid:thor" width="60" height="60"><img src="http://127.0.0.1:${port}/aviso.png" width="40" height="40"><script>parent.document.title='mau'</script><p style="height:600px">Fim da carta</p>`,
        picture: samples.png(60),
        head: { Cc: `Bia Reis <${bia}>` },
      }),
    );
    await inbox.row('Proposta para três gatos').waitFor();
    await inbox.open('Ana Lima');
    const message = inbox.message('Segue o pedido');
    await message.getByRole('heading', { name: 'Proposta para três gatos' }).waitFor();
    await message.getByRole('link', { name: /pedido\.pdf/ }).waitFor();
    await message.getByRole('button', { name: /Ana Lima para Loja, Bia Reis/ }).click();
    await message.getByText(`Bia Reis <${bia}>`).waitFor();
    expect(await message.getByText('Pode mandar o pedido?').count()).toBe(0);
    await message.getByRole('button', { name: 'Mostrar mensagens anteriores' }).click();
    await message.getByText('Pode mandar o pedido?').waitFor();
    expect(await look(screen.page, 'mail')).toEqual([]);
  });

  test('the original stands in a frame in which nothing runs, pictures from elsewhere wait', async () => {
    const message = theirs();
    await message.getByRole('button', { name: 'Ver original' }).click();
    const frame = screen.page.frameLocator('iframe[title="E-mail original: Proposta para três gatos"]');
    await frame.getByText('Fim da carta').waitFor();
    expect(await frame.getByText('Bom dia!').evaluate((e) => getComputedStyle(e).color)).toBe('rgb(0, 170, 85)');
    expect(await screen.page.title()).not.toContain('mau');
    const inline = frame.locator('img').first();
    await expect.poll(() => inline.evaluate((e) => (e as HTMLImageElement).naturalWidth), { timeout: patience }).toBe(60);
    await expect.poll(() => message.locator('iframe').evaluate((e) => e.clientHeight), { timeout: patience }).toBeGreaterThan(600);
    expect(asked).toBe(0);
    expect(await look(screen.page, 'mail, original')).toEqual([]);
    await message.getByRole('button', { name: 'Mostrar 1 imagem' }).click();
    await until('the picture to be asked for', () => asked > 0);
    expect((await (await fetch(`${s.url}${await message.getByRole('link', { name: 'Baixar .eml' }).getAttribute('href')}`, { headers: { Cookie: desk.org.owner.client.cookieHeader } })).text()).slice(0, 4000)).toContain('Message-ID: <um@cliente.example>');
  });

  test('an answer goes out under the subject, with copies and signature', async () => {
    await inbox.chat.getByText('Re: Proposta para três gatos').waitFor();
    await inbox.chat.getByText('Quintal da Lola Rua das Flores, 12').waitFor();
    await inbox.chat.getByRole('button', { name: 'Cc', exact: true }).click();
    const cc = inbox.chat.getByRole('textbox', { name: 'Cc', exact: true });
    await cc.fill('bia@');
    await cc.press('Enter');
    await inbox.chat.getByText('Isto não é um e-mail.').waitFor();
    await cc.fill(bia);
    await cc.press('Enter');
    await inbox.send('Recebido, *obrigada*!');
    await inbox.message('Recebido').waitFor();
    const got = await until('the answer', () => mail.mails(ana).find((raw) => raw.includes('In-Reply-To: <um@cliente.example>')), patience);
    expect(got).toMatch(/^Cc: .*bia@cliente\.example/im);
    await until('the copy', () => mail.mails(bia).length > 0, patience);
    await inbox.state('Recebido', 'Enviada').waitFor();
    expect(await look(screen.page, 'mail, answer')).toEqual([]);
  });

  test('a quote, a picture, a document and a voice message go out as one mail', async () => {
    const first = theirs();
    await first.hover();
    expect(await first.getByRole('button', { name: 'Reagir', exact: true }).count()).toBe(0);
    await first.getByRole('button', { name: 'Responder a esta' }).click();
    const attached = inbox.chat.getByRole('list', { name: 'Anexos' });
    await inbox.chat.locator('input[type=file]').setInputFiles([
      { name: 'foto.png', mimeType: 'image/png', buffer: samples.png(64) },
      { name: 'orcamento.pdf', mimeType: 'application/pdf', buffer: samples.pdf('Orçamento') },
    ]);
    await attached.getByText('foto.png').waitFor();
    await attached.getByText('orcamento.pdf').waitFor();
    await screen.context.grantPermissions(['microphone']);
    await inbox.chat.getByRole('button', { name: 'Gravar voz' }).click();
    await inbox.chat.getByRole('timer').filter({ hasText: '0:02' }).waitFor();
    await inbox.chat.getByRole('button', { name: 'Usar gravação' }).click();
    await attached.getByText(/^mensagem de voz/i).waitFor();
    await inbox.send('Segue tudo em anexo');
    await inbox.message('Segue tudo em anexo').getByRole('button', { name: /^Ampliar/ }).waitFor();
    await inbox.state('Segue tudo em anexo', 'Enviada').waitFor();
    const got = await until('the mail with its files', () => mail.mails(ana).find((raw) => raw.includes('orcamento.pdf')), patience);
    expect(got).toContain('foto.png');
    expect(got).toMatch(/Content-Type: audio\//i);
    expect(got).toContain('In-Reply-To: <um@cliente.example>');
    expect(await look(screen.page, 'mail, files')).toEqual([]);
  });

  test('an automatic answer is marked', async () => {
    mail.put(shop, letter({ subject: 'Re: Proposta para três gatos', id: 'auto@cliente.example', text: 'Estou de férias.', head: { 'Auto-Submitted': 'auto-replied', 'In-Reply-To': '<um@cliente.example>' } }));
    await inbox.message('Estou de férias.').getByText('Resposta automática').waitFor();
  });

  test('a new mail needs a subject; one that comes back says so', async () => {
    const page = screen.page;
    await page.getByRole('button', { name: /^Nova conversa/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('combobox', { name: 'Para' }).fill('ninguem@fora.example');
    await page.getByRole('option', { name: /ninguem@fora\.example/ }).click();
    await dialog.getByLabel('Primeira mensagem').fill('Olá! Temos novidades.');
    await dialog.getByRole('button', { name: 'Enviar' }).click();
    await dialog.getByText('Escreva o assunto').waitFor();
    await dialog.getByLabel('Assunto').fill('Novidades');
    expect(await look(page, 'new mail')).toEqual([]);
    await dialog.getByRole('button', { name: 'Enviar' }).click();
    await dialog.waitFor({ state: 'hidden' });
    // Nobody has given them a name: the address is shown whole to who may see it.
    await inbox.row('ninguem@fora.example').waitFor();
    const message = inbox.message('Temos novidades.');
    await message.getByRole('heading', { name: 'Novidades' }).waitFor();
    await message.getByRole('alert').waitFor();
    expect(await message.getByRole('alert').innerText()).toMatch(/^Não enviada: .{10,}/);
    expect(await look(page, 'mail, came back')).toEqual([]);
    // The second try is one more mail: it comes back as well.
    const bounced = () => desk.sql("select count(*) from messages where error is not null and content = 'Olá! Temos novidades.'").trim();
    expect(bounced()).toBe('1');
    const asked = page.waitForResponse((r) => r.url().endsWith('/retry') && r.request().method() === 'POST');
    await message.getByRole('button', { name: 'Tentar de novo' }).click();
    expect((await asked).status()).toBeLessThan(300);
    await until('it to come back again', () => bounced() === '1', patience);
    await message.getByRole('alert').waitFor();
  });

  test('on a phone', async () => {
    const list = await s.person(desk.org.owner.client, '/inbox', phone);
    const there = new Inbox(list.page);
    await there.open('Ana Lima');
    await there.messages.getByText('Estou de férias.').waitFor();
    expect(await look(list.page, 'mail on a phone')).toEqual([]);
  });
});
