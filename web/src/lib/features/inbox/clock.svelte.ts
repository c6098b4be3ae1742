/* The time as the page shows it: one tick every 20 seconds for all waiting times, and none while nobody looks. */
import { createSubscriber } from 'svelte/reactivity';

const tickMs = 20_000;

const subscribe = createSubscriber((update) => {
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') update();
  }, tickMs);
  document.addEventListener('visibilitychange', update);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', update);
  };
});

/** Now, in milliseconds; what reads it is drawn anew as time passes. */
export function now(): number {
  subscribe();
  return Date.now();
}
