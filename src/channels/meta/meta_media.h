/* Files that people sent, fetched from Meta's hosts only. The token goes to no other host: not by a
 * forged address, not by a redirect (which are not followed). */
#ifndef INTERFLOW_CHANNELS_META_MEDIA_H
#define INTERFLOW_CHANNELS_META_MEDIA_H

#include "channels/channel.h"

#define META_MEDIA_MAX (100 * MIB)

/* Is it an https address on one of hosts, or below one ("fbcdn.net" stands for "x.fbcdn.net" too)?
 * A host may be given with scheme and port ("http://127.0.0.1:8090"), then exactly that origin is
 * meant. Pure. */
bool meta_media_allowed(const char *url, const char *hosts);

struct meta_media {
    const char *url;
    const char *token;   /* sent as Bearer; NULL: none */
    const char *name;    /* as the platform said; NULL: made from the type */
    const char *type;    /* as the platform said; NULL: unknown */
    const char *sha256;  /* hex or base64, checked when not NULL */
    int64_t bytes_max;   /* 0: META_MEDIA_MAX */
    struct uuid message; /* that it is of, for the log; nil: none */
};
/* Fetch a file and keep it. ERR_FORBIDDEN (MEDIA_HOST): not one of META_MEDIA_HOSTS, nothing was
 * asked; ERR_NOT_FOUND (MEDIA_GONE): 403, 404, 410; ERR_UNAUTHORIZED (MEDIA_TOKEN): 401;
 * ERR_TOO_LARGE; ERR_INVALID (MEDIA_HASH): not what was announced; others: again. */
MUST_USE enum err meta_media_fetch(struct ctx *c, const struct channel *ch,
                                   const struct meta_media *m, struct file *ret_file);

#endif
