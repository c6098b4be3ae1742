/* The signature header and addresses of files: whatever comes is refused unless it was made with
 * the secret, or is on the host. Input: header, NUL, rest. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "channels/meta/meta_media.h"
#include "channels/meta/meta_signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
    if (!condition) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char secret[] = "secret of a test";
    const char *secrets[] = {NULL, secret};
    CLEANUP(arena_freep) struct arena *a = arena_new(4 * MIB);
    const char *header = arena_strndup(a, (const char *)data, size);
    if (!header) return 0;
    size_t used = strlen(header) < size ? strlen(header) + 1 : size;
    struct bytes body = {.data = data + used, .len = size - used};
    unsigned char mac[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    hmac_sha256(secret, strlen(secret), body.data, body.len, mac);
    hex_encode(mac, sizeof mac, hex);
    bool right = strlen(header) == 7 + 64 && strncmp(header, "sha256=", 7) == 0 &&
                 strcasecmp(header + 7, hex) == 0;
    must(meta_signature_valid(header, body, secrets, 2) == right);
    must(meta_signature_valid(arena_printf(a, "sha256=%s", hex), body, secrets, 2));
    /* What is taken for a host of ours is it, or below it. */
    if (meta_media_allowed(header, "fbsbx.com")) {
        static const char scheme[] = "https://", host[] = "fbsbx.com";
        must(strncasecmp(header, scheme, sizeof scheme - 1) == 0);
        const char *from = header + sizeof scheme - 1;
        size_t len = strcspn(from, ":/?#");
        must(len >= sizeof host - 1 && !memchr(from, '@', strcspn(from, "/?#")));
        must(strncasecmp(from + len - (sizeof host - 1), host, sizeof host - 1) == 0);
        const char *found = from + (len - (sizeof host - 1));
        must(found[-1] == '/' || found[-1] == '.');
    }
    return 0;
}
