/* A mailbox is connected in the browser, against a real mail server: a wrong password is said at its field, the right one takes the mail in. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { MailServer, canRun } from '../channels/lib/mailserver.ts';
import { ok } from '../api/lib/client.ts';
import { type Organization, items, signUp } from '../api/lib/people.ts';
import { look } from './lib/look.ts';
import { Stage } from './lib/stage.ts';

vi.setConfig({ testTimeout: 300_000 });

const s = new Stage();
let mail: MailServer;
let org: Organization;

beforeAll(async () => {
  if (!canRun) return;
  mail = await MailServer.start(['oi@loja.example']);
  await s.start({ env: mail.env });
  org = await signUp(s.url);
});
afterEach(async ({ task }) => {
  if (canRun && task.result?.state === 'fail') await s.photograph(task.name);
});
afterAll(async () => {
  if (!canRun) return;
  await s.stop();
  await mail.stop();
});

test.skipIf(!canRun)('a mailbox: known providers fill in their servers, a wrong password is said, the right one connects', async () => {
  const { page } = await s.person(org.owner.client, '/settings/channels/new-email');
  const form = page.getByRole('form', { name: 'Conectar e-mail' });
  const field = (name: string) => form.getByRole('textbox', { name, exact: true });
  await field('Endereço de e-mail').fill('loja@gmail.com');
  await field('Endereço de e-mail').blur();
  await form.getByText('O Gmail pede uma senha de aplicativo').waitFor();
  expect(await field('Servidor de entrada, IMAP').inputValue()).toBe('imap.gmail.com');
  expect(await field('Servidor de saída, SMTP').inputValue()).toBe('smtp.gmail.com');

  const box = mail.boxes[0];
  await field('Endereço de e-mail').fill(box?.address ?? '');
  await form.getByRole('button', { name: 'Outro' }).click();
  expect(await field('Servidor de entrada, IMAP').inputValue()).toBe('imap.loja.example');
  await field('Servidor de entrada, IMAP').fill('localhost');
  await field('Porta').first().fill(String(mail.imapsPort));
  await field('Servidor de saída, SMTP').fill('localhost');
  await field('Porta').last().fill(String(mail.smtpsPort));
  const password = form.getByLabel('Senha', { exact: true });
  await password.fill('não é esta');
  expect(await look(page, 'channels, e-mail')).toEqual([]);
  await form.getByRole('button', { name: 'Testar' }).click();
  const steps = form.getByRole('list', { name: 'Teste' });
  await steps.getByText('O servidor recusou o usuário ou a senha.').first().waitFor();
  expect(await password.getAttribute('aria-invalid')).toBe('true');
  expect(await look(page, 'channels, e-mail with a wrong password')).toEqual([]);

  await password.fill(box?.password ?? '');
  await form.getByRole('button', { name: 'Testar de novo' }).click();
  await form.getByRole('textbox', { name: 'Nome do canal' }).fill('Atendimento');
  await form.getByRole('button', { name: 'Conectar', exact: true }).click();
  await form.getByText('Atendimento está conectado.').waitFor();
  const [made] = await items(org.owner.client, org.path('/channels'));
  expect(ok(await org.owner.client.get(org.path(`/channels/${String(made?.['id'])}`))).get('address')).toBe(box?.address);
  await form.getByRole('button', { name: 'Concluir' }).click();
  await page.getByRole('navigation', { name: 'Atendimento' }).getByRole('link', { name: 'Configurações' }).click();
  await page.getByRole('textbox', { name: 'Assinatura' }).fill('Equipe da loja');
  await page.getByRole('button', { name: 'Salvar' }).click();
  await page.getByText('Salvo', { exact: true }).waitFor();
  expect(await look(page, 'channel, e-mail settings')).toEqual([]);

  // Another server: the stored password does not go there, so it is asked for beside what was changed.
  s.expectComplaints(/status of 400 .*\/channels\//);
  const again = page.getByLabel('Senha', { exact: true });
  expect(await again.count()).toBe(0);
  await page.getByRole('textbox', { name: 'Servidor de entrada, IMAP', exact: true }).fill('LOCALHOST');
  await page.getByRole('button', { name: 'Salvar' }).click();
  await page.getByText('Informe de novo: o que estava guardado não é enviado a outro servidor.').waitFor();
  expect(await again.getAttribute('aria-invalid')).toBe('true');
  expect(await look(page, 'channel, e-mail settings that ask for the password')).toEqual([]);
  await again.fill(box?.password ?? '');
  await page.getByRole('button', { name: 'Salvar' }).click();
  await again.waitFor({ state: 'detached' });
  await page.getByText('Salvo', { exact: true }).waitFor();
  const path = org.path(`/channels/${String(made?.['id'])}`);
  expect(ok(await org.owner.client.get(path)).get('settings')).toMatchObject({ imapHost: 'LOCALHOST' });
});
