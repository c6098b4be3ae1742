/* Customers and what is known of them: contacts, tags, custom fields, notes, funnels. This is what
 * other domains (inbox, flows, imports) may call; the rows of its API are in api_*.c, the rules
 * that race in sql/functions/crm*.sql.
 *
 * Invariants: a form of a contact (contact_keys) belongs to one customer only, whatever the race;
 * what was merged away stays as a row that points to the one that was kept; who may not see
 * contacts gets them masked from SQL, everywhere. */
#ifndef INTERFLOW_CRM_CRM_H
#define INTERFLOW_CRM_CRM_H

#include "core/router.h"
#include "crm/phone.h"

extern const struct route crm_customer_routes[]; /* the customer itself */
extern const struct route crm_bulk_routes[];     /* many at once; pairs that are no doubles */
extern const struct route crm_part_routes[];     /* contacts, tags, notes, stage, values of one */
extern const struct route crm_export_routes[];
extern const struct route crm_tag_routes[];
extern const struct route crm_field_routes[];
extern const struct route crm_funnel_routes[];

/* --- contacts -------------------------------------------------------------------------- */

#define CONTACT_KEYS_MAX PHONE_CANDIDATES_MAX

/* How an identity is shown and found. Arena texts. */
struct contact_form {
    const char *canonical;              /* "+5511984217730", "ana@uol.com.br", "lojadoze" */
    const char *keys[CONTACT_KEYS_MAX]; /* "phone:5511984217730": every form that means the same */
    int key_count;
};

/* Normalise an identity as received. kind is a contacts.kind. For telephone numbers without a
 * country code the organization's country is looked up (one query). ERR_INVALID with a fault of
 * code INVALID_PHONE, INVALID_EMAIL or INVALID_CONTACT; ERR_NO_MEMORY. */
MUST_USE enum err contact_normalise(struct ctx *c, const char *kind, const char *identifier,
                                    struct contact_form *ret_form);
/* The same without a context: country may be NULL. *ret_code gets the code when it is ERR_INVALID.
 * Pure. */
MUST_USE enum err contact_read(struct arena *a, const char *kind, const char *identifier,
                               const char *country, struct contact_form *ret_form,
                               const char **ret_code);
/* contacts.kind of a public contact type ("facebook" is messenger, …); NULL when unknown. */
const char *contact_kind_of(const char *type);

/* --- people ---------------------------------------------------------------------------- */

/* Somebody who wrote, or is written to. */
struct crm_person {
    struct uuid customer;          /* nil: found by the identity, or made */
    const char *kind, *identifier; /* the identity */
    const char *field; /* name of the input field of identifier, for faults; NULL: "contactValue" */
    const char *name;  /* used while the customer has none; may be NULL */
    const char *source; /* customers.source of a new one: "api", "webchat", …; NULL: "api" */
    const char *email, *phone; /* further contacts; may be NULL */
};
struct crm_found {
    struct uuid customer, contact;
    const char *name;
    bool created;
    json_t *contacts_applied; /* ["email"] */
    /* [{"field": "phone", "reason": "same_as_contact|already_filled|duplicate|invalid"}] */
    json_t *contacts_skipped;
};
/* The customer behind an identity; race-safe: two at once get one customer. One round trip (two for
 * numbers without a country code). Joins the open transaction. ERR_INVALID (identity),
 * ERR_NOT_FOUND CUSTOMER_NOT_FOUND, ERR_CONFLICT CUSTOMER_DUPLICATE when the identity is another's
 * than the given customer's. */
MUST_USE enum err crm_customer_find_or_create(struct ctx *c, const struct crm_person *p,
                                              struct crm_found *ret);

/* First touch: fill only what is empty. utm: object; fields: {slug: value} or [{slug, value}];
 * tags: names. Each may be NULL. *ret is {utmApplied, customFieldsApplied: [slug],
 * customFieldsSkipped: [{slug, reason: not_found|invalid| already_filled}], tagsApplied: [name],
 * tagsSkipped: [{name, reason: not_found}]}, owned by the arena. What is not valid is skipped,
 * never an error. */
MUST_USE enum err crm_first_touch(struct ctx *c, struct uuid customer, const json_t *utm,
                                  const json_t *fields, const json_t *tags, json_t **ret);

/* The contact keys that a search text may mean (a telephone number in any notation, an e-mail
 * address, a handle), as a JSON list in the arena: for crm_search() and crm_customers_search() in
 * SQL. */
MUST_USE enum err crm_search_keys(struct ctx *c, const char *text, const char **ret_json);

#endif
