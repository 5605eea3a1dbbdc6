/* What a schema says of the bytes of events: @field, @event(format:), @schema. */
#include "model/compile.h"
#include "model/decimal.h"

#include <string.h>

/* --- @field ------------------------------------------------------------------------------------------------------- */

static void
set_number(struct lf_compiler *c, struct lf_field *field, const struct lf_gql_directive *directive)
{
    int64_t number;
    if (!lf_compile_int_arg(directive, "number", &number))
        return;
    if (number < 1 || number > LF_FIELD_NUMBER_MAX)
        lf_compile_error(c, lf_compile_arg_loc(directive, "number"), "@field(number:) must be from 1 to %d",
                         LF_FIELD_NUMBER_MAX);
    else if (number >= LF_FIELD_NUMBER_OWN_MIN && number <= LF_FIELD_NUMBER_OWN_MAX)
        lf_compile_error(c, lf_compile_arg_loc(directive, "number"),
                         "@field(number:): Protobuf keeps %d to %d to itself, take another number",
                         LF_FIELD_NUMBER_OWN_MIN, LF_FIELD_NUMBER_OWN_MAX);
    else
        field->number = (int32_t)number;
}

/* As SQL and Avro have it, a precision alone means whole numbers. */
static void
set_digits(struct lf_compiler *c, struct lf_field *field, const struct lf_gql_directive *directive)
{
    int64_t precision = LF_FIELD_PRECISION, scale = LF_FIELD_SCALE;
    bool precise = lf_compile_int_arg(directive, "precision", &precision);
    bool scaled = lf_compile_int_arg(directive, "scale", &scale);
    if (!precise && !scaled)
        return;
    if (field->type != LF_T_DECIMAL) {
        if (field->type != LF_T_BROKEN)
            lf_compile_error(c, lf_compile_arg_loc(directive, precise ? "precision" : "scale"),
                             "@field(%s:) is for Decimal, but \"%.*s\" is %s: remove it",
                             precise ? "precision" : "scale", LF_FMT(field->name), lf_compile_type_text(c, field));
        return;
    }
    if (!scaled)
        scale = 0;
    if (precision < 1 || precision > LF_DECIMAL_DIGITS_MAX)
        lf_compile_error(c, lf_compile_arg_loc(directive, "precision"), "@field(precision:) must be from 1 to %d",
                         LF_DECIMAL_DIGITS_MAX);
    else if (scale < 0 || scale > precision)
        lf_compile_error(c, lf_compile_arg_loc(directive, "scale"),
                         "@field(scale:) must be from 0 to the precision, %lld", (long long)precision);
    else {
        field->precision = (int32_t)precision;
        field->scale = (int32_t)scale;
    }
}

void
lf_compile_wire_field(struct lf_compiler *c, struct lf_field *field, struct lf_gql_directives directives)
{
    const struct lf_gql_directive *directive = lf_gql_find_directive(directives, "field");
    if (field->type == LF_T_DECIMAL) {
        field->precision = LF_FIELD_PRECISION;
        field->scale = LF_FIELD_SCALE;
    }
    if (directive == NULL)
        return;
    set_number(c, field, directive);
    set_digits(c, field, directive);
}

void
lf_compile_wire_numbers(struct lf_compiler *c, const struct lf_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i && fields[i].number != 0; j++) {
            if (fields[i].number != fields[j].number)
                continue;
            lf_compile_error(c, &fields[i].loc, "\"%.*s\" and \"%.*s\" have one @field(number:), %d: give it another",
                             LF_FMT(fields[i].name), LF_FMT(fields[j].name), fields[i].number);
            break;
        }
    }
}

/* --- @event(format:) ---------------------------------------------------------------------------------------------- */

static void
set_format(struct lf_compiler *c, struct lf_event_type *event, const struct lf_gql_directive *directive)
{
    static const struct {
        const char *name;
        enum lf_event_format format;
    } formats[] = {{"JSON", LF_FORMAT_JSON},
                   {"JSON_SCHEMA", LF_FORMAT_JSON_SCHEMA},
                   {"AVRO", LF_FORMAT_AVRO},
                   {"PROTOBUF", LF_FORMAT_PROTOBUF}};
    struct lf_bytes name;
    if (!lf_compile_text_arg(directive, "format", &name))
        return;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (lf_bytes_equal_text(name, formats[i].name))
            event->format = formats[i].format;
    }
    if (event->format == LF_FORMAT_DEFAULT)
        lf_compile_error(c, lf_compile_arg_loc(directive, "format"),
                         "@event(format:) must be JSON, JSON_SCHEMA, AVRO or PROTOBUF, is %.*s", LF_FMT(name));
}

/* --- @schema ------------------------------------------------------------------------------------------------------ */

/* Length of the path's folder with its slash; 0: the current one. */
static size_t
folder_length(const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

static void
set_schema(struct lf_compiler *c, struct lf_event_type *event, struct lf_gql_directives directives)
{
    struct lf_bytes file;
    const struct lf_gql_directive *directive = lf_gql_find_directive(directives, "schema");
    if (directive == NULL || !lf_compile_text_arg(directive, "file", &file))
        return;
    event->schema_loc = *lf_compile_arg_loc(directive, "file");
    if (file.len == 0 || lf_bytes_index(file, '\0') != SIZE_MAX) {
        lf_compile_error(c, &event->schema_loc, "@schema(file:) must be the path of a JSON Schema");
        return;
    }
    const char *sdl = event->schema_loc.source->name;
    size_t folder = file.ptr[0] == '/' ? 0 : folder_length(sdl);
    event->schema_file =
        lf_bytes_of(lf_compile_printf(c, "%.*s%.*s", (int)folder, folder > 0 ? sdl : "", LF_FMT(file)));
}

void
lf_compile_wire_event(struct lf_compiler *c, struct lf_event_type *event, struct lf_gql_directives directives)
{
    set_format(c, event, lf_gql_find_directive(directives, "event"));
    set_schema(c, event, directives);
}
