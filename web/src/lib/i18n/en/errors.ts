import type base from '../pt/errors';
import type { Translation } from '../types';

export default {
  network: 'No connection to the server. Nothing was lost: try again.',
  timeout: 'The server took too long to answer. Try again.',
  busy: 'Too many requests in a short time. Wait a moment and try again.',
  busySeconds: { one: 'Wait {n} second and try again.', other: 'Wait {n} seconds and try again.' },
  signedOut: 'Your session has ended. Sign in again.',
  forbidden: 'Your role does not allow this. Ask an administrator.',
  notFound: 'This no longer exists, or you have no access to it.',
  conflict: 'Someone changed this at the same time. Check it and try again.',
  invalid: 'Check the marked fields.',
  tooBig: 'It is too big for the server.',
  server: 'The server failed. Try again; if it goes on, report the code {id}.',
  unexpected: 'Something failed on this page. Reload it if it stops responding.',
  retry: 'Try again',
} satisfies Translation<typeof base>;
