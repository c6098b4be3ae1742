import type base from '../pt/errors';
import type { Translation } from '../types';

export default {
  network: 'Sin conexión con el servidor. No se perdió nada: inténtalo de nuevo.',
  timeout: 'El servidor tardó demasiado en responder. Inténtalo de nuevo.',
  busy: 'Demasiadas solicitudes en poco tiempo. Espera un momento e inténtalo de nuevo.',
  busySeconds: { one: 'Espera {n} segundo e inténtalo de nuevo.', other: 'Espera {n} segundos e inténtalo de nuevo.' },
  signedOut: 'La sesión terminó. Inicia sesión de nuevo.',
  forbidden: 'Tu rol no lo permite. Habla con un administrador.',
  notFound: 'Esto ya no existe, o no tienes acceso.',
  conflict: 'Alguien lo cambió al mismo tiempo. Revísalo e inténtalo de nuevo.',
  invalid: 'Revisa los campos marcados.',
  tooBig: 'Es demasiado grande para el servidor.',
  server: 'El servidor falló. Inténtalo de nuevo; si continúa, informa el código {id}.',
  unexpected: 'Algo falló en esta página. Recárgala si deja de responder.',
  retry: 'Reintentar',
} satisfies Translation<typeof base>;
