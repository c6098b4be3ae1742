/* The load for ./bench: one thread, epoll, many connections.
 *
 *   load http -a ADDRESS -p PORT -c CONNECTIONS -d SECONDS [-r PER_SECOND] [-m METHOD]
 *             [-b BODY] [-H HEADER]... [-L FILE] PATH...
 *       Requests over kept-alive connections, PATHs in turn. With -r open loop: each request has
 *       an hour, and its latency counts from there, whether or not a connection was free (no
 *       coordinated omission). Without, as fast as answers come. "{n}" in BODY is a number that
 *       never repeats, "{id}" a fresh 32-digit text, "{last}" the same text as the "{id}" before
 *       it, even of an earlier body, "{now}" the seconds since 1970. Prints one JSON object; its
 *       "ids" are the fresh texts in requests that were answered 2xx.
 *       -L FILE: a line of further headers per request in turn
 *       ("X-Visitor: …|X-Forwarded-For: …"), so that many visitors write.
 *       -B FILE: bodies, a line each, in turn. -x COUNT: no more requests than that.
 *       -k SECRET: X-Hub-Signature-256 over each body.
 *
 *   load screen -a ADDRESS -p PORT -n SOCKETS -d SECONDS -r PER_SECOND -w PATH [-H HEADER]...
 *               -b BODY -L FILE (or -B FILE -k SECRET) PATH
 *       Posts BODY at this rate while SOCKETS WebSockets on -w PATH (with the headers -H) are
 *       open, and prints how long it took from the moment of posting until "{id}" of BODY stood
 *       in a frame of each. At most one POST is under way per visitor of FILE.
 *
 *   load sockets -a ADDRESS -p PORT -n COUNT [-H HEADER]... [-L FILE] PATH
 *       Opens COUNT WebSockets, says "ready", then for each line "go" on standard input waits
 *       until every socket has had one more text frame and prints the times since "go" as one
 *       JSON object.
 *
 * A tool of the benchmark, not of the product: it aborts on what it does not expect. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BUFFER      65536
#define REQUEST_MAX 32768
#define HEADERS_MAX 16
#define PATHS_MAX   64

struct conn {
    int fd;
    bool busy, upgraded, got;
    int64_t due_us; /* when its request should have left */
    char *in;
    size_t in_len;
    size_t need; /* bytes of the whole answer, 0: not known yet */
    int status;
    unsigned ids; /* fresh texts in its request */
};

static struct {
    const char *address, *method, *body, *headers[HEADERS_MAX], *paths[PATHS_MAX], *lines_file,
        *bodies_file, *secret, *socket_path;
    char **lines, **bodies;
    int port, connections, header_count, path_count, line_count, body_count;
    long requests_max;
    double seconds, rate;
} opt = {.address = "127.0.0.1", .method = "GET", .connections = 16, .seconds = 5};

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* --- numbers --------------------------------------------------------------------------- */

static uint32_t *samples;
static size_t sample_count, sample_room;

static void sample(int64_t us)
{
    if (sample_count == sample_room) {
        sample_room = sample_room ? 2 * sample_room : 1 << 16;
        samples = realloc(samples, sample_room * sizeof *samples);
        if (!samples) die("memory");
    }
    samples[sample_count++] = (uint32_t)(us < 0 ? 0 : us);
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double percentile_ms(double p)
{
    return sample_count ? samples[(size_t)(p * (double)(sample_count - 1))] / 1000.0 : 0;
}

/* --- connections ----------------------------------------------------------------------- */

static int connect_to(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)opt.port)};
    if (inet_pton(AF_INET, opt.address, &to.sin_addr) != 1) die("address");
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to)) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Files of -L (one line per visitor, '|' between headers) and -B. */
static int read_lines(const char *name, char ***ret)
{
    FILE *f = fopen(name, "r");
    char *line = NULL;
    size_t room = 0;
    int count = 0;
    if (!f) die(name);
    while (getline(&line, &room, f) > 0) {
        line[strcspn(line, "\n")] = '\0';
        *ret = realloc(*ret, (size_t)(count + 1) * sizeof **ret);
        (*ret)[count++] = strdup(line);
    }
    free(line);
    fclose(f);
    if (count == 0) die(name);
    return count;
}

static char last_id[64];  /* what "{id}" was in the request made last */
static unsigned ids_made; /* fresh ones in it */

/* Where p begins with the word, what comes after it. */
static const char *after(const char *p, const char *word)
{
    size_t len = strlen(word);
    return strncmp(p, word, len) == 0 ? p + len : NULL;
}

static size_t make_body(const char *from, char *body, size_t room)
{
    static unsigned long n, id;
    const char *next;
    char *b = body;
    n++;
    ids_made = 0;
    for (const char *p = from; p && *p && b < body + room - 64; p = next) {
        if ((next = after(p, "{n}"))) {
            b += snprintf(b, 32, "%lu", n);
        } else if ((next = after(p, "{now}"))) {
            b += snprintf(b, 32, "%ld", (long)time(NULL));
        } else if ((next = after(p, "{last}"))) {
            b += snprintf(b, 40, "%s", last_id);
        } else if ((next = after(p, "{id}"))) {
            snprintf(last_id, sizeof last_id, "%08lx%08lx%016lx", (unsigned long)getpid(), ++id,
                     (unsigned long)now_us());
            b += snprintf(b, 40, "%s", last_id);
            ids_made++;
        } else {
            *b++ = *p;
            next = p + 1;
        }
    }
    *b = '\0';
    return (size_t)(b - body);
}

static size_t make_signature(char *out, size_t room, const char *body, size_t body_len)
{
    unsigned char mac[32];
    unsigned mac_len = sizeof mac;
    size_t len = (size_t)snprintf(out, room, "X-Hub-Signature-256: sha256=");
    HMAC(EVP_sha256(), opt.secret, (int)strlen(opt.secret), (const unsigned char *)body, body_len,
         mac, &mac_len);
    for (unsigned i = 0; i < mac_len; i++)
        len += (size_t)snprintf(out + len, room - len, "%02x", mac[i]);
    return len + (size_t)snprintf(out + len, room - len, "\r\n");
}

static size_t make_head(char *out, size_t room, const char *method, const char *path,
                        const char *extra, bool ours, const char *line)
{
    int len = snprintf(out, room, "%s %s HTTP/1.1\r\nHost: %s:%d\r\n%s", method, path, opt.address,
                       opt.port, extra);
    for (int i = 0; ours && i < opt.header_count; i++)
        len += snprintf(out + len, room - (size_t)len, "%s\r\n", opt.headers[i]);
    for (const char *h = line; h && *h;) {
        size_t n = strcspn(h, "|");
        len += snprintf(out + len, room - (size_t)len, "%.*s\r\n", (int)n, h);
        h += n + (h[n] == '|');
    }
    return (size_t)len;
}

static size_t make_request(char *out, size_t room, const char *extra, bool ours)
{
    static int turn;
    char body[16384] = "";
    const char *from = opt.body_count ? opt.bodies[turn % opt.body_count] : opt.body;
    size_t body_len = make_body(from, body, sizeof body);
    const char *line = opt.line_count ? opt.lines[turn % opt.line_count] : NULL;
    size_t len =
        make_head(out, room, opt.method, opt.paths[turn++ % opt.path_count], extra, ours, line);
    if (from && opt.secret) len += make_signature(out + len, room - len, body, body_len);
    if (from)
        len +=
            (size_t)snprintf(out + len, room - len,
                             "Content-Type: application/json\r\nContent-Length: %zu\r\n", body_len);
    return len + (size_t)snprintf(out + len, room - len, "\r\n%s", body);
}

static void send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EAGAIN) continue;
        if (n <= 0) die("write");
        data += n;
        len -= (size_t)n;
    }
}

static void start(struct conn *c, int64_t due_us)
{
    char request[REQUEST_MAX];
    size_t len = make_request(request, sizeof request, "", true);
    c->due_us = due_us;
    c->busy = true;
    c->in_len = c->need = 0;
    c->ids = ids_made;
    send_all(c->fd, request, len);
}

/* True when the whole answer is there. */
static bool receive(struct conn *c)
{
    ssize_t n = read(c->fd, c->in + c->in_len, BUFFER - c->in_len - 1);
    if (n < 0 && errno == EAGAIN) return false;
    if (n <= 0) die("the server closed a connection");
    c->in_len += (size_t)n;
    c->in[c->in_len] = '\0';
    if (!c->need) {
        char *end = strstr(c->in, "\r\n\r\n"), *length = strcasestr(c->in, "\r\ncontent-length:");
        if (!end) return false;
        c->status = (int)strtol(c->in + 9, NULL, 10);
        c->need = (size_t)(end + 4 - c->in) +
                  (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
    }
    if (c->in_len >= c->need) return true;
    if (c->in_len == BUFFER - 1) { /* large answers: only count */
        c->need -= c->in_len;
        c->in_len = 0;
    }
    return false;
}

static void http(void)
{
    struct conn *conns = calloc((size_t)opt.connections, sizeof *conns);
    int *idle = calloc((size_t)opt.connections, sizeof *idle), idle_count = 0, first = 0,
        ep = epoll_create1(0);
    size_t errors = 0, ids = 0;
    if (!conns || !idle) die("memory");
    for (int i = 0; i < opt.connections; i++) {
        conns[i].fd = connect_to();
        conns[i].in = malloc(BUFFER);
        struct epoll_event ev = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        epoll_ctl(ep, EPOLL_CTL_ADD, conns[i].fd, &ev);
        idle[idle_count++] = i;
    }
    /* In turn, so that none is idle until the server closes it. */
    int64_t begin = now_us(), end = begin + (int64_t)(opt.seconds * 1e6), sent = 0, busy = 0;
    for (;;) {
        int64_t now = now_us();
        while (idle_count > 0 && now < end && !(opt.requests_max && sent >= opt.requests_max)) {
            int64_t due = opt.rate > 0 ? begin + (int64_t)((double)sent * 1e6 / opt.rate) : now;
            if (due > now) break;
            start(&conns[idle[first]], due);
            first = (first + 1) % opt.connections;
            idle_count--;
            sent++;
            busy++;
        }
        if (opt.requests_max && sent >= opt.requests_max && busy == 0) break;
        if (now >= end && (busy == 0 || now > end + 10000000)) break;
        struct epoll_event evs[256];
        int n = epoll_wait(ep, evs, 256, 1);
        for (int i = 0; i < n; i++) {
            struct conn *c = &conns[evs[i].data.u32];
            if (!c->busy || !receive(c)) continue;
            c->busy = false;
            busy--;
            idle[(first + idle_count++) % opt.connections] = (int)evs[i].data.u32;
            if (c->status < 200 || c->status > 299) {
                errors++;
                continue;
            }
            ids += c->ids;
            sample(now_us() - c->due_us);
        }
    }
    double took = (double)(now_us() - begin) / 1e6;
    qsort(samples, sample_count, sizeof *samples, by_size);
    printf("{\"requests\":%zu,\"errors\":%zu,\"unanswered\":%lld,\"ids\":%zu,\"seconds\":%.2f,"
           "\"per_second\":%.1f,\"p50_ms\":%.2f,\"p95_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f}\n",
           sample_count, errors, (long long)busy, ids, took, (double)sample_count / took,
           percentile_ms(.5), percentile_ms(.95), percentile_ms(.99), percentile_ms(1));
}

/* --- sockets --------------------------------------------------------------------------- */

static const char upgrade[] = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
                              "13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/* One after the other: a burst of handshakes is not what is measured. */
static void open_socket(struct conn *c, const char *path, size_t room)
{
    char request[REQUEST_MAX], answer[2048];
    c->fd = connect_to();
    c->in = malloc(room);
    static int turn;
    const char *line =
        opt.line_count && !opt.socket_path ? opt.lines[turn++ % opt.line_count] : NULL;
    size_t len = make_head(request, sizeof request, "GET", path, upgrade, true, line);
    len += (size_t)snprintf(request + len, sizeof request - len, "\r\n");
    send_all(c->fd, request, len);
    for (size_t got = 0;;) {
        ssize_t n = read(c->fd, answer + got, sizeof answer - got - 1);
        if (n < 0 && errno == EAGAIN) {
            usleep(100);
            continue;
        }
        if (n <= 0) die("handshake");
        got += (size_t)n;
        answer[got] = '\0';
        char *end = strstr(answer, "\r\n\r\n");
        if (!end) continue;
        if (strncmp(answer, "HTTP/1.1 101", 12) != 0) {
            fprintf(stderr, "load: %.200s\n", answer);
            exit(1);
        }
        c->in_len = got - (size_t)(end + 4 - answer);
        memcpy(c->in, end + 4, c->in_len);
        return;
    }
}

/* Takes whole frames off the front; returns how many were text. Frames of a server are not
 * masked. */
static int frames(struct conn *c)
{
    int texts = 0;
    for (;;) {
        unsigned char *p = (unsigned char *)c->in;
        if (c->in_len < 2) return texts;
        size_t head = 2, len = p[1] & 127;
        if (len == 126) {
            if (c->in_len < 4) return texts;
            len = (size_t)p[2] << 8 | p[3];
            head = 4;
        } else if (len == 127)
            die("a frame larger than expected");
        if (c->in_len < head + len) return texts;
        if ((p[0] & 15) == 1 && !memmem(p + head, len, "\"hello\"", 7) &&
            !memmem(p + head, len, "\"presence\"", 10))
            texts++;
        memmove(c->in, c->in + head + len, c->in_len - head - len);
        c->in_len -= head + len;
    }
}

static void sockets(void)
{
    struct rlimit limit = {65536, 65536};
    setrlimit(RLIMIT_NOFILE, &limit);
    struct conn *conns = calloc((size_t)opt.connections, sizeof *conns);
    int ep = epoll_create1(0), open_count = 0;
    if (!conns) die("memory");
    struct epoll_event ev = {.events = EPOLLIN, .data.u32 = UINT32_MAX}, evs[512];
    epoll_ctl(ep, EPOLL_CTL_ADD, 0, &ev);
    for (int i = 0; i < opt.connections; i++) {
        open_socket(&conns[i], opt.paths[0], 8192);
        ev = (struct epoll_event){.events = EPOLLIN, .data.u32 = (uint32_t)i};
        epoll_ctl(ep, EPOLL_CTL_ADD, conns[i].fd, &ev);
        open_count++;
    }
    printf("ready\n");
    fflush(stdout);
    int64_t go = 0;
    int waiting = 0;
    for (;;) {
        int n = epoll_wait(ep, evs, 512, -1);
        for (int i = 0; i < n; i++) {
            if (evs[i].data.u32 == UINT32_MAX) {
                char line[64];
                ssize_t len = read(0, line, sizeof line);
                if (len <= 0) exit(0);
                for (int k = 0; k < opt.connections; k++)
                    conns[k].got = false;
                waiting = open_count;
                sample_count = 0;
                go = now_us();
                printf("armed\n");
                fflush(stdout);
                continue;
            }
            struct conn *c = &conns[evs[i].data.u32];
            ssize_t len = read(c->fd, c->in + c->in_len, 8192 - c->in_len);
            if (len < 0 && errno == EAGAIN) continue;
            if (len <= 0) {
                epoll_ctl(ep, EPOLL_CTL_DEL, c->fd, NULL);
                close(c->fd);
                open_count--;
                if (waiting && !c->got) waiting--;
                fprintf(stderr, "load: a socket was closed\n");
                continue;
            }
            c->in_len += (size_t)len;
            if (!frames(c) || c->got || !waiting) continue;
            c->got = true;
            sample(now_us() - go);
            if (--waiting > 0) continue;
            qsort(samples, sample_count, sizeof *samples, by_size);
            printf("{\"sockets\":%d,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"last_ms\":%.2f}\n",
                   open_count, percentile_ms(.5), percentile_ms(.99), percentile_ms(1));
            fflush(stdout);
        }
    }
}

/* --- from a visitor's message to the screens of the team ------------------------------- */

#define PROBES_MAX 4096
#define POSTS      32

struct probe {
    char id[64];
    int64_t at_us;
    int seen;
};

static struct probe probes[PROBES_MAX];
static int probe_count;

/* Looks for the ids that are still awaited in what a socket got; keeps the end, where one may be
 * cut in two. */
static void look(struct conn *c)
{
    for (int i = probe_count - 1; i >= 0 && i > probe_count - 500; i--) {
        struct probe *p = &probes[i];
        if (p->seen >= opt.connections || !memmem(c->in, c->in_len, p->id, strlen(p->id))) continue;
        p->seen++;
        sample(now_us() - p->at_us);
    }
    size_t keep = c->in_len < 31 ? c->in_len : 31; /* less than an id, which may be cut in two */
    memmove(c->in, c->in + c->in_len - keep, keep);
    c->in_len = keep;
}

static void screen(void)
{
    struct conn *staff = calloc((size_t)opt.connections, sizeof *staff), posts[POSTS] = {0};
    int ep = epoll_create1(0);
    size_t errors = 0, refused = 0;
    for (int i = 0; i < opt.connections; i++) {
        open_socket(&staff[i], opt.socket_path, 1 << 20);
        struct epoll_event ev = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        epoll_ctl(ep, EPOLL_CTL_ADD, staff[i].fd, &ev);
    }
    for (int i = 0; i < POSTS; i++) {
        posts[i].fd = connect_to();
        posts[i].in = malloc(BUFFER);
        struct epoll_event ev = {.events = EPOLLIN, .data.u32 = (uint32_t)(opt.connections + i)};
        epoll_ctl(ep, EPOLL_CTL_ADD, posts[i].fd, &ev);
    }
    int turn = 0; /* in turn, so that none is idle until the server closes it */
    int64_t begin = now_us(), end = begin + (int64_t)(opt.seconds * 1e6);
    opt.method = "POST";
    int64_t alive_us = begin;
    for (int64_t now = begin; now < end + 3000000; now = now_us()) {
        if (now - alive_us > 10000000) { /* what a browser says to the server's pings */
            static const char pong[] = {(char)0x8a, (char)0x80, 0, 0, 0, 0};
            for (int i = 0; i < opt.connections; i++)
                send_all(staff[i].fd, pong, sizeof pong);
            alive_us = now;
        }
        int64_t due = begin + (int64_t)(probe_count * 1e6 / opt.rate);
        for (int i = 0; i < POSTS && due <= now && now < end && probe_count < PROBES_MAX; i++) {
            struct conn *post = &posts[turn++ % POSTS];
            if (post->busy) continue;
            char request[REQUEST_MAX];
            size_t len = make_request(request, sizeof request, "", false);
            struct probe *p = &probes[probe_count++];
            memcpy(p->id, last_id, sizeof p->id);
            p->at_us = now;
            post->busy = true;
            post->in_len = post->need = 0;
            send_all(post->fd, request, len);
            break;
        }
        struct epoll_event evs[64];
        int n = epoll_wait(ep, evs, 64, 1);
        for (int i = 0; i < n; i++) {
            int k = (int)evs[i].data.u32;
            if (k >= opt.connections) {
                struct conn *c = &posts[k - opt.connections];
                if (c->busy && receive(c)) {
                    c->busy = false;
                    refused += c->status < 200 || c->status > 299;
                }
                continue;
            }
            struct conn *c = &staff[k];
            ssize_t len = read(c->fd, c->in + c->in_len, (1 << 20) - c->in_len);
            if (len < 0 && errno == EAGAIN) continue;
            if (len <= 0) die("a socket of the staff was closed");
            c->in_len += (size_t)len;
            look(c);
        }
    }
    for (int i = 0; i < probe_count; i++)
        errors += (size_t)(opt.connections - probes[i].seen);
    qsort(samples, sample_count, sizeof *samples, by_size);
    printf("{\"posted\":%d,\"refused\":%zu,\"seen\":%zu,\"missed\":%zu,\"p50_ms\":%.2f,\"p95_ms\":%"
           ".2f,\"p99_ms\":%.2f,\"max_ms\":%.2f}\n",
           probe_count, refused, sample_count, errors, percentile_ms(.5), percentile_ms(.95),
           percentile_ms(.99), percentile_ms(1));
}

int main(int argc, char **argv)
{
    if (argc < 2) return 2;
    for (int i = 2; i < argc; i++) {
        const char *a = argv[i], *v = i + 1 < argc ? argv[i + 1] : "";
        if (a[0] != '-') {
            if (opt.path_count < PATHS_MAX) opt.paths[opt.path_count++] = a;
            continue;
        }
        i++;
        switch (a[1]) {
        case 'a': opt.address = v; break;
        case 'p': opt.port = (int)strtol(v, NULL, 10); break;
        case 'c':
        case 'n': opt.connections = (int)strtol(v, NULL, 10); break;
        case 'd': opt.seconds = strtod(v, NULL); break;
        case 'r': opt.rate = strtod(v, NULL); break;
        case 'm': opt.method = v; break;
        case 'b': opt.body = v; break;
        case 'L': opt.lines_file = v; break;
        case 'B': opt.bodies_file = v; break;
        case 'k': opt.secret = v; break;
        case 'x': opt.requests_max = strtol(v, NULL, 10); break;
        case 'w': opt.socket_path = v; break;
        case 'H':
            if (opt.header_count < HEADERS_MAX) opt.headers[opt.header_count++] = v;
            break;
        default: fprintf(stderr, "load: %s?\n", a); return 2;
        }
    }
    if (!opt.path_count) return 2;
    if (opt.lines_file) opt.line_count = read_lines(opt.lines_file, &opt.lines);
    if (opt.bodies_file) opt.body_count = read_lines(opt.bodies_file, &opt.bodies);
    if (strcmp(argv[1], "http") == 0)
        http();
    else if (strcmp(argv[1], "screen") == 0)
        screen();
    else
        sockets();
    return 0;
}
