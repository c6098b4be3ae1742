/* The shapes that several tables of routes answer with, for the OpenAPI document and the types. */
#ifndef INTERFLOW_AUTH_SCHEMAS_H
#define INTERFLOW_AUTH_SCHEMAS_H

#include "core/router.h"

extern const struct schema me_schema;   /* {user, organizations} */
extern const struct schema user_schema; /* a member, as colleagues see them */
extern const struct schema organization_schema;

#define LANGUAGES "pt|es|en"

/* Input rows of a new organization: where it is at home. */
#define HOME_FIELDS                                                                                \
    {.name = "language", .type = F_ENUM, .values = LANGUAGES, .otherwise = "\"pt\""},              \
        {.name = "timeZone",                                                                       \
         .type = F_TEXT,                                                                           \
         .max = 64,                                                                                \
         .otherwise = "\"America/Sao_Paulo\"",                                                     \
         .help = "IANA name."},                                                                    \
        {.name = "currency",                                                                       \
         .type = F_TEXT,                                                                           \
         .min = 3,                                                                                 \
         .max = 3,                                                                                 \
         .otherwise = "\"BRL\"",                                                                   \
         .help = "ISO 4217."},                                                                     \
    {                                                                                              \
        .name = "country", .type = F_TEXT, .min = 2, .max = 2, .otherwise = "\"BR\"",              \
        .help = "ISO 3166, two letters."                                                           \
    }

#endif
