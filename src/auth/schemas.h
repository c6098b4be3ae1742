/* The shapes that several tables of routes answer with, for the OpenAPI document and the types. */
#ifndef INTERFLOW_AUTH_SCHEMAS_H
#define INTERFLOW_AUTH_SCHEMAS_H

#include "core/router.h"

extern const struct schema me_schema;   /* {user, organizations} */
extern const struct schema user_schema; /* a member, as colleagues see them */
extern const struct schema organization_schema;

#define LANGUAGES "pt|es|en"

#endif
