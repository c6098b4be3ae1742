/* The rules of HTTP that need no connection: targets, entity tags, ranges, header lists, cookies,
 * multipart names. Pure functions; http_server.c and http_upload.c apply them. */
#ifndef INTERFLOW_CORE_HTTP_RULES_H
#define INTERFLOW_CORE_HTTP_RULES_H

#include "base/arena.h"
#include "core/http.h"

/* Split and decode the target of a request line (RFC 9112, 3.2: origin form, absolute form). False:
 * not a target that we serve (no leading "/", bad escapes, NUL or control characters, invalid
 * UTF-8, a ".." segment). */
bool http_target(struct arena *a, const char *raw, const char **ret_path, const char **ret_query);
/* HEAD is HTTP_GET with *ret_head. False: a method that we do not know. */
bool http_method_parse(const char *name, enum http_method *ret_method, bool *ret_head);

/* If-None-Match (RFC 9110, 13.1.2): weak comparison, lists, "*". */
bool http_etag_listed(const char *header, const char *etag);

enum http_range { RANGE_NONE, RANGE_ONE, RANGE_BAD };
/* Range: one range of bytes. Several, or what we do not understand: RANGE_NONE (the whole is sent,
 * as RFC 9110 allows); beyond the end: RANGE_BAD (416). *ret_len > 0 with RANGE_ONE. */
enum http_range http_range(const char *header, int64_t size, int64_t *ret_from, int64_t *ret_len);

/* Is token in a comma-separated header, whatever its case? */
bool http_token_listed(const char *header, const char *token);
/* Value of a cookie in a Cookie header, in the arena; NULL when absent. */
const char *http_cookie(struct arena *a, const char *header, const char *name);
/* Parameter of a header like Content-Type or Content-Disposition, in the arena, unquoted; NULL when
 * absent. */
char *http_parameter(struct arena *a, const char *header, const char *name);
/* Decode %XX; NULL when an escape is broken or gives NUL. */
char *http_unescape(struct arena *a, const char *s, size_t len);

/* Who really asks: walks X-Forwarded-For from the right, past the trusted ones. In the arena. */
const char *http_client_address(struct arena *a, const char *peer, const char *forwarded_for,
                                const char *trusted);

#endif
