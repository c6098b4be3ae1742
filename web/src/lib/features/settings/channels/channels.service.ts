import { api, newKey } from '$lib/api/client';
import type { Id, Page } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import { bodyOf, type ChannelRow, type WebchatForm } from './webchat.rules';

/* Connected accounts. */
export const channels = {
  list: (signal?: AbortSignal) => api.get<Page<ChannelRow>>(urls.channels(), { signal }),
  connect: (form: WebchatForm) =>
    api.post<ChannelRow>(urls.channels(), { body: { kind: 'webchat', ...bodyOf(form) }, idempotencyKey: newKey() }),
  update: (id: Id, form: WebchatForm) => api.patch<ChannelRow>(urls.channel(id), { body: bodyOf(form) }),
  pause: (id: Id) => api.post<ChannelRow>(urls.channelPause(id)),
  resume: (id: Id) => api.post<ChannelRow>(urls.channelResume(id)),
  remove: (id: Id) => api.delete(urls.channel(id)),
};
