/* Reading the result of a statement. Cells are text as PostgreSQL writes it; they live as long as
 * the context whose statement it was. A column that does not exist is a bug of ours, found by the
 * first test that runs the line. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/db_impl.h"

static int column_index(const struct rows *r, const char *column)
{
    int n = PQnfields(r->pg), i = 0;
    while (i < n && strcmp(PQfname(r->pg, i), column) != 0) {
        i++;
    }
    assert(i < n);
    return i;
}

int rows_count(const struct rows *r)
{
    return PQntuples(r->pg);
}

int rows_affected(const struct rows *r)
{
    /* PQcmdTuples takes a non-const pointer but changes nothing. */
    const char *n = PQcmdTuples(r->pg);
    return (int)strtol(n, NULL, 10);
}

const char *rows_text(const struct rows *r, int row, const char *column)
{
    assert(row >= 0 && row < PQntuples(r->pg));
    int i = column_index(r, column);
    return PQgetisnull(r->pg, row, i) ? NULL : PQgetvalue(r->pg, row, i);
}

int64_t rows_int(const struct rows *r, int row, const char *column, int64_t otherwise)
{
    const char *text = rows_text(r, row, column);
    if (!text) return otherwise;
    char *end = NULL;
    long long n = strtoll(text, &end, 10);
    return end == text ? otherwise : (int64_t)n;
}

bool rows_bool(const struct rows *r, int row, const char *column)
{
    const char *text = rows_text(r, row, column);
    return text && text[0] == 't';
}

struct uuid rows_uuid(const struct rows *r, int row, const char *column)
{
    struct uuid u = {0};
    const char *text = rows_text(r, row, column);
    if (text && !uuid_parse(text, &u)) return (struct uuid){0};
    return u;
}
