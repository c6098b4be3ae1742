/* JSON as the platform writes it: everything beyond ASCII as \uXXXX in lower case (surrogate pairs for emoji), slashes
   and at signs escaped. The signature is over exactly these bytes. */

/** @param {string} json */
export const escapeJson = (json) =>
  json
    .replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/\//g, '\\/')
    .replace(/@/g, '\\u0040');

/** @param {unknown} value @param {boolean} [escaped] */
export const writeJson = (value, escaped = true) => (escaped ? escapeJson(JSON.stringify(value)) : JSON.stringify(value));
