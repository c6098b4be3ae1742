/* The second factor: the address that an authenticator app reads, its picture, and recovery codes.
 * Pure functions; codes are checked by base/crypto.h. */
#ifndef INTERFLOW_AUTH_TOTP_H
#define INTERFLOW_AUTH_TOTP_H

#include "base/arena.h"

#define RECOVERY_CODES     10
#define RECOVERY_CODE_SIZE 20 /* "abcd-efgh-jkmn-pqrs" and the NUL */

/* otpauth://totp/Interflow:<e-mail>?secret=…&issuer=Interflow */
const char *totp_uri(struct arena *a, const char *email, const char *secret);
/* A QR code as SVG (black on white, quiet zone included, no script, no size: it fills its box).
 * NULL when the text does not fit. */
const char *qr_svg(struct arena *a, const char *text);
/* Sixteen random characters that cannot be misread (80 bits). */
void recovery_code_make(char out[RECOVERY_CODE_SIZE]);
/* As typed by people (case, spaces, dashes) to the form that is hashed; NULL when it cannot be a
 * code. */
const char *recovery_code_normal(struct arena *a, const char *typed);

#endif
