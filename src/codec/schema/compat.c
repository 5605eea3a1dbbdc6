/* Levels of compatibility: which versions are compared, in which direction, by which format's own comparison. */
#include "codec/schema_compat.h"
#include "codec/avro.h"
#include "codec/protobuf.h"
#include "codec/schema/compat_json.h"
#include "json/json.h"

/* --- one pair ----------------------------------------------------------------------------------------------------- */

typedef enum lf_status compare_fn(const struct lf_schema_version *reader, const struct lf_schema_version *writer,
                                  struct lf_compat_report *report, struct lf_err *err);

static enum lf_status
parse_json(const struct lf_schema_version *version, struct lf_arena *arena, struct lf_value *ret, struct lf_err *err)
{
    enum lf_status st = lf_json_parse(arena, version->text, ret, err);
    if (st == LF_OK && ret->type != LF_V_OBJECT && ret->type != LF_V_BOOL)
        st = lf_fail(err, LF_INVALID, "a JSON Schema is an object, true or false");
    if (st != LF_OK && st != LF_NO_MEMORY)
        lf_err_context(err, "%.*s", LF_FMT(version->name));
    return st;
}

static enum lf_status
compare_json(const struct lf_schema_version *reader, const struct lf_schema_version *writer,
             struct lf_compat_report *report, struct lf_err *err)
{
    struct lf_value reads, writes;
    enum lf_status st = parse_json(reader, report->arena, &reads, err);
    if (st == LF_OK)
        st = parse_json(writer, report->arena, &writes, err);
    return st == LF_OK ? lf_jsonschema_compat(&reads, &writes, report, err) : st;
}

static enum lf_status
parse_avro(const struct lf_schema_version *version, struct lf_arena *arena, struct lf_avro_schema **ret,
           struct lf_err *err)
{
    struct lf_bytes *references = LF_ARENA_ARRAY(arena, struct lf_bytes, version->part_count + 1);
    if (references == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < version->part_count; i++)
        references[i] = version->parts[i].text;
    const struct lf_avro_options options = {
        .references = references, .reference_count = version->part_count, .lenient = true};
    enum lf_status st = lf_avro_schema_parse(&options, version->text, ret, err);
    if (st != LF_OK && st != LF_NO_MEMORY)
        lf_err_context(err, "%.*s", LF_FMT(version->name));
    return st;
}

static enum lf_status
compare_avro(const struct lf_schema_version *reader, const struct lf_schema_version *writer,
             struct lf_compat_report *report, struct lf_err *err)
{
    struct lf_avro_schema *reads = NULL, *writes = NULL;
    enum lf_status st = parse_avro(reader, report->arena, &reads, err);
    if (st == LF_OK)
        st = parse_avro(writer, report->arena, &writes, err);
    if (st == LF_OK)
        st = lf_avro_compat(reads, writes, report, err);
    lf_avro_schema_free(reads);
    lf_avro_schema_free(writes);
    return st;
}

static enum lf_status
parse_proto(const struct lf_schema_version *version, struct lf_arena *arena, struct lf_proto_schema **ret,
            struct lf_err *err)
{
    struct lf_proto_file_text *files = LF_ARENA_ARRAY(arena, struct lf_proto_file_text, version->part_count + 1);
    if (files == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < version->part_count; i++)
        files[i] = (struct lf_proto_file_text){version->parts[i].name, version->parts[i].text};
    enum lf_status st = lf_proto_schema_parse(version->text, files, version->part_count, ret, err);
    if (st != LF_OK && st != LF_NO_MEMORY)
        lf_err_context(err, "%.*s", LF_FMT(version->name));
    return st;
}

static enum lf_status
compare_proto(const struct lf_schema_version *reader, const struct lf_schema_version *writer,
              struct lf_compat_report *report, struct lf_err *err)
{
    struct lf_proto_schema *reads = NULL, *writes = NULL;
    enum lf_status st = parse_proto(reader, report->arena, &reads, err);
    if (st == LF_OK)
        st = parse_proto(writer, report->arena, &writes, err);
    if (st == LF_OK)
        st = lf_proto_compat(reads, writes, report, err);
    lf_proto_schema_free(reads);
    lf_proto_schema_free(writes);
    return st;
}

static compare_fn *
comparison_of(enum lf_event_format format)
{
    switch (format) {
    case LF_FORMAT_AVRO: return compare_avro;
    case LF_FORMAT_PROTOBUF: return compare_proto;
    default: return compare_json;
    }
}

/* --- versions ----------------------------------------------------------------------------------------------------- */

struct comparing {
    compare_fn *compare;
    struct lf_arena *arena;
    struct lf_schema_verdict verdict;
    size_t cap;
};

static bool
is_told(const struct comparing *c, size_t from, const struct lf_compat_break *found)
{
    for (size_t i = from; i < c->verdict.count; i++) {
        if (lf_bytes_equal(c->verdict.breaks[i].path, found->path) &&
            lf_bytes_equal(c->verdict.breaks[i].text, found->text))
            return true;
    }
    return false;
}

static enum lf_status
compare_pair(struct comparing *c, const struct lf_schema_version *before, const struct lf_schema_version *now,
             bool forward, struct lf_err *err)
{
    struct lf_compat_report report;
    const size_t from = c->verdict.count;
    lf_compat_init(&report, c->arena);
    enum lf_status st = forward ? c->compare(before, now, &report, err) : c->compare(now, before, &report, err);
    for (size_t i = 0; st == LF_OK && i < report.count; i++) {
        if (is_told(c, from, &report.breaks[i]))
            continue;
        struct lf_schema_break *breaks =
            lf_arena_grow(c->arena, c->verdict.breaks, c->verdict.count, &c->cap, sizeof(*breaks));
        if (breaks == NULL)
            return lf_no_memory(err);
        c->verdict.breaks = breaks;
        breaks[c->verdict.count++] =
            (struct lf_schema_break){before->name, forward, report.breaks[i].path, report.breaks[i].text};
    }
    return st;
}

static bool
is_transitive(enum lf_compat_level level)
{
    return level == LF_COMPAT_BACKWARD_TRANSITIVE || level == LF_COMPAT_FORWARD_TRANSITIVE ||
           level == LF_COMPAT_FULL_TRANSITIVE;
}

enum lf_status
lf_schema_compare(enum lf_event_format format, enum lf_compat_level level, const struct lf_schema_version *before,
                  size_t count, const struct lf_schema_version *now, struct lf_arena *arena,
                  struct lf_schema_verdict *ret, struct lf_err *err)
{
    struct comparing c = {.compare = comparison_of(format), .arena = arena};
    bool backward = level != LF_COMPAT_NONE && level != LF_COMPAT_FORWARD && level != LF_COMPAT_FORWARD_TRANSITIVE;
    bool forward = level != LF_COMPAT_NONE && level != LF_COMPAT_BACKWARD && level != LF_COMPAT_BACKWARD_TRANSITIVE;
    size_t first = is_transitive(level) || count == 0 ? 0 : count - 1;
    enum lf_status st = LF_OK;
    for (size_t i = first; i < count && st == LF_OK; i++) {
        if (backward)
            st = compare_pair(&c, &before[i], now, false, err);
        if (st == LF_OK && forward)
            st = compare_pair(&c, &before[i], now, true, err);
    }
    if (st == LF_OK)
        *ret = c.verdict;
    return st;
}
