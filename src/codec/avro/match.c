/* Schema resolution, one step at a time (specification, "Schema Resolution"). */
#include "codec/avro/match.h"
#include "base/map.h"

static bool
has_alias(const struct lf_avro_type *reader, const struct lf_avro_type *writer)
{
    for (uint32_t i = 0; i < reader->alias_count; i++) {
        if (lf_bytes_equal(reader->aliases[i], writer->name))
            return true;
    }
    return false;
}

static enum lf_avro_match
match_names(const struct lf_avro_type *writer, const struct lf_avro_type *reader)
{
    if (writer->kind == LF_AVRO_FIXED && writer->count != reader->count)
        return LF_AVRO_MATCH_NOT;
    if (lf_bytes_equal(writer->name, reader->name))
        return LF_AVRO_MATCH_EXACT;
    if (lf_bytes_equal(writer->last_name, reader->last_name) || has_alias(reader, writer))
        return LF_AVRO_MATCH_NAMED;
    return LF_AVRO_MATCH_NOT;
}

static bool
is_promoted(enum lf_avro_kind writer, enum lf_avro_kind reader)
{
    switch (writer) {
    case LF_AVRO_INT: return reader == LF_AVRO_LONG || reader == LF_AVRO_FLOAT || reader == LF_AVRO_DOUBLE;
    case LF_AVRO_LONG: return reader == LF_AVRO_FLOAT || reader == LF_AVRO_DOUBLE;
    case LF_AVRO_FLOAT: return reader == LF_AVRO_DOUBLE;
    case LF_AVRO_STRING: return reader == LF_AVRO_BYTES;
    case LF_AVRO_BYTES: return reader == LF_AVRO_STRING;
    default: return false;
    }
}

/* Lists of what does not match do not match either, be they empty. Recursion follows the nesting of a schema's text. */
static bool
match_items(const struct lf_avro_type *writer, const struct lf_avro_type *reader)
{
    return writer->kind == LF_AVRO_UNION || reader->kind == LF_AVRO_UNION ||
           lf_avro_match(writer, reader) != LF_AVRO_MATCH_NOT;
}

enum lf_avro_match
lf_avro_match(const struct lf_avro_type *writer, const struct lf_avro_type *reader)
{
    if (writer->kind != reader->kind)
        return is_promoted(writer->kind, reader->kind) ? LF_AVRO_MATCH_PROMOTED : LF_AVRO_MATCH_NOT;
    if (lf_avro_is_named(writer))
        return match_names(writer, reader);
    if (writer->kind == LF_AVRO_ARRAY || writer->kind == LF_AVRO_MAP)
        return match_items(writer->u.item, reader->u.item) ? LF_AVRO_MATCH_EXACT : LF_AVRO_MATCH_NOT;
    return LF_AVRO_MATCH_EXACT;
}

const struct lf_avro_type *
lf_avro_branch_for(const struct lf_avro_type *writer, const struct lf_avro_type *reader)
{
    if (reader->kind != LF_AVRO_UNION)
        return lf_avro_match(writer, reader) != LF_AVRO_MATCH_NOT ? reader : NULL;
    const struct lf_avro_type *found = NULL;
    enum lf_avro_match best = LF_AVRO_MATCH_NOT;
    for (uint32_t i = 0; i < reader->count; i++) {
        const enum lf_avro_match match = lf_avro_match(writer, reader->u.branches[i]);
        if (match > best) {
            best = match;
            found = reader->u.branches[i];
        }
    }
    return found;
}

static bool
is_same_meaning(const struct lf_avro_meaning *a, const struct lf_avro_meaning *b)
{
    return a->precision == b->precision && a->scale == b->scale;
}

bool
lf_avro_match_meaning(const struct lf_avro_type *writer, const struct lf_avro_type *reader, struct lf_avro_meaning *ret)
{
    const bool same = writer->meaning.logical == reader->meaning.logical;
    if (same && reader->meaning.logical == LF_AVRO_DECIMAL && !is_same_meaning(&writer->meaning, &reader->meaning))
        return false;
    *ret = same ? writer->meaning : reader->meaning;
    return true;
}

bool
lf_avro_match_fields(const struct lf_avro_type *writer, const struct lf_avro_type *reader,
                     const struct lf_avro_field **ret)
{
    struct lf_map fields;
    bool ok = true;
    lf_map_init(&fields);
    for (uint32_t i = 0; ok && i < writer->count; i++)
        ok = lf_map_add(&fields, writer->u.fields[i].name, &writer->u.fields[i]) == LF_OK;
    for (uint32_t i = 0; ok && i < reader->count; i++)
        ret[i] = lf_map_remove(&fields, reader->u.fields[i].name);
    for (uint32_t i = 0; ok && i < reader->count; i++) {
        const struct lf_avro_field *field = &reader->u.fields[i];
        for (uint32_t k = 0; ret[i] == NULL && k < field->alias_count; k++)
            ret[i] = lf_map_remove(&fields, field->aliases[k]);
    }
    lf_map_release(&fields);
    return ok;
}
