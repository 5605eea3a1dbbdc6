/* Documents brought up to the model: what is new is added, what would lose data is refused. */
#include "store/mongodb/fields.h"

#include <stdio.h>

/* How the field's values are written and compared: another kind cannot be read as this one. */
static const char *
kind_of(const struct lf_field *field)
{
    if (field->is_list)
        return "json";
    switch (field->type) {
    case LF_T_INT: return "int";
    case LF_T_BIGINT: return "bigint";
    case LF_T_DECIMAL: return "decimal";
    case LF_T_TIME: return "time";
    case LF_T_DATETIME: return "datetime";
    case LF_T_UUID: return "uuid";
    default: break;
    }
    switch (lf_column_of(field)) {
    case LF_COLUMN_BOOLEAN: return "boolean";
    case LF_COLUMN_REAL: return "double";
    case LF_COLUMN_JSON: return "json";
    default: return "text";
    }
}

/* ---- the record ---- */

static struct lf_bytes
record_id(const struct lf_mongo_fields *fields)
{
    return lf_bytes_of(lf_arena_printf(fields->arena, "entity:%s", fields->collection));
}

static enum lf_status
note_recorded(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct lf_mongo_fields *fields = ctx;
    bson_iter_t iter, items;
    fields->known = true;
    fields->key = lf_arena_copy(fields->arena, lf_bson_get_text(document, "key"));
    if (!bson_iter_init_find(&iter, document, "fields") || !bson_iter_recurse(&iter, &items))
        return lf_fail(err, LF_CORRUPT, "the record of collection \"%s\" in " LF_MONGO_META " cannot be read",
                       fields->collection);
    while (bson_iter_next(&items)) {
        uint32_t len = 0;
        const char *kind = BSON_ITER_HOLDS_UTF8(&items) ? bson_iter_utf8(&items, &len) : "";
        struct lf_mongo_recorded *grown =
            lf_arena_grow(fields->arena, fields->recorded, fields->count, &fields->cap, sizeof(*grown));
        if (grown == NULL)
            return lf_no_memory(err);
        fields->recorded = grown;
        struct lf_mongo_recorded *one = &grown[fields->count++];
        one->non_null = len != 0 && kind[len - 1] == '!';
        one->name = lf_arena_copy(fields->arena, lf_bytes_of(bson_iter_key(&items)));
        one->kind = lf_arena_copy(fields->arena, lf_bytes(kind, len - one->non_null));
        if (one->name.ptr == NULL || one->kind.ptr == NULL)
            return lf_no_memory(err);
    }
    return LF_OK;
}

/* Sends a filter over a collection. */
static enum lf_status
find(const struct lf_mongo_fields *fields, const char *collection, struct lf_buf *filter, bool one,
     lf_mongo_row_fn *row, void *ctx)
{
    struct lf_buf opts;
    lf_buf_init(&opts, 256);
    size_t start = lf_bson_begin(&opts);
    if (one)
        lf_bson_int64(&opts, LF_LIT("limit"), 1);
    lf_bson_end(&opts, start);
    enum lf_status st = lf_buf_status(filter, fields->err);
    if (st == LF_OK)
        st = lf_buf_status(&opts, fields->err);
    if (st == LF_OK)
        st = lf_mongo_find(fields->link, collection, lf_buf_view(filter), lf_buf_view(&opts), "opening the store", row,
                           ctx, fields->err);
    lf_buf_release(&opts);
    lf_buf_release(filter);
    return st;
}

enum lf_status
lf_mongo_fields_read(struct lf_mongo_fields *fields)
{
    struct lf_buf filter;
    struct lf_bytes id = record_id(fields);
    if (id.ptr == NULL)
        return lf_no_memory(fields->err);
    lf_buf_init(&filter, 4096);
    size_t start = lf_bson_begin(&filter);
    lf_bson_text(&filter, LF_LIT("_id"), id);
    lf_bson_end(&filter, start);
    return find(fields, LF_MONGO_META, &filter, false, note_recorded, fields);
}

static const struct lf_mongo_recorded *
recorded(const struct lf_mongo_fields *fields, struct lf_bytes name)
{
    for (size_t i = 0; i < fields->count; i++) {
        if (lf_bytes_equal(fields->recorded[i].name, name))
            return &fields->recorded[i];
    }
    return NULL;
}

static bool
in_model(const struct lf_mongo_fields *fields, struct lf_bytes name)
{
    for (size_t i = 0; i < fields->entity->field_count; i++) {
        if (lf_bytes_equal(fields->entity->fields[i].name, name))
            return true;
    }
    return false;
}

static enum lf_status
send_change(const struct lf_mongo_fields *fields, struct lf_buf *command)
{
    struct lf_mongo_done done;
    enum lf_status st = lf_buf_status(command, fields->err);
    if (st == LF_OK)
        st = lf_mongo_write(fields->link, lf_buf_view(command), "changing the store's collections", &done, fields->err);
    lf_buf_release(command);
    return st;
}

/* Fields that the model no longer has stay on record, lest they come back as something else. */
static void
put_record(const struct lf_mongo_fields *fields, struct lf_buf *out)
{
    const struct lf_entity *entity = fields->entity;
    char kind[32];
    lf_bson_text(out, LF_LIT("entity"), entity->name);
    lf_bson_text(out, LF_LIT("key"), entity->fields[entity->key].name);
    size_t list = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("fields"));
    for (size_t i = 0; i < entity->field_count; i++) {
        const struct lf_field *field = &entity->fields[i];
        int len = snprintf(kind, sizeof(kind), "%s%s", kind_of(field), field->non_null ? "!" : "");
        lf_bson_text(out, field->name, lf_bytes(kind, (size_t)len));
    }
    for (size_t i = 0; i < fields->count; i++) {
        if (!in_model(fields, fields->recorded[i].name))
            lf_bson_text(out, fields->recorded[i].name, fields->recorded[i].kind);
    }
    lf_bson_end(out, list);
}

static enum lf_status
record(const struct lf_mongo_fields *fields)
{
    struct lf_buf command;
    struct lf_bytes id = record_id(fields);
    if (id.ptr == NULL)
        return lf_no_memory(fields->err);
    lf_buf_init(&command, LF_MONGO_DOCUMENT_MAX);
    size_t start = lf_bson_begin(&command);
    lf_bson_text(&command, LF_LIT("update"), LF_LIT(LF_MONGO_META));
    size_t list = lf_bson_open(&command, LF_BSON_ARRAY, LF_LIT("updates"));
    size_t one = lf_bson_open(&command, LF_BSON_DOCUMENT, LF_LIT("0"));
    size_t query = lf_bson_open(&command, LF_BSON_DOCUMENT, LF_LIT("q"));
    lf_bson_text(&command, LF_LIT("_id"), id);
    lf_bson_end(&command, query);
    size_t update = lf_bson_open(&command, LF_BSON_DOCUMENT, LF_LIT("u"));
    size_t set = lf_bson_open(&command, LF_BSON_DOCUMENT, LF_LIT("$set"));
    put_record(fields, &command);
    lf_bson_end(&command, set);
    lf_bson_end(&command, update);
    lf_bson_bool(&command, LF_LIT("upsert"), true);
    lf_bson_end(&command, one);
    lf_bson_end(&command, list);
    lf_bson_end(&command, start);
    return send_change(fields, &command);
}

/* ---- changes ---- */

static enum lf_status
note_any(void *ctx, const bson_t *document, struct lf_err *err)
{
    (void)document;
    (void)err;
    *(bool *)ctx = true;
    return LF_OK;
}

/* Are there entities, or such whose field is null? */
static enum lf_status
has_any(const struct lf_mongo_fields *fields, const struct lf_field *null, bool *ret)
{
    struct lf_buf filter;
    *ret = false;
    lf_buf_init(&filter, 4096);
    size_t start = lf_bson_begin(&filter);
    lf_bson_null(&filter, LF_LIT("_lf.gone"));
    if (null != NULL)
        lf_bson_null(&filter, null->name);
    lf_bson_end(&filter, start);
    return find(fields, fields->collection, &filter, true, note_any, ret);
}

static enum lf_status
refuse(const struct lf_mongo_fields *fields, const struct lf_field *field, const char *why, const char *remedy)
{
    return lf_fail(fields->err, LF_CONFLICT, "field \"%.*s\" of %.*s: %s; run: %s", LF_FMT(field->name),
                   LF_FMT(fields->entity->name), why, remedy);
}

static enum lf_status
refuse_kind(const struct lf_mongo_fields *fields, const struct lf_field *field, const char *why)
{
    char remedy[400];
    snprintf(remedy, sizeof(remedy),
             "db.%s.updateMany({}, {$rename: {\"%.*s\": \"%.*s_old\"}}) and remove \"%.*s\" "
             "from fields in db.logfirst",
             fields->collection, LF_FMT(field->name), LF_FMT(field->name), LF_FMT(field->name));
    return refuse(fields, field, why, remedy);
}

/* A new field in documents that lack it: null, or as @initial says. */
static enum lf_status
add_field(const struct lf_mongo_fields *fields, const struct lf_field *field)
{
    struct lf_buf command;
    struct lf_value form = LF_VALUE_NULL;
    enum lf_status st = LF_OK;
    if (field->has_initial)
        st = lf_store_normalize(field, &field->initial, fields->arena, &form, fields->err);
    if (st == LF_OK)
        st = lf_mongo_field_form(field, &form, fields->arena, &form, fields->err);
    const char *null = lf_arena_printf(fields->arena, "_lf.null.%.*s", LF_FMT(field->name));
    const char *key = lf_arena_printf(fields->arena, "_lf.key.%.*s", LF_FMT(field->name));
    if (st == LF_OK && (null == NULL || key == NULL))
        st = lf_no_memory(fields->err);
    if (st != LF_OK)
        return st;
    lf_buf_init(&command, LF_MONGO_DOCUMENT_MAX);
    size_t start = lf_bson_begin(&command);
    lf_bson_text(&command, LF_LIT("update"), lf_bytes_of(fields->collection));
    size_t list = lf_bson_open(&command, LF_BSON_ARRAY, LF_LIT("updates"));
    size_t one = lf_bson_open(&command, LF_BSON_DOCUMENT, LF_LIT("0"));
    size_t query = lf_bson_open(&command, LF_BSON_DOCUMENT, LF_LIT("q"));
    size_t exists = lf_bson_open(&command, LF_BSON_DOCUMENT, field->name);
    lf_bson_bool(&command, LF_LIT("$exists"), false);
    lf_bson_end(&command, exists);
    lf_bson_null(&command, LF_LIT("_lf.gone"));
    lf_bson_end(&command, query);
    size_t update = lf_bson_open(&command, LF_BSON_DOCUMENT, LF_LIT("u"));
    size_t set = lf_bson_open(&command, LF_BSON_DOCUMENT, LF_LIT("$set"));
    lf_mongo_put_field(&command, field->name, field, &form);
    if (form.type == LF_V_NULL)
        lf_bson_bool(&command, lf_bytes_of(null), true);
    else if (lf_mongo_has_key(field))
        lf_bson_text(&command, lf_bytes_of(key), lf_mongo_key_text(field, lf_value_text(&form), fields->arena));
    lf_bson_end(&command, set);
    lf_bson_end(&command, update);
    lf_bson_bool(&command, LF_LIT("multi"), true);
    lf_bson_end(&command, one);
    lf_bson_end(&command, list);
    lf_bson_end(&command, start);
    return send_change(fields, &command);
}

static enum lf_status
compare_new(const struct lf_mongo_fields *fields, const struct lf_field *field, bool change)
{
    bool any = false;
    enum lf_status st = has_any(fields, NULL, &any);
    if (st != LF_OK || !any)
        return st;
    if (field->non_null && !field->has_initial) {
        char remedy[300];
        snprintf(remedy, sizeof(remedy),
                 "db.%s.updateMany({}, {$set: {\"%.*s\": VALUE}}) after starting once with the "
                 "field nullable",
                 fields->collection, LF_FMT(field->name));
        return refuse(fields, field, "it is new, not null and has no @initial, but there are entities already", remedy);
    }
    if (change)
        return add_field(fields, field);
    return lf_fail(fields->err, LF_NOT_FOUND,
                   "documents of \"%s\" lack the field \"%.*s\": open the store once for writing with this schema",
                   fields->collection, LF_FMT(field->name));
}

static bool
kinds_fit(struct lf_bytes was, const char *is)
{
    return lf_bytes_equal_text(was, is) ||
           (lf_bytes_equal_text(was, "int") && lf_bytes_equal(lf_bytes_of(is), LF_LIT("bigint")));
}

static enum lf_status
compare_old(const struct lf_mongo_fields *fields, const struct lf_field *field, const struct lf_mongo_recorded *old)
{
    bool any = false;
    char why[160];
    bool fits = kinds_fit(old->kind, kind_of(field)), tighter = field->non_null && !old->non_null;
    if (fits && !tighter)
        return LF_OK;
    enum lf_status st = has_any(fields, fits ? field : NULL, &any);
    if (st != LF_OK || !any)
        return st;
    if (fits) {
        char remedy[300];
        snprintf(remedy, sizeof(remedy),
                 "db.%s.updateMany({\"%.*s\": null}, {$set: {\"%.*s\": VALUE}, $unset: {\"_lf.null.%.*s\": 1}})",
                 fields->collection, LF_FMT(field->name), LF_FMT(field->name), LF_FMT(field->name));
        return refuse(fields, field, "it is not null now, but some entities have no value", remedy);
    }
    snprintf(why, sizeof(why), "its values are %.*s, the schema needs %s", LF_FMT(old->kind), kind_of(field));
    return refuse_kind(fields, field, why);
}

static enum lf_status
compare(const struct lf_mongo_fields *fields, bool change)
{
    const struct lf_entity *entity = fields->entity;
    bool any = false;
    enum lf_status st = LF_OK;
    if (fields->known && !lf_bytes_equal(fields->key, entity->fields[entity->key].name))
        st = has_any(fields, NULL, &any);
    if (any)
        return refuse_kind(fields, &entity->fields[entity->key], "it is the key, but the collection has another one");
    for (size_t i = 0; st == LF_OK && fields->known && i < entity->field_count; i++) {
        const struct lf_field *field = &entity->fields[i];
        const struct lf_mongo_recorded *old = recorded(fields, field->name);
        st = old != NULL ? compare_old(fields, field, old) : compare_new(fields, field, change);
    }
    return st;
}

enum lf_status
lf_mongo_fields_check(struct lf_mongo_fields *fields)
{
    if (!fields->known)
        return lf_fail(fields->err, LF_NOT_FOUND,
                       "there is no collection \"%s\": open the store once for writing with this schema",
                       fields->collection);
    return compare(fields, false);
}

enum lf_status
lf_mongo_fields_change(struct lf_mongo_fields *fields)
{
    enum lf_status st = compare(fields, true);
    return st == LF_OK ? record(fields) : st;
}
