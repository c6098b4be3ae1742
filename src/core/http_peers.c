/* A hash table of addresses with counts; an entry goes when its count falls to 0. The hash is keyed
 * by a random number, so that nobody can choose addresses that fall into one chain. */
#include "core/http_peers.h"

#include <string.h>

#include "base/crypto.h"
#include "base/mem.h"

#define CHAINS 4096

struct peer {
    struct address address;
    int count;
    struct peer *next;
};

struct http_peers {
    uint64_t key;
    struct peer *chains[CHAINS];
};

/* What counts as one address. */
static struct address subscriber(const struct address *a)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    struct address s = *a;
    if (memcmp(a->b, mapped, sizeof(mapped)) != 0) memset(s.b + 8, 0, 8);
    return s;
}

static size_t chain_of(const struct http_peers *p, const struct address *a)
{
    uint64_t h = p->key;
    for (int i = 0; i < 16; i++) {
        h = (h ^ a->b[i]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    return (size_t)(h % CHAINS);
}

struct http_peers *http_peers_new(void)
{
    struct http_peers *p = mem_alloc(sizeof(*p));
    crypto_random(&p->key, sizeof(p->key));
    return p;
}

void http_peers_free(struct http_peers *p)
{
    if (!p) return;
    for (size_t i = 0; i < CHAINS; i++) {
        while (p->chains[i]) {
            struct peer *gone = p->chains[i];
            p->chains[i] = gone->next;
            mem_free(gone);
        }
    }
    mem_free(p);
}

int http_peers_count(const struct http_peers *p, const struct address *a)
{
    struct address key = subscriber(a);
    for (const struct peer *e = p->chains[chain_of(p, &key)]; e; e = e->next) {
        if (memcmp(&e->address, &key, sizeof(key)) == 0) return e->count;
    }
    return 0;
}

void http_peers_add(struct http_peers *p, const struct address *a, int by)
{
    struct address key = subscriber(a);
    struct peer **at = &p->chains[chain_of(p, &key)];
    while (*at && memcmp(&(*at)->address, &key, sizeof(key)) != 0)
        at = &(*at)->next;
    if (!*at) {
        if (by <= 0) return;
        *at = mem_alloc(sizeof(struct peer));
        (*at)->address = key;
    }
    (*at)->count += by;
    if ((*at)->count > 0) return;
    struct peer *gone = *at;
    *at = gone->next;
    mem_free(gone);
}
