/* Cryptography as crypto.h says: libsodium for everything it has, OpenSSL's EVP for hashing files
 * (it uses the processor's instructions), liboath for one-time codes. */
#include "base/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <liboath/oath.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "size of a password hash");
_Static_assert(SEAL_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "size of the key");
_Static_assert(SHA256_SIZE == crypto_hash_sha256_BYTES, "size of a hash");
_Static_assert(SHA256_SIZE == crypto_auth_hmacsha256_BYTES, "size of a MAC");

#define NONCE_SIZE  crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE    crypto_aead_xchacha20poly1305_ietf_ABYTES
#define SEAL_PREFIX "s1:"

/* argon2id: more than OWASP's minimum (19 MiB, 2 passes), about 50 ms on a small server. */
#define PASSWORD_PASSES 3
#define PASSWORD_MEMORY (32 * MIB)

#define TOTP_STEP_S       30
#define TOTP_DIGITS       6
#define TOTP_SECRET_BYTES 20

enum err crypto_init(void)
{
    if (sodium_init() < 0) return ERR_INTERNAL;
    if (oath_init() != OATH_OK) return ERR_INTERNAL;
    return ERR_OK;
}

void crypto_random(void *out, size_t len)
{
    randombytes_buf(out, len);
}

char *crypto_token(struct arena *a, size_t len_bytes)
{
    unsigned char *raw = arena_alloc(a, len_bytes);
    if (!raw) return NULL;
    randombytes_buf(raw, len_bytes);
    size_t size = sodium_base64_encoded_len(len_bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = arena_alloc(a, size);
    if (text)
        (void)sodium_bin2base64(text, size, raw, len_bytes,
                                sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(raw, len_bytes);
    return text;
}

/* --- hashes and encodings -------------------------------------------------------------- */

void sha256(const void *data, size_t len, unsigned char out[SHA256_SIZE])
{
    (void)crypto_hash_sha256(out, data, len);
}

const char *sha256_hex(const void *data, size_t len, char out[SHA256_HEX_SIZE])
{
    unsigned char hash[SHA256_SIZE];
    sha256(data, len, hash);
    hex_encode(hash, sizeof(hash), out);
    return out;
}

struct sha256_ctx {
    EVP_MD_CTX *md;
};

/* OpenSSL fails here only when memory is out or the library is broken: no way on from there. */
static void must(int openssl_result)
{
    if (openssl_result == 1) return;
    (void)fputs("interflow: OpenSSL cannot hash\n", stderr);
    abort();
}

struct sha256_ctx *sha256_new(void)
{
    struct sha256_ctx *h = mem_alloc(sizeof(*h));
    h->md = EVP_MD_CTX_new();
    must(h->md != NULL);
    must(EVP_DigestInit_ex(h->md, EVP_sha256(), NULL));
    return h;
}

void sha256_add(struct sha256_ctx *h, const void *data, size_t len)
{
    must(EVP_DigestUpdate(h->md, data, len));
}

void sha256_end(struct sha256_ctx *h, unsigned char out[SHA256_SIZE])
{
    if (!h) return;
    if (out) must(EVP_DigestFinal_ex(h->md, out, NULL));
    EVP_MD_CTX_free(h->md);
    mem_free(h);
}

void hex_encode(const void *data, size_t len, char *out)
{
    (void)sodium_bin2hex(out, 2 * len + 1, data, len);
}

bool hex_decode(const char *s, unsigned char *out, size_t out_len)
{
    size_t len = 0;
    if (strlen(s) != 2 * out_len) return false;
    return sodium_hex2bin(out, out_len, s, 2 * out_len, NULL, &len, NULL) == 0 && len == out_len;
}

char *base64_encode(struct arena *a, const void *data, size_t len)
{
    if (len > SIZE_MAX / 4) return NULL;
    size_t size = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
    char *text = arena_alloc(a, size);
    return text ? sodium_bin2base64(text, size, data, len, sodium_base64_VARIANT_ORIGINAL) : NULL;
}

bool base64_decode(struct arena *a, const char *s, struct bytes *ret)
{
    size_t len = strlen(s);
    bool padded = len % 4 == 0;
    if (padded && len > 0 && s[len - 1] == '=') len--;
    if (padded && len > 0 && s[len - 1] == '=') len--;
    int variant = strpbrk(s, "-_") ? sodium_base64_VARIANT_URLSAFE_NO_PADDING
                                   : sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    size_t room = len / 4 * 3 + 3;
    unsigned char *out = arena_alloc(a, room);
    const char *end = NULL;
    size_t out_len = 0;
    if (!out) return false;
    if (sodium_base642bin(out, room - 1, s, len, NULL, &out_len, &end, variant) != 0) return false;
    if (end != s + len) return false;
    *ret = (struct bytes){.data = out,
                          .len = out_len}; /* a NUL follows: the arena's memory is zeroed */
    out[out_len] = '\0';
    return true;
}

void hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                 unsigned char out[SHA256_SIZE])
{
    crypto_auth_hmacsha256_state state;
    (void)crypto_auth_hmacsha256_init(&state, key, key_len);
    (void)crypto_auth_hmacsha256_update(&state, data, len);
    (void)crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof(state));
}

size_t hmac_by_name(const char *hash, const void *key, size_t key_len, const void *data, size_t len,
                    unsigned char out[HMAC_SIZE_MAX])
{
    static const char *const names[] = {"sha1", "sha256", "sha512"};
    size_t out_len = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], hash) != 0) continue;
        if (!EVP_Q_mac(NULL, "HMAC", NULL, hash, NULL, key, key_len, data, len, out, HMAC_SIZE_MAX,
                       &out_len))
            return 0;
    }
    return out_len;
}

bool secret_equal(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}

/* --- sealed secrets: "s1:" base64(nonce | ciphertext | tag) ---------------------------- */

char *secret_seal(struct arena *a, const unsigned char key[SEAL_KEY_SIZE], const char *purpose,
                  const char *plain)
{
    size_t len = strlen(plain);
    size_t size = NONCE_SIZE + len + TAG_SIZE;
    unsigned char *raw = arena_alloc(a, size);
    if (!raw) return NULL;
    randombytes_buf(raw, NONCE_SIZE);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        raw + NONCE_SIZE, NULL, (const unsigned char *)plain, len, (const unsigned char *)purpose,
        strlen(purpose), NULL, raw, key);
    const char *text = base64_encode(a, raw, size);
    return text ? arena_printf(a, SEAL_PREFIX "%s", text) : NULL;
}

enum err secret_open(struct arena *a, const unsigned char key[SEAL_KEY_SIZE], const char *purpose,
                     const char *sealed, const char **ret_plain)
{
    struct bytes raw;
    size_t prefix = sizeof(SEAL_PREFIX) - 1;
    if (strncmp(sealed, SEAL_PREFIX, prefix) != 0) return ERR_INVALID;
    if (!base64_decode(a, sealed + prefix, &raw) || raw.len < NONCE_SIZE + TAG_SIZE)
        return ERR_INVALID;
    char *plain = arena_alloc(a, raw.len - NONCE_SIZE - TAG_SIZE + 1);
    if (!plain) return ERR_NO_MEMORY;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            (unsigned char *)plain, NULL, NULL, raw.data + NONCE_SIZE, raw.len - NONCE_SIZE,
            (const unsigned char *)purpose, strlen(purpose), raw.data, key) != 0)
        return ERR_INVALID;
    *ret_plain = plain;
    return ERR_OK;
}

static enum err key_read(const char *path, unsigned char ret_key[SEAL_KEY_SIZE])
{
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return ERR_IO;
    if (st.st_mode & (S_IRWXG | S_IRWXO)) return ERR_FORBIDDEN;
    if (st.st_size != SEAL_KEY_SIZE) return ERR_IO;
    unsigned char key[SEAL_KEY_SIZE];
    if (read(fd, key, sizeof(key)) != SEAL_KEY_SIZE) return ERR_IO;
    memcpy(ret_key, key, sizeof(key));
    sodium_memzero(key, sizeof(key));
    return ERR_OK;
}

/* Writes a new key beside path and links it into place, so that a half-written key is never seen
 * and, of two processes that start at once, both end up with the same one. */
static enum err key_make(const char *path)
{
    CLEANUP(mem_freep) char *temp = mem_alloc(strlen(path) + 32);
    (void)snprintf(temp, strlen(path) + 32, "%s.%08x%08x", path, randombytes_random(),
                   randombytes_random());
    CLEANUP(fd_closep) int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return ERR_IO;
    unsigned char key[SEAL_KEY_SIZE];
    randombytes_buf(key, sizeof(key));
    bool written = write(fd, key, sizeof(key)) == SEAL_KEY_SIZE && fsync(fd) == 0;
    sodium_memzero(key, sizeof(key));
    bool linked = written && (link(temp, path) == 0 || errno == EEXIST);
    (void)unlink(temp);
    return linked ? ERR_OK : ERR_IO;
}

enum err seal_key_load(const char *path, unsigned char ret_key[SEAL_KEY_SIZE])
{
    enum err e = key_read(path, ret_key);
    if (e != ERR_NOT_FOUND) return e;
    e = key_make(path);
    if (e) return e;
    e = key_read(path, ret_key);
    return e == ERR_NOT_FOUND ? ERR_IO : e;
}

/* --- passwords and codes --------------------------------------------------------------- */

enum err password_hash(const char *password, char out[PASSWORD_HASH_SIZE])
{
    int failed = crypto_pwhash_str_alg(out, password, strlen(password), PASSWORD_PASSES,
                                       PASSWORD_MEMORY, crypto_pwhash_ALG_ARGON2ID13);
    return failed ? ERR_NO_MEMORY : ERR_OK;
}

bool password_verify(const char *hash, const char *password)
{
    if (!hash) { /* spend the same time: an unknown user must not answer faster */
        char ignored[PASSWORD_HASH_SIZE];
        MAYBE_UNUSED enum err e = password_hash(password, ignored);
        return false;
    }
    return crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
}

char *totp_secret(struct arena *a)
{
    char raw[TOTP_SECRET_BYTES];
    char *text = NULL;
    size_t len = 0;
    randombytes_buf(raw, sizeof(raw));
    if (oath_base32_encode(raw, sizeof(raw), &text, &len) != OATH_OK) return NULL;
    char *copy = arena_strndup(a, text, len);
    sodium_memzero(raw, sizeof(raw));
    sodium_memzero(text, len);
    free(text); /* liboath's own */
    return copy;
}

int64_t totp_verify(const char *secret_base32, const char *code, int64_t unix_ms)
{
    char *secret = NULL;
    size_t secret_len = 0;
    int64_t matched = 0;
    if (strspn(code, "0123456789") != TOTP_DIGITS || code[TOTP_DIGITS] != '\0') return 0;
    if (oath_base32_decode(secret_base32, strlen(secret_base32), &secret, &secret_len) != OATH_OK)
        return 0;
    int64_t now = unix_ms / (TOTP_STEP_S * SECOND_MS);
    for (int64_t step = now - 1; step <= now + 1; step++) { /* always all three: constant time */
        char expected[TOTP_DIGITS + 1] = "";
        if (step <= 0) continue;
        int failed = oath_hotp_generate(secret, secret_len, (uint64_t)step, TOTP_DIGITS, false,
                                        OATH_HOTP_DYNAMIC_TRUNCATION, expected);
        if (failed == OATH_OK && secret_equal(expected, code, TOTP_DIGITS)) matched = step;
    }
    sodium_memzero(secret, secret_len);
    free(secret);
    return matched;
}
