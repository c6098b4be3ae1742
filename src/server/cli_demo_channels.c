/* `interflow demo --channels`: the demonstration with WhatsApp, Messenger and Instagram connected to
 * a stand-in of these platforms (tests/graph) that runs beside the server on this machine, with a
 * page on which anybody can be the customer. The real connectors do the work; only the addresses
 * that they call are the stand-in's. Needs the sources and Node. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "channels/channel.h"
#include "core/db.h"
#include "server/cli.h"
#include "server/cli_demo.h"
#include "sql.h"

#define PEER_PORT   "8090"
#define PEER_SCRIPT INTERFLOW_SOURCE "/tests/graph/serve.mjs"
#define VERIFY_WORD "verify"

/* What tests/graph/serve.mjs says of itself: its ids, secrets and tokens never change. */
#define APP_ID            "715202611210001"
#define APP_SECRET        "d3m0d3m0d3m0d3m0d3m0d3m0d3m0d3m0"
#define INSTAGRAM_ID      "715202611210002"
#define INSTAGRAM_SECRET  "1n5ta1n5ta1n5ta1n5ta1n5ta1n5ta12"
#define DEMO_TOKENS       "Demo0TokenDemo0TokenDemo0TokenDemo0TokenDemo0TokenDemo0Token"
#define DEMO_TOKEN(start) start DEMO_TOKENS DEMO_TOKENS

static const struct {
    const char *kind, *name, *address, *account, *key, *settings, *secrets;
} accounts[] = {
    {"whatsapp", "WhatsApp", "+55 11 3000-1234", "106540352242922", "demo-whatsapp",
     "{\"phoneNumberId\":\"106540352242922\",\"wabaId\":\"102290129340398\","
     "\"verifyToken\":\"" VERIFY_WORD "\",\"coexistence\":false}",
     "{\"token\":\"" DEMO_TOKEN("EAAGwhatsapp") "\",\"appSecret\":\"" APP_SECRET "\"}"},
    {"messenger", "Messenger", "Quintal da Lola", "108824017345866", "demo-messenger",
     "{\"pageId\":\"108824017345866\",\"verifyToken\":\"" VERIFY_WORD "\",\"appId\":\"" APP_ID
     "\"}",
     "{\"token\":\"" DEMO_TOKEN("EAAGpage") "\",\"appSecret\":\"" APP_SECRET "\"}"},
    {"instagram", "Instagram", "@quintaldalola", "17841405309211844", "demo-instagram",
     "{\"login\":\"facebook\",\"accountId\":\"17841405309211844\",\"pageId\":\"108824017345866\","
     "\"verifyToken\":\"" VERIFY_WORD "\",\"appId\":\"" APP_ID "\"}",
     "{\"token\":\"" DEMO_TOKEN("EAAGpage") "\",\"appSecret\":\"" APP_SECRET "\"}"},
};

int demo_channels_connect(struct ctx *c)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_DEMO_ORGANIZATION, NULL, &rows);
    if (!e) c->org = rows_uuid(rows, 0, "id");
    for (size_t i = 0; !e && i < ARRAY_LEN(accounts); i++) {
        CLEANUP(json_decrefp) json_t *settings = json_loads(accounts[i].settings, 0, NULL);
        CLEANUP(json_decrefp) json_t *secrets = json_loads(accounts[i].secrets, 0, NULL);
        e = db_exec(c, &SQL_DEMO_PEER_CHANNEL,
                    PARAMS(P_TEXT("kind", accounts[i].kind), P_TEXT("name", accounts[i].name),
                           P_TEXT("address", accounts[i].address),
                           P_TEXT("account", accounts[i].account), P_TEXT("key", accounts[i].key),
                           P_JSON("settings", settings),
                           P_TEXT("sealed", channel_secrets_seal(c, secrets))));
    }
    return e ? cli_fail("the channels of the demonstration could not be made: %s",
                        c->fault.message ? c->fault.message : err_row(e)->text)
             : 0;
}

/* The stand-in as a process of its own, which ends with us. Its page and what it says of itself are
 * not for the log: standard output is dropped. */
static pid_t peer_start(struct arena *a, const struct config *config, const char *port)
{
    const char *base = arena_printf(a, "http://127.0.0.1:%d/hooks", config->listen_port);
    const char *argv[] = {"node",
                          PEER_SCRIPT,
                          "--port",
                          port,
                          "--verify-token",
                          VERIFY_WORD,
                          "--whatsapp",
                          arena_printf(a, "%s/whatsapp/demo-whatsapp", base),
                          "--page",
                          arena_printf(a, "%s/messenger/demo-messenger", base),
                          "--instagram",
                          arena_printf(a, "%s/instagram/demo-instagram", base),
                          NULL};
    pid_t parent = getpid(), pid = fork();
    if (pid != 0) return pid;
    process_die_with(parent, SIGTERM);
    if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) _exit(126);
    execvp(argv[0], (char **)(uintptr_t)argv);
    _exit(127);
}

struct words {
    const struct config *config;
    const char *peer;
};

static void on_ready(void *arg, const char *url)
{
    const struct words *w = arg;
    printf("\n  Interflow   %s\n", url);
    demo_show(w->config, url);
    printf("  Customers   %s (write there on WhatsApp, Messenger or Instagram)\n\n", w->peer);
    fflush(stdout);
}

int demo_channels_serve(struct arena *a, struct config *config, const char *port)
{
    if (access(PEER_SCRIPT, R_OK) != 0)
        return cli_fail("the stand-in of the platforms is part of the sources, which are not in %s",
                        INTERFLOW_SOURCE);
    if (!port) port = PEER_PORT;
    const char *peer = arena_printf(a, "http://127.0.0.1:%s", port);
    config->meta_graph_url = config->instagram_graph_url = config->instagram_api_url = peer;
    config->facebook_dialog_url = config->instagram_dialog_url = peer;
    config->meta_media_hosts = "127.0.0.1";
    config->meta_app_id = APP_ID;
    config->meta_app_secret = APP_SECRET;
    config->instagram_app_id = INSTAGRAM_ID;
    config->instagram_app_secret = INSTAGRAM_SECRET;
    config->meta_verify_token = VERIFY_WORD;
    config->private_networks = config->private_networks && *config->private_networks
                                   ? arena_printf(a, "%s,127.0.0.0/8", config->private_networks)
                                   : "127.0.0.0/8";
    pid_t pid = peer_start(a, config, port);
    if (pid < 0) return cli_fail("the stand-in could not be started: %s", strerror(errno));
    usleep(300000);
    int ended = 0;
    if (waitpid(pid, &ended, WNOHANG) == pid)
        return cli_fail("the stand-in did not start: is node there, and port %s free?", port);
    struct words words = {config, peer};
    int status = supervisor_run(config, &server_tables, on_ready, &words);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    return status;
}
