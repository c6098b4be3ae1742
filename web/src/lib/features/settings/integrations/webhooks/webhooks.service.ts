import { api } from '$lib/api/client';
import type { Id, Instant, Page } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import type { Delivery, DeliveryDetail, DeliveryState, TestResult, WebhookForm, WebhookRow } from './webhooks.rules';

/* Outgoing webhooks and the log of what was sent. */
export const webhooks = {
  list: (signal?: AbortSignal) => api.get<Page<WebhookRow>>(urls.webhooks(), { signal }),
  types: (signal?: AbortSignal) => api.get<Page<{ type: string; help: string }>>(urls.webhookTypes(), { signal }),
  create: (body: WebhookForm) => api.post<WebhookRow>(urls.webhooks(), { body }),
  update: (id: Id, body: Partial<WebhookForm>) => api.patch<WebhookRow>(urls.webhook(id), { body }),
  remove: (id: Id) => api.delete(urls.webhook(id)),
  rotate: (id: Id) => api.post<WebhookRow>(urls.webhook(id, '/secret')),
  test: (id: Id) => api.post<TestResult>(urls.webhook(id, '/test')),
  replaySince: (id: Id, since: Instant) =>
    api.post<{ queued: number; more: boolean }>(urls.webhook(id, '/replay'), { body: { since } }),
  deliveries: (
    id: Id,
    query: { state?: DeliveryState | undefined; type?: string | undefined; cursor: string | null },
    signal?: AbortSignal,
  ) =>
    api.get<Page<Delivery>>(urls.webhook(id, '/deliveries'), {
      query: {
        limit: 30,
        ...(query.state ? { state: query.state } : {}),
        ...(query.type ? { type: query.type } : {}),
        ...(query.cursor ? { cursor: query.cursor } : {}),
      },
      signal,
    }),
  delivery: (id: Id, deliveryId: Id, signal?: AbortSignal) =>
    api.get<DeliveryDetail>(urls.webhook(id, `/deliveries/${deliveryId}`), { signal }),
  replay: (id: Id, deliveryId: Id) => api.post<Delivery>(urls.webhook(id, `/deliveries/${deliveryId}/replay`)),
};
