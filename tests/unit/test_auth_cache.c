/* The session cache: what is remembered, for how long, and that forgetting wins over an answer that
 * was on its way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/session_cache.h"

static struct uuid id(int n)
{
    struct uuid u = {{0}};
    u.b[0] = (unsigned char)(n + 1);
    u.b[15] = (unsigned char)(n >> 8);
    return u;
}

static void hash_of(int n, unsigned char out[SHA256_SIZE])
{
    sha256(&n, sizeof n, out);
}

static struct identity person(int user, int org)
{
    return (struct identity){.id = id(user),
                             .session_id = id(user + 100),
                             .org = id(org),
                             .standing = STANDING_ACTIVE,
                             .permissions = 6,
                             .name = "Marina",
                             .language = "pt",
                             .team_ids = "{}",
                             .addresses = ""};
}

static void put(struct session_cache *s, int token, int user, int org, int64_t now_ms)
{
    unsigned char hash[SHA256_SIZE];
    hash_of(token, hash);
    struct identity i = person(user, org);
    session_cache_put(s, hash, id(org), &i, session_cache_generation(s), now_ms);
}

static const struct identity *get(struct session_cache *s, int token, int org, int64_t now_ms)
{
    unsigned char hash[SHA256_SIZE];
    hash_of(token, hash);
    return session_cache_get(s, hash, id(org), now_ms);
}

static void remembers_by_token_and_organization(void **state)
{
    (void)state;
    struct session_cache *s = session_cache_new(64);
    put(s, 1, 1, 1, 1000);
    const struct identity *i = get(s, 1, 1, 1000);
    assert_non_null(i);
    assert_string_equal(i->name, "Marina");
    assert_true(uuid_equal(i->id, id(1)));
    assert_int_equal(i->permissions, 6);
    assert_null(get(s, 1, 2, 1000));
    assert_null(get(s, 2, 1, 1000));
    session_cache_free(s);
}

static void forgets_after_its_time(void **state)
{
    (void)state;
    struct session_cache *s = session_cache_new(64);
    put(s, 1, 1, 1, 1000);
    assert_non_null(get(s, 1, 1, 1000 + SESSION_CACHE_MS));
    assert_null(get(s, 1, 1, 1001 + SESSION_CACHE_MS));
    put(s, 1, 1, 1, 90000);
    put(s, 1, 2, 1, 95000); /* the same token again replaces */
    assert_true(uuid_equal(get(s, 1, 1, 95000)->id, id(2)));
    session_cache_free(s);
}

static void drops_people_and_organizations(void **state)
{
    (void)state;
    struct session_cache *s = session_cache_new(64);
    put(s, 1, 1, 1, 0);
    put(s, 2, 1, 2, 0);
    put(s, 3, 2, 1, 0);
    session_cache_drop_user(s, id(1));
    assert_null(get(s, 1, 1, 0));
    assert_null(get(s, 2, 2, 0));
    assert_non_null(get(s, 3, 1, 0));
    session_cache_drop_org(s, id(1));
    assert_null(get(s, 3, 1, 0));
    session_cache_free(s);
}

static void keys_go_with_their_organization(void **state)
{
    (void)state;
    struct session_cache *s = session_cache_new(64);
    unsigned char hash[SHA256_SIZE];
    hash_of(7, hash);
    struct identity key = person(7, 3);
    key.is_key = true;
    session_cache_put(s, hash, (struct uuid){0}, &key, session_cache_generation(s), 0);
    session_cache_drop_user(s, id(7));
    assert_non_null(session_cache_get(s, hash, (struct uuid){0}, 0));
    session_cache_drop_org(s, id(3));
    assert_null(session_cache_get(s, hash, (struct uuid){0}, 0));
    session_cache_free(s);
}

/* The database was asked, then the session was revoked, then the (old) answer came. */
static void a_late_answer_is_not_taken_in(void **state)
{
    (void)state;
    struct session_cache *s = session_cache_new(64);
    unsigned char hash[SHA256_SIZE];
    hash_of(1, hash);
    uint64_t before = session_cache_generation(s);
    session_cache_drop_user(s, id(1));
    struct identity i = person(1, 1);
    session_cache_put(s, hash, id(1), &i, before, 0);
    assert_null(session_cache_get(s, hash, id(1), 0));
    session_cache_free(s);
}

static void stays_bounded(void **state)
{
    (void)state;
    struct session_cache *s = session_cache_new(64);
    int found = 0;
    for (int i = 0; i < 5000; i++)
        put(s, i, i % 50, 1, i);
    for (int i = 0; i < 5000; i++)
        found += get(s, i, 1, 5000) != NULL;
    assert_in_range(found, 32, 64);
    assert_non_null(get(s, 4999, 1, 5000)); /* the newest is there */
    session_cache_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remembers_by_token_and_organization),
        cmocka_unit_test(forgets_after_its_time),
        cmocka_unit_test(drops_people_and_organizations),
        cmocka_unit_test(keys_go_with_their_organization),
        cmocka_unit_test(a_late_answer_is_not_taken_in),
        cmocka_unit_test(stays_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
