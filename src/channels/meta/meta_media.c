/* Files from Meta's hosts (meta_media.h). They go to a temporary file while they come, so that a
 * large video needs no memory, and are kept when their hash is right. */
#include "channels/meta/meta_media.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/json.h"
#include "channels/log.h"
#include "core/process.h"

#define FETCH_TIMEOUT_MS (120 * 1000)
#define PIECE            (64 * KIB)

/* Length of the scheme and authority: "https://host:port". 0: not an address. */
static size_t origin_length(const char *url)
{
    const char *p = strstr(url, "://");
    if (!p || p == url) return 0;
    size_t rest = strcspn(p + 3, "/?#");
    if (rest == 0 || memchr(p + 3, '@', rest) || memchr(p + 3, '\\', rest)) return 0;
    return (size_t)(p + 3 - url) + rest;
}

static bool origin_matches(const char *origin, size_t len, const char *host, size_t host_len)
{
    static const char https[] = "https://";
    if (memmem(host, host_len, "://", 3))
        return len == host_len && strncasecmp(origin, host, len) == 0;
    if (len <= sizeof https - 1 || strncasecmp(origin, https, sizeof https - 1) != 0) return false;
    origin += sizeof https - 1;
    len -= sizeof https - 1;
    if (len > 4 && memcmp(origin + len - 4, ":443", 4) == 0) len -= 4;
    if (memchr(origin, ':', len)) return false;
    if (host[0] == '.') {
        host++;
        host_len--;
    }
    if (host_len == 0 || len < host_len ||
        strncasecmp(origin + len - host_len, host, host_len) != 0)
        return false;
    return len == host_len || (len > host_len + 1 && origin[len - host_len - 1] == '.');
}

bool meta_media_allowed(const char *url, const char *hosts)
{
    size_t len = url ? origin_length(url) : 0;
    if (len == 0) return false;
    for (const char *h = hosts; h && *h;) {
        h += strspn(h, " ,");
        size_t host_len = strcspn(h, " ,");
        if (host_len > 0 && origin_matches(url, len, h, host_len)) return true;
        h += host_len;
    }
    return false;
}

static void unlinkp(const char **path)
{
    if (*path) unlink(*path);
}

/* Is the announced hash, hex or base64, that of the content? */
static bool hash_is(struct arena *a, const char *announced, const unsigned char hash[SHA256_SIZE])
{
    unsigned char hex[SHA256_SIZE];
    struct bytes raw = {0};
    if (strlen(announced) == SHA256_HEX_SIZE - 1 && hex_decode(announced, hex, sizeof hex))
        return memcmp(hex, hash, sizeof hex) == 0;
    if (!base64_decode(a, announced, &raw) || raw.len != SHA256_SIZE) return false;
    return memcmp(raw.data, hash, SHA256_SIZE) == 0;
}

static enum err hash_of(struct ctx *c, int fd, unsigned char ret[SHA256_SIZE], int64_t *ret_size)
{
    char *piece = arena_alloc(c->arena, PIECE);
    if (!piece) return ERR_NO_MEMORY;
    struct sha256_ctx *h = sha256_new();
    int64_t size = 0;
    ssize_t n = 0;
    while ((n = pread(fd, piece, PIECE, (off_t)size)) > 0) {
        sha256_add(h, piece, (size_t)n);
        size += n;
    }
    sha256_end(h, ret);
    *ret_size = size;
    return n < 0 ? ERR_IO : ERR_OK;
}

static const char *name_for(struct ctx *c, const struct meta_media *m)
{
    static const struct {
        const char *type, *name;
    } names[] = {
        {"image/jpeg", "image.jpg"},    {"image/png", "image.png"},
        {"image/webp", "sticker.webp"}, {"image/gif", "image.gif"},
        {"video/mp4", "video.mp4"},     {"video/3gpp", "video.3gp"},
        {"audio/ogg", "audio.ogg"},     {"audio/mpeg", "audio.mp3"},
        {"audio/mp4", "audio.m4a"},     {"audio/aac", "audio.aac"},
        {"audio/amr", "audio.amr"},     {"application/pdf", "document.pdf"},
    };
    if (m->name && *m->name) return m->name;
    size_t len = m->type ? strcspn(m->type, "; ") : 0;
    for (size_t i = 0; len > 0 && i < ARRAY_LEN(names); i++)
        if (strlen(names[i].type) == len && strncasecmp(names[i].type, m->type, len) == 0)
            return names[i].name;
    (void)c;
    return "file";
}

static enum err refused(struct ctx *c, int status)
{
    if (status == 401)
        return fault(c, ERR_UNAUTHORIZED, "MEDIA_TOKEN",
                     "Meta did not accept the token for a file");
    if (status == 403 || status == 404 || status == 410)
        return fault(c, ERR_NOT_FOUND, "MEDIA_GONE", "the file is no longer at Meta");
    return fault(c, ERR_UPSTREAM, "MEDIA_FAILED", "Meta answered %d for a file", status);
}

enum err meta_media_fetch(struct ctx *c, const struct channel *ch, const struct meta_media *m,
                          struct file *ret_file)
{
    if (!meta_media_allowed(m->url, c->app->config->meta_media_hosts))
        return fault(c, ERR_FORBIDDEN, "MEDIA_HOST", "the file is not on a host of Meta");
    CLEANUP(unlinkp) const char *path = NULL;
    const char *made = arena_printf(c->arena, "%s/%s", data_path(c->arena, c->app->config, "tmp"),
                                    crypto_token(c->arena, 18));
    CLEANUP(fd_closep) int fd = open(made, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return fault(c, ERR_IO, NULL, "a temporary file cannot be made");
    path = made;
    const char *headers[] = {
        m->token ? arena_printf(c->arena, "Authorization: Bearer %s", m->token) : NULL, NULL};
    int64_t max = m->bytes_max > 0 ? m->bytes_max : (int64_t)META_MEDIA_MAX;
    struct http_call call = {.method = "GET",
                             .url = m->url,
                             .headers = headers,
                             .timeout_ms = FETCH_TIMEOUT_MS,
                             .response_max = (size_t)max,
                             .write_fd = fd};
    struct http_answer answer;
    enum err e = channel_call(c, ch, "media.download", m->message, &call, &answer);
    if (e) return e;
    if (answer.status != 200) return refused(c, answer.status);
    struct upload u = {.field = "file", .name = name_for(c, m), .type = m->type, .path = path};
    e = hash_of(c, fd, u.sha256, &u.size_bytes);
    if (e) return fault(c, e, NULL, "a fetched file cannot be read");
    if (u.size_bytes == 0) return fault(c, ERR_UPSTREAM, "MEDIA_EMPTY", "Meta sent an empty file");
    if (m->sha256 && !hash_is(c->arena, m->sha256, u.sha256))
        return fault(c, ERR_INVALID, "MEDIA_HASH", "the file is not the one that was announced");
    return files_keep(c, &u, "channel", ret_file);
}
