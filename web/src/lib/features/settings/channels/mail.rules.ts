/* Mail providers whose servers are known, and what their accounts need before a program may use them. */

export type Security = 'tls' | 'starttls';

export interface MailServers {
  imapHost: string;
  imapPort: string;
  imapSecurity: Security;
  smtpHost: string;
  smtpPort: string;
  smtpSecurity: Security;
}

export type ProviderId = 'gmail' | 'outlook' | 'yahoo' | 'zoho' | 'other';

export interface Provider {
  id: ProviderId;
  name: string;
  domains: readonly string[];
  servers: MailServers | undefined;
  /** Where the account's owner makes a password for programs. */
  passwordPage?: string;
}

const servers = (imapHost: string, smtpHost: string, smtpPort: string): MailServers => ({
  imapHost,
  imapPort: '993',
  imapSecurity: 'tls',
  smtpHost,
  smtpPort,
  smtpSecurity: smtpPort === '587' ? 'starttls' : 'tls',
});

export const providers: readonly Provider[] = [
  {
    id: 'gmail',
    name: 'Gmail',
    domains: ['gmail.com', 'googlemail.com'],
    servers: servers('imap.gmail.com', 'smtp.gmail.com', '465'),
    passwordPage: 'https://myaccount.google.com/apppasswords',
  },
  {
    id: 'outlook',
    name: 'Outlook',
    domains: ['outlook.com', 'outlook.com.br', 'hotmail.com', 'hotmail.com.br', 'live.com', 'msn.com'],
    servers: servers('outlook.office365.com', 'smtp.office365.com', '587'),
    passwordPage: 'https://account.live.com/proofs/AppPassword',
  },
  {
    id: 'yahoo',
    name: 'Yahoo',
    domains: ['yahoo.com', 'yahoo.com.br', 'yahoo.com.mx', 'yahoo.com.ar', 'yahoo.es', 'ymail.com'],
    servers: servers('imap.mail.yahoo.com', 'smtp.mail.yahoo.com', '465'),
    passwordPage: 'https://login.yahoo.com/account/security/app-passwords',
  },
  {
    id: 'zoho',
    name: 'Zoho',
    domains: ['zoho.com', 'zohomail.com'],
    servers: servers('imap.zoho.com', 'smtp.zoho.com', '465'),
    passwordPage: 'https://accounts.zoho.com/home#security/app_password',
  },
  { id: 'other', name: '', domains: [], servers: undefined },
];

export function domainOf(address: string): string {
  return /@([^@\s]+\.[^@\s]+)$/.exec(address.trim().toLowerCase())?.[1] ?? '';
}

/** Whose account this is, by its domain; undefined for a domain of one's own, which anybody may host. */
export function providerOf(address: string): ProviderId | undefined {
  const domain = domainOf(address);
  return domain ? providers.find((p) => p.domains.includes(domain))?.id : undefined;
}

/** What most hosts of own domains use, to begin with. */
export function guessServers(address: string): MailServers {
  const domain = domainOf(address);
  return servers(domain && `imap.${domain}`, domain && `smtp.${domain}`, '465');
}

/** What goes with a port by custom, so that choosing one is enough. */
export function securityOf(direction: 'imap' | 'smtp', port: string): Security | undefined {
  const usual: Record<string, Security> =
    direction === 'imap' ? { '993': 'tls', '143': 'starttls' } : { '465': 'tls', '587': 'starttls', '25': 'starttls' };
  return usual[port.trim()];
}
