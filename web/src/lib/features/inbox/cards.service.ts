/* Keeping a contact card that somebody sent: as a customer of its own, or with the one who sent it. */
import { api, newKey } from '$lib/api/client';
import { ApiError } from '$lib/api/error';
import type { Id } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import { t } from '$lib/i18n/i18n.svelte';
import { paths } from '$lib/paths';
import { report } from '$lib/shell/report';
import { toast } from '$lib/ui/toast.svelte';
import { go } from '../../../routes';
import { customerChanged } from './customer.svelte';
import type { Card } from './special.rules';
import type { CustomerDetail } from './types';

const contactsOf = (card: Card) => [
  ...card.phones.map((identifier) => ({ kind: 'phone', identifier })),
  ...card.emails.map((identifier) => ({ kind: 'email', identifier })),
];

function opens(id: Id, text: string): void {
  toast({ text, action: { label: t('inbox.open'), run: () => void go(paths.customer(id)) } });
}

/** Makes a customer of it; when somebody has the number already, shows who. */
export async function keepCard(card: Card): Promise<void> {
  try {
    const made = await api.post<{ id: Id }>(urls.customers(), {
      idempotencyKey: newKey(),
      body: { name: card.name, contacts: contactsOf(card) },
    });
    opens(made.id, t('message.card.made', { name: card.name }));
  } catch (e) {
    const known = e instanceof ApiError ? (e.body as { customerId?: Id } | undefined)?.customerId : undefined;
    if (known) opens(known, t('message.card.known'));
    else report(e);
  }
}

/** Adds its numbers and addresses to a customer; those that they have already are passed over. */
export async function keepForCustomer(customerId: Id, card: Card): Promise<void> {
  let added = 0;
  try {
    for (const c of contactsOf(card)) {
      try {
        await api.post<CustomerDetail>(urls.customerContacts(customerId), { idempotencyKey: newKey(), body: c });
        added += 1;
      } catch (e) {
        if (!(e instanceof ApiError && /DUPLICATE/.test(e.code))) throw e;
      }
    }
    if (added) customerChanged(customerId);
    toast({ text: added ? t('message.card.added') : t('message.card.known') });
  } catch (e) {
    report(e);
  }
}
