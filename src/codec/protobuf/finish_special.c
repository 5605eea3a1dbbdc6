/* The well-known types, into their JSON forms. */
#include "codec/protobuf/decode.h"
#include "codec/protobuf/times.h"

#include <math.h>
#include <string.h>

/* The scalar of the field with that index; zero if it is absent. */
static struct lf_proto_scalar
scalar_at(const struct lf_proto_instance *instance, size_t index)
{
    const struct lf_proto_slot *slot = &instance->slots[index];
    return slot->set ? slot->u.scalar : (struct lf_proto_scalar){0, LF_LIT("")};
}

static enum lf_status
finish_text(struct lf_proto_decoding *run, struct lf_bytes text, struct lf_value *ret)
{
    const struct lf_bytes copy = lf_arena_copy(run->arena, text);
    *ret = lf_value_string(copy);
    return copy.ptr != NULL ? LF_OK : lf_no_memory(run->err);
}

static enum lf_status
finish_time(struct lf_proto_decoding *run, const struct lf_proto_instance *instance, const struct lf_json_step *step,
            struct lf_value *ret)
{
    char text[LF_PROTO_TIME_TEXT_SIZE];
    const bool duration = instance->message->kind == LF_PROTO_DURATION;
    const struct lf_proto_time time = {(int64_t)scalar_at(instance, 0).bits,
                                       (int32_t)(int64_t)scalar_at(instance, 1).bits};
    const size_t len = duration ? lf_proto_duration_text(time, text) : lf_proto_timestamp_text(time, text);
    if (len == 0)
        return lf_proto_fail(run->err, step, "%lld s and %d ns are no %s", (long long)time.seconds, time.nanos,
                             duration ? "duration" : "time of the years 1 to 9999");
    return finish_text(run, lf_bytes(text, len), ret);
}

static enum lf_status
finish_mask(struct lf_proto_decoding *run, const struct lf_proto_instance *instance, const struct lf_json_step *step,
            struct lf_value *ret)
{
    const struct lf_proto_slot *slot = &instance->slots[0];
    struct lf_buf text;
    bool good = true;
    lf_buf_init(&text, SIZE_MAX);
    for (uint32_t i = 0; good && i < slot->count; i++) {
        if (i != 0)
            lf_buf_add_char(&text, ',');
        good = lf_proto_mask_of_path(lf_value_text(&slot->u.items[i]), &text);
    }
    enum lf_status st = lf_buf_status(&text, run->err);
    if (st == LF_OK)
        st = good ? finish_text(run, lf_buf_view(&text), ret)
                  : lf_proto_fail(run->err, step, "has a path that has no form in JSON");
    lf_buf_release(&text);
    return st;
}

/* Whole numbers are integers again, as in the JSON that they came from. */
static struct lf_value
json_number(double number)
{
    if (fabs(number) <= 0x1p53 && trunc(number) == number && (number != 0 || !signbit(number)))
        return lf_value_int((int64_t)number);
    return lf_value_float(number);
}

/* google.protobuf.Value: whichever field of its oneof is set; none is read as null. */
static enum lf_status
finish_value(struct lf_proto_decoding *run, const struct lf_proto_instance *instance, const struct lf_json_step *step,
             struct lf_value *ret)
{
    const struct lf_proto_field *field = instance->oneofs[0];
    double number;
    bool there;
    if (field == NULL || field->type == LF_PROTO_ENUM) {
        *ret = LF_VALUE_NULL;
        return LF_OK;
    }
    if (field->type != LF_PROTO_DOUBLE)
        return lf_proto_finish_field(run, instance, field, step != NULL ? step->outer : NULL, ret, &there);
    const struct lf_proto_scalar scalar = scalar_at(instance, field->index);
    memcpy(&number, &scalar.bits, sizeof(number));
    if (!isfinite(number))
        return lf_proto_fail(run->err, step, "is a number that JSON does not have");
    *ret = json_number(number);
    return LF_OK;
}

/* Struct, ListValue, wrappers: the value of their only field. */
static enum lf_status
finish_only(struct lf_proto_decoding *run, const struct lf_proto_instance *instance, const struct lf_json_step *step,
            struct lf_value *ret)
{
    static const struct lf_proto_scalar zero;
    const struct lf_proto_field *field = instance->message->fields[0];
    bool there;
    if (instance->slots[0].set)
        return lf_proto_finish_field(run, instance, field, step != NULL ? step->outer : NULL, ret, &there);
    if (field->repeated)
        *ret = field->map ? lf_value_object(NULL, 0) : lf_value_list(NULL, 0);
    else if (!lf_proto_value_of(field, &zero, run->arena, ret))
        return lf_no_memory(run->err);
    return LF_OK;
}

/* --- Any ---------------------------------------------------------------------------------------------------------- */

/* {"@type": url, NAME: inner} */
static enum lf_status
finish_pair(struct lf_proto_decoding *run, struct lf_value url, struct lf_bytes name, struct lf_value inner,
            struct lf_value *ret)
{
    struct lf_member *members = LF_ARENA_ARRAY(run->arena, struct lf_member, 2);
    if (members == NULL)
        return lf_no_memory(run->err);
    members[0] = (struct lf_member){LF_LIT("@type"), url};
    members[1] = (struct lf_member){name, inner};
    *ret = lf_value_object(members, 2);
    return LF_OK;
}

/* The members of the message behind "@type". */
static enum lf_status
finish_members(struct lf_proto_decoding *run, struct lf_value url, const struct lf_value *inner, struct lf_value *ret)
{
    struct lf_member *members = LF_ARENA_ARRAY(run->arena, struct lf_member, (size_t)inner->count + 1);
    if (members == NULL)
        return lf_no_memory(run->err);
    members[0] = (struct lf_member){LF_LIT("@type"), url};
    for (uint32_t i = 0; i < inner->count; i++)
        members[i + 1] = inner->u.members[i];
    *ret = lf_value_object(members, (size_t)inner->count + 1);
    return LF_OK;
}

/* A type that the schema does not know keeps its bytes. */
static enum lf_status
finish_any(struct lf_proto_decoding *run, const struct lf_proto_instance *instance, const struct lf_json_step *step,
           struct lf_value *ret)
{
    const struct lf_bytes url_text = scalar_at(instance, 0).bytes, bytes = scalar_at(instance, 1).bytes;
    const struct lf_proto_message *message = lf_proto_type_of_url(run->schema, url_text);
    struct lf_value url, inner;
    if (url_text.len == 0 && bytes.len == 0) {
        *ret = lf_value_object(NULL, 0);
        return LF_OK;
    }
    enum lf_status st = finish_text(run, url_text, &url);
    if (st != LF_OK)
        return st;
    if (message == NULL)
        return lf_proto_value_of_bytes(bytes, run->arena, &inner) ? finish_pair(run, url, LF_LIT("@value"), inner, ret)
                                                                  : lf_no_memory(run->err);
    st = lf_proto_decode_bytes(run, message, bytes, step, instance->depth + 1, &inner);
    if (st != LF_OK)
        return st;
    return message->kind == LF_PROTO_PLAIN ? finish_members(run, url, &inner, ret)
                                           : finish_pair(run, url, LF_LIT("value"), inner, ret);
}

enum lf_status
lf_proto_finish_special(struct lf_proto_decoding *run, const struct lf_proto_instance *instance,
                        const struct lf_json_step *step, struct lf_value *ret)
{
    switch (instance->message->kind) {
    case LF_PROTO_TIMESTAMP:
    case LF_PROTO_DURATION: return finish_time(run, instance, step, ret);
    case LF_PROTO_FIELD_MASK: return finish_mask(run, instance, step, ret);
    case LF_PROTO_VALUE: return finish_value(run, instance, step, ret);
    case LF_PROTO_ANY: return finish_any(run, instance, step, ret);
    default: return finish_only(run, instance, step, ret);
    }
}
