/* Token buckets (rate_limit.h) in sets of four: a key's hash, salted per installation start, names
 * the set.
 *
 * A bucket is one number: the moment at which it will be full again (the "theoretical arrival time"
 * of the generic cell rate algorithm, ITU-T I.371). Taking a token moves that moment one interval
 * further, and is refused when it would lie more than a minute ahead: the same as per_minute tokens
 * refilled evenly, in a number that one atomic exchange can change. So no lock is needed that a
 * killed worker could leave closed. Two workers that put different keys into one place at the same
 * moment may give away a token or two; nothing worse. */
#include "core/rate_limit.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/crypto.h"

#define WAYS      4
#define SALT_SIZE 16
#define KEY_MAX   256
#define MS_NS     ((int64_t)1000000)
#define MINUTE_NS (MINUTE_MS * MS_NS)

struct bucket {
    _Atomic uint64_t tag;    /* 0: free */
    _Atomic int64_t full_ns; /* monotonic; in the past: full */
};

struct rate_limiter {
    unsigned char salt[SALT_SIZE];
    size_t sets; /* a power of two */
    size_t size_bytes;
    struct bucket buckets[];
};

struct rate_limiter *rate_limiter_new(size_t buckets)
{
    size_t sets = 1;
    while (sets * WAYS < buckets)
        sets *= 2;
    size_t size = sizeof(struct rate_limiter) + sets * WAYS * sizeof(struct bucket);
    struct rate_limiter *l =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (l == MAP_FAILED) abort(); /* as mem_alloc: no memory at the start */
    l->sets = sets;
    l->size_bytes = size;
    crypto_random(l->salt, sizeof l->salt);
    return l;
}

void rate_limiter_free(struct rate_limiter *l)
{
    if (l) munmap(l, l->size_bytes);
}

/* The bucket of a key; a limit that changed has another. */
static struct bucket *find(struct rate_limiter *l, const void *key, size_t len, int per_minute)
{
    unsigned char text[SALT_SIZE + sizeof per_minute + KEY_MAX], *p = text;
    unsigned char hash[SHA256_SIZE];
    uint64_t parts[2];
    if (len > KEY_MAX) len = KEY_MAX;
    memcpy(p, l->salt, SALT_SIZE);
    memcpy(p + SALT_SIZE, &per_minute, sizeof per_minute);
    memcpy(p + SALT_SIZE + sizeof per_minute, key, len);
    sha256(text, SALT_SIZE + sizeof per_minute + len, hash);
    memcpy(parts, hash, sizeof parts);
    if (parts[0] == 0) parts[0] = 1;

    struct bucket *set = l->buckets + (parts[1] & (l->sets - 1)) * WAYS;
    struct bucket *victim = set;
    for (int i = 0; i < WAYS; i++) {
        if (atomic_load(&set[i].tag) == parts[0]) return &set[i];
        if (atomic_load(&set[i].full_ns) < atomic_load(&victim->full_ns)) victim = &set[i];
    }
    atomic_store(&victim->full_ns, 0);
    atomic_store(&victim->tag, parts[0]);
    return victim;
}

bool rate_take(struct rate_limiter *l, const void *key, size_t len, int per_minute, int64_t now_ms,
               struct rate_state *ret_state)
{
    struct bucket *b = find(l, key, len, per_minute);
    int64_t now = now_ms * MS_NS, interval = MINUTE_NS / per_minute;
    int64_t was = atomic_load(&b->full_ns), full = 0;
    bool taken = false;
    do {
        full = was > now ? was : now;
        taken = full + interval - now <= MINUTE_NS;
        if (taken) full += interval;
    } while (taken && !atomic_compare_exchange_weak(&b->full_ns, &was, full));

    int64_t missing = full - now; /* time until it is full */
    int64_t wait = taken ? 0 : missing + interval - MINUTE_NS;
    *ret_state = (struct rate_state){
        .limit = per_minute,
        .remaining = (int)((MINUTE_NS - missing) / interval),
        .reset_s = (clock_unix_ms() + missing / MS_NS + 999) / 1000,
        .retry_after_s = (wait + 1000 * MS_NS - 1) / (1000 * MS_NS),
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
