/* What a worker remembers of sessions and keys, so that not every request asks the database: who it
 * is and what they may do in one organization, for at most SESSION_CACHE_MS. Bounded: sets of four,
 * the oldest makes room.
 *
 * Forgetting: whoever changes rights writes the event auth.changed and sends a hint over the bus;
 * every worker drops the person (or the organization) at once. An answer of the database that was
 * on its way meanwhile is not taken in: the generation that was read before the query no longer
 * fits. One thread. */
#ifndef INTERFLOW_AUTH_SESSION_CACHE_H
#define INTERFLOW_AUTH_SESSION_CACHE_H

#include "base/crypto.h"
#include "base/uuid.h"
#include "core/permission.h"

#define SESSION_CACHE_MS (30 * SECOND_MS)

enum standing { STANDING_NONE, STANDING_ACTIVE, STANDING_SUSPENDED };

/* A session's person in one organization, or a key. Texts belong to whoever made it; the cache
 * copies them. */
struct identity {
    bool is_key;
    struct uuid id;         /* user or key */
    struct uuid session_id; /* nil for keys */
    struct uuid org;        /* that was asked for; of a key: its own */
    enum standing standing; /* in org */
    permission_set permissions;
    int rate_per_minute; /* keys */
    const char *name;
    const char *language;
    const char *team_ids;  /* "{uuid,…}" */
    const char *addresses; /* keys: "10.0.0.0/8, …", "" = all */
};

struct session_cache;

struct session_cache *session_cache_new(size_t entries);
void session_cache_free(struct session_cache *s);
/* Borrowed until the next call of session_cache_*. NULL: not there, or too old. hash: SHA-256 of
 * the token. */
const struct identity *session_cache_get(struct session_cache *s,
                                         const unsigned char hash[SHA256_SIZE], struct uuid org,
                                         int64_t now_ms);
uint64_t session_cache_generation(const struct session_cache *s);
/* generation: as it was before the database was asked. */
void session_cache_put(struct session_cache *s, const unsigned char hash[SHA256_SIZE],
                       struct uuid org, const struct identity *i, uint64_t generation,
                       int64_t now_ms);
/* Forget a person everywhere; an organization with all its people and keys; everything. */
void session_cache_drop_user(struct session_cache *s, struct uuid user);
void session_cache_drop_org(struct session_cache *s, struct uuid org);
void session_cache_drop_all(struct session_cache *s);

#endif
