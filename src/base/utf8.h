/* UTF-8 (RFC 3629), one code point at a time. No overlong forms, no surrogates, nothing past
 * U+10FFFF. */
#ifndef INTERFLOW_BASE_UTF8_H
#define INTERFLOW_BASE_UTF8_H

#include "base/util.h"

/* Bytes of the code point at s (len bytes are there), 0 when it is not valid or len is 0. ret_code
 * may be NULL and is untouched on failure. */
size_t utf8_next(const char *s, size_t len, uint32_t *ret_code);
/* Writes code (a valid code point) to out and returns the number of bytes, 1 to 4. No NUL is
 * added. */
size_t utf8_put(uint32_t code, char out[4]);

#endif
