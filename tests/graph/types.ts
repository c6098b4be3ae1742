/* The words of the stand-in Graph API: what a test may script (Graph and what it hands out) and the things that its
   world is made of. Types only, nothing of this file runs; the .mjs files are checked against it (tsconfig.json here). */

/** JSON of a platform whose shapes are the thing under test. */
export type Json = any;
export type Product = 'whatsapp' | 'messenger' | 'instagram';
export type WebhookObject = 'whatsapp_business_account' | 'page' | 'instagram';

/* ── accounts ─────────────────────────────────────────────────────────────────────────────────────────────────── */

export interface Subscription {
  url: string;
  verifyToken: string;
  fields: string[] | 'all';
  active: boolean;
}

export interface App {
  id: string;
  name: string;
  secret: string;
  /** Instagram Login has an id and a secret of its own. */
  instagramId: string;
  instagramSecret: string;
  redirectUris: string[] | 'any';
  /** HUMAN_AGENT was granted in app review. */
  humanAgent: boolean;
  requireProof: boolean;
  subscriptions: Partial<Record<WebhookObject, Subscription>>;
}

export type TokenKind = 'system' | 'user' | 'business' | 'page' | 'instagram' | 'app';
export interface Token {
  token: string;
  kind: TokenKind;
  appId: string;
  userId: string;
  pageId?: string | undefined;
  igId?: string | undefined;
  scopes: string[];
  /** scope → ids; a scope that is not here holds for all. */
  targets: Record<string, string[]>;
  /** debug_token does not tell the ids. */
  silent?: boolean | undefined;
  /** The business that it was given by. */
  businessId?: string | undefined;
  issuedAt: number;
  /** Milliseconds of the graph's clock; 0: never. */
  expiresAt: number;
  revoked: boolean;
  longLived: boolean;
}

export interface Waba {
  id: string;
  name: string;
  currency: string;
  timezone: string;
  businessId: string;
  /** The business of others that it is shared with. */
  sharedWith?: string | undefined;
  /** A reason here refuses every message: 131031, 368, 131042, 130497 … */
  restricted?: number | undefined;
  /** app id → override */
  subscribed: Map<string, { url?: string | undefined; verifyToken?: string | undefined }>;
  templateLimit: number;
}

export interface Phone {
  id: string;
  wabaId: string;
  /** Digits with country code. */
  digits: string;
  display: string;
  countryCode: string;
  verifiedName: string;
  quality: 'GREEN' | 'YELLOW' | 'RED' | 'UNKNOWN';
  tier: string;
  nameStatus: string;
  verified: boolean;
  registered: boolean;
  pin?: string | undefined;
  pinFailures: number;
  registrations: number[];
  /** Also used in the phone app. */
  coexistence: boolean;
  onboardedAt: number;
  synced: Set<string>;
  perSecond: number;
  about: Json;
  /** Sends of the last second, and the pair clock by recipient. */
  recent: number[];
  pairs: Map<string, number>;
}

export interface Page {
  id: string;
  name: string;
  tasks: string[];
  ownerId: string;
  igId?: string | undefined;
  subscribed: Map<string, string[]>;
  restricted: boolean;
}

export interface InstagramAccount {
  id: string;
  /** The app-scoped id that GET /me calls `id`. */
  scopedId: string;
  username: string;
  name: string;
  picture: Buffer;
  pageId?: string | undefined;
  ownerId: string;
  subscribed: Map<string, string[]>;
}

/** A person who can grant an app access: the one who clicks "continue" in a dialog. */
export interface Owner {
  id: string;
  name: string;
}

/* ── customers ────────────────────────────────────────────────────────────────────────────────────────────────── */

export interface CustomerOptions {
  name?: string;
  username?: string;
  picture?: Buffer;
}
export interface WhatsAppCustomerOptions extends CustomerOptions {
  /** As people write it, with country code. Without one the customer has a business-scoped user id only. */
  phone?: string;
  /** Default: what WhatsApp makes of the phone (Brazil without the nine from area 31 on, Mexico 521, Argentina 549). */
  waId?: string;
  userId?: string;
  /** The phone is not shown to this business: `from` and `wa_id` are left out. */
  hidden?: boolean;
  onWhatsApp?: boolean;
  language?: string;
}
export interface PageCustomerOptions extends CustomerOptions {
  id?: string;
  firstName?: string;
  lastName?: string;
  /** GET of the profile is refused. */
  profileHidden?: boolean;
  account?: Page | InstagramAccount;
}

export type Person = {
  key: string;
  product: Product;
  name: string;
  username?: string | undefined;
  picture: Buffer;
  /** WhatsApp */
  phone?: string | undefined;
  waId?: string | undefined;
  userId?: string | undefined;
  parentUserId?: string | undefined;
  hidden: boolean;
  onWhatsApp: boolean;
  stoppedMarketing: boolean;
  /** Messenger, Instagram: the scoped id and whom it belongs to. */
  id?: string | undefined;
  accountId?: string | undefined;
  firstName?: string | undefined;
  lastName?: string | undefined;
  profileHidden: boolean;
  unavailable: boolean;
  cannotReceive: boolean;
  /** account (phone number id, page, instagram) → the last time the person wrote. */
  wrote: Map<string, number>;
  /** Reads as soon as a message comes. */
  readsAtOnce: boolean;
  /** A phone without network: nothing is delivered until it is back. */
  offline: boolean;
};

export type TemplateStatus =
  | 'APPROVED'
  | 'PENDING'
  | 'REJECTED'
  | 'PAUSED'
  | 'DISABLED'
  | 'IN_APPEAL'
  | 'PENDING_DELETION'
  | 'DELETED'
  | 'LIMIT_EXCEEDED'
  | 'ARCHIVED'
  | 'FLAGGED'
  | 'REINSTATED'
  | 'LOCKED'
  | 'UNARCHIVED';
export interface Template {
  id: string;
  wabaId: string;
  name: string;
  language: string;
  category: string;
  status: TemplateStatus;
  format: 'POSITIONAL' | 'NAMED';
  components: Json[];
  quality: string;
  rejectedReason: string;
  deletedAt?: number | undefined;
  /** Sends are accepted with this message_status and travel no further. */
  pacing?: 'held_for_quality_assessment' | 'paused' | undefined;
}

export interface Medium {
  id: string;
  bytes: Buffer;
  type: string;
  name?: string | undefined;
  sha256: string;
  wabaId?: string | undefined;
  phoneId?: string | undefined;
  expiresAt: number;
  inbound: boolean;
  deleted: boolean;
}

export type MessageState = 'accepted' | 'sent' | 'delivered' | 'read' | 'played' | 'failed';
/** One message as the customer's phone has it. */
export interface Message {
  id: string;
  product: Product;
  direction: 'in' | 'out';
  account: string;
  person: string;
  at: number;
  type: string;
  /** What a person reads: text, caption, the template with its values. */
  text: string;
  header?: string | undefined;
  footer?: string | undefined;
  buttons: { title: string; description?: string | undefined; kind: string; payload?: string | undefined; url?: string | undefined }[];
  media: { type: string; mime: string; url: string; name?: string | undefined; voice?: boolean | undefined }[];
  replyTo?: string | undefined;
  reactions: { by: 'customer' | 'business'; emoji: string }[];
  state: MessageState;
  error?: { code: number; message: string } | undefined;
  deleted: boolean;
  edited: boolean;
  /** The body of the call, or the webhook's message. */
  raw: Json;
  callback?: string | undefined;
  category?: string | undefined;
  appId?: string | undefined;
}

/* ── calls, faults ────────────────────────────────────────────────────────────────────────────────────────────── */

export interface UploadedFile {
  field: string;
  name: string;
  type: string;
  bytes: Buffer;
}
/** One call of ours, as it came. */
export interface Call {
  n: number;
  at: number;
  method: string;
  /** Host header. */
  host: string;
  /** graph, instagram, instagram-api, dialog, media, foreign, page */
  area: string;
  /** Without version and host prefix. */
  path: string;
  version: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  body: Json;
  raw: Buffer;
  files: UploadedFile[];
  token?: Token | undefined;
  tokenText?: string | undefined;
  answer?: { status: number; body: Json } | undefined;
  fault?: string | undefined;
}

export interface FaultOptions {
  /** How many calls it takes; default 1. */
  times?: number;
  method?: string;
  path?: string | RegExp;
  where?: (call: Call) => boolean;
  /** A platform error by its code. With later: the message is accepted and fails by status. */
  code?: number;
  subcode?: number;
  details?: string;
  later?: boolean;
  status?: number;
  kind?: 'error' | 'html' | 'timeout' | 'reset' | 'slow' | 'lost' | 'garbage' | 'empty' | 'cut' | 'wait' | 'redirect';
  /** slow: of the whole body; wait: before the answer. */
  ms?: number;
  /** redirect: where to. */
  location?: string;
  /** Retry-After of the answer, seconds. */
  retryAfter?: number;
}
export interface Fault extends FaultOptions {
  used: number;
  cancel(): void;
}

/* ── webhooks ─────────────────────────────────────────────────────────────────────────────────────────────────── */

export type BatchLevel = 'messages' | 'changes' | 'entries' | 'mixed';
export interface DeliveryPolicy {
  /** Each message this many times more in the same body. */
  doubleWithin: number;
  /** Each body this many times more. */
  doubleAcross: number;
  /** Order of what is sent together: as it came, backwards, or by chance. */
  order: 'asis' | 'reversed' | 'shuffled';
  /** Events of this many milliseconds (of the wall clock) share a body; 0: one body each. */
  batchMs: number;
  batchMax: number;
  batchLevel: BatchLevel;
  /** Before a body leaves, milliseconds of the wall clock. */
  delayMs: number;
  /** sent and delivered leave before the answer to the send. */
  statusBeforeAnswer: boolean;
  /** Keys nobody knows, at every level. */
  unknownFields: boolean;
  signature: 'right' | 'wrong' | 'none' | 'sha1' | 'uppercase' | 'short';
  escape: boolean;
  /** Milliseconds of the wall clock that an answer may take. */
  answerWithinMs: number;
  retry: boolean;
  parallel: number;
  /** The media url comes in the message. */
  mediaUrl: boolean;
  /** Seconds where milliseconds are promised (Messenger, Instagram). */
  secondsForMs: boolean;
  /** delivered is left out when the message is read at once. */
  skipDelivered: boolean;
  /** Statuses carry `conversation`, as up to v23. */
  conversation: boolean;
  /** How a template's language is written: en-US or en_US. */
  templateLanguage: 'hyphen' | 'underscore';
}

export interface Delivery {
  id: number;
  object: WebhookObject;
  appId: string;
  accounts: string[];
  url: string;
  body: string;
  headers: Record<string, string>;
  attempts: { at: number; status: number; ms: number; error?: string | undefined }[];
  state: 'waiting' | 'done' | 'retrying' | 'dropped';
  firstAt: number;
}

export type EventKind = 'change' | 'messaging' | 'standby' | 'bare';
export interface WebhookEvent {
  object: WebhookObject;
  /** WABA, page or Instagram account. */
  entryId: string;
  kind: EventKind;
  /** The subscription field that lets it through. */
  field: string;
  value: Json;
  /** Epoch milliseconds of the event, of the graph's clock. */
  at: number;
  /** Account whose subscriptions count: WABA id, page id, Instagram id. */
  account: string;
  /** Instagram by login: signed with the Instagram secret. */
  byLogin?: boolean | undefined;
  /** entry.time is only written for some. */
  time?: boolean | undefined;
  /** Leave out apps with these ids. */
  done?: (() => void) | undefined;
}

export interface Webhooks {
  policy: DeliveryPolicy;
  deliveries: Delivery[];
  /** Events that nobody had subscribed to, with the reason. */
  dropped: { event: WebhookEvent; reason: string }[];
  /** What an owner would be told by e-mail: failing, unsubscribed. */
  alerts: { at: number; object: WebhookObject; account: string; what: 'failing' | 'unsubscribed' }[];
  set(policy: Partial<DeliveryPolicy>): void;
  /** Keep events back until release(). */
  hold(): void;
  release(how?: { order?: DeliveryPolicy['order']; together?: boolean; level?: BatchLevel; doubleWithin?: number }): Promise<void>;
  /** Any event, as it is. */
  emit(event: Partial<WebhookEvent> & Pick<WebhookEvent, 'object' | 'entryId' | 'field' | 'value'>): Promise<void>;
  /** Any body, signed like the others. Answers the status. */
  post(
    object: WebhookObject,
    body: string | object,
    options?: { appId?: string; url?: string; signature?: string | null; byLogin?: boolean },
  ): Promise<{ status: number; body: string }>;
  /** The handshake (GET). */
  verify(url: string, verifyToken: string, mode?: string): Promise<{ ok: boolean; status: number; body: string; challenge: string }>;
  sign(secret: string, body: string | Buffer): string;
  /** Nothing is queued, in flight or held; retries that wait for later do not count. */
  settled(): Promise<void>;
  /** Send every body that waits for its retry, now. */
  retryNow(): Promise<void>;
}

/* ── what a test holds ────────────────────────────────────────────────────────────────────────────────────────── */

/** What a builder answers: the platform's id, once the first attempt to deliver it is over (or it is held). */
export interface Sent {
  id: string;
  message: Message;
}

export interface SendOptions {
  /** Which of our accounts; default: the first of its kind. */
  to?: Phone | Page | InstagramAccount;
  replyTo?: string;
  forwarded?: boolean;
  frequentlyForwarded?: boolean;
  referral?: Json;
  /** WhatsApp: without phone, though there is one. */
  withoutPhone?: boolean;
  /** A business-scoped id where a phone should be (seen in the field). */
  userIdAsPhone?: boolean;
  /** Neither phone nor user id (seen in the field). */
  anonymous?: boolean;
  withoutContacts?: boolean;
  /** Any context as it is. */
  context?: Json;
  id?: string;
  /** Epoch milliseconds. */
  at?: number;
  /** Last change before it leaves: the message, and the value around it. */
  raw?: (message: Json, value: Json) => void;
}
export interface FileOptions extends SendOptions {
  bytes?: Buffer;
  type?: string;
  name?: string;
  caption?: string;
  /** The platform's own file is broken: hash does not match, link is dead, the id expired … */
  broken?: 'sha256' | 'missing' | 'expired' | 'type';
  animated?: boolean;
}

export interface WhatsAppSends {
  text(body: string, options?: SendOptions): Promise<Sent>;
  image(options?: FileOptions): Promise<Sent>;
  video(options?: FileOptions): Promise<Sent>;
  document(options?: FileOptions): Promise<Sent>;
  audio(options?: FileOptions): Promise<Sent>;
  voice(options?: FileOptions): Promise<Sent>;
  sticker(options?: FileOptions): Promise<Sent>;
  location(
    place?: { latitude?: number; longitude?: number; name?: string; address?: string; url?: string },
    options?: SendOptions,
  ): Promise<Sent>;
  contacts(cards?: Json[], options?: SendOptions): Promise<Sent>;
  /** The answer to request_contact_info. */
  ownContact(options?: SendOptions): Promise<Sent>;
  reaction(messageId: string, emoji: string, options?: SendOptions): Promise<Sent>;
  /** emoji empty, or not there at all. */
  reactionRemoved(messageId: string, how?: 'empty' | 'absent', options?: SendOptions): Promise<Sent>;
  /** Quick reply of a template. */
  button(text: string, payload?: string, options?: SendOptions & { withoutContext?: boolean }): Promise<Sent>;
  buttonReply(id: string, title: string, options?: SendOptions): Promise<Sent>;
  listReply(id: string, title: string, description?: string, options?: SendOptions): Promise<Sent>;
  /** Form answer: content is written as JSON unless it is a string already. */
  form(content: Json, options?: SendOptions & { name?: string; body?: string }): Promise<Sent>;
  callPermission(response: 'accept' | 'reject', options?: SendOptions): Promise<Sent>;
  order(items?: Json[], options?: SendOptions & { text?: string; catalog?: string }): Promise<Sent>;
  /** A product that the message asks about. */
  productQuestion(body: string, product?: Json, options?: SendOptions): Promise<Sent>;
  fromAd(body: string, referral?: Json, options?: SendOptions): Promise<Sent>;
  unsupported(kind?: string, options?: SendOptions): Promise<Sent>;
  /** Older form: type "unknown". */
  unknown(options?: SendOptions): Promise<Sent>;
  /** interactive without its object, the reason in value.errors. */
  brokenInteractive(options?: SendOptions): Promise<Sent>;
  /** Over 100 MB: only the error comes. */
  tooLarge(options?: SendOptions): Promise<Sent>;
  edit(messageId: string, body: string, options?: SendOptions & { asUnsupported?: boolean }): Promise<Sent>;
  revoke(messageId: string, options?: SendOptions): Promise<Sent>;
  changedNumber(phone: string, options?: SendOptions): Promise<Sent>;
  changedUserId(userId?: string, options?: SendOptions): Promise<Sent>;
  identityChanged(options?: SendOptions): Promise<Sent>;
  /** Any type, any payload. */
  anything(type: string, payload: Json, options?: SendOptions): Promise<Sent>;
}

export interface PageSends {
  text(body: string, options?: SendOptions): Promise<Sent>;
  image(options?: FileOptions): Promise<Sent>;
  /** Several images in one message. */
  images(count: number, options?: FileOptions): Promise<Sent>;
  video(options?: FileOptions): Promise<Sent>;
  audio(options?: FileOptions): Promise<Sent>;
  file(options?: FileOptions): Promise<Sent>;
  sticker(options?: FileOptions): Promise<Sent>;
  likeHeart(options?: SendOptions): Promise<Sent>;
  location(place?: { lat: number; long: number; title?: string }, options?: SendOptions): Promise<Sent>;
  fallback(title?: string, url?: string | null, options?: SendOptions): Promise<Sent>;
  share(options?: SendOptions & { legacy?: boolean; url?: string }): Promise<Sent>;
  reel(options?: SendOptions): Promise<Sent>;
  story(options?: SendOptions): Promise<Sent>;
  storyReply(body: string, options?: SendOptions & { storyId?: string }): Promise<Sent>;
  storyMention(options?: SendOptions): Promise<Sent>;
  quickReply(title: string, payload: string, options?: SendOptions): Promise<Sent>;
  postback(title: string, payload: string, options?: SendOptions & { withoutMid?: boolean; referral?: Json }): Promise<Sent>;
  referral(referral?: Json, options?: SendOptions): Promise<Sent>;
  fromAd(body: string, referral?: Json, options?: SendOptions): Promise<Sent>;
  reaction(mid: string, emoji?: string, options?: SendOptions & { name?: string }): Promise<Sent>;
  reactionRemoved(mid: string, options?: SendOptions): Promise<Sent>;
  edit(mid: string, body: string, options?: SendOptions & { count?: number }): Promise<Sent>;
  unsend(mid: string, options?: SendOptions): Promise<Sent>;
  unsupported(options?: SendOptions): Promise<Sent>;
  optin(optin?: Json, options?: SendOptions): Promise<Sent>;
  comment(body: string, options?: SendOptions & { flat?: boolean; parentId?: string }): Promise<Sent>;
  template(elements?: Json[], options?: SendOptions): Promise<Sent>;
  anything(item: Json, options?: SendOptions & { field?: string }): Promise<Sent>;
}

export interface Customer<S> {
  person: Person;
  sends: S;
  /** All messages of both sides, oldest first. */
  thread: Message[];
  /** What the business sent and was delivered. */
  inbox: Message[];
  /** Waits for a message of the business. */
  receives(match?: string | RegExp | ((m: Message) => boolean), timeoutMs?: number): Promise<Message>;
  /** Read marks: one message, or all so far. */
  reads(id?: string): Promise<void>;
  plays(id: string): Promise<void>;
  /** Presses a button, list row or quick reply of a message of the business, by title or position. */
  taps(message: Message, which: string | number): Promise<Sent>;
  /** Without network: what comes is delivered by back(). */
  offline(): void;
  back(): Promise<void>;
  /** As if the last message were this long ago. */
  wroteAgo(ms: number, account?: { id: string }): void;
}
export type WhatsAppCustomer = Customer<WhatsAppSends> & {
  /** A new business-scoped id: the system message, then user_id_update. */
  changesUserId(): Promise<void>;
  stopsMarketing(stop?: boolean): Promise<void>;
};
export type PageCustomer = Customer<PageSends>;

export interface Reviews {
  mode: 'approve' | 'reject' | 'manual';
  afterMs: number;
}

export interface GraphOptions {
  port?: number;
  host?: string;
  /** Without it no webhook leaves. Objects not named in webhooks get it too. */
  callback?: string;
  verifyToken?: string;
  webhooks?: Partial<Record<WebhookObject, { url: string; verifyToken?: string }>>;
  policy?: Partial<DeliveryPolicy>;
  /** Milliseconds of the graph's clock per millisecond. */
  speed?: number;
  /** Newest and oldest version that is answered. */
  newest?: number;
  oldest?: number;
  seed?: number;
  /** Ids, secrets and tokens that stay the same over restarts; what is not given is made by chance. */
  cast?: {
    app?: Partial<App>;
    waba?: Partial<Waba>;
    phone?: Partial<Phone>;
    page?: Partial<Page>;
    instagram?: Partial<InstagramAccount>;
    tokens?: Partial<Graph['tokens']>;
  };
}

export interface Graph {
  url: string;
  port: number;
  /** The same server under the names of the platform, for connectors whose hosts are settings. */
  hosts: {
    graph: string;
    instagram: string;
    instagramApi: string;
    facebookDialog: string;
    instagramDialog: string;
    media: string;
    foreign: string;
  };
  clock: { now(): number; advance(ms: number): Promise<void>; speed: number };
  app: App;
  waba: Waba;
  phone: Phone;
  page: Page;
  instagram: InstagramAccount;
  owner: Owner;
  /** Tokens that work: system user (WhatsApp), page, Instagram login, user. */
  tokens: { whatsapp: string; page: string; instagram: string; user: string; app: string };
  calls: Call[];
  /** What the platform takes but a connector should not do. */
  warnings: { what: string; call: Call }[];
  webhooks: Webhooks;
  faults: Fault[];
  templates: Template[];
  media: Medium[];
  messages: Message[];
  reviews: Reviews;
  /** Which refusals come as a failed status instead of an answer. */
  later: Set<number>;
  /** Pair rate and throughput; the management limit counts calls per hour, app and WABA. */
  limits: {
    pairMs: number;
    pairBurst: number;
    pair: boolean;
    throughput: boolean;
    managementPerHour: number;
    pagePerSecond: number;
    pageMediaPerSecond: number;
    templatesPerHour: number;
  };
  /** Oddities that were reported but are not the rule. */
  quirks: {
    /** The Instagram token comes inside data[0]. */
    instagramTokenWrapped: boolean;
    /** Instagram's echoes name neither the app nor the metadata. */
    instagramEchoBare: boolean;
    /** The metadata of every medium names this address instead of the media host's. */
    mediaUrl: string | undefined;
  };
  fault(options: FaultOptions): Fault;
  callsTo(path: string | RegExp, method?: string): Call[];
  /** The first call, past or to come, that fits. */
  waitFor(match: string | RegExp | ((call: Call) => boolean), timeoutMs?: number): Promise<Call>;
  addApp(options?: Partial<App>): App;
  addWaba(options?: Partial<Waba>): Waba;
  addPhone(options?: Partial<Phone>): Phone;
  addPage(options?: Partial<Page>): Page;
  addInstagram(options?: Partial<InstagramAccount>): InstagramAccount;
  addTemplate(options: Partial<Template> & { name: string }): Template;
  addMedium(options: { bytes: Buffer; type: string; name?: string; inbound?: boolean; phoneId?: string }): Medium;
  token(options: Partial<Token> & { kind: TokenKind }): Token;
  revoke(token: string): void;
  expire(token: string): void;
  whatsappCustomer(options?: WhatsAppCustomerOptions): WhatsAppCustomer;
  messengerCustomer(options?: PageCustomerOptions): PageCustomer;
  instagramCustomer(options?: PageCustomerOptions): PageCustomer;
  /** Subscribes the app to an object: handshake, then events. Throws when the handshake fails. */
  subscribe(
    object: WebhookObject,
    url: string,
    verifyToken?: string,
    options?: { app?: App; fields?: string[]; withoutCheck?: boolean },
  ): Promise<void>;
  /** Opens a dialog address as its owner would and answers where it sends the browser. */
  approve(
    url: string,
    options?: { deny?: boolean; wabaIds?: string[]; pageIds?: string[]; scopes?: string[] },
  ): Promise<{ location: string; code: string; state: string }>;
  /** A one-time code as embedded sign-up hands it to the browser, with the data of its message. */
  embeddedSignup(options?: { wabaId?: string; phoneId?: string; coexistence?: boolean; event?: string; appId?: string; silent?: boolean }): {
    code: string;
    message: Json;
  };
  reviewTemplate(template: Template | string, status: TemplateStatus, reason?: string | null): Promise<void>;
  accountUpdate(event: string, extra?: Json, waba?: Waba): Promise<void>;
  numberUpdate(
    field:
      | 'phone_number_quality_update'
      | 'phone_number_name_update'
      | 'account_alerts'
      | 'account_review_update'
      | 'business_capability_update'
      | 'security'
      | 'template_category_update'
      | 'message_template_quality_update'
      | 'message_template_components_update',
    value: Json,
    waba?: Waba,
  ): Promise<void>;
  /** value.errors without messages. */
  accountError(code?: number, phone?: Phone): Promise<void>;
  /** The owner wrote in the phone app, or in the inbox of the page. */
  ownerSends(
    customer: WhatsAppCustomer | PageCustomer,
    content: string | Json,
    options?: { account?: { id: string }; appId?: string; metadata?: string },
  ): Promise<Sent>;
  ownerEdits(customer: WhatsAppCustomer, messageId: string, body: string): Promise<Sent>;
  ownerRevokes(customer: WhatsAppCustomer, messageId: string): Promise<Sent>;
  /** History of the phone app in chunks; refused: error 2593109. */
  history(options?: { phone?: Phone; threads?: Json[]; refused?: boolean; chunks?: number; media?: boolean }): Promise<void>;
  /** Contacts of the phone app: full_name, first_name, phone_number; action and at (milliseconds) may be said of each. */
  appState(contacts?: Json[], phone?: Phone): Promise<void>;
  handover(customer: PageCustomer, what: 'pass' | 'take' | 'request' | 'standby', extra?: Json): Promise<void>;
  policyEnforcement(action: 'warning' | 'block' | 'unblock', reason?: string): Promise<void>;
  /** A status for any message, by hand: any order, any errors. */
  status(messageId: string, status: string, extra?: Json): Promise<void>;
  reset(): void;
  close(): Promise<void>;
}
