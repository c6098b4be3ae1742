/* Rate limits by token buckets: per address for public routes, per key for API keys. The table is
 * in memory that the processes forked after rate_limiter_new share, so that the workers of a
 * machine count together (several nodes each for itself: they guard against guessing and floods,
 * they do not bill). Bounded: under pressure the bucket that is fullest is forgotten, whose loss
 * gives away least. Any thread, any process. */
#ifndef INTERFLOW_CORE_RATE_LIMIT_H
#define INTERFLOW_CORE_RATE_LIMIT_H

#include "core/http.h"

struct rate_limiter;

/* What a client is told: X-RateLimit-Limit, -Remaining, -Reset (Unix seconds when the bucket is
 * full again), Retry-After (seconds, 0 when there is still something left). */
struct rate_state {
    int limit;
    int remaining;
    int64_t reset_s;
    int64_t retry_after_s;
};

/* Room for at least `buckets` of them (16 bytes each). */
struct rate_limiter *rate_limiter_new(size_t buckets);
void rate_limiter_free(struct rate_limiter *l);

/* Take one token from the bucket `key` (any bytes) of per_minute tokens (at least 1), refilled evenly. False:
 * there is none. now_ms is clock_mono_ms. */
bool rate_take(struct rate_limiter *l, const void *key, size_t len, int per_minute, int64_t now_ms,
               struct rate_state *ret_state);

/* The headers of *state on p. */
void rate_headers(struct ctx *c, struct reply *p, const struct rate_state *state);
/* Headers and fault of a refusal; returns ERR_RATE_LIMITED (code RATE_LIMIT_EXCEEDED, data
 * limit, remaining, reset, retryAfter). */
MUST_USE enum err rate_refuse(struct ctx *c, struct reply *p, const struct rate_state *state);

/* The part of a client's address that counts as one client: all of IPv4, the /64 network of
 * IPv6. Returns its length in out. */
size_t rate_address_key(const char *address, unsigned char out[64]);

#endif
