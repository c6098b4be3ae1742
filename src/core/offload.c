/* Threads for what burns the processor: password hashes, images, documents.
 *
 * The hand-over is two lists under one mutex; an eventfd tells the loop that the second one is not
 * empty. The mutex orders the owner's writes before fn's reads and fn's writes before the owner's:
 * nothing else is shared. The threads block all signals, so that those of the process reach the
 * loop's thread. */
#include "core/offload.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

#define THREADS_MAX        4
#define THREAD_STACK_BYTES MIB

struct offload_list {
    struct offload_work *first, **last;
};

struct offload {
    pthread_mutex_t lock; /* guards the two lists, waiting and stop; held for moments only */
    pthread_cond_t work;
    struct offload_list todo, done;
    int waiting;
    bool stop;
    int fd;
    int thread_count;
    pthread_t threads[THREADS_MAX];
};

static void list_add(struct offload_list *l, struct offload_work *w)
{
    w->next = NULL;
    *l->last = w;
    l->last = &w->next;
}

static struct offload_work *list_take(struct offload_list *l)
{
    struct offload_work *w = l->first;
    l->first = w->next;
    if (!l->first) l->last = &l->first;
    w->next = NULL;
    return w;
}

static void *thread_main(void *arg)
{
    struct offload *o = arg;
    (void)pthread_mutex_lock(&o->lock);
    for (;;) {
        while (!o->stop && !o->todo.first)
            (void)pthread_cond_wait(&o->work, &o->lock);
        if (o->stop) break;
        struct offload_work *w = list_take(&o->todo);
        o->waiting--;
        (void)pthread_mutex_unlock(&o->lock);
        w->fn(w->arg);
        (void)pthread_mutex_lock(&o->lock);
        bool tell = !o->done.first;
        list_add(&o->done, w);
        if (tell) {
            uint64_t one = 1;
            /* Cannot fail: the counter is at most 1. */
            if (write(o->fd, &one, sizeof(one)) < 0) abort();
        }
    }
    (void)pthread_mutex_unlock(&o->lock);
    return NULL;
}

struct offload *offload_new(int threads)
{
    struct offload *o = mem_alloc(sizeof(*o));
    o->todo.last = &o->todo.first;
    o->done.last = &o->done.first;
    o->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_attr_t attr;
    if (o->fd < 0 || pthread_mutex_init(&o->lock, NULL) != 0 ||
        pthread_cond_init(&o->work, NULL) != 0 || pthread_attr_init(&attr) != 0) {
        abort();
    }
    (void)pthread_attr_setstacksize(&attr, THREAD_STACK_BYTES);
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    if (threads > THREADS_MAX) threads = THREADS_MAX;
    for (int i = 0; i < threads; i++) {
        if (pthread_create(&o->threads[i], &attr, thread_main, o) != 0) break;
        o->thread_count++;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attr);
    return o;
}

void offload_free(struct offload *o)
{
    if (!o) return;
    (void)pthread_mutex_lock(&o->lock);
    o->stop = true;
    (void)pthread_cond_broadcast(&o->work);
    (void)pthread_mutex_unlock(&o->lock);
    for (int i = 0; i < o->thread_count; i++) {
        (void)pthread_join(o->threads[i], NULL);
    }
    (void)pthread_cond_destroy(&o->work);
    (void)pthread_mutex_destroy(&o->lock);
    (void)close(o->fd);
    mem_free(o);
}

int offload_fd(const struct offload *o)
{
    return o->fd;
}

bool offload_put(struct offload *o, struct offload_work *w)
{
    (void)pthread_mutex_lock(&o->lock);
    bool fits = o->waiting < OFFLOAD_QUEUE_MAX && o->thread_count > 0;
    if (fits) {
        list_add(&o->todo, w);
        o->waiting++;
        (void)pthread_cond_signal(&o->work);
    }
    (void)pthread_mutex_unlock(&o->lock);
    return fits;
}

struct offload_work *offload_done(struct offload *o)
{
    uint64_t count = 0;
    (void)pthread_mutex_lock(&o->lock);
    (void)!read(o->fd, &count, sizeof(count));
    struct offload_work *w = o->done.first;
    o->done.first = NULL;
    o->done.last = &o->done.first;
    (void)pthread_mutex_unlock(&o->lock);
    return w;
}
