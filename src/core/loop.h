/* The event loop of a worker: epoll, timers, coroutines that wait, a small pool of threads for pure
 * work.
 *
 * Model: one thread runs everything. A coroutine waits by loop_* calls below; each returns ERR_OK
 * when what it waited for came, ERR_DEADLINE when the time ran out, ERR_CANCELLED when somebody
 * called loop_cancel on it (a request whose client left, a program that stops). After ERR_CANCELLED
 * further waits return ERR_CANCELLED at once, so that straight-line code unwinds by itself;
 * clean-up that must still wait (ROLLBACK) uses a loop_shield scope. Callbacks of descriptors and
 * timers run on the loop's stack and must not wait. */
#ifndef INTERFLOW_CORE_LOOP_H
#define INTERFLOW_CORE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/coroutine.h"

struct loop;
struct loop_watch;
struct loop_timer;

/* max_coroutines: beyond it loop_spawn answers ERR_UNAVAILABLE. threads: 0-4 for loop_offload. */
struct loop *loop_new(int max_coroutines, int threads);
/* Drains for at most 2 s, then frees everything. Descriptors, hooks and timers that are still there
 * are forgotten. NULL is fine. */
void loop_free(struct loop *l);
/* Runs until loop_stop. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* Milliseconds of the monotonic clock as read at this turn. */
int64_t loop_now(const struct loop *l);
/* Coroutines alive. */
int loop_count(const struct loop *l);
/* At the very end, outside of loop_run: cancel every coroutine, refuse new ones, and run turns
 * until all have ended or the time is there. False when some are still alive. */
bool loop_drain(struct loop *l, int64_t deadline_ms);

/* Start fn(arg) as a coroutine, at the next turn. ret_co may be NULL; the pointer is good until fn
 * returns (whoever keeps it clears it then). ERR_UNAVAILABLE: too many, or the loop is being
 * drained. */
MUST_USE enum err loop_spawn(struct loop *l, void (*fn)(void *arg), void *arg, struct co **ret_co);
/* Make the wait of co (now or its next) end with ERR_CANCELLED. NULL-safe; unknown or ended ones
 * are ignored. */
void loop_cancel(struct loop *l, struct co *co);
/* Between shield(true) and shield(false) the running coroutine's waits ignore cancellation.
 * Nests. */
void loop_shield(struct loop *l, bool on);
/* Was the running coroutine cancelled (shielded or not)? */
bool loop_cancelled(struct loop *l);
/* Would a wait of the running coroutine end with ERR_CANCELLED at once (cancelled and not
 * shielded)? */
bool loop_interrupted(struct loop *l);

/* --- waits: only inside a coroutine; deadlines are clock_mono_ms values, CLOCK_NEVER for none
 * --- */
MUST_USE enum err loop_sleep_until(struct loop *l, int64_t deadline_ms);
MUST_USE enum err loop_sleep(struct loop *l, int64_t ms);
/* events: EPOLLIN | EPOLLOUT. One waiter per descriptor. ret_events may be NULL and may hold
 * EPOLLERR and EPOLLHUP. ERR_IO: the descriptor cannot be waited for (a plain file, or watched
 * already). */
MUST_USE enum err loop_wait_fd(struct loop *l, int fd, uint32_t events, int64_t deadline_ms,
                               uint32_t *ret_events);
/* Park until loop_wake(co). A wake that comes before the park is not lost (one is remembered), so
 * that a park may also end because of a wake meant for an earlier one: check your own condition in
 * a loop. */
MUST_USE enum err loop_park(struct loop *l, int64_t deadline_ms);
void loop_wake(struct loop *l, struct co *co);
/* Run the pure function fn(arg) on a thread and wait for it. fn touches only what arg owns. It
 * cannot be interrupted: on cancellation this still waits for the end, then says ERR_CANCELLED.
 * ERR_UNAVAILABLE: queue full (64). Without threads (or outside a coroutine) fn runs at once, on
 * the spot. */
MUST_USE enum err loop_offload(struct loop *l, void (*fn)(void *arg), void *arg);

/* --- callbacks on the loop's own stack ------------------------------------------------- */
/* Watch fd (level-triggered) until loop_unwatch, which must come before close(fd). cb may unwatch
 * itself and others. NULL when the descriptor cannot be watched (EPERM, or watched already). */
struct loop_watch *loop_watch(struct loop *l, int fd, uint32_t events,
                              void (*cb)(void *arg, uint32_t events), void *arg);
void loop_watch_set(struct loop *l, struct loop_watch *w, uint32_t events);
void loop_unwatch(struct loop *l, struct loop_watch *w);
/* Call cb(arg) once at due_ms. The timer frees itself just before cb is called; loop_timer_cancel
 * (NULL-safe) before that. */
struct loop_timer *loop_timer(struct loop *l, int64_t due_ms, void (*cb)(void *arg), void *arg);
void loop_timer_cancel(struct loop *l, struct loop_timer *t);
/* Every turn: prepare runs before epoll_wait and may shorten the wait (returns ms, or -1 for no
 * wish), check runs after it. This is how libmicrohttpd is driven (facts: external epoll). At most
 * 8 hooks; either function may be NULL. In one turn: descriptors, timers, coroutines that are
 * ready, then check. */
void loop_hook(struct loop *l, int (*prepare)(void *arg), void (*check)(void *arg), void *arg);
/* Remove the hooks that have this arg. Not from within a hook. */
void loop_unhook(struct loop *l, void *arg);

#endif
