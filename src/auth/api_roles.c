/* Roles: named sets of permissions. The four built-in kinds are always there; the owner's cannot be
 * changed. Nobody makes or changes a role that allows more than they may themselves. */
#include <string.h>

#include "auth/auth.h"
#include "auth/identity.h"
#include "auth/permissions.h"
#include "auth/rights.h"
#include "base/buf.h"
#include "sql.h"

/* The input's permissions as a set and as PostgreSQL's text; *ret_array NULL when absent. */
static enum err read_permissions(struct ctx *c, permission_set *ret_set, const char **ret_array)
{
    const char *unknown = NULL;
    *ret_set = 0;
    *ret_array = NULL;
    if (!in_json(c, "permissions")) return ERR_OK;
    if (!permissions_from_json(in_json(c, "permissions"), ret_set, &unknown))
        return fault_field(c, "permissions", "PERMISSION_UNKNOWN", "There is no permission %.60s",
                           unknown);
    *ret_array = permissions_to_array(c->arena, *ret_set);
    return ERR_OK;
}

static enum err role_create(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    permission_set set = 0;
    const char *array = NULL;
    struct rows *rows = NULL;
    enum err e = read_permissions(c, &set, &array);
    if (e) return e;
    e = db_begin(c, &tx);
    if (e) return e;
    e = rights_need(c, false, set);
    if (e) return e;
    e = db_one(c, &SQL_ROLE_CREATE, PARAMS(P_TEXT("permission_names", array)), &rows);
    if (e) return e;
    e = audit(c, "role.create", "role", rows_uuid(rows, 0, "id"), in_text(c, "name"), NULL);
    if (e) return e;
    e = settings_changed(c, "roles");
    if (e) return e;
    e = db_commit(c, &tx);
    if (e) return e;
    reply_json(c, p, 201, rows_text(rows, 0, "json"));
    return ERR_OK;
}

struct role {
    const char *kind;
    const char *name;
    permission_set permissions;
};

/* A role that the actor may change, locked. */
static enum err role_load(struct ctx *c, struct role *ret)
{
    struct rows *rows = NULL;
    enum err e = db_query(c, &SQL_ROLE_GET, NULL, &rows);
    if (e) return e;
    if (rows_count(rows) == 0)
        return fault(c, ERR_NOT_FOUND, "ROLE_NOT_FOUND", "There is no such role");
    *ret = (struct role){
        .kind = rows_text(rows, 0, "kind"),
        .name = rows_text(rows, 0, "name"),
        .permissions = permissions_from_array(rows_text(rows, 0, "permissions")),
    };
    if (strcmp(ret->kind, "owner") == 0)
        return fault(c, ERR_FORBIDDEN, "ROLE_FIXED", "The owner's role cannot be changed");
    return rights_need(c, false, ret->permissions);
}

static enum err role_log(struct ctx *c, const struct role *role, permission_set set, bool changed)
{
    CLEANUP(json_decrefp) json_t *changes = json_object();
    const char *name = in_text(c, "name");
    if (name && strcmp(name, role->name) != 0)
        json_object_set_new(changes, "name",
                            json_pack("{s:s, s:s}", "from", role->name, "to", name));
    if (changed)
        json_object_set_new(changes, "permissions",
                            json_pack("{s:s, s:s}", "from",
                                      permissions_to_array(c->arena, role->permissions), "to",
                                      permissions_to_array(c->arena, set)));
    return audit(c, "role.update", "role", in_uuid(c, "roleId"), role->name, changes);
}

static enum err role_update(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    struct role role;
    permission_set set = 0;
    const char *array = NULL;
    struct rows *rows = NULL;
    enum err e = read_permissions(c, &set, &array);
    if (e) return e;
    e = db_begin(c, &tx);
    if (e) return e;
    e = role_load(c, &role);
    if (e) return e;
    if (array) e = rights_need(c, false, set);
    if (e) return e;
    e = db_one(c, &SQL_ROLE_UPDATE, PARAMS(P_TEXT("permission_names", array)), &rows);
    if (e) return e;
    e = role_log(c, &role, set, array && set != role.permissions);
    if (e) return e;
    e = db_exec(c, &SQL_AUTH_ROLE_CHANGED, NULL);
    if (e) return e;
    e = settings_changed(c, "roles");
    if (e) return e;
    e = db_commit(c, &tx);
    if (e) return e;
    auth_forget(c, (struct uuid){0});
    reply_json(c, p, 200, rows_text(rows, 0, "json"));
    return ERR_OK;
}

static enum err role_free(struct ctx *c)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_ROLE_USES, NULL, &rows);
    if (e) return e;
    static const char *const uses[] = {"members", "invitations", "keys"};
    int64_t all = 0;
    for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
        int64_t n = rows_int(rows, 0, uses[i], 0);
        fault_data(c, uses[i], json_integer(n));
        all += n;
    }
    return all == 0 ? ERR_OK
                    : fault(c, ERR_CONFLICT, "ROLE_IN_USE",
                            "Somebody has this role: give them another one first");
}

static enum err role_delete(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    struct role role;
    enum err e = db_begin(c, &tx);
    if (e) return e;
    e = role_load(c, &role);
    if (e) return e;
    if (strcmp(role.kind, "custom") != 0)
        return fault(c, ERR_FORBIDDEN, "ROLE_FIXED", "Built-in roles cannot be removed");
    e = role_free(c);
    if (e) return e;
    e = db_one(c, &SQL_ROLE_DELETE, NULL, NULL);
    if (e) return e;
    e = audit(c, "role.delete", "role", in_uuid(c, "roleId"), role.name, NULL);
    if (e) return e;
    e = settings_changed(c, "roles");
    if (e) return e;
    e = db_commit(c, &tx);
    if (e) return e;
    reply_empty(p, 204);
    return ERR_OK;
}

static void add_words(struct buf *b, const char *key, const char *pt, const char *es,
                      const char *en)
{
    buf_addf(b, ",\"%s\":{\"pt\":", key);
    buf_add_json(b, pt);
    buf_adds(b, ",\"es\":");
    buf_add_json(b, es);
    buf_adds(b, ",\"en\":");
    buf_add_json(b, en);
    buf_addc(b, '}');
}

static enum err permissions(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(buf_free) struct buf b = BUF_INIT(64 * KIB);
    buf_adds(&b, "{\"items\":[");
    for (int i = PERMISSION_NONE + 1; i < PERMISSION_COUNT; i++) {
        const struct permission_row *row = &permission_rows[i];
        buf_adds(&b, i > PERMISSION_NONE + 1 ? ",{\"name\":" : "{\"name\":");
        buf_add_json(&b, row->name);
        add_words(&b, "label", row->pt.label, row->es.label, row->en.label);
        add_words(&b, "help", row->pt.help, row->es.help, row->en.help);
        buf_addc(&b, '}');
    }
    buf_adds(&b, "],\"next\":null}");
    reply_json(c, p, 200, arena_strdup(c->arena, buf_str(&b)));
    return ERR_OK;
}

/* --- rows ------------------------------------------------------------------------------ */

static const struct field create_fields[] = {
    {.name = "name", .type = F_TEXT, .required = true, .max = 60},
    {.name = "permissions",
     .type = F_ARRAY,
     .of = F_TEXT,
     .item_max = 60,
     .otherwise = "[]",
     .help = "Names from GET permissions."},
    {0},
};
static const struct field update_fields[] = {
    {.name = "name", .type = F_TEXT, .min = 1, .max = 60},
    {.name = "permissions", .type = F_ARRAY, .of = F_TEXT, .item_max = 60},
    {0},
};
static const struct field role_shape[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "kind",
     .type = F_ENUM,
     .values = "owner|admin|manager|agent|custom",
     .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "permissions", .type = F_ARRAY, .of = F_TEXT, .required = true},
    {.name = "userCount", .type = F_INT, .required = true},
    {0},
};
static const struct schema role_schema = {
    .name = "Role", .help = "A named set of permissions.", .fields = role_shape};
static const struct field words_shape[] = {
    {.name = "pt", .type = F_TEXT, .required = true},
    {.name = "es", .type = F_TEXT, .required = true},
    {.name = "en", .type = F_TEXT, .required = true},
    {0},
};
static const struct field permission_shape[] = {
    {.name = "name", .type = F_TEXT, .required = true, .example = "\"chats.reply\""},
    {.name = "label", .type = F_OBJECT, .fields = words_shape, .required = true},
    {.name = "help", .type = F_OBJECT, .fields = words_shape, .required = true},
    {0},
};
static const struct schema permission_schema = {
    .name = "Permission", .help = "Something that a role may allow.", .fields = permission_shape};

const struct route auth_role_routes[] = {
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/roles",
     .id = "roles.list",
     .group = "Roles",
     .summary = "All roles, the built-in ones first.",
     .answer = &role_schema,
     .shape = ANSWER_LIST,
     .sql = &SQL_ROLE_LIST},
    {.method = HTTP_POST,
     .path = "/api/{organizationId}/roles",
     .id = "roles.create",
     .group = "Roles",
     .creates = true,
     .permission = PERMISSION_ROLES_MANAGE,
     .no_keys = true,
     .summary = "Make a role.",
     .fields = create_fields,
     .answer = &role_schema,
     .errors = "400 PERMISSION_UNKNOWN|403 RIGHTS_EXCEEDED|409 ROLE_DUPLICATE|409 LIMIT_REACHED",
     .handler = role_create},
    {.method = HTTP_PATCH,
     .path = "/api/{organizationId}/roles/{roleId}",
     .id = "roles.update",
     .group = "Roles",
     .permission = PERMISSION_ROLES_MANAGE,
     .no_keys = true,
     .summary = "Change a role's name or permissions.",
     .fields = update_fields,
     .answer = &role_schema,
     .errors = "400 PERMISSION_UNKNOWN|403 RIGHTS_EXCEEDED|403 ROLE_FIXED|404 ROLE_NOT_FOUND|409 "
               "ROLE_DUPLICATE",
     .handler = role_update},
    {.method = HTTP_DELETE,
     .path = "/api/{organizationId}/roles/{roleId}",
     .id = "roles.delete",
     .group = "Roles",
     .permission = PERMISSION_ROLES_MANAGE,
     .no_keys = true,
     .summary = "Remove a custom role that nobody has.",
     .shape = ANSWER_EMPTY,
     .errors = "403 RIGHTS_EXCEEDED|403 ROLE_FIXED|404 ROLE_NOT_FOUND|409 ROLE_IN_USE",
     .handler = role_delete},
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/permissions",
     .id = "permissions.list",
     .group = "Roles",
     .summary = "Everything that a role may allow, with words for people.",
     .answer = &permission_schema,
     .shape = ANSWER_LIST,
     .handler = permissions},
    {0},
};
