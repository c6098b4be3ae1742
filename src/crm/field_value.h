/* Values of custom fields: one function that takes what somebody sent and gives the one form that
 * is stored, for all kinds. Used by the API, by chat/create, by imports and flows. Pure: no
 * context, no database. */
#ifndef INTERFLOW_CRM_FIELD_VALUE_H
#define INTERFLOW_CRM_FIELD_VALUE_H

#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"

#define FIELD_TEXT_MAX      1000  /* characters: text, link */
#define FIELD_LONG_TEXT_MAX 10000 /* characters: long_text */
#define FIELD_CHOICES_MAX   100   /* multi_select */

/* A definition, as far as values need it. */
struct field_def {
    const char *kind;      /* custom_fields.kind */
    const json_t *options; /* select kinds: [{"id","label"}]; may be NULL */
};

/* What the organization assumes. */
struct field_home {
    const char *country;  /* "BR": for telephone numbers without a country code */
    const char *currency; /* "BRL": for amounts without one */
};

/* Read a value.
 *
 *   kind          taken                                            stored
 *   text          text of one line                                 trimmed
 *   long_text     text                                             trimmed
 *   number        number, or decimal text ("12.5")                 number
 *   money         {"amountMinor": 1990, "currency": "BRL"}, the    {"amountMinor", "currency"}
 *                 currency may be left out; or a number or
 *                 decimal text in major units (19.9), with at
 *                 most the currency's decimals
 *   date          "2026-02-28"                                     the same
 *   datetime      RFC 3339 with a zone                             in UTC with milliseconds
 *   select        id or label (case and accents ignored)           id
 *   multi_select  list of these, or one                            list of ids, as the options are
 *   yes_no        true, false, or a word for it (pt, es, en)       true, false
 *   link          http(s) address                                  the same
 *   phone         any notation                                     "+5511984217730"
 *   email         address                                          lower case
 *   file          file id (that it exists is the caller's check)   lower case
 *
 * null, "" and [] clear: "null". On success *ret_json is JSON text in the arena. ERR_INVALID:
 * *ret_code ("INVALID_NUMBER", …) and *ret_why (words) say why; ERR_NO_MEMORY. */
MUST_USE enum err field_value_read(struct arena *a, const struct field_def *def,
                                   const struct field_home *home, const json_t *value,
                                   const char **ret_json, const char **ret_code,
                                   const char **ret_why);

/* Number of decimals of a currency (ISO 4217): 2 unless it is one of those with 0 or 3. */
int currency_decimals(const char *currency);
/* Lower case without accents, for comparing labels (Latin letters). Arena text. */
char *text_fold(struct arena *a, const char *s);
/* Major units as decimal text ("-19.9") to minor units. False: not a number, or more decimals than
 * the currency has. */
bool money_minor(const char *decimal, int decimals, int64_t *ret_minor);

#endif
