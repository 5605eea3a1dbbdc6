/* Batches of records into a log, and the header that says where a record stood. */
#include "server/outlet.h"
#include "base/mem.h"
#include "server/copy.h"

#include <stdio.h>

enum { DRAIN_SLICE_MS = 1000, HEADERS_MORE = 16 };

static void
acknowledged(void *ctx, const struct lf_log_ack *ack)
{
    struct lf_outlet *outlet = ctx;
    outlet->durable += ack->status == LF_OK;
    if (outlet->acked != NULL && outlet->acked(outlet->ctx, ack))
        return;
    if (ack->status == LF_OK || outlet->refused.status != LF_OK)
        return;
    if (ack->err != NULL)
        outlet->refused = *ack->err;
    else
        (void)lf_fail(&outlet->refused, ack->status, "the log did not take a record: %s", lf_status_text(ack->status));
}

enum lf_status
lf_outlet_open(struct lf_outlet *outlet, struct lf_log *log, struct lf_err *err)
{
    return lf_log_writer_open(log, (struct lf_wake){0}, acknowledged, outlet, &outlet->writer, err);
}

void
lf_outlet_close(struct lf_outlet *outlet)
{
    lf_log_writer_close(outlet->writer);
    outlet->writer = NULL;
}

enum lf_status
lf_outlet_settle(struct lf_outlet *outlet, struct lf_err *err)
{
    while (!lf_log_drain(outlet->writer, DRAIN_SLICE_MS) && outlet->refused.status == LF_OK) {
    }
    if (outlet->refused.status != LF_OK && err != NULL)
        *err = outlet->refused;
    return outlet->refused.status;
}

enum lf_status
lf_outlet_append(struct lf_outlet *outlet, const struct lf_record *record, void *token, struct lf_err *err)
{
    enum lf_status st = lf_log_append(outlet->writer, record, token, err);
    if (st == LF_AGAIN) {
        st = lf_outlet_settle(outlet, err);
        if (st == LF_OK)
            st = lf_log_append(outlet->writer, record, token, err);
    }
    return st;
}

int64_t
lf_outlet_time(int64_t timestamp_ms)
{
    if (timestamp_ms > 0)
        return timestamp_ms;
    return timestamp_ms == 0 ? 1 : 0;
}

/* ---- marks ---- */

static bool
grow(struct lf_place_mark *mark, size_t count)
{
    if (mark->cap >= count)
        return true;
    size_t cap = count + HEADERS_MORE;
    struct lf_header *more = lf_realloc(mark->headers, cap * sizeof(*more));
    if (more == NULL)
        return false;
    mark->headers = more;
    mark->cap = cap;
    return true;
}

enum lf_status
lf_place_mark(struct lf_place_mark *mark, const struct lf_record *record, const char *name, struct lf_err *err)
{
    if (!grow(mark, record->header_count + 1))
        return lf_no_memory(err);
    mark->count = 0;
    for (size_t i = 0; i < record->header_count; i++) {
        struct lf_bytes own = record->headers[i].name;
        if (!lf_bytes_equal_text(own, name) && !lf_bytes_equal_text(own, LF_COPY_HEADER))
            mark->headers[mark->count++] = record->headers[i];
    }
    snprintf(mark->text, sizeof(mark->text), "%.*s/%d/%lld", LF_FMT(record->topic), record->partition,
             (long long)record->offset);
    mark->headers[mark->count++] = (struct lf_header){lf_bytes_of(name), lf_bytes_of(mark->text)};
    return LF_OK;
}

void
lf_place_mark_release(struct lf_place_mark *mark)
{
    lf_free(mark->headers);
    *mark = (struct lf_place_mark){0};
}
