import { describe, expect, it } from 'vitest';
import { limitsOf } from './limits.rules';
import {
  buttonsData,
  buttonsProblems,
  contactData,
  contactProblems,
  coordinates,
  linkData,
  linkProblems,
  listData,
  listProblems,
  placeData,
  placeProblems,
} from './makers.rules';
import {
  answer,
  cards,
  choices,
  chosenIn,
  form,
  forwarded,
  isEcho,
  order,
  referral,
  share,
  story,
  unsupported,
} from './special.rules';

const l = limitsOf({
  can: [],
  textMax: 4096,
  fileMaxBytes: 0,
  windowHours: 24,
  limits: { buttonsMax: 3, buttonTitleMax: 20, buttonsTextMax: 1024, listRowsMax: 10, listTitleMax: 24 },
});

describe('buttons', () => {
  it('are held to the limits of the channel', () => {
    expect(buttonsProblems({ text: 'Confirma?', titles: ['Sim', 'Não'] }, l)).toEqual({});
    expect(buttonsProblems({ text: '', titles: ['Sim', 'sim ', 'x'.repeat(21), ''] }, l)).toEqual({
      text: 'empty',
      'titles.1': 'twice',
      'titles.2': 'long',
      'titles.3': 'empty',
      titles: 'many',
    });
  });
  it('have ids that are not their words', () => {
    expect(buttonsData({ text: '', titles: [' Sim ', 'Não'] })).toEqual({
      buttons: [
        { id: 'b1', title: 'Sim' },
        { id: 'b2', title: 'Não' },
      ],
    });
  });
});

describe('lists', () => {
  const row = (title: string, section = '', description = '') => ({ title, section, description });
  it('are grouped as they are written', () => {
    expect(
      listData({ text: '', button: 'Ver', rows: [row('9h', 'Manhã'), row('10h', '', 'vaga'), row('14h', 'Tarde')] })
        .list.sections,
    ).toEqual([
      {
        title: 'Manhã',
        rows: [
          { id: 'r1', title: '9h' },
          { id: 'r2', title: '10h', description: 'vaga' },
        ],
      },
      { title: 'Tarde', rows: [{ id: 'r3', title: '14h' }] },
    ]);
  });
  it('name their first group when there are several', () => {
    expect(listProblems({ text: 'x', button: 'Ver', rows: [row('9h'), row('14h', 'Tarde')] }, l)).toEqual({
      'rows.0.section': 'empty',
    });
    expect(listProblems({ text: 'x', button: 'Ver', rows: [row('9h'), row('14h')] }, l)).toEqual({});
  });
});

describe('links', () => {
  it('lead somewhere', () => {
    expect(linkProblems({ text: 'x', title: 'Abrir', url: 'loja.com/a' }, l)).toEqual({});
    expect(linkData({ text: '', title: 'Abrir', url: 'loja.com/a' }).link.url).toBe('https://loja.com/a');
    expect(linkProblems({ text: 'x', title: 'Abrir', url: 'javascript:alert(1)' }, l)).toEqual({ url: 'url' });
    expect(linkProblems({ text: 'x', title: 'Abrir', url: 'loja' }, l)).toEqual({ url: 'url' });
  });
});

describe('places', () => {
  it('are found in what one copies', () => {
    const sp = { latitude: -23.55052, longitude: -46.633308 };
    expect(coordinates('-23.550520, -46.633308')).toEqual(sp);
    expect(coordinates('https://www.google.com/maps/place/X/@-23.1,-46.1,17z/data=!3d-23.55052!4d-46.633308')).toEqual(
      sp,
    );
    expect(coordinates('https://www.openstreetmap.org/#map=17/-23.55052/-46.633308')).toEqual(sp);
    expect(coordinates('https://maps.google.com/?q=-23.55052,-46.633308')).toEqual(sp);
    expect(coordinates('Rua X, 12')).toBeUndefined();
    expect(coordinates('120, 200')).toBeUndefined();
  });
  it('go out with what is known of them', () => {
    expect(placeProblems({ where: 'aqui', name: '', address: '' })).toEqual({ where: 'place' });
    expect(placeData({ where: '1, 2', name: ' Loja ', address: '' })).toEqual({
      location: { latitude: 1, longitude: 2, name: 'Loja' },
    });
  });
});

describe('cards', () => {
  it('need a name and a way to reach', () => {
    expect(contactProblems({ name: '', phone: '', email: '' })).toEqual({ name: 'empty', phone: 'empty' });
    expect(contactProblems({ name: 'Ana', phone: '12', email: 'x' })).toEqual({ phone: 'contact', email: 'contact' });
    expect(contactData({ name: 'Ana Souza', phone: '+5511987654321', email: '' }).contacts[0]?.name).toEqual({
      formatted_name: 'Ana Souza',
      first_name: 'Ana',
    });
  });
  it('are read as the platform writes them', () => {
    expect(
      cards({
        contacts: [
          {
            name: { formatted_name: 'Rui' },
            org: { company: 'Ferraz' },
            phones: [{ phone: '+55 11 1' }, { phone: '+55 11 1' }],
            emails: [{ email: 'r@x.com' }],
          },
        ],
      }),
    ).toEqual([{ name: 'Rui', organization: 'Ferraz', phones: ['+55 11 1'], emails: ['r@x.com'] }]);
  });
});

describe('what came in', () => {
  it('was chosen', () => {
    expect(answer({ answer: { id: 'b1', title: 'Sim' } })).toEqual({ title: 'Sim', description: '' });
    expect(answer({})).toBeUndefined();
  });
  it('was filled in, in any shape', () => {
    expect(
      form({
        form: { name: 'Cadastro', values: { nome_do_pet: 'Thor', screen_0_peso_1: 12, flow_token: 'x', ok: true } },
      }),
    ).toEqual({
      name: 'Cadastro',
      lines: [
        { key: 'Nome do pet', value: 'Thor' },
        { key: 'Peso', value: '12' },
        { key: 'Ok', value: '✓' },
      ],
    });
    expect(form({ form: { value: ['a', 1] } })?.lines).toEqual([{ key: '', value: 'a, 1' }]);
    expect(form({ form: { text: 'nada' } })?.lines).toEqual([{ key: '', value: 'nada' }]);
    expect(form({})).toBeUndefined();
  });
  it('was ordered', () => {
    expect(
      order({
        order: {
          items: [
            { retailerId: 'R1', quantity: 2, price: 89.9, currency: 'BRL' },
            { retailerId: 'R2', quantity: 1, price: 10, currency: 'BRL' },
          ],
        },
      }),
    ).toMatchObject({ totalMinor: 18_980, currency: 'BRL' });
    expect(
      order({ order: { items: [{ retailerId: 'R1', price: 1, currency: 'BRL' }, { retailerId: 'R2' }] } })?.totalMinor,
    ).toBeUndefined();
  });
  it('came by an advertisement', () => {
    expect(referral({ referral: { source: 'ad', title: 'Banho', text: 'Só hoje', url: 'https://fb.me/x' } })).toEqual({
      title: 'Banho',
      body: 'Só hoje',
      href: 'https://fb.me/x',
      ad: true,
    });
    expect(referral({ referral: { ref: 'cartaz', url: 'javascript:x' } })).toMatchObject({
      title: 'cartaz',
      href: '',
      ad: false,
    });
  });
  it('speaks of a story while it lives', () => {
    const data = { storyReply: { url: 'https://cdn.x/s.jpg', until: '2026-11-20T12:00:00Z' } };
    expect(story(data, Date.parse('2026-11-20T11:59:59Z'))).toEqual({ what: 'reply', href: 'https://cdn.x/s.jpg' });
    expect(story(data, Date.parse('2026-11-20T12:00:00Z'))).toEqual({ what: 'reply', href: '' });
    /* The server keeps the address, ours leads there while the story lives. */
    const ours = { storyMention: { until: '2026-11-20T12:00:00Z', url: '/api/o1/chats/c1/messages/m1/story' } };
    expect(story(ours, Date.parse('2026-11-20T11:00:00Z'))?.href).toBe('/api/o1/chats/c1/messages/m1/story');
    expect(story({ storyReply: { ...ours.storyMention, url: '//evil.example/x' } }, 0)?.href).toBe('');
    expect(story({ storyMention: { url: 'https://cdn.x/s.jpg' } }, 0)).toEqual({ what: 'mention', href: '' });
  });
  it('was shared, passed on, sent elsewhere, or is not to be had', () => {
    expect(share({ share: { kind: 'ig_reel', title: 'T', url: 'https://instagram.com/r' } })).toMatchObject({
      what: 'reel',
    });
    expect([
      forwarded({}),
      forwarded({ forwarded: true }),
      forwarded({ forwarded: true, forwardedOften: true }),
    ]).toEqual([0, 1, 2]);
    expect(isEcho({ direction: 'out', data: { echo: true } })).toBe(true);
    expect(isEcho({ direction: 'in', data: { echo: true } })).toBe(false);
    expect(unsupported({ unsupported: { type: 'poll_creation', reason: 'x' } })).toEqual({
      type: 'poll_creation',
      reason: 'x',
    });
  });
  it('offers what can be pressed, and no script', () => {
    expect(choices({ buttons: [{ id: 'b1', title: 'Sim' }] })?.buttons).toEqual([
      { id: 'b1', title: 'Sim', description: '' },
    ]);
    expect(choices({ link: { title: 'x', url: 'javascript:alert(1)' } })).toBeUndefined();
    expect(choices({})).toBeUndefined();
    const rows = [{ id: 'r1', title: '9h', description: 'Com a Bruna' }];
    expect(choices({ list: { button: 'Ver', sections: [{ title: 'Manhã', rows }] } })?.sections).toEqual([
      { title: 'Manhã', rows },
    ]);
  });
  it('says what was chosen, by the message that offered it', () => {
    const quote = (id: string) => ({
      id,
      seq: 1,
      kind: 'text' as const,
      direction: 'out' as const,
      authorName: '',
      content: '',
    });
    const m = (direction: 'in' | 'out', to: string | undefined, data: Record<string, unknown>) => ({
      direction,
      replyTo: to === undefined ? null : quote(to),
      data,
    });
    const found = chosenIn([
      m('in', 'a', { answer: { id: 'b1', title: 'Sim' } }),
      m('in', 'a', { answer: { id: 'b2', title: 'Não' } }),
      m('in', 'b', { answer: { id: 'r1', title: '9h' } }),
      m('in', 'c', {}),
      m('in', undefined, { answer: { id: 'b1', title: 'Sim' } }),
      m('out', 'd', { answer: { id: 'b1', title: 'Sim' } }),
      m('in', 'e', { answer: 'b1' }),
    ]);
    expect([...found].map(([id, set]) => [id, [...set]])).toEqual([
      ['a', ['b1', 'b2']],
      ['b', ['r1']],
    ]);
  });
});
