/*
 * (writer, reader) -> a plan. Records are where types come round to themselves: the op of a pair of records is made
 * once, empty, and filled when its turn comes, so that nothing here recurses deeper than a schema's text nests.
 */
#include "base/map.h"
#include "base/mem.h"
#include "codec/avro/match.h"
#include "codec/avro/plan.h"

#include <string.h>

#define NO_MEMBER UINT32_MAX /* the reader has none */

/* The op of a pair of records. */
struct pair_op {
    struct lf_avro_pair key;
    struct lf_avro_op *op;
    struct pair_op *next; /* to be filled */
};

/* A default, decoded once for all records that need it. */
struct default_value {
    const struct lf_avro_field *field; /* the key */
    const struct lf_avro_op *op;
    struct lf_value value;
    uint32_t weight;
    const char *failure;
};

/* A member that takes one. */
struct default_use {
    struct lf_avro_op *op;
    uint32_t member;
    struct default_value *value;
    struct default_use *next;
};

struct compiling {
    struct lf_avro_reader *reader;
    struct lf_map pairs;    /* struct lf_avro_pair -> struct pair_op */
    struct lf_map defaults; /* struct lf_avro_field * -> struct default_value */
    struct pair_op *pending;
    struct default_use *uses;
    uint32_t ops;
    struct lf_err *err;
};

static enum lf_status compile(struct compiling *c, const struct lf_avro_type *writer, const struct lf_avro_type *reader,
                              const struct lf_avro_op **ret);

/* NULL: too many or no memory, and err says which. */
static struct lf_avro_op *
new_op(struct compiling *c, const struct lf_avro_type *writer)
{
    if (c->ops == LF_AVRO_TYPES_MAX) {
        (void)lf_fail(c->err, LF_LIMIT, "the two Avro schemas resolve to more than the allowed %d pairs of types",
                      LF_AVRO_TYPES_MAX);
        return NULL;
    }
    struct lf_avro_op *op = LF_ARENA_NEW(&c->reader->arena, struct lf_avro_op);
    if (op == NULL) {
        (void)lf_no_memory(c->err);
        return NULL;
    }
    c->ops++;
    op->wire = writer->kind;
    op->count = writer->count;
    return op;
}

static enum lf_status
fail_op(struct compiling *c, struct lf_avro_op *op, const struct lf_avro_type *writer,
        const struct lf_avro_type *reader)
{
    char from[LF_ERR_TEXT_MAX / 2], to[LF_ERR_TEXT_MAX / 2];
    op->failure = lf_arena_printf(&c->reader->arena, "the writer's %s cannot be read as %s",
                                  lf_avro_type_words(writer, from).ptr, lf_avro_type_words(reader, to).ptr);
    return op->failure != NULL ? LF_OK : lf_no_memory(c->err);
}

/* --- records ------------------------------------------------------------------------------------------------------ */

static enum lf_status
compile_record(struct compiling *c, const struct lf_avro_type *writer, const struct lf_avro_type *reader,
               const struct lf_avro_op **ret)
{
    const struct lf_avro_pair key = {writer, reader};
    const struct pair_op *known = lf_map_get(&c->pairs, lf_bytes((const char *)&key, sizeof(key)));
    if (known != NULL) {
        *ret = known->op;
        return LF_OK;
    }
    struct pair_op *pair = LF_ARENA_NEW(&c->reader->arena, struct pair_op);
    struct lf_avro_op *op = new_op(c, writer);
    if (op == NULL)
        return c->err->status;
    if (pair == NULL)
        return lf_no_memory(c->err);
    *pair = (struct pair_op){.key = key, .op = op, .next = c->pending};
    if (lf_map_add(&c->pairs, lf_bytes((const char *)&pair->key, sizeof(pair->key)), pair) != LF_OK)
        return lf_no_memory(c->err);
    c->pending = pair;
    op->make = reader != NULL ? LF_AVRO_MAKE_PARTS : LF_AVRO_SKIP;
    *ret = op;
    return LF_OK;
}

/* The default of a field, to be decoded at the end; NULL out of memory. */
static struct default_value *
find_default(struct compiling *c, const struct lf_avro_field *field)
{
    struct default_value *value = lf_map_get(&c->defaults, lf_bytes((const char *)&field, sizeof(field)));
    if (value != NULL)
        return value;
    value = LF_ARENA_NEW(&c->reader->arena, struct default_value);
    if (value == NULL)
        return NULL;
    value->field = field;
    struct lf_bytes key = lf_bytes((const char *)&value->field, sizeof(value->field));
    return lf_map_add(&c->defaults, key, value) == LF_OK ? value : NULL;
}

static enum lf_status
use_default(struct compiling *c, struct lf_avro_op *op, const struct lf_avro_type *reader, uint32_t member)
{
    const struct lf_avro_field *field = &reader->u.fields[member];
    if (field->state != LF_AVRO_DEFAULT_READY) {
        if (op->failure == NULL)
            op->failure = lf_arena_printf(&c->reader->arena, "the writer has no field \"%.*s\", and it has no default",
                                          LF_FMT(field->name));
        return op->failure != NULL ? LF_OK : lf_no_memory(c->err);
    }
    struct default_use *use = LF_ARENA_NEW(&c->reader->arena, struct default_use);
    if (use == NULL)
        return lf_no_memory(c->err);
    *use = (struct default_use){.op = op, .member = member, .value = find_default(c, field), .next = c->uses};
    if (use->value == NULL)
        return lf_no_memory(c->err);
    c->uses = use;
    return LF_OK;
}

/* Names of all members; matched has the writer's field of each. */
static enum lf_status
fill_members(struct compiling *c, struct lf_avro_op *op, const struct lf_avro_type *reader,
             const struct lf_avro_field *const *matched)
{
    struct lf_avro_record_plan *plan = op->u.record;
    enum lf_status st = LF_OK;
    plan->members = LF_ARENA_ARRAY(&c->reader->arena, struct lf_member, reader->count);
    if (plan->members == NULL)
        return lf_no_memory(c->err);
    plan->member_count = reader->count;
    for (uint32_t i = 0; st == LF_OK && i < reader->count; i++) {
        plan->members[i].name = lf_arena_copy(&c->reader->arena, reader->u.fields[i].name);
        if (plan->members[i].name.ptr == NULL)
            return lf_no_memory(c->err);
        if (matched[i] == NULL)
            st = use_default(c, op, reader, i);
    }
    return st;
}

static enum lf_status
fill_takes(struct compiling *c, struct lf_avro_record_plan *plan, const struct lf_avro_type *writer,
           const struct lf_avro_type *reader, const uint32_t *members)
{
    struct lf_avro_take *takes = LF_ARENA_ARRAY(&c->reader->arena, struct lf_avro_take, writer->count);
    enum lf_status st = takes != NULL ? LF_OK : lf_no_memory(c->err);
    for (uint32_t i = 0; st == LF_OK && i < writer->count; i++) {
        const uint32_t member = members[i];
        takes[i].member = member;
        takes[i].name = member != NO_MEMBER ? plan->members[member].name
                                            : lf_arena_copy(&c->reader->arena, writer->u.fields[i].name);
        if (takes[i].name.ptr == NULL)
            return lf_no_memory(c->err);
        st = compile(c, writer->u.fields[i].type, member != NO_MEMBER ? reader->u.fields[member].type : NULL,
                     &takes[i].op);
    }
    plan->takes = takes;
    plan->take_count = writer->count;
    return st;
}

static enum lf_status
fill_matched(struct compiling *c, struct lf_avro_op *op, const struct lf_avro_pair *pair, uint32_t *members,
             const struct lf_avro_field **matched)
{
    const struct lf_avro_type *writer = pair->writer, *reader = pair->reader;
    for (uint32_t i = 0; i < writer->count; i++)
        members[i] = NO_MEMBER;
    if (reader != NULL) {
        if (!lf_avro_match_fields(writer, reader, matched))
            return lf_no_memory(c->err);
        for (uint32_t i = 0; i < reader->count; i++) {
            if (matched[i] != NULL)
                members[matched[i] - writer->u.fields] = i;
        }
        enum lf_status st = fill_members(c, op, reader, matched);
        if (st != LF_OK)
            return st;
    }
    return fill_takes(c, op->u.record, writer, reader, members);
}

static enum lf_status
fill_record(struct compiling *c, const struct pair_op *pair)
{
    const struct lf_avro_type *writer = pair->key.writer, *reader = pair->key.reader;
    pair->op->u.record = LF_ARENA_NEW(&c->reader->arena, struct lf_avro_record_plan);
    uint32_t *members = lf_calloc(writer->count, sizeof(*members));
    const struct lf_avro_field **matched = lf_calloc(reader != NULL ? reader->count : 0, sizeof(*matched));
    enum lf_status st = LF_OK;
    if (pair->op->u.record == NULL || members == NULL || matched == NULL)
        st = lf_no_memory(c->err);
    else
        st = fill_matched(c, pair->op, &pair->key, members, matched);
    lf_free(members);
    lf_free(matched);
    return st;
}

/* --- other types -------------------------------------------------------------------------------------------------- */

static enum lf_status
compile_union(struct compiling *c, const struct lf_avro_type *writer, const struct lf_avro_type *reader,
              const struct lf_avro_op **ret)
{
    struct lf_avro_op *op = new_op(c, writer);
    if (op == NULL)
        return c->err->status;
    op->u.branches = LF_ARENA_ARRAY(&c->reader->arena, const struct lf_avro_op *, writer->count);
    enum lf_status st = op->u.branches != NULL ? LF_OK : lf_no_memory(c->err);
    for (uint32_t i = 0; st == LF_OK && i < writer->count; i++)
        st = compile(c, writer->u.branches[i], reader, &op->u.branches[i]);
    *ret = op;
    return st;
}

static enum lf_status
fill_symbols(struct compiling *c, struct lf_avro_op *op, const struct lf_avro_type *writer,
             const struct lf_avro_type *reader)
{
    struct lf_avro_symbol_plan *symbols = LF_ARENA_ARRAY(&c->reader->arena, struct lf_avro_symbol_plan, writer->count);
    struct lf_map known;
    lf_map_init(&known);
    bool ok = symbols != NULL;
    for (uint32_t i = 0; ok && reader != NULL && i < reader->count; i++)
        ok = lf_map_add(&known, reader->u.symbols[i], c) == LF_OK;
    struct lf_bytes stand_in = LF_BYTES_NONE;
    if (ok && reader != NULL && reader->default_symbol >= 0) {
        stand_in = lf_arena_copy(&c->reader->arena, reader->u.symbols[reader->default_symbol]);
        ok = stand_in.ptr != NULL;
    }
    for (uint32_t i = 0; ok && i < writer->count; i++) {
        symbols[i].name = lf_arena_copy(&c->reader->arena, writer->u.symbols[i]);
        symbols[i].made = lf_map_get(&known, writer->u.symbols[i]) != NULL ? symbols[i].name : stand_in;
        ok = symbols[i].name.ptr != NULL;
    }
    lf_map_release(&known);
    op->u.symbols = symbols;
    return ok ? LF_OK : lf_no_memory(c->err);
}

/* What a type without parts is made into. */
static enum lf_avro_make
make_of(const struct lf_avro_meaning *meaning, enum lf_avro_kind kind)
{
    if (meaning->logical != LF_AVRO_PLAIN)
        return LF_AVRO_MAKE_MEANING;
    switch (kind) {
    case LF_AVRO_NULL: return LF_AVRO_MAKE_NULL;
    case LF_AVRO_BOOLEAN: return LF_AVRO_MAKE_BOOLEAN;
    case LF_AVRO_INT:
    case LF_AVRO_LONG: return LF_AVRO_MAKE_INTEGER;
    case LF_AVRO_FLOAT:
    case LF_AVRO_DOUBLE: return LF_AVRO_MAKE_NUMBER;
    case LF_AVRO_STRING:
    case LF_AVRO_ENUM: return LF_AVRO_MAKE_TEXT;
    default: return LF_AVRO_MAKE_LATIN;
    }
}

/* reader is no union, or NULL: skipped. */
static enum lf_status
compile_pair(struct compiling *c, const struct lf_avro_type *writer, const struct lf_avro_type *reader,
             const struct lf_avro_op **ret)
{
    struct lf_avro_op *op = new_op(c, writer);
    if (op == NULL)
        return c->err->status;
    *ret = op;
    if (writer->kind == LF_AVRO_ARRAY || writer->kind == LF_AVRO_MAP) {
        op->make = reader != NULL ? LF_AVRO_MAKE_PARTS : LF_AVRO_SKIP;
        return compile(c, writer->u.item, reader != NULL ? reader->u.item : NULL, &op->u.item);
    }
    if (reader != NULL) {
        if (!lf_avro_match_meaning(writer, reader, &op->meaning))
            return fail_op(c, op, writer, reader);
        op->make = make_of(&op->meaning, reader->kind);
    }
    return writer->kind == LF_AVRO_ENUM ? fill_symbols(c, op, writer, reader) : LF_OK;
}

/* reader NULL: what was written is skipped. */
static enum lf_status
compile(struct compiling *c, const struct lf_avro_type *writer, const struct lf_avro_type *reader,
        const struct lf_avro_op **ret)
{
    if (writer->kind == LF_AVRO_UNION)
        return compile_union(c, writer, reader, ret);
    const struct lf_avro_type *branch = reader != NULL ? lf_avro_branch_for(writer, reader) : NULL;
    if (reader != NULL && branch == NULL) {
        struct lf_avro_op *op = new_op(c, writer);
        *ret = op;
        return op != NULL ? fail_op(c, op, writer, reader) : c->err->status;
    }
    if (writer->kind == LF_AVRO_RECORD)
        return compile_record(c, writer, branch, ret);
    return compile_pair(c, writer, branch, ret);
}

static enum lf_status
fill_pending(struct compiling *c)
{
    enum lf_status st = LF_OK;
    while (st == LF_OK && c->pending != NULL) {
        const struct pair_op *pair = c->pending;
        c->pending = pair->next;
        st = fill_record(c, pair);
    }
    return st;
}

/* --- defaults ----------------------------------------------------------------------------------------------------- */

static enum lf_status
compile_defaults(struct compiling *c)
{
    enum lf_status st = LF_OK;
    for (struct default_use *use = c->uses; st == LF_OK && use != NULL; use = use->next) {
        const struct lf_avro_type *type = use->value->field->type;
        if (use->value->op == NULL)
            st = compile(c, type, type, &use->value->op);
    }
    return st == LF_OK ? fill_pending(c) : st;
}

/* A default whose logical type has no such value (a date of the year 12000) fails those who need it. */
static enum lf_status
decode_default(struct compiling *c, struct default_value *value)
{
    struct lf_err why = {0};
    struct lf_arena *arena = &c->reader->arena;
    int64_t values = LF_AVRO_VALUES_MIN;
    struct lf_bytes bytes = lf_arena_copy(arena, value->field->default_bytes);
    if (bytes.ptr == NULL)
        return lf_no_memory(c->err);
    enum lf_status st = lf_avro_run(value->op, bytes, arena, &values, &value->value, &why);
    value->weight = (uint32_t)(LF_AVRO_VALUES_MIN - values);
    if (st == LF_OK)
        return LF_OK;
    if (st == LF_NO_MEMORY)
        return lf_no_memory(c->err);
    value->failure = lf_arena_printf(arena, "the default of field \"%.*s\" cannot be read: %s",
                                     LF_FMT(value->field->name), why.text);
    return value->failure != NULL ? LF_OK : lf_no_memory(c->err);
}

static enum lf_status
fill_defaults(struct compiling *c)
{
    enum lf_status st = compile_defaults(c);
    size_t at = 0;
    const struct lf_map_entry *entry;
    while (st == LF_OK && (entry = lf_map_next(&c->defaults, &at)) != NULL)
        st = decode_default(c, entry->value);
    for (struct default_use *use = c->uses; st == LF_OK && use != NULL; use = use->next) {
        struct lf_avro_record_plan *plan = use->op->u.record;
        plan->members[use->member].value = use->value->value;
        if (use->op->failure == NULL)
            use->op->failure = use->value->failure;
        if (__builtin_add_overflow(plan->default_weight, use->value->weight, &plan->default_weight))
            plan->default_weight = UINT32_MAX;
    }
    return st;
}

/* --- the door ----------------------------------------------------------------------------------------------------- */

static enum lf_status
compile_all(struct compiling *c, const struct lf_avro_type *writer, const struct lf_avro_type *reader)
{
    enum lf_status st = compile(c, writer, reader, &c->reader->root);
    if (st == LF_OK)
        st = fill_pending(c);
    return st == LF_OK ? fill_defaults(c) : st;
}

enum lf_status
lf_avro_reader_new(const struct lf_avro_schema *writer, const struct lf_avro_schema *reader,
                   struct lf_avro_reader **ret, struct lf_err *err)
{
    struct lf_err own = {0};
    struct lf_avro_reader *made = lf_calloc(1, sizeof(*made));
    if (made == NULL)
        return lf_no_memory(err);
    lf_arena_init(&made->arena, 0, LF_AVRO_SCHEMA_MEMORY_MAX);
    struct compiling c = {.reader = made, .err = err != NULL ? err : &own};
    lf_map_init(&c.pairs);
    lf_map_init(&c.defaults);
    enum lf_status st = compile_all(&c, writer->root, reader != NULL ? reader->root : writer->root);
    lf_map_release(&c.pairs);
    lf_map_release(&c.defaults);
    if (st == LF_NO_MEMORY && lf_avro_arena_is_full(&made->arena))
        st = lf_fail(err, LF_LIMIT, "the two Avro schemas resolve to more than the allowed %d bytes",
                     LF_AVRO_SCHEMA_MEMORY_MAX);
    if (st == LF_OK)
        *ret = made;
    else
        lf_avro_reader_free(made);
    return st;
}

void
lf_avro_reader_free(struct lf_avro_reader *reader)
{
    if (reader == NULL)
        return;
    lf_arena_release(&reader->arena);
    lf_free(reader);
}
