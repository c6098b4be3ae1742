/* Faults: what went wrong, in words and codes for the one who asked (ctx.h).
 *
 * The first fault that is set stays: the deepest function knows best, and its callers only pass
 * the error on. Details (one per bad field) are added until the table is full. Texts live in the
 * context's arena. */
#include "core/ctx.h"

#include <stdarg.h>

static void release_json(void *arg)
{
    json_decref(arg);
}

enum err fault(struct ctx *c, enum err e, const char *code, const char *fmt, ...)
{
    if (c->fault.err) return e;
    va_list ap;
    va_start(ap, fmt);
    c->fault.err = e;
    c->fault.code = arena_strdup(c->arena, code);
    c->fault.message = arena_vprintf(c->arena, fmt, ap);
    va_end(ap);
    return e;
}

enum err fault_field(struct ctx *c, const char *field, const char *code, const char *fmt, ...)
{
    struct fault *f = &c->fault;
    if (!f->err) {
        f->err = ERR_INVALID;
        f->code = "VALIDATION_ERROR";
        f->message = "Some fields are not valid";
    }
    if (f->detail_count >= FAULT_DETAILS_MAX) return ERR_INVALID;
    va_list ap;
    va_start(ap, fmt);
    f->details[f->detail_count++] = (struct fault_detail){
        .field = arena_strdup(c->arena, field),
        .message = arena_vprintf(c->arena, fmt, ap),
        .code = arena_strdup(c->arena, code),
    };
    va_end(ap);
    return ERR_INVALID;
}

void fault_data(struct ctx *c, const char *key, json_t *value)
{
    if (!c->fault.data) {
        c->fault.data = json_object();
        arena_on_free(c->arena, release_json, c->fault.data);
    }
    json_object_set_new(c->fault.data, key, value);
}

void fault_clear(struct ctx *c)
{
    c->fault = (struct fault){0};
}
