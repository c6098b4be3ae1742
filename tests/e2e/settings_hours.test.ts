/* When the organization is at work: hours and holidays are set, kept, and looked at in both sizes; what is wrong is said beside it. */
import { beforeAll, expect, test } from 'vitest';
import { ok } from '../api/lib/client.ts';
import { type Organization, join, signUp } from '../api/lib/people.ts';
import { graph } from '../flows/lib/draw.ts';
import { sql } from '../process/lib/command.ts';
import { look } from './lib/look.ts';
import { patience, phone, stage } from './lib/stage.ts';

const s = stage();
/* A refusal is put in the server's mouth. */
s.expectComplaints(/status of 422 .*\/api\/[^/]+$/);
let org: Organization;
const settings = (): unknown => JSON.parse(sql(s.server.dataDir, `select settings from organizations where id = '${org.id}'`)) as unknown;

beforeAll(async () => {
  org = await signUp(s.url);
});

test('hours and holidays are set, and stay', async () => {
  ok(await org.owner.client.patch(org.path(''), { settings: { reopenHours: 24 } }));
  const { page } = await s.person(org.owner.client, '/settings/hours');
  const save = page.getByRole('button', { name: 'Salvar' });
  await page.getByText('Nenhum feriado ainda.').waitFor();
  await page.getByText('No fuso America/Sao Paulo').waitFor();
  expect(await save.isDisabled()).toBe(true);
  expect(await look(page, 'desk, settings, hours, empty')).toEqual([]);

  await page.getByRole('radio', { name: 'Nestes horários' }).check();
  await page.getByRole('textbox', { name: 'Segunda-feira, fim 1' }).fill('12');
  await page.getByRole('button', { name: 'Outra faixa em Segunda-feira' }).click();
  const from = page.getByRole('textbox', { name: 'Segunda-feira, início 2' });
  await from.fill('11:30');
  await from.press('Tab');
  await page.getByText('Esta faixa invade a anterior.').waitFor();
  await save.click();
  await page.getByText('Confira os horários').waitFor();
  expect(settings()).toEqual({ reopenHours: 24 });
  await from.fill('13h30');
  await page.getByRole('button', { name: 'Copiar Segunda-feira para segunda a sexta' }).click();
  await page.getByRole('switch', { name: 'Sexta-feira' }).or(page.getByRole('checkbox', { name: 'Sexta-feira' })).uncheck();
  await page.getByRole('switch', { name: 'Sábado' }).or(page.getByRole('checkbox', { name: 'Sábado' })).check();

  // By keyboard alone: Enter adds, and the box is ready for the next one.
  const day = page.getByLabel('Dia', { exact: true });
  await day.focus();
  await page.keyboard.type('25/12/2030');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await page.keyboard.press('Enter');
  const list = page.getByRole('list', { name: 'Feriados' });
  await list.getByText('25 de dezembro').waitFor();
  await list.getByText('Todos os anos').waitFor();
  await expect.poll(() => day.evaluate((e) => e === document.activeElement), { timeout: patience }).toBe(true);
  await page.keyboard.type('25/12/2031');
  await page.keyboard.press('Enter');
  await page.getByText('Este dia já está na lista.').waitFor();
  await day.fill('24/12/2031');
  await page.getByRole('button', { name: 'Adicionar' }).click();
  await list.getByText('24 de dezembro de 2031').waitFor();
  await day.fill('01/01/2032');
  // Leaving with changes asks.
  await page.getByRole('link', { name: 'Pessoas', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Continuar editando' }).click();
  // What stands in the box is kept with the rest.
  await save.click();
  await page.getByText('Salvo', { exact: true }).waitFor();
  const monday = [['08:00', '12:00'], ['13:30', '17:00']];
  expect(settings()).toEqual({
    reopenHours: 24,
    hours: { mon: monday, tue: monday, wed: monday, thu: monday, sat: [['08:00', '18:00']] },
    holidays: ['12-25', '2031-12-24', '2032-01-01'],
  });

  await page.reload();
  expect(await page.getByRole('textbox', { name: 'Quinta-feira, início 2' }).inputValue()).toBe('13:30');
  expect(await list.getByRole('listitem').count()).toBe(3);
  expect(await look(page, 'desk, settings, hours')).toEqual([]);
  await list.getByRole('button', { name: /24 de dezembro de 2031/ }).click();
  await page.getByRole('radio', { name: 'Sempre aberto' }).check();
  await save.click();
  await page.getByText('Salvo', { exact: true }).waitFor();
  expect(settings()).toEqual({ reopenHours: 24, holidays: ['12-25', '2032-01-01'] });
});

test('what the server refuses stands beside its field', async () => {
  const { page } = await s.person(org.owner.client, '/settings/hours', phone);
  await page.getByRole('radio', { name: 'Nestes horários' }).check();
  const say = async (field: string, code: string): Promise<void> => {
    await page.route('**/api/*', (route) =>
      route.request().method() === 'PATCH'
        ? route.fulfill({ status: 422, contentType: 'application/json', body: JSON.stringify({ success: false, error: 'x', code: 'VALIDATION', details: [{ field, code, message: 'x' }], requestId: 'r' }) })
        : route.fallback(),
    );
    await page.getByRole('button', { name: 'Salvar' }).click();
  };
  await say('settings.hours', 'INVALID_HOURS');
  await page.getByRole('group', { name: 'Horários' }).getByText('Confira os horários').waitFor();
  await say('settings.holidays', 'INVALID_DATE');
  await page.getByRole('group', { name: 'Feriados' }).getByText('Confira a data.').waitFor();
  expect(await look(page, 'phone, settings, hours')).toEqual([]);
});

test('a flow that looks at the hours leads there, for who may set them', async () => {
  const made = ok(await org.owner.client.post(org.path('/flows'), { name: 'Plantão', kind: 'general' }), 201);
  const drawing = graph({ triggers: [{ id: 'c', kind: 'channel', enabled: true, priority: 0 }], nodes: [['h', 'hours', {}, 'Aberto agora?']], ways: ['start.next > h'] });
  ok(await org.owner.client.put(org.path(`/flows/${made.str('id')}/draft`), { graph: drawing, revision: Number(made.get('draftRevision')) }));
  const { page } = await s.person(org.owner.client, `/flows/${made.str('id')}`);
  await page.locator('[data-card]').filter({ hasText: 'Aberto agora?' }).click();
  const link = page.locator('aside.side').getByRole('link', { name: 'Ver horários' });
  await link.waitFor();
  await page.locator('[data-card]').filter({ hasText: 'Primeira mensagem' }).locator('header').click();
  expect(await link.getAttribute('href')).toBe('/settings/hours');
  expect(await look(page, 'desk, flows, hours of a trigger')).toEqual([]);
  await link.click();
  await page.getByRole('heading', { name: 'Horário de atendimento' }).waitFor();

  const agent = await join(org, 'agent');
  const { page: hers } = await s.person(agent.client, '/settings/hours');
  await hers.getByText('Feriados').waitFor({ state: 'hidden' });
  expect(await hers.getByRole('link', { name: 'Horário de atendimento' }).count()).toBe(0);
});
