/* UUIDs: version 7 after RFC 9562, section 5.7, with the 12 bits of rand_a as a fraction of the
 * millisecond (section 6.2, method 3), so that two made one after the other in a process always
 * sort that way, also when the clock goes back. Across processes 62 random bits keep them apart. */
#include "base/uuid.h"

#include <sodium.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

/* The last time stamp given out: Unix milliseconds << 12 | fraction. The only mutable state here;
 * atomic, as the threads of the pool make ids too. */
static _Atomic uint64_t last_stamp;

static uint64_t next_stamp(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    uint64_t ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
    uint64_t fraction = (uint64_t)t.tv_nsec % 1000000 * 4096 / 1000000;
    uint64_t now = ms << 12 | fraction;
    uint64_t last = atomic_load_explicit(&last_stamp, memory_order_relaxed);
    uint64_t next;
    do {
        next = now > last ? now : last + 1;
    } while (!atomic_compare_exchange_weak_explicit(&last_stamp, &last, next, memory_order_relaxed,
                                                    memory_order_relaxed));
    return next;
}

struct uuid uuid_v7(void)
{
    uint64_t stamp = next_stamp();
    struct uuid u;
    randombytes_buf(u.b + 8, 8);
    for (size_t i = 0; i < 6; i++)
        u.b[i] = (unsigned char)(stamp >> (52 - 8 * i));
    u.b[6] = (unsigned char)(0x70 | (stamp >> 8 & 0x0f));
    u.b[7] = (unsigned char)stamp;
    u.b[8] = (unsigned char)(0x80 | (u.b[8] & 0x3f));
    return u;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool is_dash_place(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

bool uuid_parse(const char *s, struct uuid *ret_u)
{
    struct uuid u;
    size_t n = 0;
    if (!s) return false;
    for (size_t i = 0; i < UUID_TEXT_SIZE - 1; i++) {
        if (is_dash_place(i)) {
            if (s[i] != '-') return false;
            continue;
        }
        int high = hex_digit(s[i]);
        if (high < 0) return false; /* also at an early end */
        int low = hex_digit(s[++i]);
        if (low < 0) return false;
        u.b[n++] = (unsigned char)(high << 4 | low);
    }
    if (s[UUID_TEXT_SIZE - 1] != '\0') return false;
    *ret_u = u;
    return true;
}

const char *uuid_text(struct uuid u, char out[UUID_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;
    for (size_t i = 0; i < UUID_TEXT_SIZE - 1; i++) {
        if (is_dash_place(i)) {
            out[i] = '-';
            continue;
        }
        out[i] = digits[u.b[n] >> 4];
        out[++i] = digits[u.b[n++] & 0x0f];
    }
    out[UUID_TEXT_SIZE - 1] = '\0';
    return out;
}

bool uuid_is_nil(struct uuid u)
{
    static const struct uuid nil;
    return uuid_equal(u, nil);
}

bool uuid_equal(struct uuid a, struct uuid b)
{
    return memcmp(a.b, b.b, sizeof(a.b)) == 0;
}
