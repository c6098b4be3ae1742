/* Telephone numbers as people and platforms write them (Brazil's ninth digit, Mexico 521/52,
 * Argentina 549/54). The identifier is kept as received and answered to; matching goes through the
 * set of forms that name the same line, and landlines are never rewritten. Pure functions over
 * text. */
#ifndef INTERFLOW_CRM_PHONE_H
#define INTERFLOW_CRM_PHONE_H

#include "base/arena.h"
#include "base/err.h"

#define PHONE_CANDIDATES_MAX 4

struct phone {
    /* "+5511984217730": the form to show and to store as canonical. */
    const char *e164;
    /* Digits only, every form that means the same line; the first is e164's. */
    const char *candidates[PHONE_CANDIDATES_MAX];
    int candidate_count;
};

/* Read a number in any notation: spaces, dots, dashes, brackets, "+", "00", trunk zeros ("011
 * 98421-7730"), Brazilian carrier codes. Without a country code default_country (ISO alpha-2, e.g.
 * "BR") is assumed; NULL means it must be international, with or without "+": so for identifiers
 * that come from platforms. ERR_INVALID when it cannot be a telephone number; ERR_NO_MEMORY when
 * the arena's limit is met. */
MUST_USE enum err phone_parse(struct arena *a, const char *text, const char *default_country,
                              struct phone *ret_phone);
/* For people: "+55 11 98421-7730". Falls back to groups of three. */
const char *phone_format(struct arena *a, const char *e164);

#endif
