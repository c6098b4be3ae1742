/* What the parts of `interflow demo` give each other. */
#ifndef INTERFLOW_SERVER_CLI_DEMO_H
#define INTERFLOW_SERVER_CLI_DEMO_H

#include "server/cli.h"

/* Prints who can log in to the demonstration and where its shop page is, if there is one; url: the
 * server's address. */
void demo_show(const struct config *config, const char *url);

/* Flows of the demonstration; shop: the channel where any first message starts the live one. */
enum err demo_flows_add(struct ctx *c, struct uuid shop);

/* Connects WhatsApp, Messenger and Instagram of the demonstration to the stand-in platform; may be
 * done again. Returns 0, or 1 after one line on standard error. */
int demo_channels_connect(struct ctx *c);
/* Starts that platform on port (NULL: the usual one) and serves until the end. Changes config to its
 * addresses. Returns the exit status. */
int demo_channels_serve(struct arena *a, struct config *config, const char *port);

#endif
