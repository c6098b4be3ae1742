/* Shapes of answers (schemas.h). They must say what the functions of sql/functions/auth.sql
 * make. */
#include "auth/schemas.h"

static const struct field own_user_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "email", .type = F_EMAIL, .required = true},
    {.name = "language", .type = F_ENUM, .values = LANGUAGES, .required = true},
    {.name = "settings",
     .type = F_JSON,
     .required = true,
     .help = "What the interface keeps: theme, sounds, notifications."},
    {.name = "totpEnabled", .type = F_BOOL, .required = true},
    {0},
};

static const struct field own_organization_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "role", .type = F_TEXT, .required = true, .help = "The name of the role there."},
    {.name = "roleKind",
     .type = F_ENUM,
     .values = "owner|admin|manager|agent|custom",
     .required = true},
    {.name = "suspended", .type = F_BOOL, .required = true},
    {0},
};

static const struct field me_fields[] = {
    {.name = "user", .type = F_OBJECT, .fields = own_user_fields},
    {.name = "organizations", .type = F_ARRAY, .of = F_OBJECT, .fields = own_organization_fields},
    {.name = "organizationId", .type = F_UUID, .help = "The one that was made or joined."},
    {.name = "recoveryCodesLeft", .type = F_INT, .help = "After a login with two factors."},
    {.name = "totpRequired",
     .type = F_BOOL,
     .help = "The password was right; POST /api/login/totp with the ticket comes next."},
    {.name = "ticket", .type = F_TEXT},
    {.name = "version", .type = F_TEXT, .help = "Of the program."},
    {0},
};

const struct schema me_schema = {
    .name = "Me", .help = "A person as they see themselves.", .fields = me_fields};

static const struct field user_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "email", .type = F_EMAIL, .required = true},
    {.name = "roleId", .type = F_UUID, .required = true},
    {.name = "roleKind",
     .type = F_ENUM,
     .values = "owner|admin|manager|agent|custom",
     .required = true},
    {.name = "roleName", .type = F_TEXT, .required = true},
    {.name = "status", .type = F_ENUM, .values = "active|suspended", .required = true},
    {.name = "availability", .type = F_ENUM, .values = "online|away", .required = true},
    {.name = "capacity",
     .type = F_INT,
     .required = true,
     .help = "Open chats at once for automatic distribution; 0 is no limit."},
    {.name = "teamIds", .type = F_ARRAY, .of = F_UUID, .required = true},
    {.name = "lastSeenAt", .type = F_DATETIME, .nullable = true},
    {.name = "totpEnabled", .type = F_BOOL, .required = true},
    {.name = "createdAt", .type = F_DATETIME, .required = true},
    {0},
};

const struct schema user_schema = {
    .name = "User", .help = "A member of the staff.", .fields = user_fields};

static const struct field organization_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "timeZone", .type = F_TEXT, .required = true, .example = "\"America/Sao_Paulo\""},
    {.name = "language", .type = F_ENUM, .values = LANGUAGES, .required = true},
    {.name = "currency", .type = F_TEXT, .required = true, .example = "\"BRL\""},
    {.name = "country", .type = F_TEXT, .required = true, .example = "\"BR\""},
    {.name = "settings", .type = F_JSON, .required = true},
    {.name = "createdAt", .type = F_DATETIME, .required = true},
    {0},
};

const struct schema organization_schema = {.name = "Organization",
                                           .help = "A tenant of this installation.",
                                           .fields = organization_fields};
