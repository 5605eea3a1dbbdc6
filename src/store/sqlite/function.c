/* Collations and functions that SQL lacks: exact decimals, instants, searches without wildcards. */
#include "store/sqlite/sqlite.h"

#include <string.h>

static int
collate(enum lf_field_type type, int a_len, const void *a, int b_len, const void *b)
{
    return lf_store_compare_text(type, lf_bytes(a, (size_t)a_len), lf_bytes(b, (size_t)b_len));
}

static int
collate_decimal(void *ctx, int a_len, const void *a, int b_len, const void *b)
{
    (void)ctx;
    return collate(LF_T_DECIMAL, a_len, a, b_len, b);
}

static int
collate_datetime(void *ctx, int a_len, const void *a, int b_len, const void *b)
{
    (void)ctx;
    return collate(LF_T_DATETIME, a_len, a, b_len, b);
}

static int
collate_time(void *ctx, int a_len, const void *a, int b_len, const void *b)
{
    (void)ctx;
    return collate(LF_T_TIME, a_len, a, b_len, b);
}

static int
collate_uuid(void *ctx, int a_len, const void *a, int b_len, const void *b)
{
    (void)ctx;
    return collate(LF_T_UUID, a_len, a, b_len, b);
}

/* A text argument; false when it is null, which makes the answer null. */
static bool
text_argument(sqlite3_value *argument, struct lf_bytes *ret)
{
    if (sqlite3_value_type(argument) == SQLITE_NULL)
        return false;
    const char *text = (const char *)sqlite3_value_text(argument);
    *ret = lf_bytes(text != NULL ? text : "", (size_t)sqlite3_value_bytes(argument));
    return true;
}

static void
contains(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct lf_bytes text, part;
    (void)count;
    if (text_argument(arguments[0], &text) && text_argument(arguments[1], &part))
        sqlite3_result_int(context, part.len == 0 || memmem(text.ptr, text.len, part.ptr, part.len) != NULL);
}

static void
starts(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct lf_bytes text, part;
    (void)count;
    if (text_argument(arguments[0], &text) && text_argument(arguments[1], &part))
        sqlite3_result_int(context, lf_bytes_starts_with(text, part));
}

static void
ends(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct lf_bytes text, part;
    (void)count;
    if (text_argument(arguments[0], &text) && text_argument(arguments[1], &part))
        sqlite3_result_int(context, lf_bytes_ends_with(text, part));
}

int
lf_sqlite_register(sqlite3 *db)
{
    static const struct {
        const char *name;
        int (*fn)(void *, int, const void *, int, const void *);
    } collations[] = {
        {"lf_decimal", collate_decimal},
        {"lf_datetime", collate_datetime},
        {"lf_time", collate_time},
        {"lf_uuid", collate_uuid},
    };
    static const struct {
        const char *name;
        void (*fn)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {{"lf_contains", contains}, {"lf_starts", starts}, {"lf_ends", ends}};
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof(collations) / sizeof(collations[0]); i++)
        rc = sqlite3_create_collation_v2(db, collations[i].name, SQLITE_UTF8, NULL, collations[i].fn, NULL);
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof(functions) / sizeof(functions[0]); i++)
        rc = sqlite3_create_function_v2(db, functions[i].name, 2, flags, NULL, functions[i].fn, NULL, NULL, NULL);
    return rc;
}
