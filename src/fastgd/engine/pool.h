/* fastgd's own threads: one pool a process, which several threads share a piece of work in.

   A piece of work is a number of chunks and a function that does one of them. Each thread has a stretch of the chunks,
   thread 0 being the caller: it does those first, in order, and then takes over chunks of the others that have not
   begun. What this guarantees:

   - Every chunk is done once, and when `fastgd_pool_run` returns, all are done and their writes can be seen.
   - Thread k begins in the same stretch whenever the numbers of chunks and threads are the same.
   - The caller waits only for chunks that are being worked on. A thread that comes late, or never, costs nothing: the
     others have done its chunks.
   - A thread that comes so late that another piece of work is under way takes nothing of it unless it has been asked
     to. Whoever takes a chunk changes a ticket in one step, in which the number of the work stands beside that of the
     chunk; what is to be done is read only afterwards, when the caller cannot go on before that chunk is done.
   - One caller at a time shares its work. Others, and work inside of work, run alone in their own thread.
   - Where a thread cannot be made, there are fewer, or none: work runs alone. It is tried again only when asked for.
   - After a fork the child has no workers, whatever the parent did at that moment, and makes its own when it shares
     work for the first time. The fork may be one that Python knows nothing of.
   - Workers block the signals that are sent to a process, so that these reach the threads of the program.
   - Between pieces of work the threads sleep: they look out for the next one for a few microseconds at most.
   - Workers are never joined and hold nothing that they would have to give back, so that a process may end at any time.

   The state is static: this file belongs into one module alone. */
#ifndef FASTGD_POOL_H
#define FASTGD_POOL_H

#include <stdatomic.h>
#include <stdint.h>

enum {
    FASTGD_POOL_THREADS = 1024,   /* the most that share a piece of work */
    FASTGD_POOL_CHUNKS = 65535,   /* the most that a piece of work has */
    FASTGD_POOL_STACK = 1 << 20,  /* bytes; kernels need some 40 kB, and glibc takes the thread's own variables from it */
    FASTGD_POOL_LINE = 64         /* bytes; what different threads write to lies on different cache lines */
};

typedef void (*fastgd_work)(void *job, int chunk);

/* ---- the platform: a thread that sleeps until a number changes ---------------------------------------------------- */

#if defined(_WIN32)
#include <windows.h>
#pragma comment(lib, "synchronization.lib")
#define FASTGD_POOL_WIN32
#else
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__) && !defined(FASTGD_POOL_CONDITION)
#include <linux/futex.h>
#include <sys/syscall.h>
#define FASTGD_POOL_FUTEX
#else
static pthread_mutex_t pool_mutex = PTHREAD_MUTEX_INITIALIZER;
#endif
#endif

/* Where a thread is told the number of a piece of work. */
struct pool_mailbox {
    _Alignas(FASTGD_POOL_LINE) _Atomic uint32_t word;
    _Atomic uint32_t asleep;
#if !defined(FASTGD_POOL_WIN32) && !defined(FASTGD_POOL_FUTEX)
    pthread_cond_t bell;
#endif
};

/* Returns when the word is not `old`, or sooner. */
static void pool_sleep(struct pool_mailbox *box, uint32_t old)
{
#if defined(FASTGD_POOL_WIN32)
    WaitOnAddress(&box->word, &old, sizeof(old), INFINITE);
#elif defined(FASTGD_POOL_FUTEX)
    syscall(SYS_futex, &box->word, FUTEX_WAIT_PRIVATE, old, NULL, NULL, 0);
#else
    pthread_mutex_lock(&pool_mutex);
    while (atomic_load(&box->word) == old)
        pthread_cond_wait(&box->bell, &pool_mutex);
    pthread_mutex_unlock(&pool_mutex);
#endif
}

static void pool_wake(struct pool_mailbox *box)
{
#if defined(FASTGD_POOL_WIN32)
    WakeByAddressSingle(&box->word);
#elif defined(FASTGD_POOL_FUTEX)
    syscall(SYS_futex, &box->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
#else
    pthread_mutex_lock(&pool_mutex);
    pthread_cond_signal(&box->bell);
    pthread_mutex_unlock(&pool_mutex);
#endif
}

/* An empty mailbox, before there is a thread that looks into it. */
static void pool_open(struct pool_mailbox *box, uint32_t word)
{
    atomic_store(&box->word, word);
    atomic_store(&box->asleep, 0);
#if !defined(FASTGD_POOL_WIN32) && !defined(FASTGD_POOL_FUTEX)
    pthread_cond_init(&box->bell, NULL);
#endif
}

static int64_t pool_now(void) /* nanoseconds */
{
#if defined(FASTGD_POOL_WIN32)
    LARGE_INTEGER count, frequency;
    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&frequency);
    return (int64_t)(1e9 * (double)count.QuadPart / (double)frequency.QuadPart);
#else
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
#endif
}

static inline void pool_pause(void)
{
#if defined(FASTGD_POOL_WIN32)
    YieldProcessor();
#elif defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("isb");
#endif
}

/* Let another thread have this core, if one waits for it. */
static inline void pool_yield(void)
{
#if defined(FASTGD_POOL_WIN32)
    SwitchToThread();
#else
    sched_yield();
#endif
}

static void pool_worker(int place);

#if defined(FASTGD_POOL_WIN32)
static DWORD WINAPI pool_main(LPVOID place)
#else
static void *pool_main(void *place)
#endif
{
    pool_worker((int)(intptr_t)place);
    return 0;
}

/* Start the worker of a place; returns whether there is one. */
static int pool_thread(int place)
{
#if defined(FASTGD_POOL_WIN32)
    HANDLE thread = CreateThread(NULL, FASTGD_POOL_STACK, pool_main, (LPVOID)(intptr_t)place,
                                 STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    if (thread)
        CloseHandle(thread);
    return thread != NULL;
#else
    /* A fault of a thread's own goes to that thread, and blocking it would only hide where it was. */
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t blocked, before;
    int failed;
    if (pthread_attr_init(&attributes))
        return 0;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, FASTGD_POOL_STACK);
    sigfillset(&blocked);
    for (unsigned i = 0; i < sizeof(faults) / sizeof(*faults); i++)
        sigdelset(&blocked, faults[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    failed = pthread_create(&thread, &attributes, pool_main, (void *)(intptr_t)place);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return !failed;
#endif
}

/* ---- the state ---------------------------------------------------------------------------------------------------- */

/* The chunks of a stretch that have not begun, and of which work: number << 32 | end << 16 | next. */
struct pool_stretch {
    _Alignas(FASTGD_POOL_LINE) _Atomic uint64_t ticket;
};

static struct {
    struct pool_mailbox mailbox[FASTGD_POOL_THREADS]; /* [0] is told when the last chunk is done */
    struct pool_stretch stretch[FASTGD_POOL_THREADS];
    _Alignas(FASTGD_POOL_LINE) _Atomic uint32_t unfinished; /* chunks, and one for the caller */
    _Alignas(FASTGD_POOL_LINE) _Atomic int busy;            /* whether a caller shares work; what follows is its */
    _Atomic int stretches;
    _Atomic int workers; /* that have been started */
    _Atomic int refused; /* whether one could not be */
    _Atomic int64_t spin; /* nanoseconds that a thread looks out before it sleeps */
    _Atomic uint32_t number; /* of the latest work; never 0 */
    fastgd_work work;
    void *job;
} pool;

/* ---- mailboxes ---------------------------------------------------------------------------------------------------- */

/* Either this sees that the thread is asleep, or the thread, which says so first, sees the word. */
static void pool_post(struct pool_mailbox *box, uint32_t word)
{
    atomic_store(&box->word, word);
    if (atomic_load(&box->asleep))
        pool_wake(box);
}

/* The word, once it is not `old`. */
static uint32_t pool_await(struct pool_mailbox *box, uint32_t old)
{
    int64_t spin = atomic_load_explicit(&pool.spin, memory_order_relaxed), until = spin ? pool_now() + spin : 0;
    uint32_t word;
    for (unsigned i = 1; spin; i++) {
        word = atomic_load_explicit(&box->word, memory_order_acquire);
        if (word != old)
            return word;
        pool_pause();
        if (i % 16 == 0) {
            pool_yield();
            if (pool_now() >= until)
                break;
        }
    }
    do {
        atomic_store(&box->asleep, 1);
        if (atomic_load(&box->word) == old)
            pool_sleep(box, old);
        atomic_store(&box->asleep, 0);
        word = atomic_load(&box->word);
    } while (word == old);
    return word;
}

/* ---- chunks ------------------------------------------------------------------------------------------------------- */

/* The next chunk of a stretch, if it is of this work and there is one. */
static int pool_take(struct pool_stretch *stretch, uint32_t number, int *chunk)
{
    uint64_t ticket = atomic_load_explicit(&stretch->ticket, memory_order_relaxed);
    do {
        *chunk = (int)(ticket & 0xffff);
        if ((uint32_t)(ticket >> 32) != number || *chunk >= (int)(ticket >> 16 & 0xffff))
            return 0;
    } while (!atomic_compare_exchange_weak_explicit(&stretch->ticket, &ticket, ticket + 1, memory_order_acq_rel,
                                                    memory_order_relaxed));
    return 1;
}

/* Do what there is to be done of a work, beginning in the stretch of a place. */
static void pool_help(int place, uint32_t number)
{
    int stretches = atomic_load_explicit(&pool.stretches, memory_order_relaxed), chunk;
    for (int i = 0; i < stretches; i++) {
        struct pool_stretch *stretch = &pool.stretch[(place + i) % stretches];
        while (pool_take(stretch, number, &chunk)) {
            pool.work(pool.job, chunk);
            if (atomic_fetch_sub_explicit(&pool.unfinished, 1, memory_order_acq_rel) == 1)
                pool_post(&pool.mailbox[0], number);
        }
    }
}

static void pool_worker(int place)
{
    for (uint32_t number = 0;;) {
        number = pool_await(&pool.mailbox[place], number);
        pool_help(place, number);
    }
}

/* The caller is busy, and there are workers for `threads` threads. */
static void pool_share(int threads, int chunks, fastgd_work work, void *job)
{
    uint32_t number = atomic_load(&pool.number) + 1;
    number += number == 0;
    atomic_store(&pool.mailbox[0].word, 0);
    pool.work = work;
    pool.job = job;
    atomic_store(&pool.number, number);
    atomic_store(&pool.stretches, threads);
    atomic_store(&pool.unfinished, (uint32_t)chunks + 1);
    for (int k = 0; k < threads; k++) {
        uint64_t next = (uint64_t)chunks * k / threads, end = (uint64_t)chunks * (k + 1) / threads;
        atomic_store(&pool.stretch[k].ticket, (uint64_t)number << 32 | end << 16 | next);
    }
    for (int k = 1; k < threads; k++)
        pool_post(&pool.mailbox[k], number);
    pool_help(0, number);
    /* A worker that has done the last chunk says so, and it must have said so before there is another work. */
    if (atomic_fetch_sub_explicit(&pool.unfinished, 1, memory_order_acq_rel) != 1)
        pool_await(&pool.mailbox[0], 0);
}

/* ---- workers ------------------------------------------------------------------------------------------------------ */

#if !defined(FASTGD_POOL_WIN32)
/* The thread that has forked is the only one. Should it be a caller that a signal's handler forks in, then it must not
   wait for those that were working. */
static void pool_forked(void)
{
#if !defined(FASTGD_POOL_FUTEX)
    pthread_mutex_init(&pool_mutex, NULL);
#endif
    pool_open(&pool.mailbox[0], atomic_load(&pool.number));
    atomic_store(&pool.workers, 0);
    atomic_store(&pool.refused, 0);
    atomic_store(&pool.busy, 0);
}
#endif

/* The caller is busy. Returns how many of the workers that are wanted there are. */
static int pool_start(int wanted)
{
    static int prepared;
    int workers = atomic_load(&pool.workers);
    if (!prepared) {
        prepared = 1;
        pool_open(&pool.mailbox[0], 0);
#if !defined(FASTGD_POOL_WIN32)
        pthread_atfork(NULL, NULL, pool_forked);
#endif
    }
    for (; workers < wanted && !atomic_load(&pool.refused); atomic_store(&pool.workers, workers)) {
        pool_open(&pool.mailbox[workers + 1], 0);
        if (pool_thread(workers + 1))
            workers++;
        else
            atomic_store(&pool.refused, 1);
    }
    return workers < wanted ? workers : wanted;
}

/* ---- what the engine calls ---------------------------------------------------------------------------------------- */

/* Do chunks 0 to chunks - 1 of a work, on up to so many threads. */
static void fastgd_pool_run(int threads, int chunks, fastgd_work work, void *job)
{
    threads = threads < chunks ? threads : chunks;
    if (threads > 1 && !atomic_exchange(&pool.busy, 1)) {
        threads = pool_start(threads - 1) + 1;
        if (threads > 1)
            pool_share(threads, chunks, work, job);
        atomic_store(&pool.busy, 0);
        if (threads > 1)
            return;
    }
    for (int chunk = 0; chunk < chunks; chunk++)
        work(job, chunk);
}

/* How many of `threads` threads there can be, as far as is known. */
static int fastgd_pool_available(int threads)
{
    int most = atomic_load(&pool.workers) + 1;
    return atomic_load(&pool.refused) && most < threads ? most : threads;
}

static void fastgd_pool_retry(void) { atomic_store(&pool.refused, 0); }

static void fastgd_pool_spin(int64_t nanoseconds) { atomic_store(&pool.spin, nanoseconds); }

/* How often work has been shared. */
static uint32_t fastgd_pool_shared(void) { return atomic_load(&pool.number); }

/* A worker's answer, which the caller waits for, but not for longer than this. */
enum { FASTGD_POOL_PATIENCE = 100000, FASTGD_POOL_TRIES = 5 };

struct pool_ring {
    int64_t start;
    int64_t taken; /* until the other thread began */
    _Atomic int answered;
};

static void pool_answer(void *job, int chunk)
{
    struct pool_ring *ring = job;
    if (chunk == 1)
        atomic_store(&ring->answered, 1);
    while (chunk == 0 && !atomic_load(&ring->answered) && pool_now() - ring->start < FASTGD_POOL_PATIENCE)
        pool_pause();
    if (chunk == 0)
        ring->taken = pool_now() - ring->start;
}

/* Nanoseconds in which a worker that has nothing to do begins with a work: the shortest of a few tries, measured once.
   0 where there is no worker, or where another thread shares work at the moment. */
static int64_t fastgd_pool_reaction(void)
{
    static int64_t reaction;
    if (atomic_exchange(&pool.busy, 1))
        return 0;
    int64_t found = reaction;
    for (int i = 0; i < FASTGD_POOL_TRIES && !reaction && pool_start(1); i++) {
        struct pool_ring ring = {0};
        int64_t begun = pool_now();
        while (!atomic_load(&pool.mailbox[1].asleep) && pool_now() - begun < FASTGD_POOL_PATIENCE)
            pool_pause();
        ring.start = pool_now();
        pool_share(2, 2, pool_answer, &ring);
        if (!found || ring.taken < found)
            found = ring.taken;
    }
    reaction = found;
    atomic_store(&pool.busy, 0);
    return found;
}

#endif
