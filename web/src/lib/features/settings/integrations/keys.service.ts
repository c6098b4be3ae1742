import { api, newKey } from '$lib/api/client';
import type { Id, Page } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import { type ApiKeyRow, keyBody, type KeyForm } from './keys.rules';

/* Keys of integrations. */
export const keys = {
  list: (signal?: AbortSignal) => api.get<Page<ApiKeyRow>>(urls.apiKeys(), { signal }),
  create: (form: KeyForm) => api.post<ApiKeyRow>(urls.apiKeys(), { body: keyBody(form), idempotencyKey: newKey() }),
  revoke: (id: Id) => api.delete(urls.apiKey(id)),
};
