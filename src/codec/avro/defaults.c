/*
 * Defaults of fields, encoded once: that is their check, it is all that the encoder needs, and readers decode it.
 * The default of a record may leave out fields that have defaults themselves, wherever their record stands; so a
 * default is made ready when it is first needed.
 */
#include "codec/avro/encode.h"
#include "codec/avro/parse.h"

static enum lf_status prepare(struct lf_avro_encoding *outer, struct lf_avro_field *field,
                              const struct lf_json_step *step);

static enum lf_status
encode_default(struct lf_avro_encoding *outer, struct lf_avro_field *field)
{
    struct lf_arena *arena = outer->user;
    struct lf_buf bytes;
    lf_buf_init(&bytes, LF_AVRO_DEFAULT_BYTES_MAX);
    struct lf_avro_encoding run = {.out = &bytes,
                                   .steps = outer->steps,
                                   .depth = outer->depth + 1,
                                   .raw = true,
                                   .prepare = prepare,
                                   .user = outer->user,
                                   .err = outer->err};
    enum lf_status st = LF_OK;
    if (run.depth >= LF_AVRO_DEPTH_MAX)
        st = lf_fail(run.err, LF_LIMIT, "defaults nest more than the allowed %d levels", LF_AVRO_DEPTH_MAX);
    if (st == LF_OK)
        st = lf_avro_encode_value(&run, field->type, field->json, NULL);
    if (st == LF_OK)
        st = lf_buf_status(&bytes, run.err);
    if (st == LF_OK) {
        field->default_bytes = lf_arena_copy(arena, lf_buf_view(&bytes));
        st = field->default_bytes.ptr != NULL ? LF_OK : lf_no_memory(run.err);
    }
    lf_buf_release(&bytes);
    outer->steps = run.steps;
    return st;
}

static enum lf_status
prepare(struct lf_avro_encoding *outer, struct lf_avro_field *field, const struct lf_json_step *step)
{
    if (field->state == LF_AVRO_DEFAULT_AT_WORK)
        return lf_avro_encode_fail(outer, step, "its default contains itself");
    field->state = LF_AVRO_DEFAULT_AT_WORK;
    enum lf_status st = encode_default(outer, field);
    field->state = st == LF_OK ? LF_AVRO_DEFAULT_READY : LF_AVRO_DEFAULT_PENDING;
    return st;
}

static enum lf_status
prepare_record(struct lf_avro_encoding *run, struct lf_avro_type *record, bool lenient)
{
    for (uint32_t i = 0; i < record->count; i++) {
        struct lf_avro_field *field = &record->u.fields[i];
        if (field->state != LF_AVRO_DEFAULT_PENDING)
            continue;
        enum lf_status st = prepare(run, field, NULL);
        if (lenient && (st == LF_INVALID || st == LF_LIMIT)) {
            field->state = LF_AVRO_NO_DEFAULT;
        } else if (st != LF_OK) {
            lf_err_context(run->err, "Avro schema: record %.*s: default of %.*s", LF_FMT(record->name),
                           LF_FMT(field->name));
            return st;
        }
    }
    return LF_OK;
}

enum lf_status
lf_avro_parse_defaults(struct lf_avro_parse *parse, bool lenient)
{
    struct lf_avro_encoding run = {.steps = LF_AVRO_STEPS_MAX, .user = &parse->schema->arena, .err = parse->err};
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < parse->record_count; i++)
        st = prepare_record(&run, parse->records[i], lenient);
    return st;
}
