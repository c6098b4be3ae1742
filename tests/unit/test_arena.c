/* The arena: zeroed and aligned pieces, limits and the reserve, order of what runs at the end,
 * reuse. */
#include "check.h"

#include "base/arena.h"
#include "base/mem.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#endif

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    unsigned char *pieces[200];
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        size_t size = i * 7 % 300 + 1;
        pieces[i] = arena_alloc(a, size);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < size; k++)
            assert_int_equal(pieces[i][k], 0);
        memset(pieces[i], (int)(i + 1), size);
    }
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++)
        for (size_t k = 0; k < i * 7 % 300 + 1; k++)
            assert_int_equal(pieces[i][k], (unsigned char)(i + 1));
}

static void large_pieces_have_their_own_block(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(8 * MIB);
    char *small = arena_alloc(a, 10);
    char *large = arena_alloc(a, 3 * MIB);
    char *next = arena_alloc(a, 10);
    assert_non_null(large);
    large[3 * MIB - 1] = 'x';
    assert_true(next > small && next < small + KIB); /* the first block goes on being used */
}

static void the_limit_refuses(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(100 * KIB);
    assert_non_null(arena_alloc(a, 60 * KIB));
    assert_false(arena_exceeded(a));
    assert_null(arena_alloc(a, 60 * KIB));
    assert_true(arena_exceeded(a));
    assert_null(arena_alloc(a, SIZE_MAX));
    assert_null(arena_array(a, SIZE_MAX / 2, 4));
    assert_null(arena_strndup(a, "x", SIZE_MAX));
    assert_non_null(arena_alloc(a, 30 * KIB)); /* what fits still fits */
}

static void small_pieces_may_use_the_reserve_but_not_for_ever(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(4 * KIB);
    size_t got = 0;
    while (arena_alloc(a, 512) && got < 100 * MIB)
        got += 512;
    assert_true(got > 4 * KIB);
    assert_true(got <= 4 * KIB + ARENA_RESERVE);
    assert_true(arena_exceeded(a));
}

static void texts(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    assert_string_equal(arena_strdup(a, "olá"), "olá");
    assert_null(arena_strdup(a, NULL));
    assert_string_equal(arena_strndup(a, "conversa", 4), "conv");
    assert_string_equal(arena_printf(a, "%d-%s", 42, "x"), "42-x");
    char long_text[2000];
    memset(long_text, 'y', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    assert_string_equal(arena_printf(a, "%s", long_text), long_text);
    assert_memory_equal(arena_memdup(a, "a\0b", 3), "a\0b", 3);
    assert_true(arena_used(a) >= 2000);
}

static char order[8];
static size_t order_len;

static void note_1(void *arg)
{
    (void)arg;
    order[order_len++] = '1';
}

static void note_2(void *arg)
{
    (void)arg;
    order[order_len++] = '2';
}

static void what_was_registered_runs_in_reverse(void **state)
{
    (void)state;
    memset(order, 0, sizeof(order));
    order_len = 0;
    struct arena *a = arena_new(64);
    (void)arena_alloc(a, 64); /* also when the limit is met */
    arena_on_free(a, note_1, NULL);
    arena_on_free(a, note_2, NULL);
    assert_int_equal(order_len, 0);
    arena_free(a);
    assert_string_equal(order, "21");
    arena_free(NULL);
}

static void reset_starts_anew(void **state)
{
    (void)state;
    memset(order, 0, sizeof(order));
    order_len = 0;
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * KIB);
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 30; i++) {
            char *p = arena_alloc(a, KIB);
            assert_non_null(p);
            assert_int_equal(p[KIB - 1], 0);
            memset(p, 'z', KIB);
        }
        if (round < 2) arena_on_free(a, note_1, NULL);
        arena_reset(a);
        assert_int_equal(arena_used(a), 0);
        assert_false(arena_exceeded(a));
    }
    assert_string_equal(order, "11");
}

static void overflows_are_poisoned(void **state)
{
    (void)state;
#ifdef WITH_ASAN
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    char *p = arena_alloc(a, 13);
    char *q = arena_alloc(a, 16);
    assert_false(__asan_address_is_poisoned(p + 12));
    assert_true(__asan_address_is_poisoned(p + 13));
    assert_false(__asan_address_is_poisoned(q));
    assert_true(__asan_address_is_poisoned(q + 16));
    assert_true(__asan_address_is_poisoned(q - 1));
    arena_reset(a);
    assert_true(__asan_address_is_poisoned(q));
#else
    skip();
#endif
}

static void wrappers_of_malloc(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *s = mem_strdup("texto");
    assert_string_equal(s, "texto");
    assert_null(mem_strdup(NULL));
    CLEANUP(mem_freep) int *numbers = mem_array(100, sizeof(int));
    for (int i = 0; i < 100; i++)
        assert_int_equal(numbers[i], 0);
    numbers = mem_realloc(numbers, 1000 * sizeof(int));
    assert_int_equal(numbers[99], 0);
    mem_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(large_pieces_have_their_own_block),
        cmocka_unit_test(the_limit_refuses),
        cmocka_unit_test(small_pieces_may_use_the_reserve_but_not_for_ever),
        cmocka_unit_test(texts),
        cmocka_unit_test(what_was_registered_runs_in_reverse),
        cmocka_unit_test(reset_starts_anew),
        cmocka_unit_test(overflows_are_poisoned),
        cmocka_unit_test(wrappers_of_malloc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
