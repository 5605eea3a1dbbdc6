/* Events out of a store. */
#include "base/clock.h"
#include "base/limits.h"
#include "json/json.h"
#include "server/transfer.h"
#include "store/row.h"

#include <errno.h>
#include <string.h>

enum { PAGE = 200, PAGE_BYTES_MAX = 1024 * 1024 * 1024 };

static void
add_member(struct lf_buf *out, const char *name, struct lf_bytes text)
{
    lf_buf_printf(out, ",\"%s\":", name);
    lf_json_write_bytes(out, text);
}

void
lf_export_line(struct lf_buf *out, const struct lf_stored_event *stored)
{
    const struct lf_event *event = &stored->event;
    char time[LF_TIME_TEXT_SIZE];
    lf_buf_add_text(out, "{\"eventId\":");
    lf_json_write_string(out, event->id);
    add_member(out, "eventType", event->type_name);
    lf_buf_add_text(out, ",\"payload\":");
    lf_json_write(out, &event->payload);
    if (event->extra.type != LF_V_NULL) {
        lf_buf_add_text(out, ",\"extra\":");
        lf_json_write(out, &event->extra);
    }
    add_member(out, "time", lf_bytes(time, lf_time_format(event->time_us, 6, time)));
    add_member(out, "key", event->key);
    lf_buf_add_text(out, ",\"headers\":");
    lf_json_write(out, &stored->headers);
    add_member(out, "topic", event->place.topic);
    lf_buf_printf(out, ",\"partition\":%d,\"offset\":%lld", event->place.partition, (long long)event->place.offset);
    if (stored->entity_type.ptr != NULL)
        add_member(out, "entityType", stored->entity_type);
    if (event->entity_key.ptr != NULL)
        add_member(out, "entityKey", event->entity_key);
    lf_buf_add_text(out, "}\n");
}

static enum lf_status
write_page(FILE *file, struct lf_buf *lines, const struct lf_list_result *page, struct lf_err *err)
{
    lf_buf_clear(lines);
    for (size_t i = 0; i < page->count; i++)
        lf_export_line(lines, &page->events[i]);
    enum lf_status st = lf_buf_status(lines, err);
    if (st == LF_OK && fwrite(lines->ptr, 1, lines->len, file) != lines->len)
        st = lf_fail(err, LF_IO, "cannot write events: %s", strerror(errno));
    return st;
}

/* The page's arena must outlive the next list, which begins with its cursor: two take turns. */
static enum lf_status
export_pages(struct lf_store_session *session, FILE *file, const struct lf_progress *progress,
             struct lf_arena arenas[2], int64_t *count, struct lf_err *err)
{
    struct lf_list_query query = {.first = PAGE};
    struct lf_list_result page = {.has_next = true};
    struct lf_buf lines;
    lf_buf_init(&lines, PAGE_BYTES_MAX);
    enum lf_status st = LF_OK;
    for (size_t turn = 0; st == LF_OK && page.has_next; turn++) {
        struct lf_arena *arena = &arenas[turn % 2];
        lf_arena_reset(arena);
        st = lf_store_list(session, &query, arena, &page, err);
        if (st == LF_OK && page.count != 0)
            st = write_page(file, &lines, &page, err);
        if (st != LF_OK || page.count == 0)
            break;
        query.after = page.cursors[page.count - 1];
        *count += (int64_t)page.count;
        st = lf_progress_tell(progress, "events", *count, -1, err);
    }
    lf_buf_release(&lines);
    return st;
}

enum lf_status
lf_export(struct lf_store *store, FILE *file, const struct lf_progress *progress, int64_t *ret_count,
          struct lf_err *err)
{
    struct lf_store_session *session = NULL;
    struct lf_arena arenas[2];
    int64_t count = 0;
    enum lf_status st = lf_store_session_open(store, false, &session, err);
    if (st != LF_OK)
        return st;
    lf_arena_init(&arenas[0], 64 * 1024, 0);
    lf_arena_init(&arenas[1], 64 * 1024, 0);
    st = export_pages(session, file, progress, arenas, &count, err);
    if (st == LF_OK && fflush(file) != 0)
        st = lf_fail(err, LF_IO, "cannot write events: %s", strerror(errno));
    lf_arena_release(&arenas[0]);
    lf_arena_release(&arenas[1]);
    lf_store_session_close(session);
    if (st == LF_OK)
        *ret_count = count;
    return st;
}
