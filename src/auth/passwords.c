/* Passwords: which ones we take, and hashing off the loop. A rule that people understand: at least
 * eight characters, and not one of those that everybody tries first. */
#include <string.h>
#include <strings.h>

#include "auth/auth.h"
#include "base/crypto.h"
#include "base/json.h"
#include "core/loop.h"

#define PASSWORD_MIN 8
#define PASSWORD_MAX 200 /* bytes */

/* What attackers try first, of eight characters and more; compared without case. */
static const char *const common[] = {
    "12345678",  "123456789",  "1234567890", "password",     "password1", "password123",
    "qwertyui",  "qwerty123",  "qwertyuiop", "11111111",     "00000000",  "87654321",
    "1q2w3e4r",  "1q2w3e4r5t", "abcd1234",   "abc12345",     "iloveyou",  "sunshine",
    "princess",  "football",   "baseball",   "superman",     "trustno1",  "welcome1",
    "admin123",  "admin1234",  "letmein1",   "senha123",     "senha1234", "minhasenha",
    "mudar123",  "brasil123",  "contraseña", "contrasena",   "clave123",  "hola1234",
    "mexico123", "interflow",  "interflow1", "interflow123", "changeme",  "changeme1",
    "passw0rd",  "p@ssw0rd",   "asdfghjkl",  "zxcvbnm1",     "flamengo1", "corinthians",
};

static bool is_common(const char *password)
{
    for (size_t i = 0; i < ARRAY_LEN(common); i++)
        if (strcasecmp(common[i], password) == 0) return true;
    return false;
}

static bool one_character(const char *password)
{
    return strspn(password, (const char[]){password[0], '\0'}) == strlen(password);
}

bool password_acceptable(const char *password, const char *email, const char **ret_code,
                         const char **ret_words)
{
    *ret_code = "PASSWORD_WEAK";
    if (text_length(password) < PASSWORD_MIN) {
        *ret_code = "TOO_SHORT";
        *ret_words = "At least 8 characters";
        return false;
    }
    if (strlen(password) > PASSWORD_MAX) {
        *ret_code = "TOO_LONG";
        *ret_words = "At most 200 characters";
        return false;
    }
    if (is_common(password) || one_character(password)) {
        *ret_words = "This password is among the first that anybody would try";
        return false;
    }
    size_t local = email ? strcspn(email, "@") : 0;
    if (email && (strcasecmp(password, email) == 0 ||
                  (strlen(password) == local && strncasecmp(password, email, local) == 0))) {
        *ret_words = "The password must not be the e-mail address";
        return false;
    }
    return true;
}

struct hashing {
    const char *password;
    const char *hash;
    char out[PASSWORD_HASH_SIZE];
    enum err err;
    bool right;
};

static void hash_on_thread(void *arg)
{
    struct hashing *h = arg;
    h->err = password_hash(h->password, h->out);
}

static void check_on_thread(void *arg)
{
    struct hashing *h = arg;
    h->right = password_verify(h->hash, h->password);
}

enum err password_make(struct ctx *c, const char *password, const char **ret_hash)
{
    struct hashing h = {.password = password};
    enum err e = loop_offload(c->app->loop, hash_on_thread, &h);
    if (e) return e;
    if (h.err) return fault(c, h.err, NULL, "The password cannot be hashed");
    *ret_hash = arena_strdup(c->arena, h.out);
    return ERR_OK;
}

enum err password_check(struct ctx *c, const char *hash, const char *password, bool *ret_right)
{
    struct hashing h = {.password = password, .hash = hash};
    enum err e = loop_offload(c->app->loop, check_on_thread, &h);
    if (e) return e;
    *ret_right = h.right;
    return ERR_OK;
}
