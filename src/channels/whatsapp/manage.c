/* Templates of a WABA at the platform (channels/templates.h): all pages of the list, asking for
 * approval, removing one language. */
#include <string.h>

#include "channels/meta/meta_json.h"
#include "channels/templates.h"
#include "channels/whatsapp/whatsapp.h"

#define PAGES_MAX 40 /* of 200: more than a WABA may have */

static enum err refused(struct ctx *c, const struct meta_error *e)
{
    const char *said = *e->details ? e->details : *e->message ? e->message : e->words;
    if (e->class == META_LATER || e->class == META_SLOW)
        return fault(c, ERR_UPSTREAM, e->id, "%s", said);
    if (e->class == META_RECONNECT) return fault(c, ERR_UNPROCESSABLE, e->id, "%s", e->words);
    return fault(c, ERR_UNPROCESSABLE, "TEMPLATE_REFUSED", "%s", said);
}

static json_t *row_of(struct arena *a, const json_t *t)
{
    const char *name = meta_text(t, "name"), *language = meta_text(t, "language");
    if (!name || !language) return NULL;
    const char *format = meta_text(t, "parameter_format"),
               *reason = meta_text(t, "rejected_reason");
    json_t *o = json_object();
    meta_set_text(o, "externalId", meta_id(a, t, "id"));
    meta_set_text(o, "name", name);
    meta_set_text(o, "language", language);
    meta_set_text(o, "category", meta_text(t, "category"));
    meta_set_text(o, "status", meta_text(t, "status"));
    meta_set_text(o, "reason", reason && strcmp(reason, "NONE") != 0 ? reason : NULL);
    meta_set_text(o, "quality", meta_text(json_object_get(t, "quality_score"), "score"));
    meta_set_text(o, "format", format && strcasecmp(format, "NAMED") == 0 ? "named" : "positional");
    const json_t *components = json_object_get(t, "components");
    meta_set(o, "components",
             json_is_array(components) ? json_deep_copy(components) : json_array());
    return o;
}

static enum err list(struct ctx *c, const struct channel *ch, json_t **ret_list)
{
    json_t *all = meta_array(c->arena);
    const char *after = NULL;
    for (int page = 0; page < PAGES_MAX; page++) {
        const char *path =
            arena_printf(c->arena,
                         "/%s/message_templates?fields=name,language,status,category,components,"
                         "parameter_format,rejected_reason,quality_score&limit=200%s%s",
                         graph_escape(c->arena, whatsapp_setting(ch, "wabaId")),
                         after ? "&after=" : "", after ? graph_escape(c->arena, after) : "");
        struct graph_answer answer;
        enum err e = whatsapp_call(c, ch, "templates.list", "GET", path, NULL, &answer);
        if (e) return e;
        if (answer.error.class != META_FINE) return refused(c, &answer.error);
        const json_t *data = json_object_get(answer.json, "data");
        for (size_t i = 0; i < json_array_size(data); i++) {
            json_t *row = row_of(c->arena, json_array_get(data, i));
            if (row) json_array_append_new(all, row);
        }
        const json_t *paging = json_object_get(answer.json, "paging");
        after = meta_text(json_object_get(paging, "cursors"), "after");
        if (!after || !json_object_get(paging, "next")) break;
    }
    *ret_list = all;
    return ERR_OK;
}

static bool name_ok(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t len = name ? strlen(name) : 0;
    return len >= 1 && len <= 512 && strspn(name, letters) == len;
}

static enum err create(struct ctx *c, const struct channel *ch, const json_t *t, json_t **ret)
{
    const char *name = json_get_text(t, "name"), *format = json_get_text(t, "format");
    if (!name_ok(name)) {
        fault_field(c, "name", "TEMPLATE_NAME", "Only a-z, 0-9 and _, up to 512");
        return ERR_INVALID;
    }
    json_t *body = meta_object(c->arena);
    meta_set_text(body, "name", name);
    meta_set_text(body, "language", json_get_text(t, "language"));
    meta_set_text(body, "category", json_get_text(t, "category"));
    if (format && strcmp(format, "named") == 0) meta_set_text(body, "parameter_format", "NAMED");
    meta_set(body, "components", json_deep_copy(json_object_get(t, "components")));
    const char *path = arena_printf(c->arena, "/%s/message_templates",
                                    graph_escape(c->arena, whatsapp_setting(ch, "wabaId")));
    struct graph_answer answer;
    enum err e = whatsapp_call(c, ch, "templates.create", "POST", path, body, &answer);
    if (e) return e;
    if (answer.error.class != META_FINE) return refused(c, &answer.error);
    json_t *made = meta_object(c->arena);
    const char *status = meta_text(answer.json, "status");
    meta_set_text(made, "externalId", meta_id(c->arena, answer.json, "id"));
    meta_set_text(made, "status", status ? status : "PENDING");
    meta_set_text(made, "category", meta_text(answer.json, "category"));
    *ret = made;
    return ERR_OK;
}

static enum err template_remove(struct ctx *c, const struct channel *ch, const char *external_id,
                                const char *name)
{
    const char *path = arena_printf(c->arena, "/%s/message_templates?name=%s%s%s",
                                    graph_escape(c->arena, whatsapp_setting(ch, "wabaId")),
                                    graph_escape(c->arena, name), *external_id ? "&hsm_id=" : "",
                                    *external_id ? graph_escape(c->arena, external_id) : "");
    struct graph_answer answer;
    enum err e = whatsapp_call(c, ch, "templates.remove", "DELETE", path, NULL, &answer);
    if (e) return e;
    if (answer.error.class == META_FINE || answer.error.subcode == 2593002) return ERR_OK;
    return refused(c, &answer.error);
}

const struct template_functions whatsapp_templates = {
    .list = list, .create = create, .remove = template_remove};
