/* Teams: name, leader, members in the order of distribution, opening hours. Membership decides
 * which chats a restricted agent sees, so every change here makes the workers ask for rights
 * anew. */
#include <string.h>

#include "auth/auth.h"
#include "auth/hours.h"
#include "auth/identity.h"
#include "auth/permissions.h"
#include "sql.h"

/* The team of the path as it is. ERR_NOT_FOUND TEAM_NOT_FOUND. */
static enum err team_find(struct ctx *c, struct rows **ret_rows)
{
    enum err e = db_query(c, &SQL_TEAM_GET, NULL, ret_rows);
    if (e || rows_count(*ret_rows) > 0) return e;
    return fault(c, ERR_NOT_FOUND, "TEAM_NOT_FOUND", "There is no such team");
}

static enum err check_input(struct ctx *c)
{
    const char *why = NULL;
    struct rows *rows = NULL;
    const json_t *hours = in_json(c, "hours");
    if (hours && !json_is_null(hours) && !hours_valid(hours, &why))
        return fault_field(c, "hours", "INVALID_HOURS", "%s", why);
    struct uuid leader = in_uuid(c, "leaderId");
    if (uuid_is_nil(leader)) return ERR_OK;
    enum err e = db_one(c, &SQL_TEAM_MEMBER_EXISTS, PARAMS(P_UUID("user", leader)), &rows);
    if (e) return e;
    return rows_bool(rows, 0, "found")
               ? ERR_OK
               : fault_field(c, "leaderId", "USER_NOT_FOUND", "There is no such user");
}

/* Members, log, news, and how the team looks now. before: its JSON, NULL for a new one. */
static enum err finish(struct ctx *c, struct uuid team, const char *before, const char **ret_json)
{
    struct rows *rows = NULL;
    enum err e = ERR_OK;
    if (in_json(c, "memberIds"))
        e = db_exec(c, &SQL_TEAM_MEMBERS_SET, PARAMS(P_UUID("teamId", team)));
    if (e) return e;
    e = db_one(c, &SQL_TEAM_JSON, PARAMS(P_UUID("teamId", team), P_TEXT("before", before)), &rows);
    if (e) return e;
    *ret_json = rows_text(rows, 0, "json");
    CLEANUP(json_decrefp)
    json_t *changes = before ? json_loads(rows_text(rows, 0, "changes"), 0, NULL) : NULL;
    CLEANUP(json_decrefp) json_t *now = json_loads(*ret_json, 0, NULL);
    e = audit(c, before ? "team.update" : "team.create", "team", team,
              json_string_value(json_object_get(now, "name")), changes);
    if (e) return e;
    return settings_changed(c, "teams");
}

/* A new team, or what the input changes of the one that the path names: check, write, answer. */
static enum err team_put(struct ctx *c, struct reply *p, bool create)
{
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    struct rows *rows = NULL;
    const char *before = NULL, *json = NULL;
    enum err e = db_begin(c, &tx);
    if (!e && !create) e = team_find(c, &rows);
    if (!e) e = check_input(c);
    if (e) return e;
    if (!create) before = rows_text(rows, 0, "json");
    if (create)
        e = db_one(c, &SQL_TEAM_CREATE, NULL, &rows);
    else
        e = db_exec(c, &SQL_TEAM_UPDATE, NULL);
    if (!e) e = finish(c, create ? rows_uuid(rows, 0, "id") : in_uuid(c, "teamId"), before, &json);
    if (!e) e = db_commit(c, &tx);
    if (e) return e;
    auth_forget(c, (struct uuid){0});
    reply_json(c, p, create ? 201 : 200, json);
    return ERR_OK;
}

static enum err team_create(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return team_put(c, p, true);
}

static enum err team_update(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return team_put(c, p, false);
}

static enum err team_delete(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    struct rows *rows = NULL;
    enum err e = db_begin(c, &tx);
    if (!e) e = team_find(c, &rows);
    if (!e) e = db_exec(c, &SQL_TEAM_DELETE, NULL);
    if (!e) e = db_one(c, &SQL_TEAM_DELETE_ROW, NULL, NULL);
    if (e) return e;
    e = audit(c, "team.delete", "team", in_uuid(c, "teamId"), rows_text(rows, 0, "name"), NULL);
    if (!e) e = settings_changed(c, "teams");
    if (!e) e = db_commit(c, &tx);
    if (e) return e;
    auth_forget(c, (struct uuid){0});
    reply_empty(p, 204);
    return ERR_OK;
}

/* --- rows ------------------------------------------------------------------------------ */

#define DISTRIBUTIONS "manual|least_open|round_robin"
#define TEAM_INPUT                                                                                 \
    {.name = "color", .type = F_COLOR}, {.name = "leaderId", .type = F_UUID, .nullable = true},    \
        {.name = "memberIds",                                                                      \
         .type = F_ARRAY,                                                                          \
         .of = F_UUID,                                                                             \
         .max = 500,                                                                               \
         .help = "All of them, in the order of distribution."},                                    \
        {.name = "hours",                                                                          \
         .type = F_JSON,                                                                           \
         .nullable = true,                                                                         \
         .max = 4096,                                                                              \
         .help = "Opening hours by day; null is always.",                                          \
         .example = "{\"mon\":[[\"08:00\",\"18:00\"]]}"},                                          \
    {                                                                                              \
        .name = "distribution", .type = F_ENUM, .values = DISTRIBUTIONS                            \
    }

static const struct field create_fields[] = {
    {.name = "name", .type = F_TEXT, .required = true, .max = 60, .example = "\"Vendas\""},
    TEAM_INPUT,
    {0},
};
static const struct field update_fields[] = {
    {.name = "name", .type = F_TEXT, .min = 1, .max = 60},
    TEAM_INPUT,
    {0},
};
static const struct field team_shape[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "color", .type = F_COLOR, .required = true},
    {.name = "leaderId", .type = F_UUID, .nullable = true},
    {.name = "memberIds", .type = F_ARRAY, .of = F_UUID, .required = true},
    {.name = "hours", .type = F_JSON, .nullable = true},
    {.name = "distribution", .type = F_ENUM, .values = DISTRIBUTIONS, .required = true},
    {0},
};
static const struct schema team_schema = {
    .name = "Team", .help = "People who share a queue.", .fields = team_shape};

const struct route auth_team_routes[] = {
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/teams",
     .id = "teams.list",
     .group = "Teams",
     .summary = "All teams by name.",
     .answer = &team_schema,
     .shape = ANSWER_LIST,
     .sql = &SQL_TEAM_LIST},
    {.method = HTTP_POST,
     .path = "/api/{organizationId}/teams",
     .id = "teams.create",
     .group = "Teams",
     .creates = true,
     .permission = PERMISSION_TEAMS_MANAGE,
     .summary = "Make a team.",
     .fields = create_fields,
     .answer = &team_schema,
     .errors = "400 USER_NOT_FOUND|400 INVALID_HOURS|409 TEAM_DUPLICATE|409 LIMIT_REACHED",
     .handler = team_create},
    {.method = HTTP_PATCH,
     .path = "/api/{organizationId}/teams/{teamId}",
     .id = "teams.update",
     .group = "Teams",
     .permission = PERMISSION_TEAMS_MANAGE,
     .summary = "Change a team.",
     .fields = update_fields,
     .answer = &team_schema,
     .errors = "400 USER_NOT_FOUND|400 INVALID_HOURS|404 TEAM_NOT_FOUND|409 TEAM_DUPLICATE",
     .handler = team_update},
    {.method = HTTP_DELETE,
     .path = "/api/{organizationId}/teams/{teamId}",
     .id = "teams.delete",
     .group = "Teams",
     .permission = PERMISSION_TEAMS_MANAGE,
     .summary = "Remove a team; its chats belong to no team then.",
     .shape = ANSWER_EMPTY,
     .errors = "404 TEAM_NOT_FOUND",
     .handler = team_delete},
    {0},
};
