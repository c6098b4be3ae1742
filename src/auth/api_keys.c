/* API keys: made with a role or a list of permissions (never more than the maker has), shown once,
 * revoked at once. What happens with a key that comes in is in auth.c. */
#include <string.h>

#include "auth/identity.h"
#include "auth/permissions.h"
#include "auth/rights.h"
#include "core/address.h"
#include "sql.h"

#define PREFIX_SHOWN 10 /* characters of a key that its list shows */

/* An address or a network: "203.0.113.7", "2001:db8::/32". */
static bool network_valid(const char *text)
{
    char address[ADDRESS_TEXT_SIZE];
    struct address a;
    size_t len = strcspn(text, "/");
    if (len >= sizeof address) return false;
    memcpy(address, text, len);
    address[len] = '\0';
    if (strpbrk(address, "[]") || !address_parse(address, &a)) return false;
    if (text[len] == '\0') return true;
    const char *bits = text + len + 1;
    size_t digits = strlen(bits);
    if (digits < 1 || digits > 3 || strspn(bits, "0123456789") != digits) return false;
    int n = 0;
    for (size_t i = 0; i < digits; i++)
        n = n * 10 + bits[i] - '0';
    return n <= (strchr(address, ':') ? 128 : 32);
}

static enum err check_networks(struct ctx *c)
{
    const json_t *list = in_json(c, "allowedAddresses");
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!network_valid(json_string_value(json_array_get(list, i))))
            return fault_field(
                c, arena_printf(c->arena, "allowedAddresses[%zu]", i), "INVALID_ADDRESS",
                "Must be an address or a network, like 203.0.113.7 or 203.0.113.0/24");
    return ERR_OK;
}

/* Exactly one of role and permissions, and no more than the actor has. In the transaction. */
static enum err check_rights(struct ctx *c, const char **ret_array)
{
    const json_t *names = in_json(c, "permissions");
    struct uuid role = in_uuid(c, "roleId");
    const char *unknown = NULL;
    permission_set set = 0;
    *ret_array = NULL;
    if ((names != NULL) == !uuid_is_nil(role))
        return fault_field(c, "permissions", "REQUIRED", "Either permissions or roleId");
    if (!names) return rights_need_role(c, role, "roleId");
    if (!permissions_from_json(names, &set, &unknown))
        return fault_field(c, "permissions", "PERMISSION_UNKNOWN", "There is no permission %.60s",
                           unknown);
    *ret_array = permissions_to_array(c->arena, set);
    return rights_need(c, false, set);
}

static enum err key_create(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    struct rows *rows = NULL;
    const char *array = NULL;
    enum err e = check_networks(c);
    if (e) return e;
    e = db_begin(c, &tx);
    if (e) return e;
    e = check_rights(c, &array);
    if (e) return e;
    const char *key = arena_printf(c->arena, "ak_%s", crypto_token(c->arena, TOKEN_BYTES));
    e = db_one(c, &SQL_API_KEY_CREATE,
               PARAMS(P_TEXT("prefix", arena_strndup(c->arena, key, PREFIX_SHOWN)),
                      P_TEXT("key_hash", token_hash(c, key)), P_TEXT("permission_names", array)),
               &rows);
    if (e) return e;
    e = audit(c, "api_key.create", "api_key", rows_uuid(rows, 0, "id"), in_text(c, "name"), NULL);
    if (e) return e;
    e = settings_changed(c, "apiKeys");
    if (e) return e;
    json_t *j = json_loads(rows_text(rows, 0, "json"), 0, NULL);
    json_object_set_new(j, "key", json_string(key));
    e = db_commit(c, &tx);
    if (!e) reply_jsonf(c, p, 201, j);
    json_decref(j);
    return e;
}

static enum err key_revoke(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    const char *name = NULL;
    enum err e = db_begin(c, &tx);
    if (e) return e;
    e = db_json(c, &SQL_API_KEY_REVOKE, NULL, &name);
    if (e == ERR_NOT_FOUND) return fault(c, e, "KEY_NOT_FOUND", "There is no such key");
    if (e) return e;
    e = audit(c, "api_key.revoke", "api_key", in_uuid(c, "keyId"), name, NULL);
    if (e) return e;
    e = db_exec(c, &SQL_AUTH_KEY_REVOKED, NULL);
    if (e) return e;
    e = settings_changed(c, "apiKeys");
    if (e) return e;
    e = db_commit(c, &tx);
    if (e) return e;
    auth_forget(c, (struct uuid){0});
    reply_empty(p, 204);
    return ERR_OK;
}

/* --- rows ------------------------------------------------------------------------------ */

static const struct field create_fields[] = {
    {.name = "name", .type = F_TEXT, .required = true, .max = 60, .example = "\"Loja virtual\""},
    {.name = "allowedAddresses",
     .type = F_ARRAY,
     .of = F_TEXT,
     .item_max = 50,
     .max = 50,
     .help = "Addresses and networks (CIDR) that may use it; empty: all.",
     .example = "[\"203.0.113.0/24\"]"},
    {.name = "permissions",
     .type = F_ARRAY,
     .of = F_TEXT,
     .item_max = 60,
     .help = "Names from GET permissions. Or roleId."},
    {.name = "roleId",
     .type = F_UUID,
     .help = "It may do what this role may, also when the role changes."},
    {.name = "ratePerMinute", .type = F_INT, .min = 1, .max = 60000, .otherwise = "600"},
    {0},
};
static const struct field key_shape[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "prefix", .type = F_TEXT, .required = true, .help = "How it begins."},
    {.name = "roleId", .type = F_UUID, .nullable = true},
    {.name = "permissions", .type = F_ARRAY, .of = F_TEXT, .required = true},
    {.name = "allowedAddresses", .type = F_ARRAY, .of = F_TEXT, .required = true},
    {.name = "ratePerMinute", .type = F_INT, .required = true},
    {.name = "createdBy", .type = F_UUID, .nullable = true},
    {.name = "createdAt", .type = F_DATETIME, .required = true},
    {.name = "lastUsedAt", .type = F_DATETIME, .nullable = true},
    {.name = "lastUsedFrom", .type = F_TEXT, .required = true},
    {.name = "key", .type = F_TEXT, .secret = true, .help = "Shown once, when it is made."},
    {0},
};
static const struct schema key_schema = {
    .name = "ApiKey", .help = "A key of an integration.", .fields = key_shape};

const struct route auth_key_routes[] = {
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/api-keys",
     .id = "api_keys.list",
     .group = "API keys",
     .no_keys = true,
     .permission = PERMISSION_API_KEYS_MANAGE,
     .summary = "Keys that work.",
     .answer = &key_schema,
     .shape = ANSWER_LIST,
     .sql = &SQL_API_KEY_LIST},
    {.method = HTTP_POST,
     .path = "/api/{organizationId}/api-keys",
     .id = "api_keys.create",
     .group = "API keys",
     .no_keys = true,
     .permission = PERMISSION_API_KEYS_MANAGE,
     .status = 201,
     .summary = "Make a key; it is shown once.",
     .fields = create_fields,
     .answer = &key_schema,
     .errors = "400 INVALID_ADDRESS|400 PERMISSION_UNKNOWN|400 ROLE_NOT_FOUND|403 "
               "RIGHTS_EXCEEDED|409 KEY_DUPLICATE|409 LIMIT_REACHED",
     .handler = key_create},
    {.method = HTTP_DELETE,
     .path = "/api/{organizationId}/api-keys/{keyId}",
     .id = "api_keys.revoke",
     .group = "API keys",
     .no_keys = true,
     .permission = PERMISSION_API_KEYS_MANAGE,
     .summary = "Revoke a key, at once.",
     .shape = ANSWER_EMPTY,
     .errors = "404 KEY_NOT_FOUND",
     .handler = key_revoke},
    {0},
};
