/* What a message of the team offers to press. Titles are only ever text, addresses http(s) or nothing. A message is answered once: what was
 * chosen stays to be read, the rest can no longer be pressed. */
import { h, icon } from './dom';
import type { Texts } from './texts';
import type { Choice, Offer } from './types';

export function choicesView(
  offer: Offer,
  chosen: string | undefined,
  t: Texts,
  press: (c: Choice) => void,
): HTMLElement | null {
  const one = (c: Choice): HTMLElement => {
    const mine = c.id === chosen;
    return h(
      'button',
      {
        class: 'c',
        type: 'button',
        disabled: chosen !== undefined && !mine,
        'aria-disabled': mine && 'true',
        click: () => chosen === undefined && press(c),
      },
      mine && (icon('check') as unknown as Node),
      h('span', { dir: 'auto' }, c.title, !!c.description && h('small', { dir: 'auto' }, c.description)),
      mine && h('span', { class: 'sr' }, ` (${t.chosen})`),
    );
  };
  const out: HTMLElement[] = (offer.buttons ?? []).map(one);
  const { list, link } = offer;
  if (list)
    out.push(
      h(
        'details',
        {},
        h('summary', { class: 'c' }, h('span', { dir: 'auto' }, list.button), icon('down') as unknown as Node),
        ...list.sections.flatMap((s) => [s.title ? h('h3', { dir: 'auto' }, s.title) : null, ...s.rows.map(one)]),
      ),
    );
  if (link && /^https?:\/\//i.test(link.url))
    out.push(
      h(
        'a',
        { class: 'c', href: link.url, target: '_blank', rel: 'noopener noreferrer nofollow' },
        h('span', { dir: 'auto' }, link.title),
        icon('out') as unknown as Node,
        h('span', { class: 'sr' }, ` (${t.newTab})`),
      ),
    );
  return out.length ? h('div', { class: 'o', role: 'group', 'aria-label': t.choose }, ...out) : null;
}
