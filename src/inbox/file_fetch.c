/* Files that an integrator names by address: fetched through the guarded client (no private
 * networks), bounded, and kept like any upload.
 *
 * In two steps, because a request with an Idempotency-Key works inside a transaction, which must
 * not wait for the outside world. inbox_files_fetch is the .prepare of the known paths: it brings
 * the contents of all addresses of the input into the store and remembers them, failures too. The
 * handler then asks for each with inbox_file_from_url, which makes the row of the file, or gives
 * the failure: so that each handler decides whether one failed file fails the request. */
#include <string.h>

#include "base/json.h"
#include "core/files.h"
#include "core/http_client.h"
#include "inbox/api.h"

#define FETCH_MAX        (16 * MIB)
#define FETCH_TIMEOUT_MS 8000

struct fetched {
    const char *url, *name; /* as they were given; name may be NULL */
    const char *why;        /* it could not be had; NULL: file is set, without a row */
    struct file file;
    struct fetched *next;
};

/* The last part of the path, when no name was given. */
static const char *name_of(struct ctx *c, const char *url)
{
    const char *end = url + strcspn(url, "?#"), *p = end;
    while (p > url && p[-1] != '/')
        p--;
    return p < end ? arena_strndup(c->arena, p, (size_t)(end - p)) : "file";
}

/* The contents lie in a context of their own, which is gone before the next file comes. */
static enum err fetch(struct ctx *c, struct fetched *f)
{
    CLEANUP(ctx_freep) struct ctx *own = ctx_new(c->app, FETCH_MAX + MIB, c->deadline_ms);
    struct http_call call = {.method = "GET",
                             .url = f->url,
                             .timeout_ms = FETCH_TIMEOUT_MS,
                             .response_max = FETCH_MAX,
                             .redirects_max = 3};
    struct http_answer answer;
    enum err e = http_call(own, &call, &answer);
    if (!e && answer.status != 200)
        e = fault(own, ERR_UPSTREAM, NULL, "the server answered %d", answer.status);
    if (!e)
        e = files_store_bytes(own, f->name && *f->name ? f->name : name_of(own, f->url),
                              answer.body.data, answer.body.len, &f->file);
    if (e == ERR_CANCELLED) return e;
    if (e) {
        f->why = arena_strdup(c->arena, own->fault.message ? own->fault.message : err_row(e)->text);
        return ERR_OK;
    }
    f->file.name = arena_strdup(c->arena, f->file.name);
    f->file.type = arena_strdup(c->arena, f->file.type);
    f->file.sha256 = arena_strdup(c->arena, f->file.sha256);
    return ERR_OK;
}

static struct fetched *find(const struct ctx *c, const char *url, const char *name)
{
    for (struct fetched *f = c->prepared; f; f = f->next)
        if (strcmp(f->url, url) == 0 && strcmp(f->name ? f->name : "", name ? name : "") == 0)
            return f;
    return NULL;
}

/* from: {url, name}. Anything else has no address and is left to its handler. */
static enum err fetch_one(struct ctx *c, const json_t *from)
{
    const char *url = json_is_object(from) ? json_get_text(from, "url") : NULL;
    const char *name = url ? json_get_text(from, "name") : NULL;
    if (!url || find(c, url, name)) return ERR_OK;
    struct fetched *f = arena_alloc(c->arena, sizeof *f);
    *f = (struct fetched){.url = url, .name = name, .next = c->prepared};
    c->prepared = f;
    return fetch(c, f);
}

static enum err fetch_list(struct ctx *c, const json_t *list)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < json_array_size(list) && !e; i++)
        e = fetch_one(c, json_array_get(list, i));
    return e;
}

static bool any_address(const struct ctx *c)
{
    const json_t *steps = in_json(c, "steps");
    if (json_array_size(in_json(c, "url_attachments")) > 0) return true;
    for (size_t i = 0; i < json_array_size(steps); i++)
        if (json_array_size(json_object_get(json_array_get(steps, i), "url_attachments")) > 0)
            return true;
    return false;
}

enum err inbox_files_fetch(struct ctx *c, const struct request *r)
{
    (void)r;
    enum err e = fetch_one(c, in_json(c, "initialMessage"));
    if (e || !any_address(c)) return e;
    e = chat_must_be_visible(c, in_uuid(c, "chatId")); /* nobody else makes us call anywhere */
    if (!e) e = fetch_list(c, in_json(c, "url_attachments"));
    const json_t *steps = in_json(c, "steps");
    for (size_t i = 0; i < json_array_size(steps) && !e; i++)
        e = fetch_list(c, json_object_get(json_array_get(steps, i), "url_attachments"));
    return e;
}

enum err inbox_file_from_url(struct ctx *c, const char *url, const char *name,
                             struct uuid *ret_file)
{
    const struct fetched *f = find(c, url, name);
    if (!f) return fault(c, ERR_INTERNAL, NULL, "a file by address that was not fetched before");
    if (f->why)
        return fault(c, ERR_INVALID, "FILE_NOT_FETCHED", "the file could not be fetched: %s",
                     f->why);
    struct file file = f->file;
    file.id = uuid_v7(); /* an address may be named twice */
    enum err e = files_row(c, &file, "url");
    if (e) return e;
    *ret_file = file.id;
    return ERR_OK;
}
