/* Every address of the server, once. What belongs to an organization takes its id from the session, through org(). */

const q = encodeURIComponent;

let current = '';

/** Set by the session when the organization is chosen. */
export function setUrlOrganization(id: string): void {
  current = id;
}

function org(path: string): string {
  return `/api/${q(current)}${path}`;
}

function customer(id: string, path = ''): string {
  return org(`/customers/${q(id)}${path}`);
}

function chat(id: string, path = ''): string {
  return org(`/chats/${q(id)}${path}`);
}

function flow(id: string, path = ''): string {
  return org(`/flows/${q(id)}${path}`);
}

function flowSession(id: string, path = ''): string {
  return org(`/flow-sessions/${q(id)}${path}`);
}

function message(chatId: string, id: string, path = ''): string {
  return chat(chatId, `/messages/${q(id)}${path}`);
}

export const urls = {
  /* session */
  signup: () => '/api/signup',
  login: () => '/api/login',
  loginTotp: () => '/api/login/totp',
  logout: () => '/api/logout',
  me: () => '/api/me',
  myPassword: () => '/api/me/password',
  myTotp: () => '/api/me/totp',
  myTotpConfirm: () => '/api/me/totp/confirm',
  mySessions: () => '/api/me/sessions',
  mySession: (id: string) => `/api/me/sessions/${q(id)}`,
  forgot: () => '/api/password/forgot',
  reset: () => '/api/password/reset',
  invitation: (token: string) => `/api/invitations/${q(token)}`,
  invitationAccept: (token: string) => `/api/invitations/${q(token)}/accept`,
  organizations: () => '/api/organizations',

  /* organization */
  organization: () => org(''),
  bootstrap: () => org('/bootstrap'),
  events: (cursor?: string) => org(`/events${cursor === undefined ? '' : `?cursor=${q(cursor)}`}`),
  availability: () => org('/me/availability'),
  users: () => org('/users'),
  user: (id: string) => org(`/users/${q(id)}`),
  passwordResets: () => org('/password-resets'),
  userResetLink: (id: string) => org(`/users/${q(id)}/reset-link`),
  invitations: () => org('/invitations'),
  orgInvitation: (id: string) => org(`/invitations/${q(id)}`),
  roles: () => org('/roles'),
  role: (id: string) => org(`/roles/${q(id)}`),
  permissions: () => org('/permissions'),
  teams: () => org('/teams'),
  team: (id: string) => org(`/teams/${q(id)}`),
  apiKeys: () => org('/api-keys'),
  apiKey: (id: string) => org(`/api-keys/${q(id)}`),
  webhooks: () => org('/webhooks'),
  webhook: (id: string, path = '') => org(`/webhooks/${q(id)}${path}`),
  webhookTypes: () => org('/webhook-types'),
  audit: () => org('/audit'),
  smtp: () => org('/settings/smtp'),
  smtpTest: () => org('/settings/smtp/test'),
  parkedJobs: () => org('/jobs/parked'),
  job: (id: string) => org(`/jobs/${q(id)}`),
  jobRetry: (id: string) => org(`/jobs/${q(id)}/retry`),

  /* customers */
  customers: () => org('/customers'),
  customersExport: (format: 'csv' | 'json') => org(`/customers/export?format=${format}`),
  customersBulk: () => org('/customers/bulk'),
  customer: (id: string) => customer(id),
  customerContacts: (id: string) => customer(id, '/contacts'),
  customerContact: (id: string, contactId: string) => customer(id, `/contacts/${q(contactId)}`),
  customerMerge: (id: string) => customer(id, '/merge'),
  customerTimeline: (id: string) => customer(id, '/timeline'),
  customerChats: (id: string) => customer(id, '/chats'),
  customerDuplicates: (id: string) => customer(id, '/duplicates'),
  customerDismiss: (id: string, otherId: string) => customer(id, `/duplicates/${q(otherId)}/dismiss`),
  customerNotes: (id: string) => customer(id, '/notes'),
  customerNote: (id: string, noteId: string) => customer(id, `/notes/${q(noteId)}`),
  customerTags: (id: string) => customer(id, '/tags'),
  customerTag: (id: string, tagId: string) => customer(id, `/tags/${q(tagId)}`),
  customerStage: (id: string) => customer(id, '/stage'),
  customerFieldValues: (id: string) => customer(id, '/field-values'),
  customerData: (id: string) => customer(id, '/data'),
  customerExport: (id: string) => customer(id, '/export'),
  tags: () => org('/tags'),
  tag: (id: string) => org(`/tags/${q(id)}`),
  fields: () => org('/fields'),
  field: (id: string) => org(`/fields/${q(id)}`),
  funnels: () => org('/funnels'),
  funnel: (id: string) => org(`/funnels/${q(id)}`),
  funnelStages: (id: string) => org(`/funnels/${q(id)}/stages`),
  stage: (id: string) => org(`/stages/${q(id)}`),

  /* chats and messages */
  chats: () => org('/chats'),
  chatCounts: () => org('/chats/counts'),
  chatsBulk: () => org('/chats/bulk'),
  chat: (id: string) => chat(id),
  chatAction: (
    id: string,
    action:
      | 'take'
      | 'leave'
      | 'assign'
      | 'transfer'
      | 'status'
      | 'close'
      | 'reopen'
      | 'snooze'
      | 'archive'
      | 'priority'
      | 'read'
      | 'unread'
      | 'pin',
  ) => chat(id, `/${action}`),
  /* POST starts one; the list is of those that may be. */
  chatFlow: (id: string) => chat(id, '/flow'),
  chatFlows: (id: string) => chat(id, '/flows'),
  chatResponseFlow: (id: string) => chat(id, '/response-flow'),
  messages: (chatId: string) => chat(chatId, '/messages'),
  chatSequence: (chatId: string) => org(`/chat/${q(chatId)}/message-sequence`),
  chatNotes: (chatId: string) => chat(chatId, '/notes'),
  message: (chatId: string, id: string) => message(chatId, id),
  messageRetry: (chatId: string, id: string) => message(chatId, id, '/retry'),
  messageFileRetry: (chatId: string, id: string, position: number) => message(chatId, id, `/files/${position}/retry`),
  messageMail: (chatId: string, id: string) => message(chatId, id, '/mail'),
  messageMailPage: (chatId: string, id: string, images: boolean) =>
    message(chatId, id, `/mail/page?images=${images ? 1 : 0}`),
  messageRaw: (chatId: string, id: string) => message(chatId, id, '/raw'),
  messageReaction: (chatId: string, id: string) => message(chatId, id, '/reaction'),
  shortcuts: () => org('/shortcuts'),
  shortcut: (id: string) => org(`/shortcuts/${q(id)}`),
  shortcutRender: (id: string) => org(`/shortcuts/${q(id)}/render`),
  closureTypes: () => org('/closure-types'),
  closureType: (id: string) => org(`/closure-types/${q(id)}`),
  views: () => org('/views'),
  view: (id: string) => org(`/views/${q(id)}`),
  search: () => org('/search'),
  files: () => org('/files'),
  file: (id: string) => org(`/files/${q(id)}`),
  fileDownload: (id: string) => org(`/files/${q(id)}?download=1`),

  /* channels */
  channels: () => org('/channels'),
  channelKinds: () => org('/channel-kinds'),
  channel: (id: string) => org(`/channels/${q(id)}`),
  channelPause: (id: string) => org(`/channels/${q(id)}/pause`),
  channelResume: (id: string) => org(`/channels/${q(id)}/resume`),
  channelsCheck: () => org('/channels/check'),
  channelCheck: (id: string) => org(`/channels/${q(id)}/check`),
  channelReconnect: (id: string) => org(`/channels/${q(id)}/reconnect`),
  channelOauthStart: (kind: string) => org(`/channels/oauth/${q(kind)}/start`),
  channelOauth: (kind: string) => org(`/channels/oauth/${q(kind)}`),
  channelLog: (id: string) => org(`/channels/${q(id)}/log`),
  channelLogEntry: (id: string, entryId: string) => org(`/channels/${q(id)}/log/${q(entryId)}`),
  channelLogReplay: (id: string, entryId: string) => org(`/channels/${q(id)}/log/${q(entryId)}/replay`),
  channelTemplates: (id: string) => org(`/channels/${q(id)}/templates`),
  channelTemplatesSync: (id: string) => org(`/channels/${q(id)}/templates/sync`),
  channelTemplate: (id: string, templateId: string) => org(`/channels/${q(id)}/templates/${q(templateId)}`),
  templates: () => org('/templates'),
  /* flows */
  flows: () => org('/flows'),
  flowsImport: () => org('/flows/import'),
  flow: (id: string) => flow(id),
  flowDraft: (id: string) => flow(id, '/draft'),
  flowCheck: (id: string) => flow(id, '/check'),
  flowHttpTest: (id: string) => flow(id, '/http-test'),
  flowPublish: (id: string) => flow(id, '/publish'),
  flowVersions: (id: string) => flow(id, '/versions'),
  flowVersion: (id: string, number: number) => flow(id, `/versions/${number}`),
  flowRestore: (id: string, number: number) => flow(id, `/versions/${number}/restore`),
  flowDuplicate: (id: string) => flow(id, '/duplicate'),
  flowExport: (id: string) => flow(id, '/export'),
  flowStats: (id: string) => flow(id, '/stats'),
  flowSessions: (id: string) => flow(id, '/sessions'),
  flowTestSession: (id: string) => flow(id, '/tests/session'),
  flowTests: (id: string) => flow(id, '/tests'),
  flowTestsRun: (id: string) => flow(id, '/tests/run'),
  flowTest: (id: string, testId: string) => flow(id, `/tests/${q(testId)}`),
  flowHook: (id: string, triggerId: string, path = '') => flow(id, `/hooks/${q(triggerId)}${path}`),
  flowSession: (id: string) => flowSession(id),
  flowSessionAction: (id: string, action: 'stop' | 'retry' | 'pause' | 'resume' | 'say' | 'skip' | 'answer-http') =>
    flowSession(id, `/${action}`),
  flowNodes: () => org('/flow-nodes'),
  flowTriggers: () => org('/flow-triggers'),
  flowFunctions: () => org('/flow-functions'),
  flowTemplates: () => org('/flow-templates'),
  flowExpressionCheck: () => org('/flow-expressions/check'),

  widget: () => '/widget.js',
  chatCreate: () => org('/chat/create'),
  customersCount: () => org('/customers/count'),
  customerFiles: (id: string) => customer(id, '/files'),
  apiDocs: () => '/api/docs',
};

/** The same address for a WebSocket. */
export function socketUrl(path: string): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`;
}
