/* Files that an integrator names by address: fetched through the guarded client (no private networks), bounded, and kept like any
 * upload. */
#include <string.h>

#include "core/files.h"
#include "core/http_client.h"
#include "inbox/api.h"

#define FETCH_MAX (16 * MIB)
#define FETCH_TIMEOUT_MS 8000

/* The last part of the path, when no name was given. */
static const char *name_of(struct ctx *c, const char *url)
{
    const char *end = url + strcspn(url, "?#"), *p = end;
    while (p > url && p[-1] != '/')
        p--;
    return p < end ? arena_strndup(c->arena, p, (size_t)(end - p)) : "file";
}

enum err inbox_file_from_url(struct ctx *c, const char *url, const char *name, struct uuid *ret_file)
{
    if (c->tx)
        return fault(c, ERR_INVALID, "URL_WITH_IDEMPOTENCY_KEY",
                     "files by address cannot be fetched under an Idempotency-Key: upload them first and give attachment_ids");
    struct http_call call = {.method = "GET", .url = url, .timeout_ms = FETCH_TIMEOUT_MS, .response_max = FETCH_MAX, .redirects_max = 3};
    struct http_answer answer;
    enum err e = http_call(c, &call, &answer);
    if (e) {
        const char *why = c->fault.message ? arena_strdup(c->arena, c->fault.message) : err_row(e)->text;
        fault_clear(c);
        return fault(c, ERR_INVALID, "FILE_NOT_FETCHED", "the file could not be fetched: %s", why);
    }
    if (answer.status != 200)
        return fault(c, ERR_INVALID, "FILE_NOT_FETCHED", "the file could not be fetched: the server answered %d", answer.status);
    struct file f;
    e = files_keep_bytes(c, name && *name ? name : name_of(c, url), answer.body.data, answer.body.len, "url", &f);
    if (e) return e;
    *ret_file = f.id;
    return ERR_OK;
}
