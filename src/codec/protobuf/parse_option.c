/*
 * Options. Those that change nothing in the bytes are read over, whatever they hold; features.… decide presence,
 * packing and framing: https://protobuf.dev/editions/features/
 */
#include "codec/protobuf/parser.h"

/* "name", "(custom.name)" or parts of both with points between. */
static bool
parse_name(struct lf_proto_parser *p, struct lf_proto_option *option)
{
    struct lf_bytes part;
    *option = (struct lf_proto_option){.name = LF_LIT(""), .sub = LF_LIT(""), .place = p->token.place};
    for (size_t count = 0; count == 0 || lf_proto_accept(p, "."); count++) {
        if (lf_proto_accept(p, "(")) {
            if (!lf_proto_expect_path(p, true, &part) || !lf_proto_expect(p, ")"))
                return false;
            part = LF_LIT("");
        } else if (!lf_proto_expect_name(p, "the name of an option", &part)) {
            return false;
        }
        if (count == 0)
            option->name = part;
        else
            option->sub = count == 1 ? part : LF_LIT("(more)");
    }
    return p->failed == LF_OK;
}

/* Past a message in text format, with lists in brackets and nested messages in braces or angle brackets. */
static bool
skip_aggregate(struct lf_proto_parser *p)
{
    const struct lf_proto_place start = p->token.place;
    size_t depth = 0;
    do {
        if (lf_proto_at(p, "{") || lf_proto_at(p, "<") || lf_proto_at(p, "["))
            depth++;
        else if (lf_proto_at(p, "}") || lf_proto_at(p, ">") || lf_proto_at(p, "]"))
            depth--;
        if (p->token.kind == LF_PROTO_TOKEN_END)
            return lf_proto_wrong(p, start, "this value has no end");
        if (!lf_proto_advance(p))
            return false;
    } while (depth != 0);
    return true;
}

static bool
parse_constant(struct lf_proto_parser *p, struct lf_proto_constant *ret)
{
    *ret = (struct lf_proto_constant){.text = p->token.text, .place = p->token.place};
    if (lf_proto_at(p, "{")) {
        ret->kind = LF_PROTO_C_AGGREGATE;
        return skip_aggregate(p);
    }
    if (p->token.kind == LF_PROTO_TOKEN_STRING) {
        ret->kind = LF_PROTO_C_STRING;
        return lf_proto_expect_string(p, &ret->text);
    }
    if (lf_proto_accept(p, "-"))
        ret->negative = true;
    else
        lf_proto_accept(p, "+");
    ret->text = p->token.text;
    switch (p->token.kind) {
    case LF_PROTO_TOKEN_NAME: ret->kind = LF_PROTO_C_NAME; break;
    case LF_PROTO_TOKEN_INTEGER: ret->kind = LF_PROTO_C_INTEGER; break;
    case LF_PROTO_TOKEN_FLOAT: ret->kind = LF_PROTO_C_FLOAT; break;
    default: return lf_proto_wrong(p, ret->place, "expected the value of an option");
    }
    return lf_proto_advance(p);
}

/* "features = { field_presence: IMPLICIT … }" as one option each. */
static bool
parse_features(struct lf_proto_parser *p, const struct lf_proto_option *whole, lf_proto_option_fn *take, void *target)
{
    lf_proto_advance(p);
    while (p->failed == LF_OK && !lf_proto_accept(p, "}")) {
        struct lf_proto_option option = *whole;
        if (lf_proto_accept(p, "[")) /* an extension of the features, of one language */
            option.sub = LF_LIT(""); /* its name follows like any other */
        if (!lf_proto_expect_path(p, false, &option.sub))
            return false;
        if (lf_proto_accept(p, "]"))
            option.sub = LF_LIT("");
        const bool colon = lf_proto_accept(p, ":");
        if ((!colon && !lf_proto_at(p, "{")) || !parse_constant(p, &option.value) || !take(p, target, &option))
            return lf_proto_wrong(p, p->token.place, "expected \": VALUE\" of a feature");
        if (!lf_proto_accept(p, ","))
            lf_proto_accept(p, ";");
    }
    return p->failed == LF_OK;
}

static bool
parse_one(struct lf_proto_parser *p, lf_proto_option_fn *take, void *target)
{
    struct lf_proto_option option;
    if (!parse_name(p, &option) || !lf_proto_expect(p, "="))
        return false;
    if (lf_bytes_equal_text(option.name, "features") && option.sub.len == 0 && lf_proto_at(p, "{"))
        return parse_features(p, &option, take, target);
    return parse_constant(p, &option.value) && take(p, target, &option);
}

bool
lf_proto_parse_option(struct lf_proto_parser *p, lf_proto_option_fn *take, void *target)
{
    return parse_one(p, take, target) && lf_proto_expect(p, ";");
}

bool
lf_proto_parse_options(struct lf_proto_parser *p, lf_proto_option_fn *take, void *target)
{
    if (!lf_proto_accept(p, "["))
        return p->failed == LF_OK;
    do {
        if (!parse_one(p, take, target))
            return false;
    } while (lf_proto_accept(p, ","));
    return lf_proto_expect(p, "]");
}

static bool
set_feature(struct lf_proto_features *features, struct lf_bytes name, struct lf_bytes value)
{
    if (lf_bytes_equal_text(name, "field_presence")) {
        features->presence = lf_bytes_equal_text(value, "EXPLICIT")          ? LF_PROTO_EXPLICIT
                             : lf_bytes_equal_text(value, "IMPLICIT")        ? LF_PROTO_IMPLICIT
                             : lf_bytes_equal_text(value, "LEGACY_REQUIRED") ? LF_PROTO_REQUIRED
                                                                             : LF_PROTO_PRESENCE_INHERITED;
        return features->presence != LF_PROTO_PRESENCE_INHERITED;
    }
    if (lf_bytes_equal_text(name, "enum_type")) {
        features->enums = lf_bytes_equal_text(value, "OPEN")     ? LF_PROTO_OPEN
                          : lf_bytes_equal_text(value, "CLOSED") ? LF_PROTO_CLOSED
                                                                 : LF_PROTO_ENUM_INHERITED;
        return features->enums != LF_PROTO_ENUM_INHERITED;
    }
    if (lf_bytes_equal_text(name, "repeated_field_encoding")) {
        features->repeated = lf_bytes_equal_text(value, "PACKED")     ? LF_PROTO_PACKED
                             : lf_bytes_equal_text(value, "EXPANDED") ? LF_PROTO_EXPANDED
                                                                      : LF_PROTO_REPEATED_INHERITED;
        return features->repeated != LF_PROTO_REPEATED_INHERITED;
    }
    if (lf_bytes_equal_text(name, "message_encoding")) {
        features->messages = lf_bytes_equal_text(value, "LENGTH_PREFIXED") ? LF_PROTO_LENGTH_PREFIXED
                             : lf_bytes_equal_text(value, "DELIMITED")     ? LF_PROTO_DELIMITED
                                                                           : LF_PROTO_MESSAGES_INHERITED;
        return features->messages != LF_PROTO_MESSAGES_INHERITED;
    }
    return true; /* one that changes nothing in the bytes */
}

bool
lf_proto_take_feature(struct lf_proto_parser *p, const struct lf_proto_option *option,
                      struct lf_proto_features *features)
{
    if (!lf_bytes_equal_text(option->name, "features") || option->sub.len == 0)
        return true;
    if (p->file->syntax != LF_PROTO_EDITION)
        return lf_proto_wrong(p, option->place, "features are for editions");
    if (option->value.kind == LF_PROTO_C_NAME ? set_feature(features, option->sub, option->value.text)
                                              : option->value.kind == LF_PROTO_C_AGGREGATE)
        return true;
    return lf_proto_wrong(p, option->value.place, "\"%.*s\" is no value of the feature %.*s",
                          LF_FMT(option->value.text), LF_FMT(option->sub));
}

bool
lf_proto_option_bool(struct lf_proto_parser *p, const struct lf_proto_option *option, bool *ret)
{
    const struct lf_proto_constant *value = &option->value;
    const bool yes = lf_bytes_equal_text(value->text, "true");
    if (value->kind != LF_PROTO_C_NAME || value->negative || (!yes && !lf_bytes_equal_text(value->text, "false")))
        return lf_proto_wrong(p, value->place, "the option %.*s has to be true or false", LF_FMT(option->name));
    *ret = yes;
    return true;
}
