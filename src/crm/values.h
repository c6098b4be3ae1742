/* What the CRM's handlers share: the organization's defaults and field definitions, and reading
 * lists of values and contacts from input. Inside src/crm only. */
#ifndef INTERFLOW_CRM_VALUES_H
#define INTERFLOW_CRM_VALUES_H

#include "base/buf.h"
#include "core/db.h"
#include "crm/crm.h"
#include "crm/field_value.h"

struct crm_home {
    struct field_home home;
    const json_t *fields; /* [{id, slug, kind, options}] */
};
MUST_USE enum err crm_home_load(struct ctx *c, struct crm_home *ret);
/* A definition by slug or by id; NULL when there is none. */
const json_t *crm_field_find(const struct crm_home *h, const char *slug_or_id);

/* Read custom field values ({slug: value} or [{slug, value}]) to the JSON text {fieldId: value}.
 * skipped NULL: every bad one becomes a bad field "<name>.<slug>" (ERR_INVALID); otherwise it is
 * noted there as {slug, reason} and left out. */
MUST_USE enum err values_read(struct ctx *c, const struct crm_home *h, const char *name,
                              const json_t *input, json_t *skipped, const char **ret_json);
/* The same for one value of one definition. */
MUST_USE enum err values_read_one(struct ctx *c, const struct crm_home *h, const char *name,
                                  const json_t *def, const json_t *value, const char **ret_json);
/* {kind, identifier, canonical, keys, field} of an identity, as the SQL functions take it. field
 * names the input in faults. ERR_INVALID adds the bad field. A new reference. */
MUST_USE enum err contact_input(struct ctx *c, const struct crm_home *h, const char *field,
                                const char *kind, const char *identifier, json_t **ret);
/* A new JSON object that the arena releases. */
json_t *arena_json(struct ctx *c, json_t *j);
/* A JSON number as decimal text, exactly as it was meant (19.9, not 19.899999999999999). */
const char *decimal_text(struct arena *a, const json_t *number);

#endif
