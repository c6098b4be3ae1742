/* The refusals of the platform: one row per code with its title and HTTP status, and the two shapes in which they are
   told: as an answer to a call, and inside a status or webhook. */

/** @import { Json } from './types.ts' */

/** code → [title, HTTP status] */
/** @type {Record<number, [string, number]>} */
export const codes = {
  0: ['AuthException', 401],
  1: ['API Unknown', 400],
  2: ['API Service', 503],
  3: ['API Method', 500],
  4: ['Application request limit reached', 400],
  10: ['Application does not have permission for this action', 403],
  33: ['Parameter value is not valid', 400],
  100: ['Invalid parameter', 400],
  104: ['An access token is required to request this resource.', 401],
  190: ['Invalid OAuth access token', 401],
  200: ['You do not have the necessary permissions to perform this action', 403],
  210: ['A page access token is required to request this resource.', 403],
  230: ['User consent is required to access user profile', 403],
  368: ['Temporarily blocked for policies violations', 403],
  551: ["This person isn't available right now.", 400],
  613: ['Calls to this api have exceeded the rate limit.', 400],
  2200: ['Callback verification failed', 400],
  2500: ['Unknown path components', 400],
  2635: ['You are calling a deprecated version of the API', 400],
  80007: ['Rate limit issues', 429],
  130403: ['Recipient is blocked by the business', 400],
  130429: ['Rate limit hit', 429],
  130472: ["User's number is part of an experiment", 400],
  130497: ['Business account is restricted from messaging users in this country.', 403],
  131000: ['Something went wrong', 500],
  131005: ['Access denied', 403],
  131008: ['Required parameter is missing', 400],
  131009: ['Parameter value is not valid', 400],
  131016: ['Service unavailable', 503],
  131021: ['Recipient cannot be sender', 400],
  131026: ['Message undeliverable', 400],
  131030: ['Recipient phone number not in allowed list', 400],
  131031: ['Account has been locked', 403],
  131037: ['Display name approval is needed', 400],
  131042: ['Business eligibility payment issue', 400],
  131045: ['Incorrect certificate', 500],
  131047: ['Re-engagement message', 400],
  131048: ['Spam rate limit hit', 400],
  131049: ['Meta chose not to deliver.', 400],
  131050: ['User has stopped marketing messages from this business', 400],
  131051: ['Message type is not currently supported', 400],
  131052: ['Media download error', 400],
  131053: ['Media upload error', 400],
  131056: ['(Business Account, Consumer Account) pair rate limit hit', 429],
  131057: ['Account in maintenance mode', 500],
  131062: ['Business-scoped user id is not supported here', 400],
  131064: ['Template category restriction', 400],
  132000: ['Template param count mismatch', 400],
  132001: ['Template does not exist', 404],
  132005: ['Template hydrated text too long', 400],
  132007: ['Template format character policy violated', 400],
  132012: ['Template parameter format mismatch', 400],
  132015: ['Template is paused', 400],
  132016: ['Template is disabled', 400],
  132018: ['There was an issue with the template parameters', 400],
  132068: ['Flow is in blocked state', 400],
  132069: ['Flow is in throttled state', 400],
  133000: ['Incomplete deregistration', 500],
  133004: ['Server temporarily unavailable', 503],
  133005: ['Two step verification PIN mismatch', 400],
  133006: ['Phone number re-verification needed', 400],
  133008: ['Too many two step verification PIN guesses', 400],
  133009: ['Two step verification PIN guessed too fast', 400],
  133010: ['Phone number not registered', 400],
  133015: ['Please wait a few minutes before attempting to register this phone number', 400],
  133016: ['Account register deregister rate limit exceeded', 400],
  135000: ['Generic user error', 400],
  2593107: ['Synchronization request limit exceeded', 400],
  2593108: ['Synchronization request made outside of allowed time window', 400],
  2593109: ['Business has turned off sharing of chat history', 400],
};

/** The refusals that come as a failed status after the call was accepted, unless a test says otherwise. */
export const laterByDefault = [131026, 131047, 131049, 131050, 131052, 131053, 130472, 131042, 130403];

/** Codes that a client may try again. */
const passing = new Set([1, 2, 4, 613, 80007, 130429, 131000, 131016, 131056, 131057, 133004]);

export class GraphError extends Error {
  /**
   * @param {number} code
   * @param {string | undefined} details what error_data.details says (WhatsApp)
   * @param {{ subcode?: number | undefined, status?: number | undefined, message?: string | undefined, type?: string | undefined, whatsapp?: boolean | undefined, userTitle?: string | undefined, userMessage?: string | undefined }} [more]
   */
  constructor(code, details, more = {}) {
    const [title, status] = codes[code] ?? ['Unknown error', 400];
    super(more.message ?? title);
    this.code = code;
    this.details = details;
    this.subcode = more.subcode;
    this.title = title;
    this.status = more.status ?? status;
    this.type = more.type ?? (code === 100 && more.subcode === 33 ? 'GraphMethodException' : 'OAuthException');
    this.whatsapp = more.whatsapp ?? (code > 80000 || (details !== undefined && more.whatsapp !== false));
    this.userTitle = more.userTitle;
    this.userMessage = more.userMessage;
  }

  /** @param {string} trace @returns {Json} */
  body(trace) {
    const plain = this.code === 190 || this.code === 104 || this.subcode === 33 || /^\(#/.test(this.message);
    return {
      error: {
        message: plain ? this.message : `(#${this.code}) ${this.message}`,
        type: this.type,
        code: this.code,
        ...(this.whatsapp ? { error_data: { messaging_product: 'whatsapp', details: this.details ?? this.title } } : {}),
        ...(this.subcode === undefined ? {} : { error_subcode: this.subcode }),
        ...(passing.has(this.code) ? { is_transient: true } : {}),
        ...(this.userTitle ? { is_transient: false, error_user_title: this.userTitle, error_user_msg: this.userMessage } : {}),
        fbtrace_id: trace,
      },
    };
  }
}

/** @param {number} code @param {string} [details] @param {ConstructorParameters<typeof GraphError>[2]} [more] */
export const refusal = (code, details, more) => new GraphError(code, details, more);

/** What a status or a webhook says of a failure. @param {number} code @param {string} [details] @returns {Json} */
export function asWebhookError(code, details) {
  const title = codes[code]?.[0] ?? 'Unknown error';
  return {
    code,
    title,
    message: title,
    error_data: { details: details ?? title },
    href: 'https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/',
  };
}

/** The object does not exist, or the token may not see it: the platform does not say which. @param {string} id @param {string} [verb] */
export const noObject = (id, verb = 'get') =>
  refusal(100, undefined, {
    subcode: 33,
    message:
      `Unsupported ${verb} request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. ` +
      'Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api',
  });

/** @param {string} name */
export const missing = (name) => refusal(100, undefined, { message: `(#100) The parameter ${name} is required` });
/** Messenger and Instagram: 100 with words. @param {string} message @param {number} [subcode] */
export const invalid = (message, subcode) => refusal(100, undefined, { message: `(#100) ${message}`, subcode });
