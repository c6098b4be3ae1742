/* The shapes that the interface works with, in the API's words. Times are RFC 3339 in UTC, money in minor units. */

export type Id = string;
export type Instant = string;

export interface Page<T> {
  items: T[];
  next: string | null;
}

export type Availability = 'online' | 'away' | 'offline';

export interface Account {
  id: Id;
  name: string;
  email: string;
  language: string;
  settings: Record<string, unknown>;
  totpEnabled: boolean;
}

export type RoleKind = 'owner' | 'admin' | 'manager' | 'agent' | 'custom';

export interface Membership {
  id: Id;
  name: string;
  role: string;
  roleKind: RoleKind;
  suspended: boolean;
}

export interface Me {
  user: Account;
  organizations: Membership[];
  /** The one that was just made or joined. */
  organizationId?: Id;
  version: string;
}

export interface Organization {
  id: Id;
  name: string;
  timeZone: string;
  language: string;
  currency: string;
  country: string;
  settings: Record<string, unknown>;
}

/** Who I am inside the organization. */
export interface Member {
  userId: Id;
  roleId: Id;
  roleKind: RoleKind;
  roleName: string;
  permissions: string[];
  seesAllChats: boolean;
  seesContacts: boolean;
  teamIds: Id[];
  availability: Availability;
}

export interface User {
  id: Id;
  name: string;
  email: string;
  roleId: Id;
  roleKind: RoleKind;
  roleName: string;
  status: 'active' | 'suspended';
  availability: Availability;
  /** Open chats at once for automatic distribution; 0 is no limit. */
  capacity: number;
  teamIds: Id[];
  lastSeenAt: Instant | null;
  totpEnabled: boolean;
}

export interface Team {
  id: Id;
  name: string;
  color: string | null;
  leaderId: Id | null;
  memberIds: Id[];
  hours: unknown;
  distribution: unknown;
}

export interface TagDef {
  id: Id;
  name: string;
  color: string | null;
}

export interface Channel {
  id: Id;
  kind: string;
  name: string;
  address: string | null;
  status: string;
  deleted: boolean;
  /** Of a mailbox: what stands under each mail. */
  signature?: string;
}

/** What a kind takes of one kind of file. */
export interface FileLimit {
  kind: string;
  /** Media types; null: any. */
  types: readonly string[] | string | null;
  bytesMax: number;
  /** 0: the text leaves as a message of its own. */
  captionMax: number;
}

/** 0: no limit of its own. */
export interface ChannelLimits {
  textMax: number;
  textBytesMax: number;
  /** Longer ones leave in several parts instead of being refused. */
  textSplits: boolean;
  files: readonly FileLimit[];
  filesMax: number;
  buttonsMax: number;
  buttonTitleMax: number;
  buttonsTextMax: number;
  /** One file may stand above buttons, a list or a link. */
  choicesWithFile: boolean;
  listRowsMax: number;
  listSectionsMax: number;
  listTitleMax: number;
  listDescriptionMax: number;
  listButtonMax: number;
  listTextMax: number;
  subjectMax: number;
  windowHours: number;
  humanAgentHours: number;
}

/** What a kind of channel can do. */
export interface ChannelKind {
  kind: string;
  label: string;
  can: string[];
  textMax: number;
  fileMaxBytes: number;
  windowHours: number;
  /** Kinds of contacts that a conversation can be begun with; none: only who wrote before is answered. */
  opens?: readonly string[] | string | null;
  identityKind?: string;
  limits?: Partial<ChannelLimits>;
}

export interface Role {
  id: Id;
  kind: RoleKind;
  name: string;
  permissions: string[];
  userCount: number;
}

export interface ClosureType {
  id: Id;
  name: string;
  color: string | null;
  needsNote: boolean;
  position: number;
}

export type FieldKind =
  | 'text'
  | 'long_text'
  | 'number'
  | 'money'
  | 'date'
  | 'datetime'
  | 'select'
  | 'multi_select'
  | 'yes_no'
  | 'link'
  | 'phone'
  | 'email'
  | 'file';

export interface CustomField {
  id: Id;
  slug: string;
  name: string;
  kind: FieldKind;
  /** Of the select kinds; values hold ids, so that a label can change. */
  options: { id: Id; label: string; color?: string | null }[];
  /** close: a chat cannot be closed while it is empty. */
  required: 'no' | 'close' | 'always';
  help: string;
  position: number;
}

export interface Stage {
  id: Id;
  name: string;
  color: string | null;
  kind: 'open' | 'won' | 'lost';
  funnelId: Id;
  position: number;
}

export interface Funnel {
  id: Id;
  name: string;
  position: number;
  stages: Stage[];
}

export interface InboxView {
  id: Id;
  name: string;
  icon: string | null;
  color: string | null;
  filter: Record<string, unknown>;
  position: number;
}

export interface Bootstrap {
  organization: Organization;
  me: Member;
  users: User[];
  teams: Team[];
  roles: Role[];
  tags: TagDef[];
  channels: Channel[];
  channelKinds: ChannelKind[];
  closureTypes: ClosureType[];
  fields: CustomField[];
  funnels: Funnel[];
  views: InboxView[];
  /** Where the event stream stood before this was read. */
  position: string;
}
