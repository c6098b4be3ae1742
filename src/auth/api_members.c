/* People of an organization: the list, their role, status and teams, leaving, invitations, links
 * for a new password. The rule of rights.h stands before every change; member_owner_guard before
 * everything that could take the last owner. */
#include <string.h>

#include "auth/identity.h"
#include "auth/mail.h"
#include "auth/permissions.h"
#include "auth/rights.h"
#include "auth/schemas.h"
#include "sql.h"

/* A member who is about to be changed, locked. */
struct member {
    struct uuid role;
    bool owner;
    bool active;
    permission_set permissions;
    const char *name;
    const char *team_ids;
    int64_t capacity;
};

static enum err member_load(struct ctx *c, struct member *ret)
{
    struct rows *rows = NULL;
    enum err e = db_query(c, &SQL_MEMBER_GET, NULL, &rows);
    if (e) return e;
    if (rows_count(rows) == 0)
        return fault(c, ERR_NOT_FOUND, "USER_NOT_FOUND", "There is no such user here");
    *ret = (struct member){
        .role = rows_uuid(rows, 0, "role_id"),
        .owner = strcmp(rows_text(rows, 0, "role_kind"), "owner") == 0,
        .active = strcmp(rows_text(rows, 0, "status"), "active") == 0,
        .permissions = permissions_from_array(rows_text(rows, 0, "permissions")),
        .name = rows_text(rows, 0, "name"),
        .team_ids = rows_text(rows, 0, "team_ids"),
        .capacity = rows_int(rows, 0, "capacity", 0),
    };
    return ERR_OK;
}

static void note(json_t *changes, const char *key, const char *from, const char *to)
{
    json_object_set_new(changes, key, json_pack("{s:s?, s:s?}", "from", from, "to", to));
}

/* What the update changes, for the log. */
static json_t *member_changes(struct ctx *c, const struct member *m)
{
    json_t *changes = json_object();
    char before[UUID_TEXT_SIZE];
    const char *role = in_text(c, "roleId");
    const char *status = in_text(c, "status");
    const char *was = m->active ? "active" : "suspended";
    if (role && strcmp(role, uuid_text(m->role, before)) != 0)
        note(changes, "roleId", before, role);
    if (status && strcmp(status, was) != 0) note(changes, "status", was, status);
    if (in_has(c, "capacity") && in_int(c, "capacity", 0) != m->capacity)
        json_object_set_new(changes, "capacity",
                            json_pack("{s:I, s:I}", "from", (json_int_t)m->capacity, "to",
                                      (json_int_t)in_int(c, "capacity", 0)));
    if (in_has(c, "teamIds"))
        json_object_set_new(
            changes, "teamIds",
            json_pack("{s:s, s:O}", "from", m->team_ids, "to", in_json(c, "teamIds")));
    return changes;
}

/* May the actor do this to m? */
static enum err member_update_allowed(struct ctx *c, const struct member *m)
{
    struct uuid user = in_uuid(c, "userId");
    struct uuid role = in_uuid(c, "roleId");
    const char *status = in_text(c, "status");
    enum err e = rights_need(c, m->owner, m->permissions);
    if (e) return e;
    if (!uuid_is_nil(role)) {
        e = rights_need_role(c, role, "roleId");
        if (e) return e;
    }
    bool suspends = status && strcmp(status, "suspended") == 0 && m->active;
    if (suspends && uuid_equal(user, c->actor.id))
        return fault(c, ERR_UNPROCESSABLE, "NOT_YOURSELF", "You cannot suspend yourself");
    bool role_goes = !uuid_is_nil(role) && !uuid_equal(role, m->role);
    return m->owner && (suspends || role_goes) ? db_exec(c, &SQL_MEMBER_OWNER_GUARD, NULL) : ERR_OK;
}

static enum err member_apply(struct ctx *c, const struct member *m)
{
    const char *status = in_text(c, "status");
    enum err e = db_exec(c, &SQL_MEMBER_UPDATE, NULL);
    if (e) return e;
    if (in_json(c, "teamIds")) {
        e = db_exec(c, &SQL_MEMBER_TEAMS_SET, NULL);
        if (e) return e;
        e = settings_changed(c, "teams");
        if (e) return e;
    }
    CLEANUP(json_decrefp) json_t *changes = member_changes(c, m);
    if (json_object_size(changes) == 0) return ERR_OK;
    e = audit(c, "user.update", "user", in_uuid(c, "userId"), m->name, changes);
    if (e) return e;
    if (status && strcmp(status, "suspended") == 0 && m->active)
        return db_exec(c, &SQL_MEMBER_GONE, NULL);
    e = db_exec(c, &SQL_AUTH_CHANGED, PARAMS(P_UUID("user", in_uuid(c, "userId"))));
    if (e) return e;
    return settings_changed(c, "users");
}

static enum err user_update(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    struct member m;
    const char *json = NULL;
    enum err e = db_begin(c, &tx);
    if (e) return e;
    e = member_load(c, &m);
    if (e) return e;
    e = member_update_allowed(c, &m);
    if (e) return e;
    e = member_apply(c, &m);
    if (e) return e;
    e = db_json(c, &SQL_MEMBER_JSON, NULL, &json);
    if (e) return e;
    e = db_commit(c, &tx);
    if (e) return e;
    auth_forget(c, in_uuid(c, "userId"));
    reply_json(c, p, 200, json);
    return ERR_OK;
}

/* Leaving oneself needs no permission; removing others does. */
static enum err user_remove(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    struct uuid user = in_uuid(c, "userId");
    bool self = uuid_equal(user, c->actor.id);
    struct member m;
    if (!self && !(c->actor.permissions & PERMISSION_BIT(PERMISSION_USERS_MANAGE)))
        return fault(c, ERR_FORBIDDEN, NULL, "This needs the permission users.manage");
    enum err e = db_begin(c, &tx);
    if (e) return e;
    e = member_load(c, &m);
    if (e) return e;
    if (!self) e = rights_need(c, m.owner, m.permissions);
    if (e) return e;
    if (m.owner) e = db_exec(c, &SQL_MEMBER_OWNER_GUARD, NULL);
    if (e) return e;
    e = db_exec(c, &SQL_MEMBER_GONE, NULL);
    if (e) return e;
    e = db_exec(c, &SQL_MEMBER_DELETE, NULL);
    if (e) return e;
    e = audit(c, "user.remove", "user", user, m.name, NULL);
    if (e) return e;
    e = db_commit(c, &tx);
    if (e) return e;
    auth_forget(c, user);
    reply_empty(p, 204);
    return ERR_OK;
}

static enum err reset_link(struct ctx *c, struct request *r, struct reply *p)
{
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    struct member m;
    struct rows *rows = NULL;
    const char *token = NULL;
    const char *hash = NULL;
    enum err e = db_begin(c, &tx);
    if (e) return e;
    e = member_load(c, &m);
    if (e) return e;
    e = rights_need(c, m.owner, m.permissions);
    if (e) return e;
    token_make(c, &token, &hash);
    e = db_one(c, &SQL_RESET_LINK, PARAMS(P_TEXT("token_hash", hash)), &rows);
    if (e) return e;
    e = audit(c, "user.reset_link", "user", in_uuid(c, "userId"), m.name, NULL);
    if (e) return e;
    e = settings_changed(c, "passwordResets");
    if (e) return e;
    const char *json = arena_printf(c->arena, "{\"link\":\"%s/reset/%s\",\"expiresAt\":\"%s\"}",
                                    public_base(c, r), token, rows_text(rows, 0, "expires_at"));
    e = db_commit(c, &tx);
    if (e) return e;
    reply_json(c, p, 201, json);
    return ERR_OK;
}

/* --- invitations ----------------------------------------------------------------------- */

static enum err invitation_mail(struct ctx *c, const struct rows *context, const char *link)
{
    CLEANUP(json_decrefp)
    json_t *data = json_pack("{s:s?, s:s?}", "organization", rows_text(context, 0, "organization"),
                             "inviter", c->actor.name);
    return mail_add(c, &(struct mail){.to = in_text(c, "email"),
                                      .template = "invitation",
                                      .language = rows_text(context, 0, "language"),
                                      .data = data,
                                      .secret = mail_secret(c, link)});
}

static enum err invitation_allowed(struct ctx *c, const struct rows *context)
{
    if (rows_bool(context, 0, "member"))
        return fault(c, ERR_CONFLICT, "ALREADY_MEMBER", "This person is a member already");
    if (rows_bool(context, 0, "unknown_team"))
        return fault_field(c, "teamIds", "TEAM_NOT_FOUND", "There is no such team");
    return rights_need_role(c, in_uuid(c, "roleId"), "roleId");
}

static void answer_invitation(struct ctx *c, struct reply *p, const char *text, const char *link,
                              bool mailed)
{
    json_t *j = json_loads(text, 0, NULL);
    json_object_set_new(j, "link", json_string(link));
    json_object_set_new(j, "mailed", json_boolean(mailed));
    reply_jsonf(c, p, 201, j);
    json_decref(j);
}

static enum err invite(struct ctx *c, struct request *r, struct reply *p)
{
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    struct rows *context = NULL;
    struct rows *made = NULL;
    const char *token = NULL;
    const char *hash = NULL;
    enum err e = db_begin(c, &tx);
    if (e) return e;
    e = db_one(c, &SQL_INVITATION_CONTEXT, NULL, &context);
    if (e) return e;
    e = invitation_allowed(c, context);
    if (e) return e;
    token_make(c, &token, &hash);
    e = db_one(c, &SQL_INVITATION_CREATE, PARAMS(P_TEXT("token_hash", hash)), &made);
    if (e) return e;
    const char *email = in_text(c, "email");
    bool mailed = email && rows_bool(context, 0, "mail");
    if (mailed)
        e = invitation_mail(c, context,
                            arena_printf(c->arena, "%s/invite/%s", public_base(c, NULL), token));
    if (e) return e;
    e = audit(c, "invitation.create", "invitation", rows_uuid(made, 0, "id"), email, NULL);
    if (e) return e;
    e = settings_changed(c, "invitations");
    if (e) return e;
    e = db_commit(c, &tx);
    if (e) return e;
    answer_invitation(c, p, rows_text(made, 0, "json"),
                      arena_printf(c->arena, "%s/invite/%s", public_base(c, r), token), mailed);
    return ERR_OK;
}

static enum err invitation_delete(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    const char *label = NULL;
    enum err e = db_begin(c, &tx);
    if (e) return e;
    e = db_json(c, &SQL_INVITATION_DELETE, NULL, &label);
    if (e == ERR_NOT_FOUND)
        return fault(c, e, "INVITATION_NOT_FOUND", "There is no such invitation");
    if (e) return e;
    e = audit(c, "invitation.delete", "invitation", in_uuid(c, "invitationId"), label, NULL);
    if (e) return e;
    e = settings_changed(c, "invitations");
    if (e) return e;
    e = db_commit(c, &tx);
    if (e) return e;
    reply_empty(p, 204);
    return ERR_OK;
}

/* --- rows ------------------------------------------------------------------------------ */

static const struct field user_fields[] = {
    {.name = "roleId", .type = F_UUID},
    {.name = "status", .type = F_ENUM, .values = "active|suspended"},
    {.name = "capacity",
     .type = F_INT,
     .min = 0,
     .max = 1000,
     .help = "Open chats at once for automatic distribution; 0 is no limit."},
    {.name = "teamIds", .type = F_ARRAY, .of = F_UUID, .max = 200},
    {0},
};
static const struct field availability_fields[] = {
    {.name = "availability", .type = F_ENUM, .values = "online|away", .required = true},
    {0},
};
static const struct field invite_fields[] = {
    {.name = "email", .type = F_EMAIL, .help = "Absent: whoever has the link may use it, once."},
    {.name = "roleId", .type = F_UUID, .required = true},
    {.name = "teamIds", .type = F_ARRAY, .of = F_UUID, .max = 200},
    {0},
};
static const struct field invitation_shape[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "email", .type = F_EMAIL, .nullable = true},
    {.name = "roleId", .type = F_UUID, .required = true},
    {.name = "teamIds", .type = F_ARRAY, .of = F_UUID, .required = true},
    {.name = "createdBy", .type = F_UUID, .nullable = true},
    {.name = "createdAt", .type = F_DATETIME, .required = true},
    {.name = "expiresAt", .type = F_DATETIME, .required = true},
    {.name = "expired", .type = F_BOOL, .required = true},
    {.name = "link", .type = F_TEXT, .help = "Shown once, when it is made."},
    {.name = "mailed", .type = F_BOOL, .help = "When it is made: it goes out by mail, too."},
    {0},
};
static const struct schema invitation_schema = {.name = "Invitation",
                                                .help = "An invitation that nobody has taken yet.",
                                                .fields = invitation_shape};
static const struct field link_shape[] = {
    {.name = "link", .type = F_TEXT, .required = true},
    {.name = "expiresAt", .type = F_DATETIME, .required = true},
    {0},
};
static const struct schema link_schema = {
    .name = "ResetLink", .help = "A link to hand over.", .fields = link_shape};
static const struct field request_shape[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "userId", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "email", .type = F_EMAIL, .required = true},
    {.name = "address", .type = F_TEXT, .required = true, .help = "From where it was asked."},
    {.name = "createdAt", .type = F_DATETIME, .required = true},
    {.name = "expiresAt", .type = F_DATETIME, .required = true},
    {0},
};
static const struct schema request_schema = {.name = "PasswordResetRequest",
                                             .help = "A member who forgot their password.",
                                             .fields = request_shape};
static const struct schema availability_schema = {
    .name = "Availability", .help = "Online or away.", .fields = availability_fields};

const struct route auth_member_routes[] = {
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/users",
     .id = "users.list",
     .group = "Users",
     .summary = "The staff.",
     .answer = &user_schema,
     .shape = ANSWER_LIST,
     .sql = &SQL_MEMBER_LIST},
    {.method = HTTP_PATCH,
     .path = "/api/{organizationId}/users/{userId}",
     .id = "users.update",
     .group = "Users",
     .permission = PERMISSION_USERS_MANAGE,
     .no_keys = true,
     .summary = "Change a user's role, status, capacity or teams.",
     .fields = user_fields,
     .answer = &user_schema,
     .errors = "400 TEAM_NOT_FOUND|403 RIGHTS_EXCEEDED|404 USER_NOT_FOUND|409 LAST_OWNER|422 "
               "NOT_YOURSELF",
     .handler = user_update},
    {.method = HTTP_DELETE,
     .path = "/api/{organizationId}/users/{userId}",
     .id = "users.remove",
     .group = "Users",
     .no_keys = true,
     .summary = "Take a user out of the organization, or leave it; their chats become free.",
     .shape = ANSWER_EMPTY,
     .errors = "403 RIGHTS_EXCEEDED|404 USER_NOT_FOUND|409 LAST_OWNER",
     .handler = user_remove},
    {.method = HTTP_PUT,
     .path = "/api/{organizationId}/me/availability",
     .id = "users.availability",
     .group = "Users",
     .no_keys = true,
     .summary = "Say whether one is online or away.",
     .fields = availability_fields,
     .answer = &availability_schema,
     .sql = &SQL_MEMBER_AVAILABILITY},
    {.method = HTTP_POST,
     .path = "/api/{organizationId}/users/{userId}/reset-link",
     .id = "users.reset_link",
     .group = "Users",
     .permission = PERMISSION_USERS_MANAGE,
     .no_keys = true,
     .status = 201,
     .summary = "A link for a new password, to hand over; only while no mail server is set.",
     .answer = &link_schema,
     .errors = "403 RIGHTS_EXCEEDED|403 USER_IN_OTHER_ORGANIZATIONS|404 USER_NOT_FOUND|409 "
               "MAIL_CONFIGURED",
     .handler = reset_link},
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/password-resets",
     .id = "users.resets",
     .group = "Users",
     .permission = PERMISSION_USERS_MANAGE,
     .no_keys = true,
     .summary = "Members who forgot their password and wait for a link.",
     .answer = &request_schema,
     .shape = ANSWER_LIST,
     .sql = &SQL_RESET_LIST},
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/invitations",
     .id = "invitations.list",
     .group = "Users",
     .permission = PERMISSION_USERS_MANAGE,
     .no_keys = true,
     .summary = "Invitations that nobody has taken yet.",
     .answer = &invitation_schema,
     .shape = ANSWER_LIST,
     .sql = &SQL_INVITATION_LIST},
    {.method = HTTP_POST,
     .path = "/api/{organizationId}/invitations",
     .id = "invitations.create",
     .group = "Users",
     .permission = PERMISSION_USERS_MANAGE,
     .no_keys = true,
     .status = 201,
     .summary = "Invite somebody: a link, which also goes out by mail when an address and a mail "
                "server are there.",
     .fields = invite_fields,
     .answer = &invitation_schema,
     .errors = "400 ROLE_NOT_FOUND|400 TEAM_NOT_FOUND|403 RIGHTS_EXCEEDED|409 ALREADY_MEMBER|409 "
               "INVITATION_DUPLICATE|409 LIMIT_REACHED",
     .handler = invite},
    {.method = HTTP_DELETE,
     .path = "/api/{organizationId}/invitations/{invitationId}",
     .id = "invitations.delete",
     .group = "Users",
     .permission = PERMISSION_USERS_MANAGE,
     .no_keys = true,
     .summary = "Take an invitation back.",
     .shape = ANSWER_EMPTY,
     .errors = "404 INVITATION_NOT_FOUND",
     .handler = invitation_delete},
    {0},
};
