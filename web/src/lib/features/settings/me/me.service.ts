/* My own account: password, second factor, logins. */
import { api } from '$lib/api/client';
import type { Id, Instant, Me, Page } from '$lib/api/types';
import { urls } from '$lib/api/urls';

export interface Login {
  id: Id;
  current: boolean;
  address: string;
  userAgent: string;
  createdAt: Instant;
  lastSeenAt: Instant;
}

export interface TotpSecret {
  secret: string;
  uri: string;
  qrSvg: string;
}

export const account = {
  email: (email: string, password: string) => api.patch<Me>(urls.me(), { body: { email, password } }),
  password: (current: string, password: string) => api.post(urls.myPassword(), { body: { current, password } }),
  totpBegin: () => api.post<TotpSecret>(urls.myTotp()),
  totpConfirm: (code: string) => api.post<{ recoveryCodes: string[] }>(urls.myTotpConfirm(), { body: { code } }),
  totpOff: (password: string) => api.delete(urls.myTotp(), { body: { password } }),
  sessions: (signal?: AbortSignal) => api.get<Page<Login>>(urls.mySessions(), { signal }),
  end: (id: Id) => api.delete(urls.mySession(id)),
  endOthers: () => api.delete(urls.mySessions()),
};
