/* The program: `interflow COMMAND`. One row per command (cli.h); this file holds the short ones and
 * the help. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "server/cli.h"
#include "server/cli_demo.h"

/* --- serve ----------------------------------------------------------------------------- */

static void on_ready(void *arg, const char *url)
{
    const struct config *config = arg;
    printf("\n  Interflow   %s\n", url);
    if (config->demo) demo_show(config, url);
    printf("\n");
    fflush(stdout);
}

static int cli_serve(int argc, char **argv)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct config config;
    int wrong = cli_config("serve", a, &argc, argv, 0, &config);
    return wrong ? wrong : supervisor_run(&config, &server_tables, on_ready, &config);
}

/* --- migrate --------------------------------------------------------------------------- */

static int cli_migrate(int argc, char **argv)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(8 * MIB);
    struct config config;
    bool quiet = cli_switch(&argc, argv, "--quiet");
    int wrong = cli_config("migrate", a, &argc, argv, 0, &config);
    if (wrong) return wrong;
    struct cli_database db;
    int status = cli_database_open(a, &config, false, &db);
    if (status) return status;
    const char *why = "";
    int applied = 0;
    if (migrate_run(a, db.url, &why, &applied) != ERR_OK)
        status = cli_fail("%s", why);
    else if (!quiet)
        printf(applied ? "%d migrations applied\n" : "the database is up to date\n", applied);
    cli_database_close(&db);
    return status;
}

/* --- version, help --------------------------------------------------------------------- */

static int cli_version(int argc, char **argv)
{
    (void)argv;
    if (argc > 0) return cli_wrong("version", "takes no arguments");
    printf("interflow %s\n", INTERFLOW_VERSION);
    return 0;
}

static int cli_help(int argc, char **argv);

static const struct command commands[] = {
    {"serve", "", "run the server",
     "Stops on SIGTERM and SIGINT; restarts without dropping a request on SIGHUP.\n", true,
     cli_serve},
    {"migrate", "[--quiet]", "bring the database to this version", NULL, true, cli_migrate},
    {"backup", "FILE", "write database and files into one archive",
     "FILE is a tar archive, - is standard output. The server may run meanwhile. The key that "
     "seals secrets\n"
     "(data/seal.key) is part of it: keep the archive as safe as the data folder.\n",
     true, cli_backup},
    {"restore", "[--force] FILE", "bring back what backup wrote",
     "The server must not run. The target must be empty, unless --force is given: then what it "
     "holds is replaced.\n",
     true, cli_restore},
    {"doctor", "", "check the installation and say what is wrong",
     "Exit status 1 when something must be mended.\n", true, cli_doctor},
    {"user", "add|passwd EMAIL [OPTIONS]", "add a person, or set a new password",
     "  user add EMAIL --organization NAME|ID [--name NAME] [--role owner|admin|manager|agent] "
     "[--language pt|es|en]\n"
     "      An organization that does not exist is made, with this person as its owner. The "
     "default role is agent.\n"
     "  user passwd EMAIL [--drop-totp]\n"
     "      Ends every login of that person; --drop-totp also turns their second factor off.\n"
     "Without --password-stdin a password is made and printed.\n",
     true, cli_user},
    {"demo", "[--channels [--peer-port PORT]]",
     "fill a new installation with a believable business",
     "Only where there is no organization yet. Prints the login.\n"
     "  --channels: connect WhatsApp, Messenger and Instagram to a stand-in of these platforms "
     "beside the server, with\n"
     "      a page (port 8090) on which you are the customer, and serve. Needs the sources and "
     "Node.\n",
     true, cli_demo},
    {"openapi", "", "print the API's OpenAPI 3.1 document", NULL, false, cli_openapi},
    {"version", "", "print the version", NULL, false, cli_version},
    {"help", "[COMMAND]", "say more about a command", NULL, false, cli_help},
    {0},
};

static const struct command *command_find(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0) return c;
    return NULL;
}

static void settings_show(void)
{
    printf("\nSettings (a flag wins over the environment):\n");
    for (const struct config_row *r = config_rows; r->help; r++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s%s", r->flag ? r->flag : "", r->flag && r->env ? ", " : "",
                 r->env ? r->env : "");
        printf("  %s%s%s\n      %s%s%s%s\n", name, r->value ? " " : "", r->value ? r->value : "",
               r->help, r->otherwise ? " (default " : "", r->otherwise ? r->otherwise : "",
               r->otherwise ? ")" : "");
    }
}

static int command_help(const struct command *c)
{
    printf("interflow %s%s%s: %s\n", c->name, c->arguments[0] ? " " : "", c->arguments, c->summary);
    if (c->help) printf("\n%s", c->help);
    if (c->settings) settings_show();
    return 0;
}

static int cli_help(int argc, char **argv)
{
    if (argc > 0) {
        const struct command *c = command_find(argv[0]);
        return c ? command_help(c) : cli_wrong("help", "there is no command '%s'", argv[0]);
    }
    printf("interflow: conversations with customers, and the work that follows from them\n\n");
    for (const struct command *c = commands; c->name; c++) {
        char call[64];
        snprintf(call, sizeof call, "%s%s%s", c->name, c->arguments[0] ? " " : "", c->arguments);
        printf("  interflow %-24s %s\n", call, c->summary);
    }
    printf("\n`interflow help COMMAND` or `interflow COMMAND --help` says more.\n");
    return 0;
}

int main(int argc, char **argv)
{
    if (crypto_init() != ERR_OK) return cli_fail("the cryptographic library does not start");
    if (argc < 2) {
        cli_help(0, NULL);
        return 2;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    else if (strcmp(name, "--version") == 0)
        name = "version";
    const struct command *c = command_find(name);
    if (!c) return cli_wrong("help", "there is no command '%s'", name);
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return command_help(c);
    return c->run(argc - 2, argv + 2);
}
