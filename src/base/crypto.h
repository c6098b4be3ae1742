/* Cryptography by libsodium and OpenSSL: tokens, hashes, sealed secrets, passwords, codes. Nothing
 * here is invented. All comparisons of secrets are in constant time. */
#ifndef INTERFLOW_BASE_CRYPTO_H
#define INTERFLOW_BASE_CRYPTO_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

#define SHA256_SIZE     32
#define SHA256_HEX_SIZE 65
#define SEAL_KEY_SIZE   32

/* Once per process, before anything else here. */
MUST_USE enum err crypto_init(void);
void crypto_random(void *out, size_t len);
/* URL-safe text (base64url without padding) of len_bytes random bytes. */
char *crypto_token(struct arena *a, size_t len_bytes);

void sha256(const void *data, size_t len, unsigned char out[SHA256_SIZE]);
const char *sha256_hex(const void *data, size_t len, char out[SHA256_HEX_SIZE]);
struct sha256_ctx; /* incremental, for files */
struct sha256_ctx *sha256_new(void);
void sha256_add(struct sha256_ctx *h, const void *data, size_t len);
/* Frees h. out may be NULL: given up half-way. */
void sha256_end(struct sha256_ctx *h, unsigned char out[SHA256_SIZE]);
void hex_encode(const void *data, size_t len, char *out); /* out: 2*len+1 */
/* Exactly 2*out_len digits, either case. */
bool hex_decode(const char *s, unsigned char *out, size_t out_len);
/* The standard alphabet with padding. */
char *base64_encode(struct arena *a, const void *data, size_t len);
/* Takes the standard and the URL-safe alphabet, padded or not, no white space. The result lies in
 * the arena and is followed by a NUL. False, *ret untouched, when it is not base64 or the arena's
 * limit is met. */
bool base64_decode(struct arena *a, const char *s, struct bytes *ret);
void hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                 unsigned char out[SHA256_SIZE]);
#define HMAC_SIZE_MAX 64
/* By the name of the hash: "sha1" (20 bytes), "sha256" (32), "sha512" (64), for what others sign.
 * Returns the length, 0 for other names. */
size_t hmac_by_name(const char *hash, const void *key, size_t key_len, const void *data, size_t len,
                    unsigned char out[HMAC_SIZE_MAX]);
bool secret_equal(const void *a, const void *b, size_t len);

/* Sealed secrets: XChaCha20-Poly1305 with a random nonce, bound to `purpose` (associated data) so
 * that a value cannot be moved to another column. Text out is base64 with a version prefix "s1:";
 * NULL only when the arena's limit is met. */
char *secret_seal(struct arena *a, const unsigned char key[SEAL_KEY_SIZE], const char *purpose,
                  const char *plain);
/* ERR_INVALID when it was changed, or sealed with another key or purpose. */
MUST_USE enum err secret_open(struct arena *a, const unsigned char key[SEAL_KEY_SIZE],
                              const char *purpose, const char *sealed, const char **ret_plain);
/* Read the key file, or make it (mode 600) when absent. ERR_IO; ERR_FORBIDDEN when others may read
 * it. */
MUST_USE enum err seal_key_load(const char *path, unsigned char ret_key[SEAL_KEY_SIZE]);

/* argon2id; slow (about 50 ms) and memory-hungry on purpose: call through loop_offload. out: 128
 * bytes. */
#define PASSWORD_HASH_SIZE 128
MUST_USE enum err password_hash(const char *password, char out[PASSWORD_HASH_SIZE]);
/* hash NULL (no such user) takes the same time and is false. */
bool password_verify(const char *hash, const char *password);

/* TOTP (RFC 6238, SHA-1, 6 digits, 30 s), one step of tolerance either way. Returns the time step
 * that matched (so that a code cannot be used twice), or 0. secret is base32 text. */
char *totp_secret(struct arena *a);
int64_t totp_verify(const char *secret_base32, const char *code, int64_t unix_ms);

#endif
