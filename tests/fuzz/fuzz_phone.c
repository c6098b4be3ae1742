/* Telephone numbers: what is accepted is a well-formed E.164 number that, in each of its forms and
 * as it is shown, reads as the same number again. The first byte chooses the country. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crm/phone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
    if (!condition) abort();
}

static void must_be_digits(const char *s)
{
    size_t len = strlen(s);
    must(len >= 8 && len <= 15 && s[0] != '0' && strspn(s, "0123456789") == len);
}

static void must_agree(struct arena *a, const struct phone *p)
{
    struct phone again;
    must(p->e164[0] == '+');
    must(p->candidate_count >= 1 && p->candidate_count <= PHONE_CANDIDATES_MAX);
    must(strcmp(p->e164 + 1, p->candidates[0]) == 0);
    must(phone_parse(a, phone_format(a, p->e164), NULL, &again) == ERR_OK);
    must(strcmp(again.e164, p->e164) == 0);
    for (int i = 0; i < p->candidate_count; i++) {
        must_be_digits(p->candidates[i]);
        must(phone_parse(a, p->candidates[i], NULL, &again) == ERR_OK);
        must(again.candidate_count == p->candidate_count);
        int found = 0;
        for (int k = 0; k < again.candidate_count; k++)
            found |= strcmp(again.candidates[k], p->candidates[0]) == 0;
        must(found);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const countries[] = {"BR", "MX", "AR", "US", "CL", "CO",
                                            "PT", "DE", "RU", "IT", "PE", NULL};
    if (size < 1) return 0;
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * KIB);
    const char *country = countries[data[0] % ARRAY_LEN(countries)];
    struct phone p = {0};
    const char *text = arena_strndup(a, (const char *)data + 1, size - 1);
    if (!text) return 0;
    (void)phone_format(a, text);
    if (phone_parse(a, text, country, &p) == ERR_OK) {
        must_agree(a, &p);
    } else {
        must(p.e164 == NULL);
    }
    return 0;
}
