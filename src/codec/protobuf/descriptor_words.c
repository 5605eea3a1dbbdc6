/*
 * Words of the .proto file that descriptor.c writes. What comes from outside goes into a text that is parsed: nothing
 * but names, numbers and quoted strings may.
 */
#include "codec/protobuf/descriptor_words.h"
#include "base/ascii.h"

#include <inttypes.h>

/* --- what a decoded message has ----------------------------------------------------------------------------------- */

struct lf_bytes
lf_proto_text_of(const struct lf_value *value, const char *name)
{
    const struct lf_value *found = lf_value_get_text(value, name);
    return found != NULL ? lf_value_text(found) : LF_LIT("");
}

int64_t
lf_proto_number_of(const struct lf_value *value, const char *name)
{
    const struct lf_value *found = lf_value_get_text(value, name);
    return found != NULL ? found->u.integer : 0;
}

bool
lf_proto_is_set(const struct lf_value *value, const char *name)
{
    const struct lf_value *found = lf_value_get_text(value, name);
    return found != NULL && found->u.boolean;
}

/* A member that is a list; an empty one where it is absent. */
struct lf_value
lf_proto_list_of(const struct lf_value *value, const char *name)
{
    const struct lf_value *found = lf_value_get_text(value, name);
    return found != NULL ? *found : lf_value_list(NULL, 0);
}

static const struct lf_value *
features_of(const struct lf_value *value)
{
    const struct lf_value *options = lf_value_get_text(value, "options");
    return options != NULL ? lf_value_get_text(options, "features") : NULL;
}

/* --- words -------------------------------------------------------------------------------------------------------- */

void
lf_proto_add(struct lf_proto_printer *p, const char *text)
{
    lf_buf_add_text(&p->out, text);
}

void
lf_proto_wrong_descriptor(struct lf_proto_printer *p, const char *what, struct lf_bytes text)
{
    if (p->failed == LF_OK)
        p->failed = lf_fail(p->err, LF_INVALID, "the descriptor has %s \"%.*s\"", what,
                            (int)(text.len < 60 ? text.len : 60), text.ptr);
}

static bool
is_letter(char c)
{
    return c == '_' || lf_is_letter(c);
}

static bool
is_plain(char c)
{
    return c >= 0x20 && c <= 0x7e;
}

static bool
is_name(struct lf_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_letter(text.ptr[i]) && !(i != 0 && text.ptr[i] >= '0' && text.ptr[i] <= '9'))
            return false;
    }
    return text.len != 0;
}

/* Names go into a text that is parsed: nothing else may. */
void
lf_proto_add_name(struct lf_proto_printer *p, struct lf_bytes name)
{
    if (!is_name(name))
        lf_proto_wrong_descriptor(p, "the name", name);
    lf_buf_add(&p->out, name);
}

/* "a.b.C", or ".a.b.C" if rooted. */
void
lf_proto_add_path(struct lf_proto_printer *p, struct lf_bytes path, bool rooted)
{
    struct lf_bytes rest = path;
    if (rooted && rest.len != 0 && rest.ptr[0] == '.') {
        lf_buf_add_char(&p->out, '.');
        rest = lf_bytes(rest.ptr + 1, rest.len - 1);
    }
    for (size_t point; (point = lf_bytes_index(rest, '.')) != SIZE_MAX; rest.ptr += point + 1, rest.len -= point + 1) {
        lf_proto_add_name(p, lf_bytes(rest.ptr, point));
        lf_buf_add_char(&p->out, '.');
    }
    lf_proto_add_name(p, rest);
}

/* A string in quotes; escaped: backslashes begin escapes already, which are those of .proto files. */
void
lf_proto_add_string(struct lf_proto_printer *p, struct lf_bytes text, bool escaped)
{
    lf_buf_add_char(&p->out, '"');
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char c = (unsigned char)text.ptr[i];
        if (c == '\\' && escaped && i + 1 < text.len && is_plain(text.ptr[i + 1]))
            lf_buf_add(&p->out, lf_bytes(&text.ptr[i++], 2));
        else if (c == '"' || c == '\\' || !is_plain((char)c))
            lf_buf_printf(&p->out, "\\%03o", c);
        else
            lf_buf_add_char(&p->out, (char)c);
    }
    lf_buf_add_char(&p->out, '"');
}

/* A number, or a name: true, inf, the value of an enum. */
void
lf_proto_add_word(struct lf_proto_printer *p, struct lf_bytes word)
{
    for (size_t i = 0; i < word.len; i++) {
        const char c = word.ptr[i];
        if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '+' && c != '.')
            lf_proto_wrong_descriptor(p, "the default", word);
    }
    lf_buf_add(&p->out, word);
}

/* --- features ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *member; /* of the form */
    const char *name;
} features_known[] = {
    {"presence", "field_presence"},
    {"kind", "enum_type"},
    {"coding", "repeated_field_encoding"},
    {"framing", "message_encoding"},
};

/* A feature as an option: a statement, or one of the options in brackets behind a field. */
void
lf_proto_add_feature(struct lf_proto_printer *p, bool of_field, const char *name, struct lf_bytes value)
{
    lf_proto_add(p, !of_field ? "option " : p->options++ == 0 ? " [" : ", ");
    lf_buf_printf(&p->out, "features.%s = %.*s%s", name, LF_FMT(value), of_field ? "" : ";");
}

/* What the message's own options say. */
void
lf_proto_add_features(struct lf_proto_printer *p, bool of_field, const struct lf_value *message)
{
    const struct lf_value *features = features_of(message);
    for (size_t i = 0; features != NULL && i < sizeof(features_known) / sizeof(features_known[0]); i++) {
        const struct lf_bytes value = lf_proto_text_of(features, features_known[i].member);
        if (value.len != 0)
            lf_proto_add_feature(p, of_field, features_known[i].name, value);
    }
}
