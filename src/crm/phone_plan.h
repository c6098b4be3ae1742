/* The numbering plans behind phone.c: one row per country. Private to the telephone rules. */
#ifndef INTERFLOW_CRM_PHONE_PLAN_H
#define INTERFLOW_CRM_PHONE_PLAN_H

#include "base/util.h"

/* Countries whose numbers have more than one form. */
enum phone_rule { PHONE_PLAIN, PHONE_NANP, PHONE_BRAZIL, PHONE_MEXICO, PHONE_ARGENTINA };

#define PHONE_PREFIXES_MAX 3
#define PHONE_LAYOUTS_MAX  3

struct phone_plan {
    char country[3];   /* ISO 3166-1 alpha-2 */
    const char *code;  /* country calling code, digits */
    uint32_t lengths;  /* bit n: a national number may have n digits; 0: unknown, 4 to 15 - code */
    const char *first; /* digits that a national number may begin with; "" any */
    enum phone_rule rule;
    const char *prefixes[PHONE_PREFIXES_MAX]; /* what is dialled before it at home: "0", "01" … */
    const char *layouts[PHONE_LAYOUTS_MAX]; /* how it is written, '#' a digit; chosen by the number
                                               of digits */
};

/* The row of a country by its ISO code in either case, NULL when unknown or iso is NULL. */
const struct phone_plan *phone_plan_of_country(const char *iso);
/* The row whose calling code begins these digits (international, without "+"). The first row of a
 * shared code
 * (+1). For codes without a row *ret_code_len still tells how long the code is, and the result is
 * NULL. */
const struct phone_plan *phone_plan_of_number(const char *digits, size_t *ret_code_len);

#endif
