/*
 * Comparing two schemas by the rules of the Confluent registry (its SchemaDiff): fields are told apart by number,
 * messages by their name without the package. Stricter in one point: a field must not become required.
 */
#include "codec/protobuf/schema.h"

#include "json/pointer.h"

struct pair {
    const struct lf_proto_message *reader, *writer;
};

/* Pairs of messages to compare: no recursion, for types may refer to each other in long chains. */
struct comparing {
    struct lf_arena arena;
    struct lf_map seen; /* names of the writer's messages */
    struct pair *pairs;
    size_t count, cap;
    struct lf_compat_report *report;
    bool no_memory;
};

static void
push(struct comparing *run, const struct lf_proto_message *reader, const struct lf_proto_message *writer)
{
    enum lf_status st = lf_map_add(&run->seen, writer->full_name, run);
    if (st == LF_DUPLICATE)
        return;
    if (st != LF_OK || !LF_PROTO_ROOM(&run->arena, run->pairs, run->count, run->cap)) {
        run->no_memory = true;
        return;
    }
    run->pairs[run->count++] = (struct pair){reader, writer};
}

static struct lf_bytes
local_name(const struct lf_proto_message *message)
{
    const struct lf_bytes name = message->full_name;
    const size_t skip = message->file->package.len != 0 ? message->file->package.len + 1 : 0;
    return lf_bytes(name.ptr + skip, name.len - skip);
}

/* --- messages beside one another ---------------------------------------------------------------------------------- */

/* guess is where it probably is. */
static const struct lf_proto_message *
find_named(struct lf_proto_message *const *messages, size_t count, struct lf_bytes name, size_t guess)
{
    for (size_t i = 0; i < count; i++) {
        const struct lf_proto_message *message = messages[(guess + i) % count];
        if (!message->map_entry && lf_bytes_equal(message->name, name))
            return message;
    }
    return NULL;
}

static void
compare_lists(struct comparing *run, struct lf_proto_message *const *reader, size_t reader_count,
              struct lf_proto_message *const *writer, size_t writer_count)
{
    for (size_t i = 0; i < writer_count; i++) {
        if (writer[i]->map_entry)
            continue;
        const struct lf_proto_message *other = find_named(reader, reader_count, writer[i]->name, i);
        const struct lf_json_step step = {.name = local_name(writer[i])};
        if (other != NULL)
            push(run, other, writer[i]);
        else
            lf_compat_add(run->report, &step, "the message is not there any more");
    }
}

/* --- types -------------------------------------------------------------------------------------------------------- */

/* Types of one group have the same bytes: https://protobuf.dev/programming-guides/proto3/#updating */
static int
group_of(enum lf_proto_type type)
{
    switch (type) {
    case LF_PROTO_INT32:
    case LF_PROTO_INT64:
    case LF_PROTO_UINT32:
    case LF_PROTO_UINT64:
    case LF_PROTO_BOOL:
    case LF_PROTO_ENUM: return 1;
    case LF_PROTO_SINT32:
    case LF_PROTO_SINT64: return 2;
    case LF_PROTO_STRING:
    case LF_PROTO_BYTES: return 3;
    case LF_PROTO_FIXED32:
    case LF_PROTO_SFIXED32: return 4;
    case LF_PROTO_FIXED64:
    case LF_PROTO_SFIXED64: return 5;
    case LF_PROTO_FLOAT: return 6;
    case LF_PROTO_DOUBLE: return 7;
    default: return 8;
    }
}

static struct lf_bytes
type_words(const struct lf_proto_field *field)
{
    if (field->map)
        return LF_LIT("a map");
    if (field->message != NULL)
        return field->message->full_name;
    return field->enumeration != NULL ? field->enumeration->full_name : lf_bytes_of(lf_proto_type_text(field->type));
}

static void
compare_messages_of(struct comparing *run, const struct lf_proto_field *reader, const struct lf_proto_field *writer,
                    const struct lf_json_step *step)
{
    if (!lf_bytes_equal(local_name(reader->message), local_name(writer->message)))
        lf_compat_add(run->report, step, "the type changed from %.*s to %.*s", LF_FMT(writer->message->full_name),
                      LF_FMT(reader->message->full_name));
    else if (reader->delimited != writer->delimited)
        lf_compat_add(run->report, step, "the message was %s and is %s", writer->delimited ? "a group" : "no group",
                      reader->delimited ? "a group" : "none");
    else
        push(run, reader->message, writer->message);
}

static void
compare_types(struct comparing *run, const struct lf_proto_field *reader, const struct lf_proto_field *writer,
              const struct lf_json_step *step)
{
    if (reader->map != writer->map || group_of(reader->type) != group_of(writer->type))
        lf_compat_add(run->report, step, "the type changed from %.*s to %.*s", LF_FMT(type_words(writer)),
                      LF_FMT(type_words(reader)));
    else if (reader->type == LF_PROTO_MESSAGE && !reader->map)
        compare_messages_of(run, reader, writer, step);
}

static void
compare_maps(struct comparing *run, const struct lf_proto_field *reader, const struct lf_proto_field *writer,
             const struct lf_json_step *outer)
{
    const struct lf_json_step step = {.outer = outer, .name = LF_LIT("*")};
    compare_types(run, reader->message->fields[0], writer->message->fields[0], outer);
    compare_types(run, reader->message->fields[1], writer->message->fields[1], &step);
}

static void
compare_labels(struct comparing *run, const struct lf_proto_field *reader, const struct lf_proto_field *writer,
               const struct lf_json_step *step)
{
    const int group = group_of(reader->type);
    if (reader->repeated != writer->repeated && group != 3 && group != 8)
        lf_compat_add(run->report, step, "the field was %s and is %s, which numbers do not survive",
                      writer->repeated ? "repeated" : "a single value",
                      reader->repeated ? "repeated" : "a single value");
    if (reader->required && !writer->required)
        lf_compat_add(run->report, step, "the field is required now, and what was written may lack it");
}

/* --- one message -------------------------------------------------------------------------------------------------- */

static bool
has_oneof(const struct lf_proto_message *message, struct lf_bytes name)
{
    for (size_t i = 0; i < message->oneof_count; i++) {
        if (lf_bytes_equal(message->oneofs[i]->name, name))
            return true;
    }
    return false;
}

/* A field that only the writer has. */
static void
compare_removed(struct comparing *run, const struct lf_proto_message *reader, const struct lf_proto_field *writer,
                const struct lf_json_step *outer)
{
    const struct lf_json_step step = {.outer = outer, .name = writer->name};
    if (writer->oneof != NULL && has_oneof(reader, writer->oneof->name))
        lf_compat_add(run->report, &step, "the field was removed from the oneof %.*s: what was written may have it",
                      LF_FMT(writer->oneof->name));
    else if (writer->required)
        lf_compat_add(run->report, &step, "the required field was removed");
}

static void
compare_added(struct comparing *run, const struct lf_proto_field *reader, const struct lf_json_step *outer)
{
    const struct lf_json_step step = {.outer = outer, .name = reader->name};
    if (reader->required)
        lf_compat_add(run->report, &step, "a required field was added: what was written lacks it");
}

static void
compare_both(struct comparing *run, const struct lf_proto_field *reader, const struct lf_proto_field *writer,
             const struct lf_json_step *outer)
{
    const struct lf_json_step step = {.outer = outer, .name = reader->name};
    compare_types(run, reader, writer, &step);
    if (reader->map && writer->map)
        compare_maps(run, reader, writer, &step);
    else if (!reader->map && !writer->map)
        compare_labels(run, reader, writer, &step);
}

static void
compare_fields(struct comparing *run, const struct lf_proto_message *reader, const struct lf_proto_message *writer,
               const struct lf_json_step *outer)
{
    size_t r = 0, w = 0;
    while (r < reader->field_count && w < writer->field_count) {
        const struct lf_proto_field *to = reader->by_number[r], *from = writer->by_number[w];
        if (from->number < to->number)
            compare_removed(run, reader, from, outer);
        else if (to->number < from->number)
            compare_added(run, to, outer);
        else
            compare_both(run, to, from, outer);
        r += to->number <= from->number ? 1 : 0;
        w += from->number <= to->number ? 1 : 0;
    }
    for (; w < writer->field_count; w++)
        compare_removed(run, reader, writer->by_number[w], outer);
    for (; r < reader->field_count; r++)
        compare_added(run, reader->by_number[r], outer);
}

struct moves {
    size_t moved;    /* fields of the oneof that were in none */
    size_t existing; /* that were in one */
};

/* Values that could stand beside each other must not have to share one place. */
static void
compare_oneofs(struct comparing *run, const struct lf_proto_message *reader, const struct lf_proto_message *writer,
               const struct lf_json_step *outer)
{
    struct moves *moves = LF_ARENA_ARRAY(&run->arena, struct moves, reader->oneof_count);
    size_t guess = 0;
    if (moves == NULL) {
        run->no_memory = true;
        return;
    }
    for (size_t i = 0; i < reader->field_count; i++) {
        const struct lf_proto_field *field = reader->by_number[i];
        const struct lf_proto_field *before = lf_proto_field_of(writer, field->number, &guess);
        if (field->oneof != NULL && before != NULL)
            *(before->oneof == NULL ? &moves[field->oneof->index].moved : &moves[field->oneof->index].existing) += 1;
    }
    for (size_t i = 0; i < reader->oneof_count; i++) {
        const struct lf_json_step step = {.outer = outer, .name = reader->oneofs[i]->name};
        if (moves[i].moved > 1)
            lf_compat_add(run->report, &step, "%zu fields moved into one oneof: only one of them would be read",
                          moves[i].moved);
        else if (moves[i].moved == 1 && moves[i].existing > 0)
            lf_compat_add(run->report, &step,
                          "a field moved into a oneof that was there: one of the two would be lost");
    }
}

static void
compare_pair(struct comparing *run, struct pair pair)
{
    const struct lf_json_step step = {.name = local_name(pair.writer)};
    compare_oneofs(run, pair.reader, pair.writer, &step);
    compare_fields(run, pair.reader, pair.writer, &step);
    compare_lists(run, pair.reader->messages, pair.reader->message_count, pair.writer->messages,
                  pair.writer->message_count);
}

enum lf_status
lf_proto_compat(const struct lf_proto_schema *reader, const struct lf_proto_schema *writer,
                struct lf_compat_report *report, struct lf_err *err)
{
    const struct lf_proto_file *to = reader->files[0], *from = writer->files[0];
    struct comparing run = {.report = report};
    lf_arena_init(&run.arena, 0, 0);
    lf_map_init(&run.seen);
    compare_lists(&run, to->messages, to->message_count, from->messages, from->message_count);
    for (size_t i = 0; i < run.count && !run.no_memory; i++)
        compare_pair(&run, run.pairs[i]);
    lf_map_release(&run.seen);
    lf_arena_release(&run.arena);
    return run.no_memory ? lf_no_memory(err) : lf_compat_status(report, err);
}
