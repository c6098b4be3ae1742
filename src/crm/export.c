/* Exports: the customers of a filter as CSV or JSON, and everything that is kept of one person.
 *
 * A list is read in stretches by id, each with a context of its own so that memory stays small,
 * into a file without a name in the data folder, which is then sent. Who may not see contacts
 * exports them masked (SQL masks them), a restricted agent only exports what they see; that data
 * left the house is in the audit log. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "auth/permissions.h"
#include "base/buf.h"
#include "base/json.h"
#include "core/app.h"
#include "crm/crm.h"
#include "crm/csv.h"
#include "crm/schemas.h"
#include "crm/values.h"
#include "sql.h"

#define STRETCH            500 /* customers of one query */
#define STRETCH_ARENA      (64 * MIB)
#define EXPORT_DEADLINE_MS 120000

/* Ids to names, for people. */
struct names {
    const json_t *tags, *stages, *users, *fields;
    const char *currency;
};

struct export
{
    struct ctx *c;
    bool csv;
    struct names names;
    struct buf out;
    int fd;
    int64_t count;
};

/* --- cells ----------------------------------------------------------------------------- */

static void cell(struct export *x, const char *text)
{
    if (x->out.len > 0 && x->out.data[x->out.len - 1] != '\n') buf_addc(&x->out, ',');
    csv_cell(&x->out, text);
}

/* Texts of a list, by a table of names, joined by "; ". */
static const char *joined(struct arena *a, const json_t *list, const json_t *by_id)
{
    struct buf b = BUF_INIT(64 * KIB);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *id = json_string_value(json_array_get(list, i));
        const char *name = id ? json_get_text(by_id, id) : NULL;
        if (!name) continue;
        if (b.len > 0) buf_adds(&b, "; ");
        buf_adds(&b, name);
    }
    const char *text = arena_strdup(a, buf_str(&b));
    buf_free(&b);
    return text;
}

/* Contacts of some kinds ("|phone|whatsapp|"). */
static const char *contacts_of(struct arena *a, const json_t *contacts, const char *kinds)
{
    struct buf b = BUF_INIT(64 * KIB);
    for (size_t i = 0; i < json_array_size(contacts); i++) {
        const json_t *k = json_array_get(contacts, i);
        const char *kind = arena_printf(a, "|%s|", json_get_text(k, "kind"));
        if (!kind || !strstr(kinds, kind)) continue;
        const char *text = json_get_text(k, "canonical");
        if (b.len > 0) buf_adds(&b, "; ");
        buf_adds(&b, text ? text : "");
    }
    const char *text = arena_strdup(a, buf_str(&b));
    buf_free(&b);
    return text;
}

static const char *minor_text(struct arena *a, int64_t minor, const char *currency)
{
    int decimals = currency_decimals(currency);
    int64_t unit = decimals == 0 ? 1 : decimals == 2 ? 100 : 1000;
    const char *sign = minor < 0 ? "-" : "";
    int64_t n = minor < 0 ? -minor : minor;
    if (decimals == 0) return arena_printf(a, "%s%lld", sign, (long long)n);
    return arena_printf(a, "%s%lld.%0*lld", sign, (long long)(n / unit), decimals,
                        (long long)(n % unit));
}

/* The options of a field as {id: label}. */
static json_t *labels_of(struct ctx *c, const json_t *field)
{
    json_t *labels = arena_json(c, json_object());
    const json_t *options = json_object_get(field, "options");
    for (size_t i = 0; i < json_array_size(options); i++) {
        const json_t *o = json_array_get(options, i);
        json_object_set(labels, json_get_text(o, "id"), json_object_get(o, "label"));
    }
    return labels;
}

static const char *value_text(struct ctx *c, const json_t *field, const json_t *value)
{
    const json_t *minor = json_object_get(value, "amountMinor");
    if (json_is_object(value) && json_is_integer(minor))
        return arena_printf(c->arena, "%s %s",
                            minor_text(c->arena, (int64_t)json_integer_value(minor),
                                       json_get_text(value, "currency")),
                            json_get_text(value, "currency"));
    if (json_is_array(value)) return joined(c->arena, value, labels_of(c, field));
    if (json_is_boolean(value)) return json_is_true(value) ? "true" : "false";
    if (json_is_number(value)) return decimal_text(c->arena, value);
    const char *text = json_string_value(value);
    if (text && strcmp(json_get_text(field, "kind"), "select") == 0) {
        const char *label = json_get_text(labels_of(c, field), text);
        return label ? label : text;
    }
    return text;
}

/* --- rows ------------------------------------------------------------------------------ */

static void csv_head(struct export *x)
{
    static const struct {
        const char *pt, *es, *en;
    } columns[] = {
        {"Id", "Id", "Id"},
        {"Nome", "Nombre", "Name"},
        {"Tipo", "Tipo", "Kind"},
        {"Documento", "Documento", "Document"},
        {"Nascimento", "Nacimiento", "Birth date"},
        {"Telefones", "Teléfonos", "Phones"},
        {"E-mails", "Correos", "E-mails"},
        {"Outros contatos", "Otros contactos", "Other contacts"},
        {"Etiquetas", "Etiquetas", "Tags"},
        {"Etapa", "Etapa", "Stage"},
        {"Responsável", "Responsable", "Owner"},
        {"Valor", "Valor", "Value"},
        {"Origem", "Origen", "Source"},
        {"País", "País", "Country"},
        {"Criado em", "Creado el", "Created at"},
        {"Última mensagem", "Último mensaje", "Last message"},
    };
    const char *lang = x->c->actor.language ? x->c->actor.language : "en";
    buf_adds(&x->out, "\xef\xbb\xbf"); /* spreadsheets take it for UTF-8 */
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        if (i > 0) buf_addc(&x->out, ',');
        csv_cell(&x->out, strcmp(lang, "pt") == 0   ? columns[i].pt
                          : strcmp(lang, "es") == 0 ? columns[i].es
                                                    : columns[i].en);
    }
    for (size_t i = 0; i < json_array_size(x->names.fields); i++)
        cell(x, json_get_text(json_array_get(x->names.fields, i), "name"));
    buf_adds(&x->out, "\r\n");
}

static void csv_row(struct export *x, struct ctx *c, const json_t *item)
{
    struct arena *a = c->arena;
    const json_t *contacts = json_object_get(item, "contacts");
    const json_t *value = json_object_get(item, "valueMinor");
    const char *stage = json_get_text(item, "stageId");
    const char *owner = json_get_text(item, "ownerId");
    const char *const texts[] = {
        json_get_text(item, "name"),
        json_get_text(item, "kind"),
        json_get_text(item, "document"),
        json_get_text(item, "birthDate"),
        contacts_of(a, contacts, "|phone|whatsapp|"),
        contacts_of(a, contacts, "|email|"),
        contacts_of(a, contacts, "|instagram|messenger|telegram|other|"),
        joined(a, json_object_get(item, "tags"), x->names.tags),
        stage ? json_get_text(x->names.stages, stage) : NULL,
        owner ? json_get_text(x->names.users, owner) : NULL,
        json_is_integer(value)
            ? minor_text(a, (int64_t)json_integer_value(value), x->names.currency)
            : NULL,
        json_get_text(item, "source"),
        json_get_text(item, "country"),
        json_get_text(item, "createdAt"),
        json_get_text(item, "lastMessageAt"),
    };
    csv_cell(&x->out, json_get_text(item, "id"));
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        cell(x, texts[i]);
    const json_t *fields = json_object_get(item, "fields");
    for (size_t i = 0; i < json_array_size(x->names.fields); i++) {
        const json_t *f = json_array_get(x->names.fields, i);
        cell(x, value_text(c, f, json_object_get(fields, json_get_text(f, "slug"))));
    }
    buf_adds(&x->out, "\r\n");
}

static enum err write_out(struct export *x)
{
    if (buf_failed(&x->out)) return ERR_TOO_LARGE;
    for (size_t done = 0; done < x->out.len;) {
        ssize_t n = write(x->fd, x->out.data + done, x->out.len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return fault(x->c, ERR_IO, NULL, "could not write the export: errno %d", errno);
        done += (size_t)n;
    }
    buf_clear(&x->out);
    return ERR_OK;
}

/* --- stretches ------------------------------------------------------------------------- */

static enum err put_rows(struct export *x, struct ctx *c, const struct rows *rows)
{
    for (int i = 0; i < rows_count(rows); i++) {
        const char *text = rows_text(rows, i, "item");
        if (x->csv) {
            json_t *item = NULL;
            enum err e = json_parse(c->arena, text, strlen(text), &item, NULL);
            if (e) return e;
            csv_row(x, c, item);
        } else {
            buf_adds(&x->out, x->count > 0 ? ",\n" : "\n");
            buf_adds(&x->out, text);
        }
        x->count++;
    }
    return write_out(x);
}

/* One query and its rows, in memory of its own. *ret_after moves on; *ret_more is false after the
 * last stretch. */
static enum err stretch(struct export *x, const char *keys, struct uuid *ret_after, bool *ret_more)
{
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(x->c->app, STRETCH_ARENA, x->c->deadline_ms);
    struct rows *rows = NULL;
    c->org = x->c->org;
    c->actor = x->c->actor;
    enum err e = db_query(c, &SQL_CUSTOMER_EXPORT_ROWS,
                          PARAMS(P_JSON("in", x->c->in), P_TEXT("keys", keys),
                                 P_UUID("after", *ret_after), P_INT("limit", STRETCH)),
                          &rows);
    if (e) return fault(x->c, e, NULL, "%s", err_row(e)->text);
    int n = rows_count(rows);
    *ret_more = n == STRETCH;
    if (n > 0) *ret_after = rows_uuid(rows, n - 1, "id");
    return put_rows(x, c, rows);
}

static const json_t *column(struct ctx *c, const struct rows *rows, const char *name)
{
    json_t *j = NULL;
    const char *text = rows_text(rows, 0, name);
    return text && json_parse(c->arena, text, strlen(text), &j, NULL) == ERR_OK ? j : NULL;
}

static enum err load_names(struct ctx *c, struct names *ret)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_CUSTOMER_EXPORT_NAMES, NULL, &rows);
    if (e) return e;
    *ret = (struct names){.tags = column(c, rows, "tags"),
                          .stages = column(c, rows, "stages"),
                          .users = column(c, rows, "users"),
                          .fields = column(c, rows, "fields"),
                          .currency = rows_text(rows, 0, "currency")};
    return ERR_OK;
}

static enum err write_all(struct export *x, const char *keys)
{
    struct uuid after = {0};
    bool more = true;
    if (x->csv)
        csv_head(x);
    else
        buf_adds(&x->out, "{\"items\":[");
    while (more) {
        enum err e = stretch(x, keys, &after, &more);
        if (e) return e;
    }
    if (!x->csv) buf_adds(&x->out, "\n]}\n");
    return write_out(x);
}

/* --- handlers -------------------------------------------------------------------------- */

static enum err export_list(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *keys = NULL;
    const char *format = in_text(c, "format");
    struct export x = {
        .c = c, .csv = strcmp(format, "csv") == 0, .out = BUF_INIT(STRETCH_ARENA), .fd = -1};
    enum err e = crm_search_keys(c, in_text(c, "search"), &keys);
    if (!e) e = load_names(c, &x.names);
    if (!e)
        e = db_exec(c, &SQL_CUSTOMER_EXPORT_AUDIT, PARAMS(P_TEXT("action", "customers.exported")));
    if (e) return e;
    const char *folder =
        arena_printf(c->arena, "%s/tmp", c->app->config->data_dir); /* as uploads (worker.c) */
    x.fd = folder ? open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;
    if (x.fd < 0)
        return fault(c, ERR_IO, NULL, "no temporary file in the data folder: errno %d", errno);
    e = write_all(&x, keys);
    buf_free(&x.out);
    off_t size = e ? 0 : lseek(x.fd, 0, SEEK_CUR);
    if (!e && (size < 0 || lseek(x.fd, 0, SEEK_SET) < 0))
        e = fault(c, ERR_IO, NULL, "the export cannot be read back");
    if (e) {
        close(x.fd);
        return e;
    }
    p->kind = REPLY_FILE;
    p->status = 200;
    p->fd = x.fd;
    p->size_bytes = size;
    p->content_type = x.csv ? "text/csv; charset=utf-8" : "application/json; charset=utf-8";
    reply_header(c, p, "Content-Disposition",
                 x.csv ? "attachment; filename=\"customers.csv\""
                       : "attachment; filename=\"customers.json\"");
    reply_header(c, p, "Cache-Control", "no-store");
    return ERR_OK;
}

static enum err export_one(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *json = NULL;
    enum err e = db_json(c, &SQL_CUSTOMER_EXPORT, NULL, &json);
    if (!e)
        e = db_exec(c, &SQL_CUSTOMER_EXPORT_AUDIT,
                    PARAMS(P_TEXT("action", "customer.exported"),
                           P_UUID("customer", in_uuid(c, "customerId"))));
    if (e) return e;
    reply_json(c, p, 200, json);
    reply_header(c, p, "Content-Disposition", "attachment; filename=\"customer.json\"");
    reply_header(c, p, "Cache-Control", "no-store");
    return ERR_OK;
}

static const struct field export_fields[] = {
    {.name = "format",
     .type = F_ENUM,
     .in = IN_QUERY,
     .values = "csv|json",
     .otherwise = "\"csv\""},
    CUSTOMER_FILTERS,
    {0},
};

const struct route crm_export_routes[] = {
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/customers/export",
     .id = "customers.export",
     .summary =
         "The customers of a filter as a file; contacts are masked for those who may not see them",
     .group = "Customers",
     .permission = PERMISSION_CUSTOMERS_EXPORT,
     .deadline_ms = EXPORT_DEADLINE_MS,
     .fields = export_fields,
     .shape = ANSWER_OTHER,
     .handler = export_list},
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/customers/{customerId}/export",
     .id = "customers.exportOne",
     .summary = "Everything that is kept of one person (LGPD, GDPR)",
     .group = "Customers",
     .permission = PERMISSION_CUSTOMERS_EXPORT,
     .deadline_ms = EXPORT_DEADLINE_MS,
     .shape = ANSWER_OTHER,
     .errors = "404 CUSTOMER_NOT_FOUND",
     .handler = export_one},
    {0},
};
