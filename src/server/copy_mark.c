/* Marks: which records of the source have copies in the target. */
#include "server/copy_mark.h"
#include "base/mem.h"
#include "server/copy.h"

#include <stdio.h>

enum { PIECE_BITS = 1 << 20, MARKS_MAX = 4 * 1000 * 1000 };

/* ---- bits ---- */

static enum lf_status
bits_init(struct lf_copy_bits *bits, const struct lf_log_range *range, struct lf_err *err)
{
    bits->base = range->first;
    bits->count = (size_t)((range->next - range->first) / PIECE_BITS + 1);
    bits->pieces = lf_calloc(bits->count, sizeof(*bits->pieces));
    return bits->pieces != NULL ? LF_OK : lf_no_memory(err);
}

static void
bits_release(struct lf_copy_bits *bits)
{
    for (size_t i = 0; bits->pieces != NULL && i < bits->count; i++)
        lf_free(bits->pieces[i]);
    lf_free(bits->pieces);
}

static bool
bits_set(struct lf_copy_bits *bits, int64_t offset)
{
    int64_t at = offset - bits->base;
    if (at < 0)
        return true; /* the source has removed it: never asked for */
    unsigned char **piece = &bits->pieces[at / PIECE_BITS];
    if (*piece == NULL)
        *piece = lf_calloc(PIECE_BITS / 8, 1);
    if (*piece == NULL)
        return false;
    (*piece)[at % PIECE_BITS / 8] |= (unsigned char)(1u << (at % 8));
    return true;
}

static bool
bits_have(const struct lf_copy_bits *bits, int64_t offset)
{
    int64_t at = offset - bits->base;
    if (at < 0 || (size_t)(at / PIECE_BITS) >= bits->count || bits->pieces[at / PIECE_BITS] == NULL)
        return false;
    return (bits->pieces[at / PIECE_BITS][at % PIECE_BITS / 8] & 1u << (at % 8)) != 0;
}

/* ---- marks ---- */

enum lf_status
lf_copy_marks_init(struct lf_copy_marks *marks, struct lf_bytes topic, const struct lf_log_range *ranges,
                   size_t sources, size_t targets, struct lf_err *err)
{
    *marks = (struct lf_copy_marks){.topic = topic, .sources = sources, .targets = targets};
    if (sources != 0 && targets > MARKS_MAX / sources)
        return lf_fail(err, LF_LIMIT, "topic %.*s: %zu partitions to %zu are too many", LF_FMT(topic), sources,
                       targets);
    marks->marks = lf_calloc(sources * targets, sizeof(*marks->marks));
    marks->copied = lf_calloc(sources, sizeof(*marks->copied));
    if (marks->marks == NULL || marks->copied == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < sources * targets; i++)
        marks->marks[i].lowest = marks->marks[i].highest = -1;
    for (size_t i = 0; i < sources; i++) {
        enum lf_status st = bits_init(&marks->copied[i], &ranges[i], err);
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

void
lf_copy_marks_release(struct lf_copy_marks *marks)
{
    for (size_t i = 0; marks->copied != NULL && i < marks->sources; i++)
        bits_release(&marks->copied[i]);
    lf_free(marks->copied);
    lf_free(marks->marks);
    *marks = (struct lf_copy_marks){0};
}

/* Reads "topic/partition/offset" of the marks' topic. */
static bool
read_header(const struct lf_copy_marks *marks, struct lf_bytes text, size_t *ret_source, int64_t *ret_offset)
{
    uint64_t source, offset;
    if (text.ptr == NULL || !lf_bytes_starts_with(text, marks->topic))
        return false;
    struct lf_bytes rest = lf_bytes(text.ptr + marks->topic.len, text.len - marks->topic.len);
    if (rest.len == 0 || rest.ptr[0] != '/')
        return false;
    rest = lf_bytes(rest.ptr + 1, rest.len - 1);
    size_t slash = lf_bytes_index(rest, '/');
    if (slash == SIZE_MAX || !lf_bytes_to_u64(lf_bytes(rest.ptr, slash), &source) ||
        !lf_bytes_to_u64(lf_bytes(rest.ptr + slash + 1, rest.len - slash - 1), &offset) || offset > INT64_MAX)
        return false;
    *ret_source = source;
    *ret_offset = (int64_t)offset;
    return true;
}

enum lf_status
lf_copy_mark(struct lf_copy_marks *marks, const struct lf_record *record, const struct lf_log_range *ranges,
             struct lf_err *err)
{
    size_t source = 0;
    int64_t offset = 0;
    bool found = false;
    for (size_t i = record->header_count; i > 0 && !found; i--) {
        if (lf_bytes_equal_text(record->headers[i - 1].name, LF_COPY_HEADER))
            found = read_header(marks, record->headers[i - 1].value, &source, &offset);
    }
    if (!found || record->partition < 0 || (size_t)record->partition >= marks->targets) {
        marks->foreign = true;
        return LF_OK;
    }
    if (source >= marks->sources || offset >= ranges[source].next)
        return lf_fail(err, LF_CONFLICT,
                       "%.*s/%d@%lld of the target is a copy of %.*s/%zu@%lld, which this source does not have: it was "
                       "copied from another log; delete the topic there, or choose another target",
                       LF_FMT(record->topic), record->partition, (long long)record->offset, LF_FMT(marks->topic),
                       source, (long long)offset);
    struct lf_copy_mark *mark = &marks->marks[(size_t)record->partition * marks->sources + source];
    if (mark->lowest < 0 || offset < mark->lowest)
        mark->lowest = offset;
    if (offset > mark->highest)
        mark->highest = offset;
    return bits_set(&marks->copied[source], offset) ? LF_OK : lf_no_memory(err);
}

enum lf_copy_verdict
lf_copy_judge(const struct lf_copy_marks *marks, int32_t target, int32_t source, int64_t offset)
{
    const struct lf_copy_mark *mark = &marks->marks[(size_t)target * marks->sources + (size_t)source];
    if (offset > mark->highest)
        return LF_COPY_NEEDED;
    if (!mark->whole && offset < mark->lowest)
        return LF_COPY_PRESENT; /* of an earlier batch, which was acknowledged whole */
    return bits_have(&marks->copied[source], offset) ? LF_COPY_PRESENT : LF_COPY_HOLE;
}

int64_t
lf_copy_begin(const struct lf_copy_marks *marks, int32_t target, int32_t source, int64_t first)
{
    const struct lf_copy_mark *mark = &marks->marks[(size_t)target * marks->sources + (size_t)source];
    if (mark->highest < 0 || mark->whole || mark->lowest < first)
        return first;
    return mark->lowest;
}
