/* team.c - see team.h.
 *
 * A loop is a number (`loop`). A worker joins the one that is open, under the lock, and counts as
 * inside until it finds no more tasks; the caller closes the loop and waits until nobody is inside.
 */
#include "base/team.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { POLLS = 4000 }; /* some tens of microseconds */

typedef struct member {
    rf_team *team;
    unsigned worker;
    pthread_t thread;
} member;

struct rf_team {
    pthread_mutex_t lock; /* guards open, ending, fn, context, tasks and who is inside */
    pthread_cond_t begun, left;
    atomic_uint loop;
    atomic_uint inside;
    atomic_size_t next;
    size_t tasks;
    rf_task_fn fn;
    void *context;
    bool open, ending;
    unsigned size;
    member *members; /* [0] is the caller */
};

static void poll_a_little(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static void take_tasks(rf_team *team, unsigned worker)
{
    for (;;) {
        size_t const task = atomic_fetch_add_explicit(&team->next, 1, memory_order_relaxed);
        if (task >= team->tasks) {
            return;
        }
        team->fn(team->context, task, worker);
    }
}

/* Waits for a loop after the last one seen and joins it; false when the team ends. */
static bool join_loop(rf_team *team, unsigned *seen)
{
    bool joined = false;
    bool ending = false;
    while (!joined && !ending) {
        for (int i = 0; i < POLLS && atomic_load(&team->loop) == *seen; i++) {
            poll_a_little();
        }
        (void)pthread_mutex_lock(&team->lock);
        while (atomic_load(&team->loop) == *seen && !team->ending) {
            (void)pthread_cond_wait(&team->begun, &team->lock);
        }
        *seen = atomic_load(&team->loop);
        ending = team->ending;
        joined = team->open; /* else it came too late */
        if (joined) {
            (void)atomic_fetch_add(&team->inside, 1);
        }
        (void)pthread_mutex_unlock(&team->lock);
    }
    return joined;
}

static void *run_member(void *member_pointer)
{
    const member *m = member_pointer;
    rf_team *team = m->team;
    unsigned seen = 0;
    while (join_loop(team, &seen)) {
        take_tasks(team, m->worker);
        if (atomic_fetch_sub(&team->inside, 1) == 1) {
            (void)pthread_mutex_lock(&team->lock);
            (void)pthread_cond_signal(&team->left);
            (void)pthread_mutex_unlock(&team->lock);
        }
    }
    return NULL;
}

rf_status rf_team_start(unsigned threads, rf_team **team, rf_error *err)
{
    rf_team *made = rf_alloc(1, sizeof *made);
    unsigned const wanted = threads < 1 ? 1 : threads;
    *team = NULL;
    if (made != NULL) {
        made->members = rf_alloc(wanted, sizeof *made->members);
    }
    if (made == NULL || made->members == NULL) {
        rf_free(made);
        return rf_fail_memory(err, "threads");
    }
    (void)pthread_mutex_init(&made->lock, NULL);
    (void)pthread_cond_init(&made->begun, NULL);
    (void)pthread_cond_init(&made->left, NULL);
    for (made->size = 1; made->size < wanted; made->size++) {
        member *m = &made->members[made->size];
        *m = (member){.team = made, .worker = made->size};
        if (pthread_create(&m->thread, NULL, run_member, m) != 0) {
            break; /* fewer threads do the same work */
        }
    }
    *team = made;
    return RF_OK;
}

unsigned rf_team_size(const rf_team *team)
{
    return team->size;
}

void rf_team_run(rf_team *team, size_t tasks, rf_task_fn fn, void *context)
{
    if (team->size == 1 || tasks <= 1) {
        for (size_t task = 0; task < tasks; task++) {
            fn(context, task, 0);
        }
        return;
    }
    (void)pthread_mutex_lock(&team->lock);
    team->fn = fn;
    team->context = context;
    team->tasks = tasks;
    atomic_store(&team->next, 0);
    team->open = true;
    (void)atomic_fetch_add(&team->loop, 1);
    (void)pthread_cond_broadcast(&team->begun);
    (void)pthread_mutex_unlock(&team->lock);
    take_tasks(team, 0);
    (void)pthread_mutex_lock(&team->lock);
    team->open = false;
    (void)pthread_mutex_unlock(&team->lock);
    for (int i = 0; i < POLLS && atomic_load(&team->inside) > 0; i++) {
        poll_a_little();
    }
    (void)pthread_mutex_lock(&team->lock);
    while (atomic_load(&team->inside) > 0) {
        (void)pthread_cond_wait(&team->left, &team->lock);
    }
    (void)pthread_mutex_unlock(&team->lock);
}

void rf_team_end(rf_team *team)
{
    if (team == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&team->lock);
    team->ending = true;
    (void)pthread_cond_broadcast(&team->begun);
    (void)pthread_mutex_unlock(&team->lock);
    for (unsigned i = 1; i < team->size; i++) {
        (void)pthread_join(team->members[i].thread, NULL);
    }
    (void)pthread_cond_destroy(&team->begun);
    (void)pthread_cond_destroy(&team->left);
    (void)pthread_mutex_destroy(&team->lock);
    rf_free(team->members);
    rf_free(team);
}
