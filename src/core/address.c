/* Addresses and networks. The rule for outgoing calls: IPv4 is refused by a list of special ranges
 * (IANA's registry of special-purpose addresses); IPv6 is refused unless it is in 2000::/3, minus
 * special ranges there. Forms that carry an IPv4 address inside (mapped, NAT64's well-known prefix)
 * are judged by that one. */
#include "core/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/http_client.h"

static const unsigned char mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct network {
    struct address base;
    int bits; /* of 128 */
};

#define V4(a, b, c, d, n)                                                                          \
    {                                                                                              \
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}}, 96 + (n)                         \
    }

static const struct network special_v4[] = {
    V4(0, 0, 0, 0, 8),        /* this network */
    V4(10, 0, 0, 0, 8),       /* private */
    V4(100, 64, 0, 0, 10),    /* shared by carriers; metadata services of some clouds */
    V4(127, 0, 0, 0, 8),      /* loopback */
    V4(169, 254, 0, 0, 16),   /* link-local; metadata services */
    V4(172, 16, 0, 0, 12),    /* private */
    V4(192, 0, 0, 0, 24),     /* protocol assignments */
    V4(192, 0, 2, 0, 24),     /* documentation */
    V4(192, 88, 99, 0, 24),   /* 6to4 relays */
    V4(192, 168, 0, 0, 16),   /* private */
    V4(198, 18, 0, 0, 15),    /* benchmarks */
    V4(198, 51, 100, 0, 24),  /* documentation */
    V4(203, 0, 113, 0, 24),   /* documentation */
    V4(224, 0, 0, 0, 4),      /* multicast */
    V4(240, 0, 0, 0, 4),      /* reserved, broadcast */
    V4(168, 63, 129, 16, 32), /* Azure's metadata and DNS */
};

static const struct network global_v6 = {{{0x20}}, 3};
static const struct network special_v6[] = {
    {{{0x20, 0x01, 0x00, 0x00}}, 23}, /* protocol assignments, Teredo */
    {{{0x20, 0x01, 0x0d, 0xb8}}, 32}, /* documentation */
    {{{0x20, 0x02}}, 16},             /* 6to4 */
    {{{0x3f, 0xff, 0x00}}, 20},       /* documentation */
};
static const struct network nat64 = {{{0x00, 0x64, 0xff, 0x9b}}, 96};

static bool network_has(const struct network *n, const struct address *a)
{
    int whole = n->bits / 8, rest = n->bits % 8;
    if (memcmp(n->base.b, a->b, (size_t)whole) != 0) return false;
    if (rest == 0) return true;
    unsigned mask = 0xffu << (8 - rest) & 0xffu;
    return ((n->base.b[whole] ^ a->b[whole]) & mask) == 0;
}

static bool is_mapped(const struct address *a)
{
    return memcmp(a->b, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

static struct address from_v4(const void *four)
{
    struct address a;
    memcpy(a.b, mapped_prefix, 12);
    memcpy(a.b + 12, four, 4);
    return a;
}

bool address_parse(const char *text, struct address *ret)
{
    char copy[INET6_ADDRSTRLEN + 2];
    size_t len = text ? strlen(text) : 0;
    if (len == 0 || len >= sizeof(copy)) return false;
    memcpy(copy, text, len + 1);
    const char *s = copy;
    if (copy[0] == '[' && copy[len - 1] == ']') {
        copy[len - 1] = '\0';
        s = copy + 1;
    }
    struct in_addr v4;
    struct address a;
    if (inet_pton(AF_INET, s, &v4) == 1) {
        *ret = from_v4(&v4);
        return true;
    }
    if (inet_pton(AF_INET6, s, a.b) != 1) return false;
    *ret = a;
    return true;
}

bool address_of(const struct sockaddr *sa, struct address *ret)
{
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof(in));
        *ret = from_v4(&in.sin_addr);
        return true;
    }
    if (sa->sa_family != AF_INET6) return false;
    struct sockaddr_in6 in6;
    memcpy(&in6, sa, sizeof(in6));
    memcpy(ret->b, &in6.sin6_addr, 16);
    return true;
}

const char *address_text(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
    bool v4 = is_mapped(a);
    if (!inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a->b + 12 : a->b, out, ADDRESS_TEXT_SIZE))
        out[0] = '\0';
    return out;
}

/* "10.0.0.0/8" or an address alone. */
static bool network_parse(char *word, struct network *ret)
{
    char *slash = strchr(word, '/');
    if (slash) *slash = '\0';
    if (!address_parse(word, &ret->base)) return false;
    bool v4 = is_mapped(&ret->base) && !strchr(word, ':');
    ret->bits = 128;
    if (!slash) return true;
    char *end = NULL;
    long bits = strtol(slash + 1, &end, 10);
    if (!isdigit((unsigned char)slash[1]) || *end || bits > (v4 ? 32 : 128)) return false;
    ret->bits = (int)bits + (v4 ? 96 : 0);
    return true;
}

bool address_in(const struct address *a, const char *list)
{
    static const char gaps[] = ", \t\n;";
    for (const char *s = list ? list : ""; *s;) {
        s += strspn(s, gaps);
        size_t len = strcspn(s, gaps);
        char word[64];
        if (len > 0 && len < sizeof(word)) {
            memcpy(word, s, len);
            word[len] = '\0';
            struct network n;
            if (network_parse(word, &n) && network_has(&n, a)) return true;
        }
        s += len;
    }
    return false;
}

bool address_loopback(const struct address *a)
{
    if (is_mapped(a)) return a->b[12] == 127;
    return IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)a->b);
}

bool address_public(const struct address *a, const char *allowed)
{
    if (address_in(a, allowed)) return true;
    if (network_has(&nat64, a)) {
        struct address inner = from_v4(a->b + 12);
        return address_public(&inner, allowed);
    }
    if (is_mapped(a)) {
        for (size_t i = 0; i < ARRAY_LEN(special_v4); i++) {
            if (network_has(&special_v4[i], a)) return false;
        }
        return true;
    }
    if (!network_has(&global_v6, a)) return false;
    for (size_t i = 0; i < ARRAY_LEN(special_v6); i++) {
        if (network_has(&special_v6[i], a)) return false;
    }
    return true;
}

bool address_allowed(const char *address, const char *allowed_networks)
{
    struct address a;
    return address_parse(address, &a) && address_public(&a, allowed_networks);
}
