/* Who may give which rights (rights.h). Asked inside the transaction of the change, from the
 * database: a cached set of permissions may be half a minute old. */
#include "auth/rights.h"

#include <string.h>

#include "auth/permissions.h"
#include "sql.h"

bool rights_cover(const struct rights *mine, bool owner, permission_set permissions)
{
    if (mine->owner) return true;
    return !owner && (permissions & ~mine->permissions) == 0;
}

enum err rights_of_actor(struct ctx *c, struct rights *ret)
{
    struct rows *rows = NULL;
    enum err e = db_query(c, &SQL_ACTOR_RIGHTS, NULL, &rows);
    if (e) return e;
    if (rows_count(rows) == 0)
        return fault(c, ERR_FORBIDDEN, NULL, "You are not a member of this organization");
    ret->owner = strcmp(rows_text(rows, 0, "kind"), "owner") == 0;
    ret->permissions = permissions_from_array(rows_text(rows, 0, "permissions"));
    return ERR_OK;
}

enum err rights_need(struct ctx *c, bool owner, permission_set permissions)
{
    struct rights mine = {0};
    enum err e = rights_of_actor(c, &mine);
    if (e) return e;
    if (rights_cover(&mine, owner, permissions)) return ERR_OK;
    return fault(c, ERR_FORBIDDEN, "RIGHTS_EXCEEDED",
                 "This needs more rights than you have yourself");
}

enum err rights_need_role(struct ctx *c, struct uuid role, const char *field)
{
    struct rows *rows = NULL;
    enum err e = db_query(c, &SQL_ROLE_GET, PARAMS(P_UUID("roleId", role)), &rows);
    if (e) return e;
    if (rows_count(rows) == 0)
        return fault_field(c, field, "ROLE_NOT_FOUND", "There is no such role");
    bool owner = strcmp(rows_text(rows, 0, "kind"), "owner") == 0;
    return rights_need(c, owner, permissions_from_array(rows_text(rows, 0, "permissions")));
}
