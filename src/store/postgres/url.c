/* The store's URL: libpq's own, but for the schema, which is ours. */
#include "store/postgres/postgres.h"

#include "base/mem.h"

#include <string.h>

static bool
is_url(struct lf_bytes url)
{
    return lf_bytes_starts_with(url, LF_LIT("postgresql://")) || lf_bytes_starts_with(url, LF_LIT("postgres://"));
}

/* Undoes percent-encoding in place. */
static bool
percent_decode(char *text)
{
    char *out = text;
    for (const char *in = text; *in != '\0'; out++) {
        if (*in != '%') {
            *out = *in++;
            continue;
        }
        int high = lf_hex_digit(in[1]), low = high >= 0 ? lf_hex_digit(in[2]) : -1;
        if (low < 0 || (high == 0 && low == 0))
            return false;
        *out = (char)(high * 16 + low);
        in += 3;
    }
    *out = '\0';
    return true;
}

static enum lf_status
take_schema(const char *value, size_t len, struct lf_pg_url *ret, struct lf_err *err)
{
    lf_free(ret->schema);
    ret->schema = lf_strndup(value, len);
    if (ret->schema == NULL)
        return lf_no_memory(err);
    if (!percent_decode(ret->schema) || !lf_utf8_valid(lf_bytes_of(ret->schema), NULL) || ret->schema[0] == '\0' ||
        strlen(ret->schema) > LF_PG_NAME_MAX || strncmp(ret->schema, "pg_", 3) == 0)
        return lf_fail(err, LF_INVALID,
                       "schema= in the store's URL is not the name of a schema (1 to %d bytes, not pg_…)",
                       LF_PG_NAME_MAX);
    return LF_OK;
}

/* Copies the query part, without schema=, behind what is in conninfo already. */
static enum lf_status
copy_query(const char *query, struct lf_pg_url *ret, struct lf_err *err)
{
    static const char name[] = "schema=";
    enum lf_status st = LF_OK;
    char *out = ret->conninfo + strlen(ret->conninfo);
    char separator = '?';
    while (st == LF_OK && *query != '\0') {
        size_t len = strcspn(query, "&");
        if (strncmp(query, name, sizeof(name) - 1) == 0) {
            st = take_schema(query + sizeof(name) - 1, len - (sizeof(name) - 1), ret, err);
        } else {
            *out++ = separator;
            memcpy(out, query, len);
            out += len;
            separator = '&';
        }
        query += len + (query[len] == '&');
    }
    *out = '\0';
    return st;
}

/* Lets libpq read it now, for its words on what is wrong. */
static enum lf_status
check(const char *conninfo, struct lf_err *err)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(conninfo, &message);
    bool readable = options != NULL;
    /* a message may quote what was misread, a password perhaps: only what names a parameter is passed on */
    const char *words = message != NULL && strstr(message, "query parameter") != NULL ? message : "cannot be read\n";
    enum lf_status st = LF_OK;
    if (!readable)
        st = lf_fail(err, LF_INVALID, "the store's URL: %.*s", (int)strcspn(words, "\n"), words);
    PQconninfoFree(options);
    PQfreemem(message);
    return st;
}

enum lf_status
lf_pg_url_read(const char *url, struct lf_pg_url *ret, struct lf_err *err)
{
    if (!is_url(lf_bytes_of(url)))
        return lf_fail(err, LF_INVALID, "a PostgreSQL store is postgresql://[USER@]HOST[:PORT][,…]/DATABASE[?…]");
    struct lf_pg_url made = {.conninfo = lf_strdup(url)};
    if (made.conninfo == NULL)
        return lf_no_memory(err);
    enum lf_status st = LF_OK;
    size_t base = strcspn(url, "?");
    made.conninfo[base] = '\0';
    if (url[base] == '?')
        st = copy_query(url + base + 1, &made, err);
    if (st == LF_OK)
        st = check(made.conninfo, err);
    if (st == LF_OK)
        *ret = made;
    else
        lf_pg_url_release(&made);
    return st;
}

void
lf_pg_url_release(struct lf_pg_url *url)
{
    if (url->conninfo != NULL)
        explicit_bzero(url->conninfo, strlen(url->conninfo));
    lf_free(url->conninfo);
    lf_free(url->schema);
    *url = (struct lf_pg_url){0};
}
