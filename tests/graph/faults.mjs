/* Faults on demand: the next calls that fit fail in a chosen way, before or after they had their effect. */
import { asWebhookError, codes, refusal } from './errors.mjs';

/** @import { Call, Fault, FaultOptions } from './types.ts' */
/** @import { World } from './world.mjs' */

/** @param {World} w @param {FaultOptions} options @returns {Fault} */
export function addFault(w, options) {
  if (options.code === undefined && (options.kind ?? 'error') === 'error') throw new Error('a fault needs a code or a kind');
  if (options.later && options.code === undefined) throw new Error('a fault that comes later needs a code');
  const fault = {
    times: 1,
    ...options,
    used: 0,
    cancel() {
      const at = w.faults.indexOf(fault);
      if (at >= 0) w.faults.splice(at, 1);
    },
  };
  w.faults.push(fault);
  return fault;
}

/** @param {string | RegExp} path @param {Call} call */
export const pathFits = (path, call) => (typeof path === 'string' ? call.path === path || call.path.endsWith(path) : path.test(call.path));

/** The fault that takes this call, used once more. @param {World} w @param {Call} call @returns {Fault | undefined} */
export function takeFault(w, call) {
  const fault = w.faults.find(
    (f) =>
      f.used < (f.times ?? 1) &&
      (!f.method || f.method === call.method) &&
      (f.path === undefined || pathFits(f.path, call)) &&
      (!f.where || f.where(call)),
  );
  if (fault) fault.used++;
  return fault;
}

/** @param {Fault} fault */
export function faultError(fault) {
  const code = fault.code ?? 1;
  const whatsapp = code > 80000 && code < 2000000;
  return refusal(code, whatsapp ? (fault.details ?? codes[code]?.[0]) : undefined, {
    subcode: fault.subcode,
    status: fault.status,
    message: whatsapp ? undefined : fault.details,
  });
}

/** @param {Fault} fault */
export const faultForStatus = (fault) => asWebhookError(fault.code ?? 131000, fault.details);
