/* The supervisor: the parent of everything on this machine (worker.h). It serves nobody itself and
 * holds no connection, so that there is nothing in it that a client could reach or crash.
 *
 *     lock the data folder → bind → private PostgreSQL → migrate → bus → workers → watch
 *     → end in the opposite order
 *
 * What fails on the way is said in one line on standard error, with exit status 1.
 *
 * Watching is one poll on signals and on the pipes through which new workers say that they are
 * ready. A worker that dies is started again: at once when it had lived for a while, else with a
 * growing pause. All workers share one listening socket, which stays open here, so connections wait
 * in the kernel while a worker is away.
 *
 * SIGHUP restarts without dropping a request: this process executes its (possibly replaced) program
 * anew, handing over the lock, the socket and the pids in the environment variable
 * INTERFLOW_INHERIT. The new program migrates, starts its workers on the same socket, and only when
 * all of them are ready tells the old ones to end. If the new program cannot run or migrate,
 * nothing happens but a line in the log. Bus messages between old and new workers are lost
 * meanwhile: they are hints. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/log.h"
#include "core/process.h"
#include "core/rate_limit.h"
#include "core/worker.h"

#define INHERIT      "INTERFLOW_INHERIT"
#define WORKERS_MAX  64
#define OLD_MAX      256              /* workers of earlier programs that still end */
#define LIVED_MS     (10 * SECOND_MS) /* a worker that lived this long is started again at once */
#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS (5 * SECOND_MS)
#define STOP_MS      (13 * SECOND_MS) /* a little more than a worker takes at most */
#define GIVE_UP      3                /* deaths before the very first answer */
#define INSIST_MS    SECOND_MS        /* from then on a second signal counts as impatience */
#define PORT_WAIT_MS (3 * SECOND_MS)  /* for the workers of a killed program to be gone */
#define PORT_TRY_MS  20
#define RATE_BUCKETS 65536 /* addresses and keys that are counted at a time; 1 MiB */

struct child {
    pid_t pid;    /* 0: not running */
    int ready_fd; /* -1: said so, or not running */
    bool ready;
    int64_t started_ms, start_at_ms; /* monotonic */
    int64_t pause_ms;
};

struct supervisor {
    struct config config; /* with the real port */
    const struct tables *tables;
    struct arena *arena;
    struct process_user user;
    char **argv; /* as we were started, for the next program */
    const char *program;
    int lock_fd, listen_fd, signal_fd;
    struct pg_private *pg;
    int64_t pg_start_at_ms;
    const char *database_url;
    struct bus_ends bus;
    struct metrics *metrics;
    struct rate_limiter *rate_limiter;
    struct child workers[WORKERS_MAX];
    pid_t old[OLD_MAX]; /* of the program before this one */
    int old_count;
    bool old_told;  /* they were told to end */
    bool announced; /* ready() was called */
    bool stopping;
    bool terminal; /* started on one */
    int early_deaths;
    void (*ready)(void *arg, const char *url);
    void *ready_arg;
};

static int say(const char *why)
{
    fprintf(stderr, "interflow: %s\n", why);
    return 1;
}

/* --- the socket ------------------------------------------------------------------------ */

/* One try on the first address of the list that takes it. 0, or the first errno. */
static int listen_try(struct supervisor *s, const struct addrinfo *all)
{
    int error = 0;
    for (const struct addrinfo *i = all; i; i = i->ai_next) {
        CLEANUP(fd_closep)
        int fd =
            socket(i->ai_family, i->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, i->ai_protocol);
        int on = 1;
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
            bind(fd, i->ai_addr, i->ai_addrlen) != 0 || listen(fd, 4096) != 0) {
            error = error ? error : errno;
            continue;
        }
        s->listen_fd = fd;
        fd = -1;
        return 0;
    }
    return error;
}

/* wait: workers of a program that was killed hold the port until the kernel has ended them too
 * (process_die_with), which takes a moment; so "in use" is not the last word for PORT_WAIT_MS. */
static enum err listen_open(struct supervisor *s, bool wait, const char **ret_why)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV},
                    *all = NULL;
    char port[8];
    snprintf(port, sizeof port, "%d", s->config.listen_port);
    int g = getaddrinfo(s->config.listen_host, port, &hints, &all);
    if (g != 0) {
        *ret_why = arena_printf(s->arena, "cannot listen on '%s': %s", s->config.listen_host,
                                gai_strerror(g));
        return ERR_INVALID;
    }
    int64_t until = clock_mono_ms() + (wait ? PORT_WAIT_MS : 0);
    int error = listen_try(s, all);
    if (wait && error == EADDRINUSE)
        log_event(LOG_INFO, NULL, "the port is held by what was killed: waiting", NULL);
    while (error == EADDRINUSE && clock_mono_ms() < until) {
        (void)poll(NULL, 0, PORT_TRY_MS);
        error = listen_try(s, all);
    }
    freeaddrinfo(all);
    if (error == 0) return ERR_OK;
    const char *advice = error == EADDRINUSE
                             ? "the port is in use by another program (choose one with --listen)"
                         : error == EADDRNOTAVAIL ? "this machine has no such address"
                         : error == EACCES        ? "ports below 1024 need root"
                                                  : strerror(error);
    *ret_why = arena_printf(s->arena, "cannot listen on %s:%d: %s", s->config.listen_host,
                            s->config.listen_port, advice);
    return ERR_IO;
}

/* With port 0 the kernel chose. */
static void port_find(struct supervisor *s)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof name;
    char port[8];
    if (getsockname(s->listen_fd, (struct sockaddr *)&name, &len) == 0 &&
        getnameinfo((struct sockaddr *)&name, len, NULL, 0, port, sizeof port, NI_NUMERICSERV) == 0)
        s->config.listen_port = (int)strtol(port, NULL, 10);
}

static const char *address_for_people(struct supervisor *s)
{
    if (s->config.public_url) return s->config.public_url;
    const char *host = s->config.listen_host;
    if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0) host = "localhost";
    return arena_printf(s->arena, strchr(host, ':') ? "http://[%s]:%d" : "http://%s:%d", host,
                        s->config.listen_port);
}

/* --- workers --------------------------------------------------------------------------- */

static enum err bus_open(struct supervisor *s)
{
    s->bus.count = s->config.workers;
    for (int i = 0; i < s->bus.count; i++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
            return ERR_IO;
        s->bus.receive[i] = pair[0];
        s->bus.send[i] = pair[1];
    }
    return ERR_OK;
}

/* In the new process: become the system user, serve, end. */
static _Noreturn void child_run(struct supervisor *s, int index, int ready_fd, pid_t parent)
{
    close(s->lock_fd); /* the lock is the supervisor's alone: it must end with it */
    close(s->signal_fd);
    for (int i = 0; i < s->config.workers; i++)
        if (s->workers[i].ready_fd >= 0) close(s->workers[i].ready_fd);
    if (process_become(&s->user) != ERR_OK) {
        log_event(LOG_ERROR, NULL, "a worker cannot become the system user",
                  LOG_FIELDS(LOG_TEXT("user", s->user.name)));
        _exit(1);
    }
    process_die_with(parent, SIGKILL);
    struct worker_options o = {
        .config = &s->config,
        .tables = s->tables,
        .database_url = s->database_url,
        .index = index,
        .listen_fd = s->listen_fd,
        .ready_fd = ready_fd,
        .bus = s->bus,
        .metrics = s->metrics,
        .rate_limiter = s->rate_limiter,
    };
    int status = worker_run(&o);
    fflush(NULL);
    _exit(status);
}

static void worker_start(struct supervisor *s, int index)
{
    struct child *w = &s->workers[index];
    int pair[2];
    pid_t parent = getpid();
    if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) != 0) {
        w->start_at_ms = clock_mono_ms() + SECOND_MS;
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        child_run(s, index, pair[1], parent);
    }
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        log_event(LOG_ERROR, NULL, "cannot start a worker",
                  LOG_FIELDS(LOG_TEXT("reason", strerror(errno))));
        w->start_at_ms = clock_mono_ms() + SECOND_MS;
        return;
    }
    w->pid = pid;
    w->ready = false;
    w->ready_fd = pair[0];
    w->started_ms = clock_mono_ms();
}

static bool all_ready(const struct supervisor *s)
{
    for (int i = 0; i < s->config.workers; i++)
        if (!s->workers[i].ready) return false;
    return true;
}

static bool any_ready(const struct supervisor *s)
{
    for (int i = 0; i < s->config.workers; i++)
        if (s->workers[i].ready) return true;
    return false;
}

/* A worker wrote its byte, or its pipe closed because it died (waitpid tells the rest). */
static void worker_said(struct supervisor *s, struct child *w)
{
    char byte;
    w->ready = read(w->ready_fd, &byte, 1) == 1;
    close(w->ready_fd);
    w->ready_fd = -1;
    if (any_ready(s) && !s->announced) {
        s->announced = true;
        if (s->ready) s->ready(s->ready_arg, address_for_people(s));
    }
    if (all_ready(s) && !s->old_told && s->old_count > 0) {
        s->old_told = true;
        log_event(LOG_INFO, NULL, "the new workers are ready, the old ones end",
                  LOG_FIELDS(LOG_INT("old", s->old_count)));
        for (int i = 0; i < s->old_count; i++)
            (void)sigqueue(s->old[i], SIGTERM, (union sigval){.sival_int = WORKER_TAKEN_OVER});
    }
}

static const char *how_it_ended(struct arena *a, int status)
{
    if (WIFSIGNALED(status))
        return arena_printf(a, "signal %d (%s)%s", WTERMSIG(status), strsignal(WTERMSIG(status)),
                            WCOREDUMP(status) ? ", core dumped" : "");
    return arena_printf(a, "exit status %d", WEXITSTATUS(status));
}

static void worker_ended(struct supervisor *s, int index, int status)
{
    struct child *w = &s->workers[index];
    int64_t now = clock_mono_ms(), lived = now - w->started_ms;
    w->pid = 0;
    w->ready = false;
    if (w->ready_fd >= 0) {
        close(w->ready_fd);
        w->ready_fd = -1;
    }
    if (s->stopping) return;
    CLEANUP(arena_freep) struct arena *a = arena_new(16 * KIB);
    w->pause_ms = lived >= LIVED_MS ? 0 : w->pause_ms == 0 ? PAUSE_MIN_MS : w->pause_ms * 2;
    if (w->pause_ms > PAUSE_MAX_MS) w->pause_ms = PAUSE_MAX_MS;
    w->start_at_ms = now + w->pause_ms;
    if (!s->announced) s->early_deaths++;
    log_event(LOG_ERROR, NULL,
              "a worker ended; its clients reconnect, its jobs run again when their lease is over",
              LOG_FIELDS(LOG_INT("worker", index + 1), LOG_TEXT("by", how_it_ended(a, status)),
                         LOG_INT("lived_ms", lived), LOG_INT("again_in_ms", w->pause_ms)));
}

/* --- children that ended --------------------------------------------------------------- */

static void pg_ended(struct supervisor *s, int status)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * KIB);
    log_event(LOG_ERROR, NULL, "the private PostgreSQL ended, starting it again",
              LOG_FIELDS(LOG_TEXT("by", how_it_ended(a, status))));
    s->pg_start_at_ms = clock_mono_ms();
}

static void pg_again(struct supervisor *s)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    const char *why = "";
    s->pg_start_at_ms = 0;
    if (pg_private_restart(s->pg, a, &why) == ERR_OK) {
        log_event(LOG_INFO, NULL, "the private PostgreSQL is back",
                  LOG_FIELDS(LOG_INT("pid", pg_private_pid(s->pg))));
        return;
    }
    log_event(LOG_ERROR, NULL, why, NULL);
    s->pg_start_at_ms = clock_mono_ms() + SECOND_MS;
}

static void children_reap(struct supervisor *s)
{
    int status = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (s->pg && pid == pg_private_pid(s->pg)) {
            pg_ended(s, status);
            continue;
        }
        for (int i = 0; i < s->config.workers; i++)
            if (s->workers[i].pid == pid) worker_ended(s, i, status);
        for (int i = 0; i < s->old_count; i++)
            if (s->old[i] == pid) s->old[i--] = s->old[--s->old_count];
    }
}

/* --- restart into a new program -------------------------------------------------------- */

/* Does the program run, and can it bring the database to its version? Its own `migrate` answers
 * both, while the workers of this program go on serving: migrations only add what old programs do
 * not see. Its words go to our standard error. */
static bool program_works(const struct supervisor *s)
{
    pid_t pid = fork();
    if (pid == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        const char *const argv[] = {s->argv[0], "migrate", "--quiet", NULL};
        if (setenv("INTERFLOW_DATA", s->config.data_dir, 1) == 0)
            execv(s->program, (char *const *)argv);
        _exit(127);
    }
    int status = -1;
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void keep_over_exec(int fd, bool keep)
{
    fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC);
}

static void restart(struct supervisor *s)
{
    if (!all_ready(s) || s->pg_start_at_ms) {
        log_event(LOG_WARN, NULL, "SIGHUP ignored: not all workers are ready", NULL);
        return;
    }
    if (!program_works(s)) {
        log_event(LOG_ERROR, NULL,
                  "SIGHUP ignored: the program does not run or cannot migrate the database",
                  LOG_FIELDS(LOG_TEXT("program", s->program)));
        return;
    }
    struct buf state = BUF_INIT(16 * KIB);
    buf_addf(&state, "lock=%d listen=%d pg=%d", s->lock_fd, s->listen_fd, pg_private_pid(s->pg));
    for (int i = 0; i < s->config.workers; i++)
        buf_addf(&state, " old=%d", (int)s->workers[i].pid);
    for (int i = 0; i < s->old_count; i++)
        buf_addf(&state, " old=%d", (int)s->old[i]);
    log_event(LOG_INFO, NULL, "restarting without dropping requests",
              LOG_FIELDS(LOG_TEXT("program", s->program)));
    keep_over_exec(s->lock_fd, true);
    keep_over_exec(s->listen_fd, true);
    if (!buf_failed(&state) && setenv(INHERIT, buf_str(&state), 1) == 0) execv(s->program, s->argv);
    log_event(LOG_ERROR, NULL, "could not execute the program",
              LOG_FIELDS(LOG_TEXT("reason", strerror(errno))));
    unsetenv(INHERIT);
    keep_over_exec(s->lock_fd, false);
    keep_over_exec(s->listen_fd, false);
    buf_free(&state);
}

/* What the program before us left. False when there was none. */
static bool inherit(struct supervisor *s, int *ret_pg_pid)
{
    const char *state = getenv(INHERIT);
    if (!state) return false;
    char *copy = arena_strdup(s->arena, state), *save = NULL;
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        char *value = strchr(word, '=');
        if (!value) continue;
        *value++ = '\0';
        int n = (int)strtol(value, NULL, 10);
        if (strcmp(word, "lock") == 0)
            s->lock_fd = n;
        else if (strcmp(word, "listen") == 0)
            s->listen_fd = n;
        else if (strcmp(word, "pg") == 0)
            *ret_pg_pid = n;
        else if (strcmp(word, "old") == 0 && s->old_count < OLD_MAX)
            s->old[s->old_count++] = (pid_t)n;
    }
    unsetenv(INHERIT);
    keep_over_exec(s->lock_fd, false);
    keep_over_exec(s->listen_fd, false);
    return true;
}

/* Our own command line and program, found before a newer file takes its place. */
static bool self_find(struct supervisor *s)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0) return false;
    path[n] = '\0';
    s->program = arena_strdup(s->arena, path);
    CLEANUP(fd_closep) int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    char *text = arena_alloc(s->arena, 128 * KIB);
    n = fd < 0 ? -1 : read(fd, text, 128 * KIB - 1);
    if (n <= 0) return false;
    int count = 0;
    for (ssize_t i = 0; i < n; i++)
        count += text[i] == '\0';
    s->argv = arena_array(s->arena, (size_t)count + 2, sizeof *s->argv);
    int k = 0;
    for (char *p = text; p < text + n && k <= count; p += strlen(p) + 1)
        s->argv[k++] = p;
    return true;
}

/* --- life ------------------------------------------------------------------------------ */

static void descriptors_allow(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
        r.rlim_cur = r.rlim_max;
        (void)setrlimit(
            RLIMIT_NOFILE,
            &r); /* fewer connections then; http_server.c says so when it comes to that */
    }
}

/* Everything before the workers. */
static enum err prepare(struct supervisor *s, const char **ret_why)
{
    int pg_pid = 0;
    bool again = inherit(s, &pg_pid), unclean = false;
    enum err e = process_user_find(s->arena, &s->config, &s->user, ret_why);
    if (!e) e = data_prepare(s->arena, &s->config, &s->user, ret_why);
    if (!e && !again) e = data_lock(s->arena, &s->config, &s->lock_fd, &unclean, ret_why);
    if (!e && !again) e = listen_open(s, unclean, ret_why);
    if (e) return e;
    port_find(s);
    if (!again) data_tmp_clean(s->arena, &s->config);
    s->database_url = s->config.database_url;
    if (pg_pid > 0)
        e = pg_private_adopt(s->arena, &s->config, pg_pid, &s->pg, &s->database_url, ret_why);
    else if (!s->database_url)
        e = pg_private_start(s->arena, &s->config, &s->pg, &s->database_url, ret_why);
    if (e) return e;
    int applied = 0;
    e = migrate_run(s->arena, s->database_url, ret_why, &applied);
    if (e) return e;
    if (applied > 0)
        log_event(LOG_INFO, NULL, "database migrated", LOG_FIELDS(LOG_INT("migrations", applied)));
    s->metrics = metrics_new(s->config.workers);
    s->rate_limiter = rate_limiter_new(RATE_BUCKETS);
    e = bus_open(s);
    if (e) *ret_why = "cannot open socket pairs (too many open files?)";
    return e;
}

/* Milliseconds until something is due, -1 for nothing. */
static int due_in(const struct supervisor *s)
{
    int64_t next = s->pg_start_at_ms ? s->pg_start_at_ms : CLOCK_NEVER;
    for (int i = 0; i < s->config.workers; i++)
        if (s->workers[i].pid == 0 && s->workers[i].start_at_ms < next)
            next = s->workers[i].start_at_ms;
    if (next == CLOCK_NEVER) return -1;
    int64_t left = next - clock_mono_ms();
    return left < 0 ? 0 : (int)left;
}

static void start_due(struct supervisor *s)
{
    if (s->pg_start_at_ms && s->pg_start_at_ms <= clock_mono_ms()) pg_again(s);
    int64_t now = clock_mono_ms();
    for (int i = 0; i < s->config.workers; i++)
        if (s->workers[i].pid == 0 && s->workers[i].start_at_ms <= now) worker_start(s, i);
}

/* The terminal is gone: nobody asked for a restart. */
static bool terminal_lost(const struct supervisor *s)
{
    return s->terminal && !isatty(STDERR_FILENO);
}

static void signals_take(struct supervisor *s)
{
    struct signalfd_siginfo info;
    while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT ||
            (info.ssi_signo == SIGHUP && terminal_lost(s)))
            s->stopping = true;
        else if (info.ssi_signo == SIGHUP)
            restart(s);
        else if (info.ssi_signo == SIGCHLD)
            children_reap(s);
    }
}

static void watch(struct supervisor *s)
{
    while (!s->stopping && s->early_deaths < GIVE_UP) {
        start_due(s);
        struct pollfd fds[WORKERS_MAX + 1] = {{.fd = s->signal_fd, .events = POLLIN}};
        for (int i = 0; i < s->config.workers; i++)
            fds[i + 1] = (struct pollfd){.fd = s->workers[i].ready_fd, .events = POLLIN};
        if (poll(fds, (nfds_t)s->config.workers + 1, due_in(s)) < 0) continue;
        for (int i = 0; i < s->config.workers; i++)
            if (fds[i + 1].revents && s->workers[i].ready_fd >= 0) worker_said(s, &s->workers[i]);
        if (fds[0].revents) signals_take(s);
    }
}

static int workers_signal(struct supervisor *s, int sig)
{
    int alive = 0;
    for (int i = 0; i < s->config.workers; i++)
        if (s->workers[i].pid > 0) {
            alive++;
            if (sig) kill(s->workers[i].pid, sig);
        }
    for (int i = 0; i < s->old_count; i++, alive++)
        if (sig) kill(s->old[i], sig);
    return alive;
}

static void workers_end(struct supervisor *s)
{
    int64_t began = clock_mono_ms(), until = began + STOP_MS;
    bool forced = false;
    s->stopping = true;
    workers_signal(s, SIGTERM);
    for (children_reap(s); workers_signal(s, 0) > 0; children_reap(s)) {
        int64_t left = until - clock_mono_ms();
        if (left <= 0 && !forced) {
            log_event(LOG_WARN, NULL, "workers are ended by force", NULL);
            workers_signal(s, SIGKILL);
            forced = true;
        }
        struct pollfd p = {.fd = s->signal_fd, .events = POLLIN};
        (void)poll(&p, 1, left > 0 ? (int)left : 100);
        struct signalfd_siginfo info;
        while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
            /* Asked again: now. Not by the echo of the first, which some tools send to the group
             * too. */
            if ((info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM) &&
                clock_mono_ms() - began > INSIST_MS)
                until = 0;
    }
}

int supervisor_run(const struct config *config, const struct tables *tables,
                   void (*ready)(void *arg, const char *url), void *arg)
{
    struct supervisor *s = mem_alloc(sizeof *s);
    *s = (struct supervisor){.config = *config,
                             .tables = tables,
                             .arena = arena_new(4 * MIB),
                             .lock_fd = -1,
                             .listen_fd = -1,
                             .signal_fd = -1,
                             .terminal = isatty(STDERR_FILENO),
                             .ready = ready,
                             .ready_arg = arg};
    for (int i = 0; i < WORKERS_MAX; i++)
        s->workers[i].ready_fd = -1;
    log_setup(&(struct log_options){
        .level = config->log_level, .json = config->log_json, .process = "supervisor"});

    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGHUP);
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signal(SIGPIPE, SIG_IGN);
    s->signal_fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    descriptors_allow();

    const char *why = "something went wrong";
    int status = 0;
    if (s->signal_fd < 0 || !self_find(s)) {
        status = say("cannot read /proc or open signals");
    } else {
        enum err e = prepare(s, &why);
        if (e) {
            status = say(why);
        } else {
            watch(s);
            if (s->early_deaths >= GIVE_UP)
                status = say("the workers cannot start; the lines above say why");
        }
    }
    if (!status) log_event(LOG_INFO, NULL, "stopping", NULL);
    workers_end(s);
    pg_private_stop(s->pg);
    if (s->listen_fd >= 0) close(s->listen_fd);
    if (s->signal_fd >= 0) close(s->signal_fd);
    data_unlock(s->lock_fd);
    rate_limiter_free(s->rate_limiter);
    for (int i = 0; i < s->bus.count; i++) {
        close(s->bus.receive[i]);
        close(s->bus.send[i]);
    }
    if (!status) log_event(LOG_INFO, NULL, "stopped", NULL);
    arena_free(s->arena);
    mem_free(s);
    return status;
}
