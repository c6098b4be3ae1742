/* UUIDs: version and variant, order within a process, text both ways. */
#include "check.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/uuid.h"

static void made_ones_sort_and_carry_the_time(void **state)
{
    (void)state;
    int64_t before = clock_unix_ms();
    struct uuid last = uuid_v7();
    for (int i = 0; i < 100000; i++) {
        struct uuid u = uuid_v7();
        assert_true(memcmp(last.b, u.b, 16) < 0);
        assert_int_equal(u.b[6] >> 4, 7);
        assert_int_equal(u.b[8] >> 6, 2);
        last = u;
    }
    int64_t ms = 0;
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | last.b[i];
    assert_true(ms >= before && ms <= clock_unix_ms() + 100);
}

#define PER_THREAD 20000

static void *make_many(void *arg)
{
    struct uuid *out = arg;
    for (int i = 0; i < PER_THREAD; i++)
        out[i] = uuid_v7();
    return NULL;
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct uuid));
}

static void threads_never_make_the_same(void **state)
{
    (void)state;
    static struct uuid made[4 * PER_THREAD];
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_many, made + i * PER_THREAD), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    qsort(made, ARRAY_LEN(made), sizeof(made[0]), by_bytes);
    for (size_t i = 1; i < ARRAY_LEN(made); i++)
        assert_true(memcmp(made[i - 1].b, made[i].b, 8) < 0); /* even the time stamps differ */
}

static void text_both_ways(void **state)
{
    (void)state;
    static const char text[] = "0192f8a1-7c3e-7abc-9def-0123456789ab";
    char out[UUID_TEXT_SIZE];
    struct uuid u;
    assert_true(uuid_parse(text, &u));
    assert_int_equal(u.b[0], 0x01);
    assert_int_equal(u.b[15], 0xab);
    assert_string_equal(uuid_text(u, out), text);
    struct uuid upper;
    assert_true(uuid_parse("0192F8A1-7C3E-7ABC-9DEF-0123456789AB", &upper));
    assert_true(uuid_equal(u, upper));
    assert_false(uuid_is_nil(u));
    struct uuid nil;
    assert_true(uuid_parse("00000000-0000-0000-0000-000000000000", &nil));
    assert_true(uuid_is_nil(nil));
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "0",
                                      "0192f8a1-7c3e-7abc-9def-0123456789a",
                                      "0192f8a1-7c3e-7abc-9def-0123456789abc",
                                      "0192f8a17c3e7abc9def0123456789ab",
                                      "0192f8a1-7c3e-7abc-9def-0123456789ag",
                                      "0192f8a1-7c3e-7abc-9def_0123456789ab",
                                      "{192f8a1-7c3e-7abc-9def-0123456789a}",
                                      "0192f8a1-7c3e-7abc-9def-0123456789ab ",
                                      "-192f8a1-7c3e-7abc-9def-0123456789ab"};
    struct uuid u = uuid_v7();
    struct uuid same = u;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(uuid_parse(bad[i], &u));
    assert_false(uuid_parse(NULL, &u));
    assert_true(uuid_equal(u, same));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_ones_sort_and_carry_the_time),
        cmocka_unit_test(threads_never_make_the_same),
        cmocka_unit_test(text_both_ways),
        cmocka_unit_test(other_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
