/*
 * Nanoseconds an event takes each codec on one core: checking a payload and encoding it, decoding one and checking it.
 * The check is that of the schema language, which gateway and consumer make (event/check.h). libavro, alone, writes and
 * reads values that it has in its own form already, without a check.
 *
 *   codec_bench SCHEMA.graphql SAMPLES.json [SECONDS [CODEC]]       a line each: EVENT CODEC encode|decode NS BYTES
 *
 * SAMPLES.json has a payload for each eventType. SECONDS (default 1) are those of each line. CODEC: only that one.
 */
#include "codec/avro.h"
#include "codec/jsonschema.h"
#include "codec/protobuf.h"
#include "codec/schema.h"
#include "event/check.h"
#include "graphql/error.h"
#include "json/json.h"

#include <avro.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BYTES_MAX = 1024 * 1024, BATCH = 200, ROUNDS = 5 };

static double seconds = 1;
static const char *only; /* NULL: all codecs */

static _Noreturn void
die(const char *what, const char *why)
{
    fprintf(stderr, "codec_bench: %s: %s\n", what, why);
    exit(1);
}

static void
must(enum lf_status st, const struct lf_err *err, const char *what)
{
    if (st != LF_OK)
        die(what, err->text);
}

/* One event's type, payload and schemas. */
struct subject {
    const struct lf_event_type *type;
    struct lf_value payload;
    struct lf_jsonschema *json_schema;
    struct lf_avro_schema *avro;
    struct lf_avro_reader *avro_reader;
    struct lf_proto_schema *proto;
    const struct lf_proto_message *message;
    char *avro_text;
    avro_schema_t their_schema;
    avro_value_iface_t *their_class;
    avro_value_t their_value, their_scratch;
};

/* A codec: a row of the table. arena is empty at each call. */
struct codec {
    const char *name;
    void (*encode)(const struct subject *subject, struct lf_arena *arena, struct lf_buf *out);
    void (*decode)(const struct subject *subject, struct lf_bytes bytes, struct lf_arena *arena);
};

static void
check(const struct subject *subject, const struct lf_value *payload, struct lf_arena *arena)
{
    struct lf_violation violations[LF_VIOLATIONS_MAX];
    struct lf_err err = {0};
    size_t count;
    must(lf_event_check(subject->type, payload, arena, violations, &count, &err), &err, "check");
}

static void
check_schema(const struct subject *subject, const struct lf_value *payload, struct lf_arena *arena)
{
    struct lf_err err = {0};
    size_t count;
    must(lf_jsonschema_validate(subject->json_schema, payload, arena, NULL, 0, &count, &err), &err, "JSON Schema");
}

/* --- codecs ------------------------------------------------------------------------------------------------------- */

static void
json_encode(const struct subject *subject, struct lf_arena *arena, struct lf_buf *out)
{
    check(subject, &subject->payload, arena);
    lf_json_write(out, &subject->payload);
}

static void
json_decode(const struct subject *subject, struct lf_bytes bytes, struct lf_arena *arena)
{
    struct lf_value value;
    struct lf_err err = {0};
    must(lf_json_parse(arena, bytes, &value, &err), &err, "JSON");
    check(subject, &value, arena);
}

static void
json_schema_encode(const struct subject *subject, struct lf_arena *arena, struct lf_buf *out)
{
    check_schema(subject, &subject->payload, arena);
    json_encode(subject, arena, out);
}

static void
json_schema_decode(const struct subject *subject, struct lf_bytes bytes, struct lf_arena *arena)
{
    struct lf_value value;
    struct lf_err err = {0};
    must(lf_json_parse(arena, bytes, &value, &err), &err, "JSON");
    check(subject, &value, arena);
    check_schema(subject, &value, arena);
}

static void
avro_encode(const struct subject *subject, struct lf_arena *arena, struct lf_buf *out)
{
    struct lf_err err = {0};
    check(subject, &subject->payload, arena);
    must(lf_avro_encode(subject->avro, &subject->payload, out, &err), &err, "Avro");
}

static void
avro_decode(const struct subject *subject, struct lf_bytes bytes, struct lf_arena *arena)
{
    struct lf_value value;
    struct lf_err err = {0};
    must(lf_avro_decode(subject->avro_reader, bytes, arena, &value, &err), &err, "Avro");
    check(subject, &value, arena);
}

static void
proto_encode(const struct subject *subject, struct lf_arena *arena, struct lf_buf *out)
{
    struct lf_err err = {0};
    check(subject, &subject->payload, arena);
    must(lf_proto_encode(subject->message, &subject->payload, out, &err), &err, "Protobuf");
}

static void
proto_decode(const struct subject *subject, struct lf_bytes bytes, struct lf_arena *arena)
{
    struct lf_value value;
    struct lf_err err = {0};
    must(lf_proto_decode(subject->message, bytes, LF_PROTO_FILL, arena, &value, &err), &err, "Protobuf");
    check(subject, &value, arena);
}

/* The same without the check, to stand beside libavro. */
static void
avro_alone_encode(const struct subject *subject, struct lf_arena *arena, struct lf_buf *out)
{
    (void)arena;
    struct lf_err err = {0};
    must(lf_avro_encode(subject->avro, &subject->payload, out, &err), &err, "Avro");
}

static void
avro_alone_decode(const struct subject *subject, struct lf_bytes bytes, struct lf_arena *arena)
{
    struct lf_value value;
    struct lf_err err = {0};
    must(lf_avro_decode(subject->avro_reader, bytes, arena, &value, &err), &err, "Avro");
}

static void
libavro_encode(const struct subject *subject, struct lf_arena *arena, struct lf_buf *out)
{
    (void)arena;
    char *room = lf_buf_reserve(out, 16 * 1024);
    avro_writer_t writer = avro_writer_memory(room, 16 * 1024);
    avro_value_t value = subject->their_value;
    if (avro_value_write(writer, &value) != 0)
        die("libavro", avro_strerror());
    lf_buf_commit(out, (size_t)avro_writer_tell(writer));
    avro_writer_free(writer);
}

static void
libavro_decode(const struct subject *subject, struct lf_bytes bytes, struct lf_arena *arena)
{
    (void)arena;
    avro_reader_t reader = avro_reader_memory(bytes.ptr, (int64_t)bytes.len);
    avro_value_t value = subject->their_scratch;
    avro_value_reset(&value);
    if (avro_value_read(reader, &value) != 0)
        die("libavro", avro_strerror());
    avro_reader_free(reader);
}

static void
schema_check_encode(const struct subject *subject, struct lf_arena *arena, struct lf_buf *out)
{
    check_schema(subject, &subject->payload, arena);
    lf_buf_add_char(out, '-');
}

static void
schema_check_decode(const struct subject *subject, struct lf_bytes bytes, struct lf_arena *arena)
{
    (void)bytes;
    check_schema(subject, &subject->payload, arena);
}

static const struct codec codecs[] = {
    {"json", json_encode, json_decode},
    {"json-schema", json_schema_encode, json_schema_decode},
    {"avro", avro_encode, avro_decode},
    {"protobuf", proto_encode, proto_decode},
    {"avro-alone", avro_alone_encode, avro_alone_decode},
    {"libavro-alone", libavro_encode, libavro_decode},
    {"schema-check-alone", schema_check_encode, schema_check_decode},
};

/* --- measuring ---------------------------------------------------------------------------------------------------- */

static int
compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Of this process: what else the machine does counts little. */
static int64_t
cpu_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void
run_batch(const struct codec *codec, const struct subject *subject, bool encode, struct lf_bytes bytes,
          struct lf_arena *arena, struct lf_buf *out)
{
    for (int i = 0; i < BATCH; i++) {
        lf_arena_reset(arena);
        lf_buf_clear(out);
        if (encode)
            codec->encode(subject, arena, out);
        else
            codec->decode(subject, bytes, arena);
    }
}

/* The median of some rounds. */
static void
measure(const struct codec *codec, const struct subject *subject, bool encode)
{
    struct lf_arena arena;
    struct lf_buf out, bytes;
    double rounds[ROUNDS] = {0};
    lf_arena_init(&arena, 64 * 1024, 0);
    lf_buf_init(&out, BYTES_MAX);
    lf_buf_init(&bytes, BYTES_MAX);
    codec->encode(subject, &arena, &bytes);
    for (int round = -1; round < ROUNDS; round++) { /* the first warms up */
        const int64_t begin = cpu_ns();
        int64_t now = begin, events = 0;
        while ((double)(now - begin) < seconds * 1e9 / (ROUNDS + 1)) {
            run_batch(codec, subject, encode, lf_buf_view(&bytes), &arena, &out);
            events += BATCH;
            now = cpu_ns();
        }
        if (round >= 0)
            rounds[round] = (double)(now - begin) / (double)events;
    }
    qsort(rounds, ROUNDS, sizeof(rounds[0]), compare_doubles);
    printf("%.*s %s %s %.0f %zu\n", LF_FMT(subject->type->name), codec->name, encode ? "encode" : "decode",
           rounds[ROUNDS / 2], bytes.len);
    fflush(stdout);
    lf_buf_release(&bytes);
    lf_buf_release(&out);
    lf_arena_release(&arena);
}

/* --- what is measured --------------------------------------------------------------------------------------------- */

static struct lf_bytes
read_file(const char *path, struct lf_arena *arena)
{
    FILE *file = fopen(path, "re");
    char *text = lf_arena_alloc(arena, BYTES_MAX);
    if (file == NULL || text == NULL)
        die(path, "cannot be read");
    const size_t len = fread(text, 1, BYTES_MAX, file);
    fclose(file);
    return lf_bytes(text, len);
}

/* The text of the payload's schema; lives in arena. */
static struct lf_bytes
write_schema(const struct lf_schema_options *options, const struct lf_event_type *type, enum lf_event_format format,
             struct lf_arena *arena)
{
    struct lf_buf text;
    struct lf_err err = {0};
    lf_buf_init(&text, BYTES_MAX);
    must(lf_schema_write(options, type, format, &text, &err), &err, "schema");
    lf_buf_add_char(&text, '\0');
    struct lf_bytes copy = lf_arena_copy(arena, lf_bytes(text.ptr, text.len - 1));
    lf_buf_release(&text);
    return copy;
}

/* libavro's own value, out of our bytes. */
static void
open_libavro(struct subject *subject, struct lf_bytes schema)
{
    struct lf_buf bytes;
    struct lf_err err = {0};
    lf_buf_init(&bytes, BYTES_MAX);
    must(lf_avro_encode(subject->avro, &subject->payload, &bytes, &err), &err, "Avro");
    if (avro_schema_from_json_length(schema.ptr, schema.len, &subject->their_schema) != 0)
        die("libavro", avro_strerror());
    subject->their_class = avro_generic_class_from_schema(subject->their_schema);
    avro_generic_value_new(subject->their_class, &subject->their_value);
    avro_generic_value_new(subject->their_class, &subject->their_scratch);
    avro_reader_t reader = avro_reader_memory(bytes.ptr, (int64_t)bytes.len);
    if (avro_value_read(reader, &subject->their_value) != 0)
        die("libavro", avro_strerror());
    avro_reader_free(reader);
    lf_buf_release(&bytes);
}

static void
close_subject(struct subject *subject)
{
    avro_value_decref(&subject->their_value);
    avro_value_decref(&subject->their_scratch);
    avro_value_iface_decref(subject->their_class);
    avro_schema_decref(subject->their_schema);
    lf_proto_schema_free(subject->proto);
    lf_avro_reader_free(subject->avro_reader);
    lf_avro_schema_free(subject->avro);
    lf_jsonschema_free(subject->json_schema);
}

static void
run_event(const struct lf_schema_options *options, const struct lf_event_type *type, const struct lf_value *payload,
          struct lf_arena *arena)
{
    const struct lf_jsonschema_options plain = {.assert_formats = true};
    struct subject subject = {.type = type, .payload = *payload};
    struct lf_err err = {0};
    struct lf_bytes text = write_schema(options, type, LF_FORMAT_JSON_SCHEMA, arena);
    must(lf_jsonschema_compile(&plain, text, &subject.json_schema, &err), &err, "JSON Schema");
    text = write_schema(options, type, LF_FORMAT_PROTOBUF, arena);
    must(lf_proto_schema_parse(text, NULL, 0, &subject.proto, &err), &err, "Protobuf");
    subject.message = lf_proto_schema_first(subject.proto);
    text = write_schema(options, type, LF_FORMAT_AVRO, arena);
    must(lf_avro_schema_parse(NULL, text, &subject.avro, &err), &err, "Avro");
    must(lf_avro_reader_new(subject.avro, NULL, &subject.avro_reader, &err), &err, "Avro");
    open_libavro(&subject, text);
    for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
        if (only != NULL && strcmp(only, codecs[i].name) != 0)
            continue;
        measure(&codecs[i], &subject, true);
        measure(&codecs[i], &subject, false);
    }
    close_subject(&subject);
}

/* Numbers for Protobuf, as a new lock file would have them. */
static struct lf_schema_lock *
make_lock(const struct lf_model *model)
{
    const struct lf_schema_options options = {.model = model};
    struct lf_schema_lock *lock = NULL;
    struct lf_buf text;
    struct lf_err err = {0};
    lf_buf_init(&text, BYTES_MAX);
    must(lf_schema_lock_update(&options, LF_FORMAT_JSON, &text, &err), &err, "lock");
    must(lf_schema_lock_parse(lf_buf_view(&text), &lock, &err), &err, "lock");
    lf_buf_release(&text);
    return lock;
}

int
main(int argc, char **argv)
{
    struct lf_arena arena;
    struct lf_gql_errors errors;
    struct lf_value samples;
    struct lf_err err = {0};
    if (argc < 3)
        die("usage", "codec_bench SCHEMA.graphql SAMPLES.json [SECONDS [CODEC]]");
    if (argc > 3)
        seconds = strtod(argv[3], NULL);
    only = argc > 4 ? argv[4] : NULL;
    lf_arena_init(&arena, 0, 0);
    lf_gql_errors_init(&errors, &arena, 10);
    const struct lf_model_file file = {argv[1], read_file(argv[1], &arena)};
    struct lf_model *model = lf_model_compile(&file, 1, &errors);
    if (model == NULL)
        die(argv[1], "the schema has problems: logfirst check tells which");
    must(lf_json_parse(&arena, read_file(argv[2], &arena), &samples, &err), &err, argv[2]);
    struct lf_schema_lock *lock = make_lock(model);
    const struct lf_schema_options options = {.model = model, .lock = lock};
    for (uint32_t i = 0; i < samples.count; i++) {
        const struct lf_event_type *type = lf_model_event(model, samples.u.members[i].name);
        if (type == NULL)
            die(argv[2], "an event that the schema does not have");
        run_event(&options, type, &samples.u.members[i].value, &arena);
    }
    lf_schema_lock_free(lock);
    lf_model_free(model);
    lf_arena_release(&arena);
    return 0;
}
