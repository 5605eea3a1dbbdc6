/*
 * SQL that back ends share: lists (sql_list.c), the pages made of their rows (page.c), and what must change so that
 * tables fit the model (sql_plan.c). What differs is in a dialect. Values travel as parameters, names are quoted.
 */
#ifndef LF_STORE_SQL_H
#define LF_STORE_SQL_H

#include "store/row.h"

/* ---- names ---- */

/* Appends an identifier in quotes. */
void lf_sql_quote(struct lf_buf *out, struct lf_bytes name);
/* Appends the quoted name of an entity's table, without a schema. */
void lf_sql_table(struct lf_buf *out, const struct lf_entity *entity);
/* "a", "b", "c": the entity's columns in order. */
void lf_sql_columns(struct lf_buf *out, const struct lf_entity *entity);

/* ---- lists ---- */

enum lf_sql_search { LF_SQL_CONTAINS, LF_SQL_STARTS, LF_SQL_ENDS, LF_SQL_SEARCH_COUNT };

/* entity NULL is event_store, in each of them. */
struct lf_sql_list_dialect {
    const char *yes, *no; /* truth values */
    const char *sequence; /* the column of event_store that says in which order events were stored */
    struct {
        const char *before, *between, *after; /* around the column and the text that is looked for */
    } search[LF_SQL_SEARCH_COUNT];
    /* Appends "SELECT … FROM …". */
    void (*select)(struct lf_buf *out, const struct lf_entity *entity, const void *ctx);
    /* Appends the column so that it compares in its type's order. */
    void (*column)(struct lf_buf *out, const struct lf_entity *entity, const struct lf_field *field);
    /* Appends the number-th parameter (from 1), to be compared with such a column. */
    void (*param)(struct lf_buf *out, const struct lf_entity *entity, const struct lf_field *field, size_t number);
};

/* A statement being written and the values for its parameters, in order. */
struct lf_sql_list {
    const struct lf_sql_list_dialect *dialect;
    const void *ctx; /* for the dialect */
    const struct lf_list_query *query;
    struct lf_arena *arena;
    struct lf_err *err;
    struct lf_buf text; /* initialised by the caller, and released */
    struct lf_value *params;
    size_t param_count;
    size_t param_cap;
    struct lf_field sequence; /* the dialect's, as a field */
    enum lf_status failed;    /* sticky */
};

/* The whole SELECT of a list: columns, filter, place after the cursor (values of lf_cursor_decode(), or NULL), order,
 * limit of first + 1. Parameters are in the form of lf_store_normalize(), times of events in UTC with six digits. */
LF_NODISCARD enum lf_status lf_sql_list_write(struct lf_sql_list *list, const struct lf_value *after);

/* ---- pages ---- */

/* A page being filled. One row more than asked for was selected: it only says that there is a next page. */
struct lf_page {
    const struct lf_list_query *query;
    struct lf_arena *arena;
    struct lf_list_result result;
    size_t cap_rows, cap_cursors;
};

/* Makes room for one more row, which the caller then writes to result.items[count] or result.events[count]. */
LF_NODISCARD enum lf_status lf_page_room(struct lf_page *page, struct lf_err *err);
/* The row has been written: gives it its cursor and counts it. sequence: of an event. */
LF_NODISCARD enum lf_status lf_page_add(struct lf_page *page, int64_t sequence, struct lf_err *err);

#endif
