/* The forms of short texts that field rows name (router.h): pure checks, no context. Used by
 * fields.c; domains may use them for values that come from elsewhere (imports, channels). All
 * take NUL-terminated valid UTF-8. */
#ifndef INTERFLOW_CORE_FIELD_TEXT_H
#define INTERFLOW_CORE_FIELD_TEXT_H

#include <stdbool.h>

#include "base/buf.h"

/* A whole number in decimal, without sign other than "-", that fits 64 bits. False leaves ret_n
 * untouched. */
bool field_int(const char *s, int64_t *ret_n);
bool field_uuid(const char *s);
/* One "@", a local part of 1-64 bytes, a domain with a dot; no white space, no controls. RFC
 * 5321 lengths. */
bool field_email(const char *s);
/* 6-18 digits with the usual signs between them, an optional "+" or "(" in front. Plausibility
 * only. */
bool field_phone(const char *s);
/* http(s)://host…, no user name in it, no white space. */
bool field_url(const char *s);
bool field_color(const char *s);    /* #rrggbb */
bool field_date(const char *s);     /* YYYY-MM-DD of the calendar */
bool field_datetime(const char *s); /* RFC 3339 with a zone */
bool field_slug(const char *s);     /* a-z 0-9 _ - */
/* Is text (len bytes) one of "a|b|c"? */
bool field_choice(const char *values, const char *text, size_t len);

/* Copy text to out: line ends become \n, white space at both ends goes when trim. */
void field_text_clean(const char *s, size_t len, bool trim, struct buf *out);
/* ASCII letters to lower case, in place. */
void field_lower(char *s, size_t len);

#endif
