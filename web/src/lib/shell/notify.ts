/* Desktop notifications and the sound of a new message. Both are asked for by the person (settings), never at the start. */

export type NotifyState = 'on' | 'off' | 'blocked' | 'unsupported';

/** What there is to hear of: my chats, those that nobody has, my name in a note. */
export const noticeKinds = ['mine', 'queue', 'mention'] as const;
export type NoticeKind = (typeof noticeKinds)[number];

interface Prefs {
  desktop: boolean;
  sound: boolean;
  /** Kinds that are not wanted, neither seen nor heard. */
  muted: NoticeKind[];
}

const storageKey = 'notifications';

export function prefs(): Prefs {
  try {
    const raw = JSON.parse(localStorage.getItem(storageKey) ?? '{}') as Partial<Prefs>;
    const muted = Array.isArray(raw.muted) ? noticeKinds.filter((k) => raw.muted?.includes(k)) : [];
    return { desktop: raw.desktop ?? false, sound: raw.sound ?? true, muted };
  } catch {
    return { desktop: false, sound: true, muted: [] };
  }
}

export function setPrefs(change: Partial<Prefs>): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify({ ...prefs(), ...change }));
  } catch {
    /* storage forbidden */
  }
}

export function wanted(kind: NoticeKind): boolean {
  return !prefs().muted.includes(kind);
}

export function setWanted(kind: NoticeKind, on: boolean): void {
  const rest = prefs().muted.filter((k) => k !== kind);
  setPrefs({ muted: on ? rest : [...rest, kind] });
}

export function notifyState(): NotifyState {
  if (!('Notification' in window)) return 'unsupported';
  if (Notification.permission === 'denied') return 'blocked';
  return Notification.permission === 'granted' && prefs().desktop ? 'on' : 'off';
}

/** Asks the browser; must be called from a click. */
export async function turnOnNotifications(): Promise<NotifyState> {
  if (!('Notification' in window)) return 'unsupported';
  const answer = await Notification.requestPermission();
  if (answer === 'granted') setPrefs({ desktop: true });
  return notifyState();
}

/** Shows a notification when the page is not looked at; a later one with the same tag replaces it. */
export function notify(what: { title: string; body: string; tag: string; onclick: () => void }): void {
  if (document.visibilityState === 'visible' && document.hasFocus()) return;
  if (notifyState() !== 'on') return;
  const shown = new Notification(what.title, { body: what.body, tag: what.tag, silent: true });
  shown.onclick = () => {
    window.focus();
    what.onclick();
    shown.close();
  };
}

let audio: AudioContext | undefined;
let lastSound = 0;

/** Two soft tones; at most one in two seconds. Silent until the person has touched the page once (browsers' rule). */
export function playSound(): void {
  if (!prefs().sound || Date.now() - lastSound < 2000) return;
  lastSound = Date.now();
  try {
    audio ??= new AudioContext();
    const ctx = audio;
    [660, 880].forEach((frequency, i) => {
      const start = ctx.currentTime + i * 0.12;
      const tone = ctx.createOscillator();
      const volume = ctx.createGain();
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0, start);
      volume.gain.linearRampToValueAtTime(0.08, start + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0005, start + 0.25);
      tone.connect(volume).connect(ctx.destination);
      tone.start(start);
      tone.stop(start + 0.3);
    });
  } catch {
    /* no audio device */
  }
}
