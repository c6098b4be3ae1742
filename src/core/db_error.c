/* What PostgreSQL refused, in the words of the API.
 *
 * Constraints carry their public code and field as a comment: `comment on constraint tags_name on
 * tags is 'TAG_DUPLICATE: name'` (unique indexes too); without one the field is the constraint's
 * last column. The first connection reads them all into a sorted table (db_constraints_load), since
 * an error costs no query then, and because PostgreSQL does not name the columns to a role under
 * row-level security. Our own SQL functions raise SQLSTATE IFnnn (sql/functions/platform.sql:
 * fault). What is left is our bug: it is logged here, with the statement's name and without data,
 * because the fault must not show it. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "core/app.h"
#include "core/db_impl.h"
#include "core/log.h"

static const char *field_of(const PGresult *r, int code)
{
    const char *text = PQresultErrorField(r, code);
    return text ? text : "";
}

/* --- constraint comments --------------------------------------------------------------- */

static int compare_constraints(const void *a, const void *b)
{
    return strcmp(((const struct constraint *)a)->name, ((const struct constraint *)b)->name);
}

/* "team_id" → "teamId", in place. */
static void camel(char *name)
{
    char *to = name;
    for (const char *from = name; *from; from++) {
        if (*from == '_' && from[1]) {
            from++;
            *to++ = (char)toupper((unsigned char)*from);
        } else {
            *to++ = *from;
        }
    }
    *to = 0;
}

static char *copy(const char *text, size_t len)
{
    if (len == 0) return NULL;
    char *out = mem_alloc(len + 1);
    return memcpy(out, text, len);
}

/* "CODE" or "CODE: field"; other comments are prose for people. */
static void parse_comment(const char *comment, struct constraint *k)
{
    size_t len = strspn(comment, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    if (len < 3 || (comment[len] != 0 && comment[len] != ':')) return;
    const char *field = comment[len] == ':' ? comment + len + 1 : "";
    field += strspn(field, " ");
    if (strncmp(field, "field ", 6) == 0) field += 6;
    k->code = copy(comment, len);
    k->field = copy(field, strcspn(field, " ;,."));
}

/* r: name, comment or null, last column or null. */
void db_constraints_load(struct db *d, const PGresult *r)
{
    if (d->constraints_loaded) return;
    int n = PQntuples(r);
    d->constraints = mem_array((size_t)n, sizeof *d->constraints);
    for (int i = 0; i < n; i++) {
        struct constraint *k = &d->constraints[i];
        k->name = mem_strdup(PQgetvalue(r, i, 0));
        parse_comment(PQgetvalue(r, i, 1), k);
        if (!k->field && *PQgetvalue(r, i, 2)) {
            k->field = mem_strdup(PQgetvalue(r, i, 2));
            camel(k->field);
        }
    }
    d->constraint_count = n;
    qsort(d->constraints, (size_t)n, sizeof *d->constraints, compare_constraints);
    d->constraints_loaded = true;
}

void db_constraints_free(struct db *d)
{
    for (int i = 0; i < d->constraint_count; i++) {
        mem_free(d->constraints[i].name);
        mem_free(d->constraints[i].code);
        mem_free(d->constraints[i].field);
    }
    mem_free(d->constraints);
}

static const struct constraint *constraint_find(const struct db *d, const PGresult *r)
{
    static const struct constraint none = {0};
    struct constraint key = {.name = (char *)field_of(r, PG_DIAG_CONSTRAINT_NAME)};
    if (d->constraint_count == 0) return &none;
    const struct constraint *k =
        bsearch(&key, d->constraints, (size_t)d->constraint_count, sizeof key, compare_constraints);
    return k ? k : &none;
}

/* --- words ----------------------------------------------------------------------------- */

/* The column of a not-null violation as a field; NULL when there is none. */
static const char *column_field(struct ctx *c, const PGresult *r)
{
    const char *column = field_of(r, PG_DIAG_COLUMN_NAME);
    char *field = *column ? arena_strdup(c->arena, column) : NULL;
    if (field) camel(field);
    return field;
}

static enum err refuse(struct ctx *c, enum err e, const char *code, const char *field,
                       const char *message)
{
    e = fault(c, e, code, "%s", message);
    if (field && *field) (void)fault_field(c, field, code, "%s", message);
    return e;
}

/* A value that breaks a rule of the database: with a code of its own, or as one more bad field. */
static enum err refuse_value(struct ctx *c, const char *own_code, const char *code,
                             const char *field, const char *message)
{
    if (own_code || !field)
        return refuse(c, ERR_INVALID, own_code ? own_code : code, field, message);
    return fault_field(c, field, code, "%s", message);
}

/* --- classes --------------------------------------------------------------------------- */

/* Raised by our own functions: IF409 and the like. */
static enum err raised(struct ctx *c, const char *state, const PGresult *r)
{
    long status = strtol(state + 2, NULL, 10);
    enum err e = ERR_INTERNAL;
    for (int i = 1; i < ERR_COUNT; i++) {
        if (err_row((enum err)i)->status == status) {
            e = (enum err)i;
            break;
        }
    }
    const char *detail = field_of(r, PG_DIAG_MESSAGE_DETAIL);
    if (*detail && !c->fault.err) {
        json_t *data = NULL;
        const char *why = NULL;
        if (json_parse(c->arena, detail, strlen(detail), &data, &why) == ERR_OK &&
            json_is_object(data)) {
            const char *key;
            json_t *value;
            json_object_foreach(data, key, value)
            {
                fault_data(c, key, json_incref(value));
            }
        }
    }
    return refuse(c, e, field_of(r, PG_DIAG_MESSAGE_PRIMARY), field_of(r, PG_DIAG_MESSAGE_HINT),
                  err_row(e)->text);
}

/* Class 23: a constraint. */
static enum err constraint_error(struct ctx *c, const struct sql *q, const char *state,
                                 const PGresult *r)
{
    const struct constraint *k = constraint_find(c->app->db, r);
    if (strcmp(state, "23505") == 0 || strcmp(state, "23P01") == 0) {
        return refuse(c, ERR_CONFLICT, k->code ? k->code : "DUPLICATE", k->field,
                      "This exists already");
    }
    if (strcmp(state, "23503") == 0) {
        bool removing = strstr(field_of(r, PG_DIAG_MESSAGE_DETAIL), "still referenced") ||
                        (q && strncasecmp(q->text, "delete", 6) == 0);
        if (removing)
            return refuse(c, ERR_CONFLICT, k->code ? k->code : "IN_USE", NULL,
                          "This is still in use");
        return refuse_value(c, k->code, "UNKNOWN_REFERENCE", k->field, "This does not exist");
    }
    if (strcmp(state, "23502") == 0) {
        return refuse_value(c, NULL, "REQUIRED", column_field(c, r), "A value is required");
    }
    return refuse_value(c, k->code, "INVALID", k->field ? k->field : column_field(c, r),
                        "This value is not allowed");
}

static enum err bug(struct ctx *c, const struct sql *q, const char *state, const PGresult *r)
{
    log_event(LOG_ERROR, c->trace, "statement failed",
              LOG_FIELDS(LOG_TEXT("statement", q ? q->name : "transaction"),
                         LOG_TEXT("sqlstate", state),
                         LOG_TEXT("error", field_of(r, PG_DIAG_MESSAGE_PRIMARY)),
                         LOG_TEXT("position", field_of(r, PG_DIAG_STATEMENT_POSITION)),
                         LOG_TEXT("context", field_of(r, PG_DIAG_CONTEXT))));
    return fault(c, ERR_INTERNAL, NULL, "%s", err_row(ERR_INTERNAL)->text);
}

enum err db_error(struct ctx *c, const struct sql *q, const PGresult *r)
{
    const char *state = field_of(r, PG_DIAG_SQLSTATE);
    if (strncmp(state, "IF", 2) == 0) return raised(c, state, r);
    if (strncmp(state, "23", 2) == 0) return constraint_error(c, q, state, r);
    if (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0) {
        return fault(c, ERR_CONFLICT, "RETRY",
                     "Somebody else changed this at the same moment; try again");
    }
    if (strcmp(state, "55P03") == 0) {
        return fault(c, ERR_CONFLICT, "LOCKED", "Somebody else is changing this; try again");
    }
    if (strcmp(state, "57014") == 0) {
        return fault(c, ERR_DEADLINE, NULL, "The database took too long");
    }
    /* Class 22: a value that its type does not take. A check of ours was missing, but it is the
     * caller's to change. */
    if (strncmp(state, "22", 2) == 0) {
        log_event(LOG_WARN, c->trace, "value refused by the database",
                  LOG_FIELDS(LOG_TEXT("statement", q ? q->name : ""), LOG_TEXT("sqlstate", state)));
        return refuse_value(c, NULL, "INVALID", column_field(c, r), "A value is not valid");
    }
    /* 08 connection, 53 resources, 57P restart, 25P03 idle for too long, 25006 read only (a
     * standby). */
    if (strncmp(state, "08", 2) == 0 || strncmp(state, "53", 2) == 0 ||
        strncmp(state, "57P", 3) == 0 || strcmp(state, "25P03") == 0 ||
        strcmp(state, "25006") == 0 || *state == 0) {
        return fault(c, ERR_UNAVAILABLE, NULL, "The database is not available");
    }
    return bug(c, q, state, r);
}
