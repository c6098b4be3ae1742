/* Signing in at a platform in a window of its own. That window comes back to a page of ours, which hands over what it was given;
   the two know nothing of each other but the name of a channel between pages of one origin. */
import { paths } from '$lib/paths';

export interface OauthAnswer {
  code: string;
  state: string;
  error: string;
}

const name = 'interflow.oauth';

export const oauthPage = 'oauth';
export const redirectUri = (): string => `${location.origin}${paths.settings('channels', oauthPage)}`;

/** What the platform sent back with the window. Instagram ends its code with #_, which is not part of it. */
export function readAnswer(search: string): OauthAnswer {
  const q = new URLSearchParams(search);
  return {
    code: (q.get('code') ?? '').replace(/#_$/, ''),
    state: q.get('state') ?? '',
    error: q.get('error_description') ?? q.get('error_message') ?? q.get('error_reason') ?? q.get('error') ?? '',
  };
}

/** In the window that came back. */
export function handOver(answer: OauthAnswer): void {
  const line = new BroadcastChannel(name);
  line.postMessage(answer);
  line.close();
}

/** Waits for the answer to this state; aborting ends it. */
export function awaitAnswer(state: string, signal: AbortSignal): Promise<OauthAnswer | undefined> {
  return new Promise((resolve) => {
    const line = new BroadcastChannel(name);
    const end = (answer: OauthAnswer | undefined) => {
      line.close();
      resolve(answer);
    };
    line.onmessage = (e: MessageEvent<OauthAnswer>) => {
      if (e.data.state === state) end(e.data);
    };
    signal.addEventListener('abort', () => end(undefined), { once: true });
  });
}
