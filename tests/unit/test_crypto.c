/* Cryptography against published vectors (FIPS 180-4, RFC 4231, 4648, 6238), and what must be
 * refused. */
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"

static int set_up(void **state)
{
    if (crypto_init() != ERR_OK) return -1;
    *state = arena_new(4 * MIB);
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static const char abc_hash[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static void hashes(void **state)
{
    (void)state;
    char hex[SHA256_HEX_SIZE];
    assert_string_equal(sha256_hex("abc", 3, hex), abc_hash);
    assert_string_equal(sha256_hex("", 0, hex),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    struct sha256_ctx *h = sha256_new();
    unsigned char out[SHA256_SIZE];
    sha256_add(h, "a", 1);
    sha256_add(h, "bc", 2);
    sha256_end(h, out);
    hex_encode(out, sizeof(out), hex);
    assert_string_equal(hex, abc_hash);
    sha256_end(sha256_new(), NULL); /* given up half-way */
    sha256_end(NULL, out);
}

static void macs(void **state)
{
    (void)state;
    unsigned char out[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out);
    hex_encode(out, sizeof(out), hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    unsigned char key[131];
    memset(key, 0xaa, sizeof(key)); /* longer than a block */
    static const char text[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    hmac_sha256(key, sizeof(key), text, sizeof(text) - 1, out);
    hex_encode(out, sizeof(out), hex);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    assert_true(secret_equal("abc", "abc", 3));
    assert_false(secret_equal("abc", "abd", 3));
}

static void hex_and_base64(void **state)
{
    struct arena *a = *state;
    unsigned char raw[3];
    assert_true(hex_decode("00fFa5", raw, 3));
    assert_memory_equal(raw, "\x00\xff\xa5", 3);
    assert_false(hex_decode("00ffa", raw, 3));
    assert_false(hex_decode("00ffa5a5", raw, 3));
    assert_false(hex_decode("00ffag", raw, 3));

    static const struct {
        const char *plain, *text;
    } cases[] = {{"", ""},
                 {"f", "Zg=="},
                 {"fo", "Zm8="},
                 {"foo", "Zm9v"},
                 {"foob", "Zm9vYg=="},
                 {"fooba", "Zm9vYmE="},
                 {"foobar", "Zm9vYmFy"}};
    struct bytes b;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_string_equal(base64_encode(a, cases[i].plain, strlen(cases[i].plain)),
                            cases[i].text);
        assert_true(base64_decode(a, cases[i].text, &b));
        assert_int_equal(b.len, strlen(cases[i].plain));
        assert_string_equal((const char *)b.data, cases[i].plain);
    }
    assert_true(base64_decode(a, "-_8", &b)); /* URL-safe, no padding */
    assert_memory_equal(b.data, "\xfb\xff", 2);
    assert_true(base64_decode(a, "+/8=", &b));
    assert_memory_equal(b.data, "\xfb\xff", 2);
    static const char *const bad[] = {"Z",    "Zm9vY", "Zg=",  "Zg===",    "Zm 9v", "Zm9v\n",
                                      "Z!==", "=",     "====", "Zg==Zg==", "Zh==",  "+_8="};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (base64_decode(a, bad[i], &b)) fail_msg("%s was taken", bad[i]);
}

static void tokens_differ(void **state)
{
    struct arena *a = *state;
    char *one = crypto_token(a, 32);
    char *two = crypto_token(a, 32);
    assert_int_equal(strlen(one), 43);
    assert_int_equal(
        strspn(one, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
    assert_string_not_equal(one, two);
}

static void sealed_secrets(void **state)
{
    struct arena *a = *state;
    unsigned char key[SEAL_KEY_SIZE], other[SEAL_KEY_SIZE];
    crypto_random(key, sizeof(key));
    crypto_random(other, sizeof(other));
    char *sealed = secret_seal(a, key, "channel.password", "senha 🔑");
    assert_memory_equal(sealed, "s1:", 3);
    assert_null(strstr(sealed, "senha"));
    assert_string_not_equal(sealed, secret_seal(a, key, "channel.password", "senha 🔑"));
    const char *plain = NULL;
    assert_int_equal(secret_open(a, key, "channel.password", sealed, &plain), 0);
    assert_string_equal(plain, "senha 🔑");
    assert_int_equal(secret_open(a, key, "p", secret_seal(a, key, "p", ""), &plain), 0);
    assert_string_equal(plain, "");

    plain = NULL;
    assert_int_equal(secret_open(a, other, "channel.password", sealed, &plain), ERR_INVALID);
    assert_int_equal(secret_open(a, key, "channel.token", sealed, &plain), ERR_INVALID);
    assert_int_equal(secret_open(a, key, "channel.password", "plain text", &plain), ERR_INVALID);
    assert_int_equal(secret_open(a, key, "channel.password", "s1:", &plain), ERR_INVALID);
    assert_int_equal(secret_open(a, key, "channel.password", "s1:AAAA", &plain), ERR_INVALID);
    for (size_t i = 3; sealed[i] && sealed[i] != '='; i++) { /* any single change is seen */
        char *changed = arena_strdup(a, sealed);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_int_equal(secret_open(a, key, "channel.password", changed, &plain), ERR_INVALID);
    }
    assert_null(plain);
}

static void key_file(void **state)
{
    struct arena *a = *state;
    char dir[] = "/tmp/interflow-test-XXXXXX";
    assert_non_null(mkdtemp(dir));
    char *path = arena_printf(a, "%s/key", dir);
    unsigned char made[SEAL_KEY_SIZE], read_back[SEAL_KEY_SIZE], zero[SEAL_KEY_SIZE] = {0};
    assert_int_equal(seal_key_load(path, made), 0);
    assert_memory_not_equal(made, zero, sizeof(made));
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_nlink, 1); /* the temporary name is gone */
    assert_int_equal(seal_key_load(path, read_back), 0);
    assert_memory_equal(made, read_back, sizeof(made));

    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(seal_key_load(path, read_back), ERR_FORBIDDEN);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(truncate(path, 31), 0);
    assert_int_equal(seal_key_load(path, read_back), ERR_IO);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/dev/zero", path), 0);
    assert_int_equal(seal_key_load(path, read_back), ERR_IO);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(seal_key_load(arena_printf(a, "%s/no/key", dir), read_back), ERR_IO);
    assert_int_equal(rmdir(dir), 0);
}

struct race {
    const char *path;
    unsigned char key[SEAL_KEY_SIZE];
    enum err e;
};

static void *load_key(void *arg)
{
    struct race *r = arg;
    r->e = seal_key_load(r->path, r->key);
    return NULL;
}

static void two_that_start_at_once_get_one_key(void **state)
{
    struct arena *a = *state;
    char dir[] = "/tmp/interflow-test-XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct race r[4];
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        r[i] = (struct race){.path = arena_printf(a, "%s/key", dir)};
        assert_int_equal(pthread_create(&threads[i], NULL, load_key, &r[i]), 0);
    }
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(r[i].e, 0);
        assert_memory_equal(r[i].key, r[0].key, SEAL_KEY_SIZE);
    }
    assert_int_equal(unlink(r[0].path), 0);
    assert_int_equal(rmdir(dir), 0);
}

static void passwords(void **state)
{
    (void)state;
    char one[PASSWORD_HASH_SIZE], two[PASSWORD_HASH_SIZE];
    assert_int_equal(password_hash("correto cavalo ção", one), 0);
    assert_int_equal(password_hash("correto cavalo ção", two), 0);
    assert_memory_equal(one, "$argon2id$", 10);
    assert_string_not_equal(one, two);
    assert_true(password_verify(one, "correto cavalo ção"));
    assert_false(password_verify(one, "correto cavalo çao"));
    assert_false(password_verify(one, ""));
    assert_false(password_verify("$argon2id$broken", "correto cavalo ção"));
    assert_false(password_verify("", ""));
    assert_false(password_verify(NULL, "correto cavalo ção"));
}

/* RFC 6238, appendix B: the secret "12345678901234567890", SHA-1; six digits are the last six of
 * its eight. */
static void one_time_codes(void **state)
{
    struct arena *a = *state;
    static const char secret[] = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    static const struct {
        int64_t second;
        const char *code;
    } cases[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                 {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t step = cases[i].second / 30;
        for (int64_t off = -60; off <= 60; off += 30) {
            int64_t at = (cases[i].second + off) * SECOND_MS;
            bool near = off >= -30 && off <= 30;
            if (at <= 0) continue;
            assert_int_equal(totp_verify(secret, cases[i].code, at), near ? step : 0);
        }
    }
    static const char *const bad[] = {"",        "28708",  "2870822", "28708a",
                                      "287 082", "000000", "-87082"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(totp_verify(secret, bad[i], 59000), 0);
    assert_int_equal(totp_verify("not base32!", "287082", 59000), 0);
    assert_int_equal(totp_verify("", "287082", 59000), 0);

    char *made = totp_secret(a);
    assert_int_equal(strlen(made), 32);
    assert_int_equal(strspn(made, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), 32);
    assert_string_not_equal(made, totp_secret(a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes),
        cmocka_unit_test(macs),
        cmocka_unit_test(hex_and_base64),
        cmocka_unit_test(tokens_differ),
        cmocka_unit_test(sealed_secrets),
        cmocka_unit_test(key_file),
        cmocka_unit_test(two_that_start_at_once_get_one_key),
        cmocka_unit_test(passwords),
        cmocka_unit_test(one_time_codes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
