/* What the server says of connected accounts, in the API's words. */
import type { Id, Instant } from '$lib/api/types';

export type Language = 'pt' | 'es' | 'en';
export type Words = Record<Language, string>;

export type ChannelState = 'connected' | 'reconnecting' | 'disconnected' | 'paused';

/** What the platform says of a number; each part is there only where the platform says it. */
export interface Quality {
  rating?: string;
  tier?: string;
  nameStatus?: string;
  name?: string;
  number?: string;
  status?: string;
  verification?: string;
  platform?: string;
  throughput?: string;
  coexistence?: boolean;
}

export interface ChannelError {
  code: string;
  message: string;
  at: Instant;
  advice?: string;
}

export interface ChannelCounts {
  in24h: number;
  out24h: number;
  failed24h: number;
  parked: number;
}

export interface ChannelRow {
  id: Id;
  kind: string;
  name: string;
  address: string;
  status: ChannelState;
  statusReason: string;
  statusSince: Instant;
  publicKey: string | null;
  settings: Record<string, unknown>;
  hasSecrets: boolean;
  defaultTeamId: Id | null;
  defaultStageId: Id | null;
  hours: unknown;
  greeting: Partial<Words>;
  away: Partial<Words>;
  externalAccount: string;
  quality: Quality;
  tokenExpiresAt: Instant | null;
  checkedAt: Instant | null;
  lastError: ChannelError | null;
  counts: ChannelCounts;
  webhook: { url: string; verifyToken: string } | null;
  lastEventAt: Instant | null;
  createdAt: Instant;
  chats30Days: number;
}

/** One setting or secret of a kind, as the server checks it. */
export interface FieldRow {
  name: string;
  type: string;
  required?: boolean;
  nullable?: boolean;
  secret?: boolean;
  min?: number;
  max?: number;
  values?: string[] | null;
  default?: unknown;
  help?: string;
  example?: unknown;
}

export interface KindInfo {
  kind: string;
  label: string;
  can: string[];
  settings: FieldRow[];
  secrets: FieldRow[];
  /** This installation has an app of its own at the platform: connecting by signing in there. */
  oauth: boolean;
  /** Whether an account of it can be looked at. */
  checks: boolean;
}

export interface CheckStep {
  id: string;
  ok: boolean;
  code: string | null;
  message: string | null;
  advice?: string | null;
  field: string | null;
}

export interface Found {
  name?: string | null;
  address?: string | null;
  externalAccount?: string | null;
  quality?: Quality | null;
  tokenExpiresMs?: number;
}

export interface CheckResult {
  ok: boolean;
  steps: CheckStep[];
  found: Found;
}

export interface OauthAccount {
  id: string;
  name: string;
  address: string;
  connected: boolean;
}

/** A connected account in the making. */
export interface Draft {
  kind: string;
  name?: string;
  address?: string;
  settings?: Record<string, unknown>;
  secrets?: Record<string, unknown>;
  ticket?: string;
  accountId?: string;
  defaultTeamId?: Id | null;
  defaultStageId?: Id | null;
}

export type LogDirection = 'in' | 'out';

export interface LogItem {
  id: Id;
  direction: LogDirection;
  at: Instant;
  what: string;
  state: 'waiting' | 'done' | 'parked' | 'failed';
  /** Of the answer; 0: none came. */
  status: number | null;
  tookMs: number | null;
  error: { code: string; message: string } | null;
  /** How many of what a body held. */
  summary: Record<string, unknown>;
  method: string | null;
  address: string | null;
}

export interface LogEntry extends LogItem {
  /** What came in, or what we asked. */
  request: string;
  answer: string | null;
  messageId: Id | null;
}

export interface TemplateRow {
  id: Id;
  channelId: Id;
  name: string;
  language: string;
  category: string;
  status: string;
  reason: string;
  quality: string;
  format: 'positional' | 'named';
  components: TemplateComponent[];
  updatedAt: Instant;
}

export interface TemplateButton {
  type: string;
  text?: string;
  url?: string;
  phone_number?: string;
  example?: unknown;
}

export interface TemplateComponent {
  type: string;
  format?: string;
  text?: string;
  buttons?: TemplateButton[];
  example?: Record<string, unknown>;
}
