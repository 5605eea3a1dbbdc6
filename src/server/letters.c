/* Pages of dead letters. */
#include "server/letters.h"
#include "base/limits.h"
#include "server/verify_inner.h" /* sizes of pages */
#include "store/row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
lf_letters_init(struct lf_letters *letters, struct lf_store_session *session, const struct lf_letter_query *query)
{
    *letters = (struct lf_letters){.session = session, .query = *query};
    letters->query.max = LF_VERIFY_PAGE_FIRST;
    lf_arena_init(&letters->arena, 64 * 1024, 0);
}

void
lf_letters_release(struct lf_letters *letters)
{
    lf_arena_release(&letters->arena);
}

/* ---- which of them are stored ---- */

static void
mark_stored(struct lf_letters *letters, const struct lf_list_result *found)
{
    for (size_t i = 0; i < letters->count; i++) {
        struct lf_bytes id = letters->items[i].event_id;
        for (size_t k = 0; id.ptr != NULL && k < found->count && !letters->stored[i]; k++)
            letters->stored[i] = lf_bytes_equal(id, found->events[k].event.id);
    }
}

/* Asks for the events of all dead letters of the page at once; those that have the same eventId find one. */
static enum lf_status
find_stored(struct lf_letters *letters, struct lf_err *err)
{
    struct lf_list_result found = {0};
    struct lf_value *ids = LF_ARENA_ARRAY(&letters->arena, struct lf_value, letters->count);
    letters->stored = LF_ARENA_ARRAY(&letters->arena, bool, letters->count);
    if (ids == NULL || letters->stored == NULL)
        return lf_no_memory(err);
    memset(letters->stored, 0, letters->count * sizeof(bool));
    uint32_t count = 0;
    for (size_t i = 0; i < letters->count; i++) {
        if (letters->items[i].event_id.ptr != NULL)
            ids[count++] = lf_value_string(letters->items[i].event_id);
    }
    if (count == 0)
        return LF_OK;
    struct lf_filter among = lf_verify_where("eventId", LF_CMP_IN, lf_value_list(ids, count));
    const struct lf_list_query query = {.filter = &among, .first = letters->count};
    enum lf_status st = lf_store_list(letters->session, &query, &letters->arena, &found, err);
    if (st == LF_OK)
        mark_stored(letters, &found);
    return st;
}

enum lf_status
lf_letters_next(struct lf_letters *letters, size_t max, struct lf_err *err)
{
    struct lf_letter_query query = letters->query;
    if (query.max > max)
        query.max = max;
    lf_arena_reset(&letters->arena);
    letters->count = 0;
    if (query.max == 0)
        return LF_OK;
    enum lf_status st =
        lf_store_dead_letters(letters->session, &query, &letters->arena, &letters->items, &letters->count, err);
    if (st == LF_OK && letters->count != 0)
        st = find_stored(letters, err);
    if (st != LF_OK || letters->count == 0)
        return st;
    letters->query.after = letters->items[letters->count - 1].id;
    letters->query.max = lf_verify_page_size(letters->query.max, letters->arena.used);
    return LF_OK;
}

/* ---- one of them ---- */

bool
lf_letter_is_healed(const struct lf_dead_letter *letter, bool stored)
{
    return stored && !lf_bytes_equal_text(letter->code, "EVENT_CONFLICT");
}

/* A number of digits alone, up to end. -1: none. */
static int64_t
read_number(const char *text, const char *end)
{
    char *stopped;
    if (*text < '0' || *text > '9')
        return -1;
    errno = 0;
    long long number = strtoll(text, &stopped, 10);
    return errno == 0 && stopped == end ? (int64_t)number : -1;
}

bool
lf_letter_place(const char *text, struct lf_place *ret)
{
    const char *at = strrchr(text, '@');
    if (at == NULL)
        return false;
    const char *slash = memrchr(text, '/', (size_t)(at - text));
    if (slash == NULL || slash == text)
        return false;
    int64_t partition = read_number(slash + 1, at);
    int64_t offset = read_number(at + 1, at + strlen(at));
    if (partition < 0 || partition > INT32_MAX || offset < 0)
        return false;
    *ret = (struct lf_place){lf_bytes(text, (size_t)(slash - text)), (int32_t)partition, offset};
    return true;
}

enum lf_status
lf_letters_find(struct lf_letters *letters, const char *name, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    if (lf_letter_place(name, &letters->query.place))
        st = lf_letters_next(letters, 1, err);
    if (st != LF_OK || letters->count != 0)
        return st;
    letters->query.place = (struct lf_place){0};
    letters->query.event_id = lf_bytes_of(name);
    return lf_letters_next(letters, LF_PAGE_MAX, err);
}

enum lf_status
lf_letter_headers(const struct lf_dead_letter *letter, struct lf_arena *arena, struct lf_value *ret, struct lf_err *err)
{
    return lf_store_headers_value(letter->headers, letter->header_count, arena, ret, err);
}
