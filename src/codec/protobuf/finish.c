/* From collected fields to a value. */
#include "codec/protobuf/decode.h"

#include "base/base64.h"

#include <stdlib.h>

static int
order_entries(const void *a, const void *b, void *key)
{
    const struct lf_proto_entry *x = a, *y = b;
    const int order = lf_proto_scalar_compare(key, &x->key, &y->key);
    return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

/* Members by key; of entries with the same key the last one. */
static enum lf_status
finish_map(struct lf_proto_decoding *run, const struct lf_proto_field *field, const struct lf_proto_slot *slot,
           struct lf_value *ret)
{
    struct lf_proto_field *key = field->message->fields[0];
    struct lf_proto_entry *entries = slot->u.entries;
    uint32_t count = 0;
    qsort_r(entries, slot->count, sizeof(*entries), order_entries, key);
    struct lf_member *members = LF_ARENA_ARRAY(run->arena, struct lf_member, slot->count);
    if (members == NULL)
        return lf_no_memory(run->err);
    for (uint32_t i = 0; i < slot->count; i++) {
        if (i + 1 < slot->count && lf_proto_scalar_compare(key, &entries[i].key, &entries[i + 1].key) == 0)
            continue;
        members[count].value = entries[i].value;
        if (!lf_proto_name_of_key(key, &entries[i].key, run->arena, &members[count].name))
            return lf_no_memory(run->err);
        count++;
    }
    *ret = lf_value_object(members, count);
    return LF_OK;
}

static enum lf_status
finish_set(struct lf_proto_decoding *run, const struct lf_proto_slot *slot, const struct lf_proto_field *field,
           const struct lf_json_step *step, struct lf_value *ret)
{
    if (field->map)
        return finish_map(run, field, slot, ret);
    if (field->repeated)
        *ret = lf_value_list(slot->u.items, slot->count);
    else if (field->type == LF_PROTO_MESSAGE)
        return lf_proto_finish(run, slot->u.message, step, ret);
    else if (!lf_proto_value_of(field, &slot->u.scalar, run->arena, ret))
        return lf_no_memory(run->err);
    return LF_OK;
}

/* A message that is not there, where the value of an entry has to be one. */
static enum lf_status
finish_empty(struct lf_proto_decoding *run, const struct lf_proto_instance *instance,
             const struct lf_proto_field *field, const struct lf_json_step *step, struct lf_value *ret)
{
    return lf_proto_decode_bytes(run, field->message, LF_LIT(""), step, instance->depth + 1, ret);
}

static enum lf_status
finish_absent(struct lf_proto_decoding *run, const struct lf_proto_instance *instance,
              const struct lf_proto_field *field, const struct lf_json_step *step, struct lf_value *ret,
              bool *ret_there)
{
    static const struct lf_proto_scalar zero;
    const bool in_entry = instance->message->map_entry;
    *ret_there = true;
    if (field->required)
        return lf_proto_fail(run->err, step, "is required");
    if (in_entry && field->type == LF_PROTO_MESSAGE)
        return finish_empty(run, instance, field, step, ret);
    if (run->fill && field->default_value.type != LF_V_NULL && field->oneof == NULL)
        *ret = field->default_value;
    else if (run->fill && field->repeated)
        *ret = field->map ? lf_value_object(NULL, 0) : lf_value_list(NULL, 0);
    else if ((run->fill && !field->presence) || in_entry)
        return lf_proto_value_of(field, &zero, run->arena, ret) ? LF_OK : lf_no_memory(run->err);
    else
        *ret_there = false;
    return LF_OK;
}

enum lf_status
lf_proto_finish_field(struct lf_proto_decoding *run, const struct lf_proto_instance *instance,
                      const struct lf_proto_field *field, const struct lf_json_step *outer, struct lf_value *ret,
                      bool *ret_there)
{
    const struct lf_json_step step = {.outer = outer, .name = field->json_name};
    const struct lf_proto_slot *slot = &instance->slots[field->index];
    *ret_there = true;
    return slot->set ? finish_set(run, slot, field, &step, ret)
                     : finish_absent(run, instance, field, &step, ret, ret_there);
}

static enum lf_status
finish_unknown(struct lf_proto_decoding *run, const struct lf_proto_instance *instance, struct lf_value *ret)
{
    struct lf_buf text;
    lf_buf_init(&text, SIZE_MAX);
    for (const struct lf_proto_unknown *at = instance->unknown; at != NULL; at = at->next)
        lf_buf_add(&text, at->bytes);
    const bool done =
        lf_buf_status(&text, NULL) == LF_OK && lf_proto_value_of_bytes(lf_buf_view(&text), run->arena, ret);
    lf_buf_release(&text);
    return done ? LF_OK : lf_no_memory(run->err);
}

enum lf_status
lf_proto_finish(struct lf_proto_decoding *run, const struct lf_proto_instance *instance,
                const struct lf_json_step *step, struct lf_value *ret)
{
    const struct lf_proto_message *message = instance->message;
    size_t count = 0;
    enum lf_status st = LF_OK;
    if (message->kind != LF_PROTO_PLAIN)
        return lf_proto_finish_special(run, instance, step, ret);
    struct lf_member *members = LF_ARENA_ARRAY(run->arena, struct lf_member, message->field_count + 1);
    if (members == NULL)
        return lf_no_memory(run->err);
    for (size_t i = 0; st == LF_OK && i < message->field_count; i++) {
        bool there;
        st = lf_proto_finish_field(run, instance, message->fields[i], step, &members[count].value, &there);
        members[count].name = message->fields[i]->json_name;
        count += there ? 1 : 0;
    }
    if (st == LF_OK && instance->unknown != NULL) {
        members[count].name = LF_PROTO_UNKNOWN;
        st = finish_unknown(run, instance, &members[count++].value);
    }
    *ret = lf_value_object(members, count);
    return st;
}
