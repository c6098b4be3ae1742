/* The calls of signing in and up. Each throws ApiError; the pages turn it into words beside the right field. */
import { api } from '$lib/api/client';
import { urls } from '$lib/api/urls';

export interface SignupForm {
  organization: string;
  name: string;
  email: string;
  password: string;
  language: string;
  timeZone: string;
  currency: string;
  country: string;
}

export interface Invitation {
  organization: string;
  email: string | null;
  inviter: string | null;
  language: string;
  existingUser: boolean;
}

type LoginAnswer = { totpRequired?: boolean; ticket?: string };

/** Signs in; answers a ticket when the second step is needed. */
export async function login(email: string, password: string): Promise<string | undefined> {
  const answer = await api.post<LoginAnswer>(urls.login(), { body: { email, password } });
  return answer.totpRequired ? (answer.ticket ?? '') : undefined;
}

export function loginTotp(ticket: string, code: string, recovery: boolean): Promise<unknown> {
  return api.post(urls.loginTotp(), {
    body: recovery ? { ticket, recoveryCode: code.trim() } : { ticket, code: code.replace(/\D/g, '') },
  });
}

export function signup(form: SignupForm): Promise<{ organizationId: string }> {
  return api.post(urls.signup(), { body: form });
}

/** A further organization for the one who is signed in. */
export function createOrganization(
  form: Omit<SignupForm, 'email' | 'password' | 'organization'> & { organization: string },
): Promise<{ id: string }> {
  const { organization, language, timeZone, currency, country } = form;
  return api.post(urls.organizations(), { body: { name: organization, language, timeZone, currency, country } });
}

export function forgot(email: string): Promise<void> {
  return api.post(urls.forgot(), { body: { email } });
}

export function resetPassword(token: string, password: string): Promise<void> {
  return api.post(urls.reset(), { body: { token, password } });
}

export function invitation(token: string): Promise<Invitation> {
  return api.get(urls.invitation(token));
}

export function acceptInvitation(
  token: string,
  body: { name?: string; email?: string; password?: string; language?: string },
): Promise<{ organizationId?: string }> {
  return api.post(urls.invitationAccept(token), { body });
}
