/* Why a change was not taken, in the person's language; with the customer who has the value already, if it may be seen. */
import { ApiError } from '$lib/api/error';
import { tMaybe } from '$lib/i18n/i18n.svelte';
import { errorText } from '$lib/shell/report';

export interface Refusal {
  text: string;
  other?: { id: string; name: string };
}

export function refusal(e: unknown): Refusal {
  if (!(e instanceof ApiError)) return { text: errorText(e) };
  const body = typeof e.body === 'object' && e.body !== null ? (e.body as Record<string, unknown>) : {};
  const { customerId: id, customerName: name } = body;
  if (e.code === 'CUSTOMER_DUPLICATE') {
    const text = errorText(e);
    return typeof id === 'string' && typeof name === 'string' ? { text, other: { id, name } } : { text };
  }
  const first = e.details[0];
  return { text: first ? tMaybe(`errors.field.${first.code ?? ''}`, first.message) : errorText(e) };
}
