/* Works of all sizes from several threads at once, in parent and forked children, while signals come: whether each chunk
   is done once, and its writes are seen. To be built with -fsanitize=thread, and with each platform layer of pool.h.
   Windows has neither forks nor such signals. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <sys/time.h>
#include <sys/wait.h>
#endif
#include "pool.h"

/* ThreadSanitizer's runtime has locks of its own, which a child that makes threads may find locked for ever. */
#ifdef __SANITIZE_THREAD__
#define THREADS_IN_CHILD 1
#else
#define THREADS_IN_CHILD THREADS
#endif

enum { CALLERS = 3, WORKS = 8000, CHUNKS = 200, THREADS = 8, FORKS = 40 };

struct chunks {
    int count, threads;
    pthread_t caller;
    int done[CHUNKS]; /* plain numbers: two threads with the same chunk would be a race */
    int inner[CHUNKS];
};

static _Atomic int helped; /* chunks that another thread than the caller has done */

/* Any number below `limit`; Windows has no rand_r. */
static int any(unsigned *seed, int limit)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (int)((*seed >> 8) % (unsigned)limit);
}

static void add_one(void *job, int chunk) { ((int *)job)[chunk] += 1; }

static void mark(void *job, int chunk)
{
    struct chunks *chunks = job;
    chunks->done[chunk] += 1;
    if (!pthread_equal(pthread_self(), chunks->caller))
        atomic_fetch_add(&helped, 1);
    if (chunk == 0) /* work inside of work */
        fastgd_pool_run(chunks->threads, chunks->count, add_one, chunks->inner);
    for (volatile int i = 0; i < 20 * (chunk % 7); i++) {
    }
}

static void fail(const char *what, int chunk)
{
    fprintf(stderr, "%s: chunk %d\n", what, chunk);
    abort();
}

static void works(unsigned seed, int number, int most)
{
    static _Thread_local struct chunks chunks;
    for (int i = 0; i < number; i++) {
        memset(&chunks, 0, sizeof(chunks));
        chunks.caller = pthread_self();
        chunks.threads = most;
        chunks.count = 1 + any(&seed, CHUNKS);
        if (i % 64 == 0)
            fastgd_pool_spin(i % 128 ? 20000 : 0);
        fastgd_pool_run(1 + any(&seed, most), chunks.count, mark, &chunks);
        for (int k = 0; k < CHUNKS; k++)
            if (chunks.done[k] != (k < chunks.count) || chunks.inner[k] != (k < chunks.count))
                fail("done another number of times than once", k);
    }
}

static void *caller(void *seed)
{
    works((unsigned)(intptr_t)seed, WORKS, THREADS);
    return NULL;
}

#ifdef _WIN32
static void *forker(void *unused) { return unused; }
static void send_signals(void) {}
static int signals_came(void) { return 1; }
#else
static _Atomic int signals;

static void on_signal(int number)
{
    (void)number;
    atomic_fetch_add(&signals, 1);
}

static void send_signals(void)
{
    struct itimerval timer = {{0, 700}, {0, 700}};
    signal(SIGALRM, on_signal);
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* There are no more of them. */
static int signals_came(void)
{
    struct itimerval off = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &off, NULL);
    return atomic_load(&signals) != 0;
}

static void *forker(void *unused)
{
    for (int i = 0; i < FORKS; i++) {
        int status, most = THREADS_IN_CHILD;
        pid_t child = fork();
        if (child == 0) {
            atomic_store(&helped, 0);
            do
                works(1000 + (unsigned)i, 40, most);
            while (most > 1 && !atomic_load(&helped));
            _exit(0);
        }
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
        if (child < 0 || status != 0)
            fail("a forked child failed", i);
    }
    return unused;
}
#endif

int main(void)
{
    pthread_t threads[CALLERS + 1];
    send_signals();
    fastgd_pool_reaction();
    for (int k = 0; k < CALLERS; k++)
        pthread_create(&threads[k], NULL, caller, (void *)(intptr_t)(k + 1));
    pthread_create(&threads[CALLERS], NULL, forker, NULL);
    for (int k = 0; k < CALLERS + 1; k++)
        pthread_join(threads[k], NULL);
    fastgd_pool_retry();
    if (!signals_came() || fastgd_pool_available(THREADS) != THREADS || fastgd_pool_shared() == 0 || atomic_load(&helped) == 0)
        fail("nobody helped, or no signal came", -1);
    printf("ok\n");
    return 0;
}
