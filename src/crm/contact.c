/* Contacts: from an identity as somebody wrote it to the form that is shown and the keys that it is
 * found by.
 *
 * A telephone number has a key for each notation that means the same line (phone.c), and one family
 * of keys for calls and for WhatsApp: who was entered by hand with a number is found when that
 * number writes. Everything else has one key of its own kind. The keys are what blocks doubles
 * (table contact_keys), so two identities share a key exactly when they are the same person's. The
 * identifier as received is never changed: it is what we answer to. */
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "core/db.h"
#include "core/field_text.h"
#include "crm/crm.h"
#include "sql.h"

#define IDENTIFIER_MAX 320 /* bytes; the longest e-mail address */

static const struct {
    const char *type, *kind;
} types[] = {
    {"phone", "phone"},         {"whatsapp", "whatsapp"},   {"email", "email"},
    {"instagram", "instagram"}, {"messenger", "messenger"}, {"facebook", "messenger"},
    {"telegram", "telegram"},   {"webchat", "webchat"},     {"other", "other"},
};

const char *contact_kind_of(const char *type)
{
    for (size_t i = 0; type && i < ARRAY_LEN(types); i++)
        if (strcmp(types[i].type, type) == 0) return types[i].kind;
    return NULL;
}

/* A copy without white space at both ends; NULL when nothing is left or it is too long. */
static char *trimmed(struct arena *a, const char *s)
{
    struct buf b = BUF_INIT(IDENTIFIER_MAX + 1);
    field_text_clean(s, strlen(s), true, &b);
    char *out = buf_failed(&b) || b.len == 0 || b.len > IDENTIFIER_MAX
                    ? NULL
                    : arena_strndup(a, b.data, b.len);
    buf_free(&b);
    return out;
}

static enum err set_single(struct arena *a, const char *kind, const char *text,
                           struct contact_form *f)
{
    f->canonical = text;
    f->keys[0] = arena_printf(a, "%s:%s", kind, text);
    f->key_count = 1;
    return f->keys[0] ? ERR_OK : ERR_NO_MEMORY;
}

static enum err read_phone(struct arena *a, const char *text, const char *country,
                           struct contact_form *f)
{
    struct phone p;
    enum err e = phone_parse(a, text, country, &p);
    if (e) return e;
    f->canonical = p.e164;
    for (f->key_count = 0; f->key_count < p.candidate_count; f->key_count++) {
        f->keys[f->key_count] = arena_printf(a, "phone:%s", p.candidates[f->key_count]);
        if (!f->keys[f->key_count]) return ERR_NO_MEMORY;
    }
    return ERR_OK;
}

/* Handles are written with and without "@", in any case. Ids of platforms pass unchanged: they are
 * digits. */
static enum err read_handle(struct arena *a, const char *kind, char *text, struct contact_form *f)
{
    if (*text == '@') text++;
    if (!*text || strpbrk(text, " \t\n")) return ERR_INVALID;
    field_lower(text, strlen(text));
    return set_single(a, kind, text, f);
}

enum err contact_read(struct arena *a, const char *kind, const char *identifier,
                      const char *country, struct contact_form *ret_form, const char **ret_code)
{
    struct contact_form f = {0};
    enum err e = ERR_INVALID;
    const char *code = "INVALID_CONTACT";
    bool masked = strstr(identifier, "•") != NULL; /* what mask_contact() showed, sent back */
    char *text =
        !masked && text_valid(identifier, strlen(identifier)) ? trimmed(a, identifier) : NULL;
    if (!text) {
        e = ERR_INVALID;
    } else if (strcmp(kind, "email") == 0) {
        code = "INVALID_EMAIL";
        field_lower(text, strlen(text));
        if (field_email(text)) e = set_single(a, kind, text, &f);
    } else if (strcmp(kind, "phone") == 0) {
        code = "INVALID_PHONE";
        e = read_phone(a, text, country, &f);
    } else if (strcmp(kind, "whatsapp") == 0) {
        /* A number, or the id of a person who shows none (business-scoped user ids). */
        code = "INVALID_PHONE";
        e = read_phone(a, text, country, &f);
        if (e == ERR_INVALID &&
            strpbrk(text, ".:_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") &&
            !strpbrk(text, " \t\n@"))
            e = set_single(a, kind, text, &f);
    } else if (strcmp(kind, "webchat") == 0 || strcmp(kind, "other") == 0) {
        e = set_single(a, kind, text, &f);
    } else {
        e = read_handle(a, kind, text, &f);
    }
    if (e == ERR_INVALID && ret_code) *ret_code = code;
    if (e) return e;
    *ret_form = f;
    return ERR_OK;
}

enum err contact_normalise(struct ctx *c, const char *kind, const char *identifier,
                           struct contact_form *ret_form)
{
    const char *country = NULL;
    const char *code = NULL;
    if (strcmp(kind, "phone") == 0 && *identifier != '+') {
        struct rows *rows = NULL;
        enum err e = db_one(c, &SQL_CRM_COUNTRY, NULL, &rows);
        if (e) return e;
        country = rows_text(rows, 0, "country");
    }
    enum err e = contact_read(c->arena, kind, identifier, country, ret_form, &code);
    if (e == ERR_INVALID) return fault(c, e, code, "This is not a valid %s contact", kind);
    return e;
}
