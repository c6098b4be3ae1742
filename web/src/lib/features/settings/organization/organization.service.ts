/* The organization's own settings, its mail server, its log and its parked work. */
import { api } from '$lib/api/client';
import type { Id, Instant, Organization, Page } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import { readHolidays } from '../parts/holidays.rules';
import { type Hours, readHours } from '../parts/hours.rules';

export interface OrganizationForm {
  name: string;
  timeZone: string;
  language: string;
  currency: string;
  country: string;
  reopenHours: string;
}

export const reopenHoursUsual = 12;

export function formOf(o: Organization): OrganizationForm {
  const hours = o.settings['reopenHours'];
  return {
    name: o.name,
    timeZone: o.timeZone,
    language: o.language,
    currency: o.currency,
    country: o.country,
    reopenHours: String(typeof hours === 'number' ? hours : reopenHoursUsual),
  };
}

export function saveOrganization(form: OrganizationForm): Promise<Organization> {
  const { reopenHours, ...rest } = form;
  return api.patch(urls.organization(), {
    body: { ...rest, name: rest.name.trim(), settings: { reopenHours: Number(reopenHours) } },
  });
}

export interface HoursForm {
  hours: Hours | null;
  holidays: string[];
}

export const hoursFormOf = (o: Organization): HoursForm => ({
  hours: readHours(o.settings['hours']),
  holidays: readHolidays(o.settings['holidays']),
});

/** Only these two: the rest of the settings stays as it is. */
export const saveHours = ({ hours, holidays }: HoursForm): Promise<Organization> =>
  api.patch(urls.organization(), { body: { settings: { hours, holidays: holidays.length > 0 ? holidays : null } } });

export interface MailServer {
  configured: boolean;
  host?: string;
  port?: number;
  security?: 'tls' | 'starttls' | 'none';
  user?: string;
  passwordSet?: boolean;
  from?: string;
  fromName?: string;
}

export interface MailForm {
  host: string;
  port: string;
  security: 'tls' | 'starttls' | 'none';
  user: string;
  password: string;
  from: string;
  fromName: string;
}

export function mailFormOf(m: MailServer): MailForm {
  return {
    host: m.host ?? '',
    port: String(m.port ?? 587),
    security: m.security ?? 'starttls',
    user: m.user ?? '',
    password: '',
    from: m.from ?? '',
    fromName: m.fromName ?? '',
  };
}

export const mail = {
  get: (signal?: AbortSignal) => api.get<MailServer>(urls.smtp(), { signal }),
  /** An empty password keeps the old one, which the server allows for the same server and user. */
  put: ({ password, port, ...rest }: MailForm) =>
    api.put<MailServer>(urls.smtp(), { body: { ...rest, port: Number(port), ...(password ? { password } : {}) } }),
  remove: () => api.delete(urls.smtp()),
  test: (to: string) => api.post(urls.smtpTest(), { body: { to }, timeoutMs: 45_000 }),
};

export interface AuditEntry {
  id: Id;
  actorKind: string;
  actorId: Id | null;
  actorName: string;
  action: string;
  entity: string;
  entityId: Id | null;
  label: string;
  changes: Record<string, unknown>;
  address: string;
  createdAt: Instant;
}

export interface AuditFilter {
  actorId: string;
  entity: string;
  from: string;
  to: string;
}

export function auditPage(
  filter: { actorId?: string; entity?: string; from?: string; to?: string },
  cursor: string | null,
  signal: AbortSignal,
): Promise<Page<AuditEntry>> {
  return api.get(urls.audit(), { query: { ...filter, cursor, limit: 50 }, signal });
}

export interface ParkedJob {
  id: number;
  kind: string;
  tries: number;
  error: string | null;
  createdAt: Instant;
  parkedAt: Instant;
}

export const jobs = {
  list: (signal?: AbortSignal) => api.get<Page<ParkedJob>>(urls.parkedJobs(), { signal }),
  retry: (id: number) => api.post(urls.jobRetry(String(id))),
  drop: (id: number) => api.delete(urls.job(String(id))),
};
