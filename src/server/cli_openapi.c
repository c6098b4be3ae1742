/* `interflow openapi`: the document of the API, made from the route tables without a database. */
#include <stdio.h>

#include "core/router.h"
#include "server/cli.h"

int cli_openapi(int argc, char **argv)
{
    (void)argv;
    if (argc > 0) return cli_wrong("openapi", "openapi takes no arguments");
    struct app app = {.tables = &server_tables};
    app.router = router_new(server_tables.routes);
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(&app, 64 * MIB, INT64_MAX);
    const char *document = openapi_document(c, app.router);
    int status = document && printf("%s\n", document) > 0 && fflush(stdout) == 0
                     ? 0
                     : cli_fail("cannot write the document");
    router_free(app.router);
    return status;
}
