/* The rule against giving oneself more: whoever gives, changes or takes away rights has at least
 * these rights. Owners stand above everybody; only owners make, change and remove owners. */
#ifndef INTERFLOW_AUTH_RIGHTS_H
#define INTERFLOW_AUTH_RIGHTS_H

#include "core/ctx.h"

struct rights {
    bool owner;
    permission_set permissions;
};

/* May somebody with `mine` give or take these? */
bool rights_cover(const struct rights *mine, bool owner, permission_set permissions);
/* The actor's own as the database has them now (not the cache), inside the open transaction.
 * ERR_FORBIDDEN when they are no member any more. */
MUST_USE enum err rights_of_actor(struct ctx *c, struct rights *ret);
/* ERR_FORBIDDEN / RIGHTS_EXCEEDED unless the actor's rights cover these. */
MUST_USE enum err rights_need(struct ctx *c, bool owner, permission_set permissions);
/* The same for a role of c->org by id: ERR_INVALID (field) when there is none. */
MUST_USE enum err rights_need_role(struct ctx *c, struct uuid role, const char *field);

#endif
