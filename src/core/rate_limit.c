/* Token buckets (rate_limit.h) in sets of four: a key's hash, salted per process, names the set;
 * within it the bucket that was touched longest ago makes room. Tokens are counted in
 * thousandths, so that a refill of a few milliseconds is not lost to rounding. */
#include "core/rate_limit.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/mem.h"

#define WAYS      4
#define SALT_SIZE 16
#define KEY_MAX   256

struct bucket {
    uint64_t tag;  /* 0: free */
    int64_t milli; /* tokens left, in thousandths */
    int64_t touched_ms;
    int64_t per_minute; /* a limit that changed starts anew */
};

struct rate_limiter {
    unsigned char salt[SALT_SIZE];
    size_t sets; /* a power of two */
    struct bucket *buckets;
};

struct rate_limiter *rate_limiter_new(size_t buckets)
{
    struct rate_limiter *l = mem_alloc(sizeof *l);
    l->sets = 1;
    while (l->sets * WAYS < buckets)
        l->sets *= 2;
    l->buckets = mem_array(l->sets * WAYS, sizeof *l->buckets);
    crypto_random(l->salt, sizeof l->salt);
    return l;
}

void rate_limiter_free(struct rate_limiter *l)
{
    if (!l) return;
    mem_free(l->buckets);
    mem_free(l);
}

static struct bucket *find(struct rate_limiter *l, const void *key, size_t len, int per_minute,
                           int64_t now_ms)
{
    unsigned char text[SALT_SIZE + KEY_MAX];
    unsigned char hash[SHA256_SIZE];
    uint64_t parts[2];
    if (len > KEY_MAX) len = KEY_MAX;
    memcpy(text, l->salt, SALT_SIZE);
    memcpy(text + SALT_SIZE, key, len);
    sha256(text, SALT_SIZE + len, hash);
    memcpy(parts, hash, sizeof parts);
    if (parts[0] == 0) parts[0] = 1;

    struct bucket *set = l->buckets + (parts[1] & (l->sets - 1)) * WAYS;
    struct bucket *victim = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].tag == parts[0] && set[i].per_minute == per_minute) return &set[i];
        if (set[i].touched_ms < victim->touched_ms) victim = &set[i];
    }
    *victim = (struct bucket){parts[0], (int64_t)per_minute * 1000, now_ms, per_minute};
    return victim;
}

bool rate_take(struct rate_limiter *l, const void *key, size_t len, int per_minute, int64_t now_ms,
               struct rate_state *ret_state)
{
    struct bucket *b = find(l, key, len, per_minute, now_ms);
    int64_t full = (int64_t)per_minute * 1000;
    int64_t waited_ms = now_ms > b->touched_ms ? now_ms - b->touched_ms : 0;
    if (waited_ms > MINUTE_MS) waited_ms = MINUTE_MS;
    b->milli += waited_ms * per_minute / 60; /* thousandths: ms × per_minute / 60,000 × 1,000 */
    if (b->milli > full) b->milli = full;
    /* Time that gave less than a thousandth is kept for the next call. */
    if (waited_ms * per_minute >= 60 || b->milli == full) b->touched_ms = now_ms;

    bool taken = b->milli >= 1000;
    if (taken) b->milli -= 1000;
    int64_t to_full_ms = (full - b->milli) * 60 / per_minute;
    int64_t to_next_ms = b->milli >= 1000 ? 0 : (1000 - b->milli) * 60 / per_minute;
    *ret_state = (struct rate_state){
        .limit = per_minute,
        .remaining = (int)(b->milli / 1000),
        .reset_s = (clock_unix_ms() + to_full_ms + 999) / 1000,
        .retry_after_s = taken ? 0 : (to_next_ms + 999) / 1000,
    };
    return taken;
}

void rate_headers(struct ctx *c, struct reply *p, const struct rate_state *state)
{
    reply_header(c, p, "X-RateLimit-Limit", arena_printf(c->arena, "%d", state->limit));
    reply_header(c, p, "X-RateLimit-Remaining", arena_printf(c->arena, "%d", state->remaining));
    reply_header(c, p, "X-RateLimit-Reset",
                 arena_printf(c->arena, "%lld", (long long)state->reset_s));
    if (state->retry_after_s > 0)
        reply_header(c, p, "Retry-After",
                     arena_printf(c->arena, "%lld", (long long)state->retry_after_s));
}

enum err rate_refuse(struct ctx *c, struct reply *p, const struct rate_state *state)
{
    rate_headers(c, p, state);
    fault_data(c, "limit", json_integer(state->limit));
    fault_data(c, "remaining", json_integer(state->remaining));
    fault_data(c, "reset", json_integer(state->reset_s));
    fault_data(c, "retryAfter", json_integer(state->retry_after_s));
    return fault(c, ERR_RATE_LIMITED, "RATE_LIMIT_EXCEEDED",
                 "Too many requests: at most %d a minute", state->limit);
}

size_t rate_address_key(const char *address, unsigned char out[64])
{
    struct in6_addr v6;
    if (inet_pton(AF_INET6, address, &v6) == 1 && !IN6_IS_ADDR_V4MAPPED(&v6)) {
        memcpy(out, &v6, 8);
        return 8;
    }
    size_t len = strlen(address);
    if (len > 64) len = 64;
    memcpy(out, address, len);
    return len;
}
