/* Shelves: AWAITs in waiting, by partition. */
#include "base/mem.h"
#include "query/pool.h"

#include <string.h>

void
lf_jobs_init(struct lf_jobs *jobs)
{
    *jobs = (struct lf_jobs){.last = &jobs->first};
}

void
lf_jobs_add(struct lf_jobs *jobs, struct lf_query_job *job)
{
    job->next = NULL;
    *jobs->last = job;
    jobs->last = &job->next;
    jobs->count++;
}

struct lf_query_job *
lf_jobs_take(struct lf_jobs *jobs)
{
    struct lf_query_job *job = jobs->first;
    if (job == NULL)
        return NULL;
    jobs->first = job->next;
    if (jobs->first == NULL)
        jobs->last = &jobs->first;
    jobs->count--;
    job->next = NULL;
    return job;
}

void
lf_jobs_move(struct lf_jobs *jobs, struct lf_jobs *from)
{
    if (from->first == NULL)
        return;
    *jobs->last = from->first;
    jobs->last = from->last;
    jobs->count += from->count;
    lf_jobs_init(from);
}

void
lf_shelves_init(struct lf_shelves *shelves)
{
    *shelves = (struct lf_shelves){.earliest_ns = INT64_MAX};
}

void
lf_shelves_release(struct lf_shelves *shelves)
{
    LF_ASSERT(shelves->waiting == 0);
    for (size_t i = 0; i < shelves->count; i++)
        lf_free(shelves->items[i]);
    lf_free(shelves->items);
    lf_shelves_init(shelves);
}

static struct lf_shelf *
find(const struct lf_shelves *shelves, struct lf_bytes topic, int32_t partition)
{
    for (size_t i = 0; i < shelves->count; i++) {
        struct lf_shelf *shelf = shelves->items[i];
        if (shelf->partition == partition && lf_bytes_equal(shelf->topic, topic))
            return shelf;
    }
    return NULL;
}

static bool
make_room(struct lf_shelves *shelves)
{
    if (shelves->count < shelves->cap)
        return true;
    size_t cap = shelves->cap != 0 ? shelves->cap * 2 : 8;
    struct lf_shelf **items = lf_realloc(shelves->items, cap * sizeof(struct lf_shelf *));
    if (items == NULL)
        return false;
    shelves->items = items;
    shelves->cap = cap;
    return true;
}

/* Shelves stay: there are as many as partitions. */
static struct lf_shelf *
add(struct lf_shelves *shelves, struct lf_bytes topic, int32_t partition)
{
    struct lf_shelf *shelf = lf_calloc(1, sizeof(*shelf) + topic.len + 1);
    if (shelf == NULL || !make_room(shelves)) {
        lf_free(shelf);
        return NULL;
    }
    char *name = (char *)(shelf + 1);
    memcpy(name, topic.ptr, topic.len);
    shelf->topic = lf_bytes(name, topic.len);
    shelf->partition = partition;
    lf_jobs_init(&shelf->jobs);
    shelves->items[shelves->count++] = shelf;
    return shelf;
}

bool
lf_shelves_reached(const struct lf_shelves *shelves, const struct lf_place *place)
{
    const struct lf_shelf *shelf = find(shelves, place->topic, place->partition);
    return shelf != NULL && shelf->next > place->offset;
}

bool
lf_shelves_make(struct lf_shelves *shelves, struct lf_bytes topic, int32_t partition)
{
    return find(shelves, topic, partition) != NULL || add(shelves, topic, partition) != NULL;
}

void
lf_shelves_put(struct lf_shelves *shelves, struct lf_query_job *job)
{
    struct lf_shelf *shelf = find(shelves, job->place.topic, job->place.partition);
    LF_ASSERT(shelf != NULL);
    lf_jobs_add(&shelf->jobs, job);
    shelves->waiting++;
    if (job->deadline_ns < shelves->earliest_ns)
        shelves->earliest_ns = job->deadline_ns;
}

/* Keeps what stays, in order. */
static size_t
take_reached(struct lf_shelf *shelf, struct lf_jobs *ready)
{
    struct lf_jobs all;
    size_t before = ready->count;
    lf_jobs_init(&all);
    lf_jobs_move(&all, &shelf->jobs);
    for (struct lf_query_job *job; (job = lf_jobs_take(&all)) != NULL;)
        lf_jobs_add(job->place.offset < shelf->next ? ready : &shelf->jobs, job);
    return ready->count - before;
}

void
lf_shelves_moved(struct lf_shelves *shelves, struct lf_bytes topic, int32_t partition, int64_t next,
                 struct lf_jobs *ready)
{
    struct lf_shelf *shelf = find(shelves, topic, partition);
    if (shelf == NULL)
        return;
    if (next > shelf->next)
        shelf->next = next;
    shelves->waiting -= take_reached(shelf, ready);
    if (shelves->waiting == 0)
        shelves->earliest_ns = INT64_MAX;
}

static void
take_expired(struct lf_shelf *shelf, int64_t now_ns, int64_t *earliest_ns, struct lf_jobs *expired)
{
    struct lf_jobs all;
    lf_jobs_init(&all);
    lf_jobs_move(&all, &shelf->jobs);
    for (struct lf_query_job *job; (job = lf_jobs_take(&all)) != NULL;) {
        bool over = job->deadline_ns <= now_ns;
        lf_jobs_add(over ? expired : &shelf->jobs, job);
        if (!over && job->deadline_ns < *earliest_ns)
            *earliest_ns = job->deadline_ns;
    }
}

void
lf_shelves_expire(struct lf_shelves *shelves, int64_t now_ns, struct lf_jobs *expired)
{
    if (now_ns < shelves->earliest_ns)
        return;
    size_t before = expired->count;
    shelves->earliest_ns = INT64_MAX;
    for (size_t i = 0; i < shelves->count; i++)
        take_expired(shelves->items[i], now_ns, &shelves->earliest_ns, expired);
    shelves->waiting -= expired->count - before;
}
