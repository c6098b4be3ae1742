/* The cache of session_cache.h: a table of sets, addressed by the hash itself (it is random), each
 * entry one block of memory with its texts behind it. */
#include "auth/session_cache.h"

#include <string.h>

#include "base/mem.h"

#define WAYS 4

struct entry {
    unsigned char hash[SHA256_SIZE];
    struct uuid org; /* that was asked for; nil for keys and where there was none */
    int64_t since_ms;
    struct identity identity;
    char texts[];
};

struct session_cache {
    size_t sets; /* a power of two */
    uint64_t generation;
    struct entry **entries;
};

struct session_cache *session_cache_new(size_t entries)
{
    struct session_cache *s = mem_alloc(sizeof *s);
    s->sets = 1;
    while (s->sets * WAYS < entries)
        s->sets *= 2;
    s->entries = mem_array(s->sets * WAYS, sizeof *s->entries);
    return s;
}

void session_cache_free(struct session_cache *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->sets * WAYS; i++)
        mem_free(s->entries[i]);
    mem_free(s->entries);
    mem_free(s);
}

static struct entry **set_of(struct session_cache *s, const unsigned char hash[SHA256_SIZE])
{
    size_t n = 0;
    memcpy(&n, hash, sizeof n);
    return s->entries + (n & (s->sets - 1)) * WAYS;
}

static void drop(struct entry **e)
{
    mem_free(*e);
    *e = NULL;
}

const struct identity *session_cache_get(struct session_cache *s,
                                         const unsigned char hash[SHA256_SIZE], struct uuid org,
                                         int64_t now_ms)
{
    struct entry **set = set_of(s, hash);
    for (size_t i = 0; i < WAYS; i++) {
        if (!set[i] || memcmp(set[i]->hash, hash, SHA256_SIZE) != 0 ||
            !uuid_equal(set[i]->org, org))
            continue;
        if (now_ms - set[i]->since_ms <= SESSION_CACHE_MS) return &set[i]->identity;
        drop(&set[i]);
        return NULL;
    }
    return NULL;
}

uint64_t session_cache_generation(const struct session_cache *s)
{
    return s->generation;
}

static const char *keep(char **at, const char *text)
{
    const char *kept = *at;
    size_t size = strlen(text) + 1;
    memcpy(*at, text, size);
    *at += size;
    return kept;
}

static struct entry *entry_new(const struct identity *i)
{
    size_t texts =
        strlen(i->name) + strlen(i->language) + strlen(i->team_ids) + strlen(i->addresses) + 4;
    struct entry *e = mem_alloc(sizeof *e + texts);
    char *at = e->texts;
    e->identity = *i;
    e->identity.name = keep(&at, i->name);
    e->identity.language = keep(&at, i->language);
    e->identity.team_ids = keep(&at, i->team_ids);
    e->identity.addresses = keep(&at, i->addresses);
    return e;
}

void session_cache_put(struct session_cache *s, const unsigned char hash[SHA256_SIZE],
                       struct uuid org, const struct identity *i, uint64_t generation,
                       int64_t now_ms)
{
    if (generation != s->generation) return; /* something changed while the database was asked */
    struct entry **set = set_of(s, hash);
    struct entry **place = set;
    for (size_t n = 0; n < WAYS; n++) {
        bool same =
            set[n] && memcmp(set[n]->hash, hash, SHA256_SIZE) == 0 && uuid_equal(set[n]->org, org);
        if (!set[n] || same) {
            place = &set[n];
            if (same) break;
        } else if (*place && set[n]->since_ms < (*place)->since_ms) {
            place = &set[n];
        }
    }
    drop(place);
    *place = entry_new(i);
    memcpy((*place)->hash, hash, SHA256_SIZE);
    (*place)->org = org;
    (*place)->since_ms = now_ms;
}

void session_cache_drop_user(struct session_cache *s, struct uuid user)
{
    s->generation++;
    for (size_t i = 0; i < s->sets * WAYS; i++) {
        struct entry *e = s->entries[i];
        if (e && !e->identity.is_key && uuid_equal(e->identity.id, user)) drop(&s->entries[i]);
    }
}

void session_cache_drop_org(struct session_cache *s, struct uuid org)
{
    s->generation++;
    for (size_t i = 0; i < s->sets * WAYS; i++) {
        struct entry *e = s->entries[i];
        if (e && uuid_equal(e->identity.org, org)) drop(&s->entries[i]);
    }
}

void session_cache_drop_all(struct session_cache *s)
{
    s->generation++;
    for (size_t i = 0; i < s->sets * WAYS; i++)
        drop(&s->entries[i]);
}
