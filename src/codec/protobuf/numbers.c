/* Numbers and names of fields and of the values of enums: order, repetition, what is reserved. */
#include "codec/protobuf/link.h"

#include <stdlib.h>
#include <string.h>

static int
order_ranges(const void *a, const void *b)
{
    const struct lf_proto_range *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

static int
order_names(const void *a, const void *b)
{
    return lf_bytes_compare(*(const struct lf_bytes *)a, *(const struct lf_bytes *)b);
}

enum lf_status
lf_proto_sort_ranges(struct lf_proto_reserved *reserved, const struct lf_proto_file *file, struct lf_proto_place place,
                     struct lf_err *err)
{
    if (reserved->range_count != 0)
        qsort(reserved->ranges, reserved->range_count, sizeof(*reserved->ranges), order_ranges);
    if (reserved->name_count != 0)
        qsort(reserved->names, reserved->name_count, sizeof(*reserved->names), order_names);
    for (size_t i = 1; i < reserved->range_count; i++) {
        if (reserved->ranges[i].from <= reserved->ranges[i - 1].to)
            return lf_proto_fail_at(err, file, place, LF_INVALID, "the number %lld is reserved twice",
                                    (long long)reserved->ranges[i].from);
    }
    return LF_OK;
}

bool
lf_proto_is_reserved(const struct lf_proto_reserved *reserved, int64_t number)
{
    size_t low = 0, high = reserved->range_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (reserved->ranges[middle].to < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < reserved->range_count && reserved->ranges[low].from <= number;
}

bool
lf_proto_is_reserved_name(const struct lf_proto_reserved *reserved, struct lf_bytes name)
{
    return reserved->name_count != 0 &&
           bsearch(&name, reserved->names, reserved->name_count, sizeof(name), order_names) != NULL;
}

/* --- fields ------------------------------------------------------------------------------------------------------- */

static int
order_fields(const void *a, const void *b)
{
    const struct lf_proto_field *x = *(const struct lf_proto_field *const *)a;
    const struct lf_proto_field *y = *(const struct lf_proto_field *const *)b;
    return x->number != y->number ? (x->number > y->number) - (x->number < y->number)
                                  : (x->index > y->index) - (x->index < y->index);
}

static enum lf_status
check_field(const struct lf_proto_message *message, const struct lf_proto_field *field,
            const struct lf_proto_field *before, struct lf_err *err)
{
    if (before != NULL && before->number == field->number)
        return lf_proto_fail_at(err, message->file, field->place, LF_INVALID,
                                "the fields \"%.*s\" and \"%.*s\" have the same number %u", LF_FMT(before->name),
                                LF_FMT(field->name), field->number);
    if (lf_proto_is_reserved(&message->reserved, field->number))
        return lf_proto_fail_at(err, message->file, field->place, LF_INVALID,
                                "the field \"%.*s\" has the number %u, which is reserved", LF_FMT(field->name),
                                field->number);
    if (lf_proto_is_reserved_name(&message->reserved, field->name))
        return lf_proto_fail_at(err, message->file, field->place, LF_INVALID,
                                "the field \"%.*s\" has a name that is reserved", LF_FMT(field->name));
    return LF_OK;
}

enum lf_status
lf_proto_link_numbers(struct lf_proto_schema *schema, struct lf_proto_message *message, struct lf_err *err)
{
    enum lf_status st = lf_proto_sort_ranges(&message->reserved, message->file, message->place, err);
    if (st != LF_OK)
        return st;
    message->by_number = LF_ARENA_ARRAY(&schema->arena, const struct lf_proto_field *, message->field_count);
    if (message->by_number == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < message->field_count; i++)
        message->by_number[i] = message->fields[i];
    if (message->field_count != 0)
        qsort(message->by_number, message->field_count, sizeof(struct lf_proto_field *), order_fields);
    for (size_t i = 0; st == LF_OK && i < message->field_count; i++)
        st = check_field(message, message->by_number[i], i != 0 ? message->by_number[i - 1] : NULL, err);
    return st;
}

/* --- enums -------------------------------------------------------------------------------------------------------- */

/* Aliases stay in the order of their declaration: values of one enum are one array. */
static int
order_values(const void *a, const void *b)
{
    const struct lf_proto_enum_value *x = *(const struct lf_proto_enum_value *const *)a;
    const struct lf_proto_enum_value *y = *(const struct lf_proto_enum_value *const *)b;
    return x->number != y->number ? (x->number > y->number) - (x->number < y->number) : (x > y) - (x < y);
}

static int
order_short_names(const void *a, const void *b)
{
    const struct lf_proto_enum_value *x = *(const struct lf_proto_enum_value *const *)a;
    const struct lf_proto_enum_value *y = *(const struct lf_proto_enum_value *const *)b;
    return lf_bytes_compare(x->short_name, y->short_name);
}

static int
order_value_names(const void *a, const void *b)
{
    const struct lf_proto_enum_value *x = *(const struct lf_proto_enum_value *const *)a;
    const struct lf_proto_enum_value *y = *(const struct lf_proto_enum_value *const *)b;
    return lf_bytes_compare(x->name, y->name);
}

/* The values sorted some way; NULL out of memory. */
static const struct lf_proto_enum_value **
sorted_values(struct lf_proto_schema *schema, const struct lf_proto_enum *found,
              int (*order)(const void *, const void *))
{
    const struct lf_proto_enum_value **sorted =
        LF_ARENA_ARRAY(&schema->arena, const struct lf_proto_enum_value *, found->count);
    if (sorted == NULL)
        return NULL;
    for (size_t i = 0; i < found->count; i++)
        sorted[i] = &found->values[i];
    qsort(sorted, found->count, sizeof(struct lf_proto_enum_value *), order);
    return sorted;
}

/* The prefix goes if every value has it, with a name after it. */
static bool
strip_prefix(struct lf_proto_schema *schema, struct lf_proto_enum *found)
{
    char *text = lf_arena_alloc(&schema->arena, 2 * found->name.len + 1);
    if (text == NULL)
        return false;
    const struct lf_bytes prefix = lf_bytes(text, lf_proto_upper_snake_case(found->name, text));
    for (size_t i = 0; i < found->count; i++) {
        const struct lf_bytes name = found->values[i].name;
        if (!lf_bytes_starts_with(name, prefix) || name.len == prefix.len ||
            (name.ptr[prefix.len] >= '0' && name.ptr[prefix.len] <= '9'))
            return true;
    }
    for (size_t i = 0; i < found->count; i++) {
        const struct lf_bytes name = found->values[i].name;
        found->values[i].short_name = lf_bytes(name.ptr + prefix.len, name.len - prefix.len);
    }
    found->by_name = sorted_values(schema, found, order_value_names);
    return found->by_name != NULL;
}

static enum lf_status
check_value(const struct lf_proto_enum *found, const struct lf_proto_enum_value *value, struct lf_err *err)
{
    if (lf_proto_is_reserved(&found->reserved, value->number))
        return lf_proto_fail_at(err, found->file, value->place, LF_INVALID,
                                "the value \"%.*s\" has the number %d, which is reserved", LF_FMT(value->name),
                                value->number);
    if (lf_proto_is_reserved_name(&found->reserved, value->name))
        return lf_proto_fail_at(err, found->file, value->place, LF_INVALID,
                                "the value \"%.*s\" has a name that is reserved", LF_FMT(value->name));
    return LF_OK;
}

/* Keeps the first of each number. */
static enum lf_status
drop_aliases(struct lf_proto_enum *found, struct lf_err *err)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct lf_proto_enum_value *value = found->by_number[i];
        enum lf_status st = check_value(found, value, err);
        if (st != LF_OK)
            return st;
        const struct lf_proto_enum_value *before = found->distinct != 0 ? found->by_number[found->distinct - 1] : NULL;
        if (before == NULL || before->number != value->number)
            found->by_number[found->distinct++] = value;
        else if (!found->allow_alias)
            return lf_proto_fail_at(err, found->file, value->place, LF_INVALID,
                                    "the values \"%.*s\" and \"%.*s\" have the same number %d without allow_alias",
                                    LF_FMT(before->name), LF_FMT(value->name), value->number);
    }
    return LF_OK;
}

enum lf_status
lf_proto_link_enum(struct lf_proto_schema *schema, struct lf_proto_enum *enumeration, struct lf_proto_features features,
                   struct lf_err *err)
{
    enumeration->features = lf_proto_features_within(enumeration->features, features);
    enumeration->closed = enumeration->features.enums == LF_PROTO_CLOSED;
    enumeration->is_null =
        enumeration->file->built_in && lf_bytes_equal_text(enumeration->full_name, "google.protobuf.NullValue");
    if (enumeration->count == 0)
        return lf_proto_fail_at(err, enumeration->file, enumeration->place, LF_INVALID,
                                "an enum has at least one value");
    if (!enumeration->closed && enumeration->values[0].number != 0)
        return lf_proto_fail_at(err, enumeration->file, enumeration->values[0].place, LF_INVALID,
                                "the first value of an open enum is 0");
    enum lf_status st = lf_proto_sort_ranges(&enumeration->reserved, enumeration->file, enumeration->place, err);
    if (st != LF_OK)
        return st;
    enumeration->by_number = sorted_values(schema, enumeration, order_values);
    if (enumeration->by_number == NULL || !strip_prefix(schema, enumeration))
        return lf_no_memory(err);
    enumeration->by_short_name = sorted_values(schema, enumeration, order_short_names);
    return enumeration->by_short_name != NULL ? drop_aliases(enumeration, err) : lf_no_memory(err);
}
