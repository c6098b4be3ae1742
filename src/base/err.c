/* The table of errors: one row per code of err.h, in its order. */
#include "base/err.h"

static const struct err_row rows[ERR_COUNT] = {
    [ERR_OK] = {200, "OK", "ok"},
    [ERR_INVALID] = {400, "VALIDATION_ERROR", "the input is not valid"},
    [ERR_UNAUTHORIZED] = {401, "UNAUTHORIZED", "log in first"},
    [ERR_FORBIDDEN] = {403, "FORBIDDEN", "this is not allowed"},
    [ERR_NOT_FOUND] = {404, "NOT_FOUND", "there is no such thing"},
    [ERR_METHOD] = {405, "METHOD_NOT_ALLOWED", "this address does not take that method"},
    [ERR_TIMEOUT] = {408, "REQUEST_TIMEOUT", "the request took too long to arrive"},
    [ERR_CONFLICT] = {409, "CONFLICT", "it exists already, or was changed meanwhile"},
    [ERR_PRECONDITION] = {412, "PRECONDITION_FAILED", "the condition of the request does not hold"},
    [ERR_TOO_LARGE] = {413, "TOO_LARGE", "this is larger than allowed"},
    [ERR_MEDIA_TYPE] = {415, "UNSUPPORTED_MEDIA", "this type of content is not accepted"},
    [ERR_RANGE] = {416, "RANGE_NOT_SATISFIABLE", "there is no such range"},
    [ERR_UNPROCESSABLE] = {422, "UNPROCESSABLE", "this cannot be done now"},
    [ERR_RATE_LIMITED] = {429, "RATE_LIMITED", "too many requests, try again later"},
    [ERR_HEADERS] = {431, "HEADERS_TOO_LARGE", "the headers are larger than allowed"},
    [ERR_INTERNAL] = {500, "INTERNAL_ERROR", "something went wrong on our side"},
    [ERR_UPSTREAM] = {502, "UPSTREAM_ERROR", "a service outside did not answer as expected"},
    [ERR_UNAVAILABLE] = {503, "UNAVAILABLE", "not available now, try again in a moment"},
    [ERR_DEADLINE] = {504, "DEADLINE_EXCEEDED", "this took longer than allowed"},
    [ERR_CANCELLED] = {499, "CANCELLED", "cancelled before it was done"},
    [ERR_NO_MEMORY] = {503, "LIMIT_REACHED", "this needs more memory than allowed"},
    [ERR_IO] = {500, "IO_ERROR", "reading or writing failed"},
};

const struct err_row *err_row(enum err e)
{
    unsigned int i = (unsigned int)e;
    return &rows[i < ERR_COUNT ? i : ERR_INTERNAL];
}
