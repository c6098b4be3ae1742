/* A program of the system, run apart (child.h). Between fork and exec only what is safe there; the
 * parent waits on a pidfd, so that other coroutines go on. */
#include "core/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/loop.h"

#define KILL_WAIT_MS (5 * SECOND_MS)
#define FILES_OPEN   64
#define EXIT_EXEC    127

static void limit(int what, int64_t value)
{
    if (value <= 0) return;
    struct rlimit r = {.rlim_cur = (rlim_t)value, .rlim_max = (rlim_t)value};
    (void)setrlimit((__rlimit_resource_t)what, &r);
}

/* --- what it may see ------------------------------------------------------------------- */

#define MAY_READ     (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define MAY_RUN      (MAY_READ | LANDLOCK_ACCESS_FS_EXECUTE)
#define MAY_WRITE    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)
#define ALL_OF_ABI_1 ((UINT64_C(1) << 13) - 1)
#define ABI_NETWORK  4 /* since when connecting and binding can be forbidden */

/* Members that older headers lack. */
struct closed_off {
    uint64_t files, network;
};

static void may(int rules, const char *path, uint64_t what)
{
    int fd = path ? open(path, O_PATH | O_CLOEXEC) : -1;
    if (fd < 0) return;
    struct stat st;
    if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
        what &= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;
    struct landlock_path_beneath_attr rule = {.allowed_access = what, .parent_fd = fd};
    (void)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(fd);
}

/* Best effort: a kernel without Landlock leaves the rest of the limits. */
static void close_off(const struct child_limits *l)
{
    static const char *const programs[] = {"/usr", "/lib", "/lib64", "/bin"};
    struct closed_off all = {.files = ALL_OF_ABI_1, .network = 3};
    if (!l->reads && !l->writes) return;
    long abi =
        syscall(SYS_landlock_create_ruleset, NULL, 0, (uint32_t)LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1) return;
    size_t size = abi >= ABI_NETWORK ? sizeof all : sizeof all.files;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0);
    if (rules < 0) return;
    for (size_t i = 0; i < ARRAY_LEN(programs); i++)
        may(rules, programs[i], MAY_RUN);
    may(rules, "/etc/ld.so.cache", MAY_READ);
    may(rules, "/dev/null", MAY_WRITE);
    may(rules, "/dev/urandom", MAY_READ);
    may(rules, l->reads, MAY_READ);
    may(rules, l->writes, MAY_WRITE);
    (void)syscall(SYS_landlock_restrict_self, rules, 0);
    close(rules);
}

/* --- running it ------------------------------------------------------------------------ */

/* In the child. Never returns. */
static _Noreturn void become(const char *const *argv, const struct child_limits *l, int null_fd)
{
    static char path[] = "PATH=/usr/bin:/bin", locale[] = "LC_ALL=C.UTF-8";
    char *environment[] = {path, locale, NULL};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    for (int fd = 0; fd < 3; fd++)
        if (dup2(null_fd, fd) < 0) _exit(EXIT_EXEC);
    (void)syscall(SYS_close_range, 3, ~0U, 0);
    limit(RLIMIT_CPU, l->cpu_s);
    limit(RLIMIT_AS, l->memory_bytes);
    limit(RLIMIT_FSIZE, l->file_bytes);
    limit(RLIMIT_NOFILE, FILES_OPEN);
    struct rlimit no_core = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    close_off(l);
    (void)nice(10);
    execve(argv[0], (char *const *)argv, environment);
    _exit(EXIT_EXEC);
}

/* Wait for its end; the exit code into *ret_code. */
static enum err reap(struct loop *l, int pidfd, int64_t deadline_ms, int *ret_code)
{
    uint32_t got = 0;
    enum err e = loop_wait_fd(l, pidfd, EPOLLIN, deadline_ms, &got);
    if (e) return e;
    siginfo_t info = {0};
    if (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED) != 0) return ERR_IO;
    *ret_code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    return ERR_OK;
}

enum err child_run(struct ctx *c, const char *const *argv, const struct child_limits *limits,
                   int *ret_code)
{
    if (access(argv[0], X_OK) != 0)
        return fault(c, ERR_NOT_FOUND, "PROGRAM_MISSING", "%s is not installed", argv[0]);
    CLEANUP(fd_closep) int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_fd < 0) return fault(c, ERR_UNAVAILABLE, NULL, "no descriptor is left");
    pid_t pid = fork();
    if (pid < 0) return fault(c, ERR_UNAVAILABLE, NULL, "no process can be made");
    if (pid == 0) become(argv, limits, null_fd);
    CLEANUP(fd_closep) int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct loop *l = c->app->loop;
    int64_t deadline_ms = clock_mono_ms() + limits->time_ms;
    if (deadline_ms > c->deadline_ms) deadline_ms = c->deadline_ms;
    int code = 0;
    enum err e = pidfd < 0 ? ERR_IO : reap(l, pidfd, deadline_ms, &code);
    if (e) {
        (void)kill(-pid, SIGKILL);
        (void)kill(pid, SIGKILL);
        loop_shield(l, true);
        if (pidfd < 0 || reap(l, pidfd, clock_mono_ms() + KILL_WAIT_MS, &code) != ERR_OK)
            (void)waitpid(pid, NULL, pidfd < 0 ? 0 : WNOHANG);
        loop_shield(l, false);
        if (e == ERR_DEADLINE || e == ERR_TIMEOUT)
            return fault(c, ERR_DEADLINE, "PROGRAM_SLOW", "%s took too long", argv[0]);
        return e;
    }
    *ret_code = code;
    return ERR_OK;
}
