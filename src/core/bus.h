/* Between the processes of one machine and, coalesced, between machines: hints and ephemeral news.
 * One SOCK_DGRAM socketpair per worker, made by the supervisor before forking (both ends kept, so
 * that a restarted worker inherits them); other nodes through one NOTIFY connection of worker 0
 * that flushes at most every 5 ms (only with an outside database).
 *
 * Nothing here is the truth, and nothing is lost in silence: what does not fit into a socket waits
 * in a queue with a bound, and who could not be told everything (a full queue, a line between
 * machines that was down) is told so: bus_on_missed. */
#ifndef INTERFLOW_CORE_BUS_H
#define INTERFLOW_CORE_BUS_H

#include "core/app.h"

#define BUS_MESSAGE_MAX 4096

struct bus;

/* receive[i] is worker i's receiving end, as inherited; send[i] the end that reaches it. The
 * descriptors stay the caller's. */
struct bus_ends {
    int count;
    int receive[64];
    int send[64];
};
struct bus *bus_new(struct app *app, const struct bus_ends *ends, int self);
void bus_free(struct bus *b);
/* NULL is fine in the four below: a command without workers has nobody to tell. */
/* Topic: short word ("wake", "typing", "auth"). Delivered to every worker, this one included (at
 * its next turn), and to the other nodes. payload at most BUS_MESSAGE_MAX bytes of text. */
void bus_send(struct bus *b, const char *topic, const char *payload);
/* cb runs on the loop's stack. At most 16 topics. */
void bus_on(struct bus *b, const char *topic, void (*cb)(void *arg, const char *payload),
            void *arg);
/* Messages for this worker may have been lost: do what is safe without them (forget what was
 * remembered, read the tables). Runs on the loop's stack; it may be called for nothing. At most 16.
 * Events and jobs are looked for by the bus itself. */
void bus_on_missed(struct bus *b, void (*cb)(void *arg), void *arg);
/* enum wake bits: events, jobs. Coalesced per turn. */
void bus_wake(struct bus *b, uint32_t wakes);

#endif
