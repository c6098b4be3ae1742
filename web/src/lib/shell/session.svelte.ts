/* Who is signed in, in which organization, and the small tables every page needs (people, teams, tags, channels, …).
   They are read once as the bootstrap and again when an event says that they changed. Everything else belongs to a
   feature's own state. */
import { api, whenSignedOut } from '$lib/api/client';
import { ApiError } from '$lib/api/error';
import type { Availability, Bootstrap, Id, Me } from '$lib/api/types';
import { setUrlOrganization, urls } from '$lib/api/urls';
import { connect, disconnect, on, onReload, onRefused } from '$lib/events/events.svelte';
import { setFormats } from '$lib/i18n/format.svelte';
import { isLocale, setLocale } from '$lib/i18n/i18n.svelte';
import { report } from './report';

export type Phase = 'starting' | 'out' | 'in' | 'none' | 'failed';

interface State {
  phase: Phase;
  me: Me | undefined;
  org: Bootstrap | undefined;
}

let state = $state.raw<State>({ phase: 'starting', me: undefined, org: undefined });
let ended = $state(false);
let started: Promise<void> | undefined;
let stopListening: (() => void)[] = [];
let refreshing: Promise<void> | undefined;

export const session = {
  get phase() {
    return state.phase;
  },
  get me() {
    return state.me;
  },
  /** The organization's bootstrap; pages inside the shell may rely on it (see `org()`). */
  get org() {
    return state.org;
  },
  /** True when the session ended by itself, so that the login page can say so. */
  get ended() {
    return ended;
  },
};

/** The organization in use. Only for pages and state inside the shell, where it is always there. */
export function org(): Bootstrap {
  if (!state.org) throw new Error('no organization');
  return state.org;
}

export function myId(): Id {
  return state.me?.user.id ?? '';
}

/** Whether my role has a permission, by its name in the API ("chats.assign"). */
export function can(permission: string | undefined): boolean {
  return permission === undefined || (state.org?.me.permissions.includes(permission) ?? false);
}

const byId = <T extends { id: Id }>(list: readonly T[] | undefined, id: Id | null | undefined): T | undefined =>
  id ? list?.find((x) => x.id === id) : undefined;

/** Rows of the small tables by id; undefined when they are gone or out of sight. */
export const lookup = {
  user: (id: Id | null | undefined) => byId(state.org?.users, id),
  team: (id: Id | null | undefined) => byId(state.org?.teams, id),
  tag: (id: Id | null | undefined) => byId(state.org?.tags, id),
  channel: (id: Id | null | undefined) => byId(state.org?.channels, id),
  closureType: (id: Id | null | undefined) => byId(state.org?.closureTypes, id),
  channelKind: (kind: string | undefined) => state.org?.channelKinds.find((k) => k.kind === kind),
  stage: (id: Id | null | undefined) =>
    byId(
      state.org?.funnels.flatMap((f) => f.stages),
      id,
    ),
};

/** Resolves once it is known whether someone is signed in; asks the server the first time. */
export function ready(): Promise<void> {
  return (started ??= start());
}

/** Reads everything anew: after signing in, signing up, accepting an invitation, or a failed start. */
export function restart(): Promise<void> {
  return (started = start());
}

async function start(): Promise<void> {
  state = { ...state, phase: 'starting' };
  try {
    const me = await api.get<Me>(urls.me());
    ended = false;
    if (isLocale(me.user.language)) await setLocale(me.user.language);
    state = { ...state, me };
    const first = pickOrganization(me);
    if (first) await useOrganization(first.id);
    else state = { phase: 'none', me, org: undefined };
  } catch (e) {
    if (e instanceof ApiError && e.status === 401) clear('out');
    else state = { phase: 'failed', me: undefined, org: undefined };
  }
}

function pickOrganization(me: Me): Me['organizations'][number] | undefined {
  const mine = me.organizations.filter((o) => !o.suspended);
  return mine.find((o) => o.id === rememberedOrganization()) ?? mine[0];
}

/** Switches to one of my organizations: its tables, formats and event stream. */
export async function useOrganization(id: Id): Promise<void> {
  stop();
  setUrlOrganization(id);
  const data = await api.get<Bootstrap>(urls.bootstrap());
  setFormats({ zone: data.organization.timeZone, currency: data.organization.currency });
  state = { phase: 'in', me: state.me, org: data };
  rememberOrganization(id);
  stopListening = [
    on('settings.changed', () => void refresh()),
    on('presence', (p) => p.availability && setUser(p.userId, p.availability)),
    onReload(() => void refresh()),
    /* Signed out, or my rights changed: the answer of /api/me or the new bootstrap tells which. */
    onRefused((rightsChanged) => void (rightsChanged ? refresh() : api.get(urls.me()).catch(() => undefined))),
  ];
  connect(data.position);
}

/** Reads the small tables again; calls that come while one runs share it. */
export function refresh(): Promise<void> {
  refreshing ??= (async () => {
    try {
      const data = await api.get<Bootstrap>(urls.bootstrap());
      setFormats({ zone: data.organization.timeZone, currency: data.organization.currency });
      if (state.org?.organization.id === data.organization.id) state = { ...state, org: data };
    } catch (e) {
      /* No longer a member here: another organization, or none. */
      if (e instanceof ApiError && (e.status === 403 || e.status === 404)) void restart();
      else report(e);
    } finally {
      refreshing = undefined;
    }
  })();
  return refreshing;
}

function setUser(id: Id, availability: Availability): void {
  const o = state.org;
  if (!o) return;
  const users = o.users.map((u) => (u.id === id ? { ...u, availability } : u));
  const me = id === o.me.userId ? { ...o.me, availability } : o.me;
  state = { ...state, org: { ...o, users, me } };
}

/** Says whether I take new chats; shown at once, taken back when the server refuses. */
export async function setAvailability(availability: Availability): Promise<void> {
  const before = state.org?.me.availability ?? 'online';
  setUser(myId(), availability);
  try {
    await api.put(urls.availability(), { body: { availability } });
  } catch (e) {
    setUser(myId(), before);
    report(e);
  }
}

/** Changes my account (name, language, settings) here and on the server. */
export async function updateMe(change: Partial<Pick<Me['user'], 'name' | 'language' | 'settings'>>): Promise<void> {
  const me = state.me;
  if (!me) return;
  await api.patch(urls.me(), { body: change });
  state = { ...state, me: { ...me, user: { ...me.user, ...change } } };
}

export async function logout(): Promise<void> {
  try {
    await api.post(urls.logout());
  } catch (e) {
    if (!(e instanceof ApiError && e.status === 401)) return report(e);
  }
  /* A full load, so that nothing of the one who leaves stays in memory. */
  location.assign('/login');
}

function stop(): void {
  for (const off of stopListening) off();
  stopListening = [];
  disconnect();
}

function clear(phase: Phase): void {
  stop();
  state = { phase, me: undefined, org: undefined };
}

whenSignedOut(() => {
  if (state.phase !== 'in') return;
  ended = true;
  clear('out');
});

const storageKey = 'organization';

/* The tab's own choice first, so that two tabs may show two organizations. */
function rememberedOrganization(): string | null {
  try {
    return sessionStorage.getItem(storageKey) ?? localStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

/** The organization to open next time, in this tab and in new ones. */
export function rememberOrganization(id: Id): void {
  try {
    sessionStorage.setItem(storageKey, id);
    localStorage.setItem(storageKey, id);
  } catch {
    /* storage forbidden: the first organization next time */
  }
}
