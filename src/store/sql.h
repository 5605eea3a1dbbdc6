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
/* Appends the quoted name of a collection's table, without a schema; the same for an entity's collection. */
void lf_sql_collection(struct lf_buf *out, struct lf_bytes collection);
void lf_sql_table(struct lf_buf *out, const struct lf_entity *entity);
/* "a", "b", "c": the entity's columns in order. */
void lf_sql_columns(struct lf_buf *out, const struct lf_entity *entity);
/* What follows ON CONFLICT (key) DO: all but the key becomes what was to be inserted. */
void lf_sql_update_excluded(struct lf_buf *out, const struct lf_entity *entity);

/* ---- tables ---- */

/* A column as the database has it; texts in the plan's arena. */
struct lf_sql_column {
    struct lf_bytes name;
    struct lf_bytes type;
    bool not_null;
    bool has_default;
    bool in_key;
};

struct lf_sql_plan;

struct lf_sql_plan_dialect {
    const char *const *own_tables; /* those that every store has */
    size_t own_count;
    const char *reserved_prefix;                          /* of table names; NULL: none */
    size_t name_max;                                      /* bytes of a name; 0: any */
    const char *yes, *no;                                 /* truth values */
    const char *(*type)(const struct lf_field *field);    /* of the column, as the database names it */
    const char *(*example)(const struct lf_field *field); /* a value of that type, as a literal */
    void (*table)(struct lf_buf *out, const struct lf_entity *entity, const void *ctx);
    /* Calls lf_sql_plan_column() for each column of the table; for none where there is no such table. */
    enum lf_status (*columns)(struct lf_sql_plan *plan, const char *table);
    /* Does this query have a row? */
    enum lf_status (*has_row)(struct lf_sql_plan *plan, struct lf_bytes sql, bool *ret);
    void (*create)(struct lf_sql_plan *plan, size_t own); /* appends the table's making */
    void (*created)(struct lf_sql_plan *plan);            /* after the making of the entity's table; NULL: nothing */
    /* Appends what the tables lack beside columns: indexes. A store without them answers as well, only later. */
    enum lf_status (*extras)(struct lf_sql_plan *plan);
    /* Appends what takes NOT NULL from a column of the entity, or gives it (NULL: never). */
    void (*relax)(struct lf_sql_plan *plan, struct lf_bytes column, struct lf_bytes type);
    void (*tighten)(struct lf_sql_plan *plan, struct lf_bytes column);
};

struct lf_sql_plan {
    const struct lf_sql_plan_dialect *dialect;
    void *ctx; /* for the dialect */
    bool without_extras;
    struct lf_buf *out;
    struct lf_err *err;
    /* the plan's own */
    struct lf_arena arena;
    const struct lf_entity *entity; /* in work */
    struct lf_sql_column *columns;  /* NULL: no such table */
    size_t column_count, column_cap;
};

/* Appends what must be done to the tables so that they fit the model: nothing, or statements to run in one transaction.
 * LF_CONFLICT: people must decide; err has the statement. LF_INVALID: names that cannot be tables or columns. */
LF_NODISCARD enum lf_status lf_sql_plan_write(struct lf_sql_plan *plan, const struct lf_model *model);
/* For dialects: one more column to fill in; NULL out of memory. */
struct lf_sql_column *lf_sql_plan_column(struct lf_sql_plan *plan);
/* For dialects: appends ALTER TABLE, what, and the column's name. */
void lf_sql_plan_alter(struct lf_sql_plan *plan, struct lf_buf *out, const char *what, struct lf_bytes column);

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

/* ---- dead letters ---- */

/* Of the SELECT below, and of others that read whole dead letters. */
#define LF_SQL_LETTER_COLUMNS                                                                                          \
    "id, topic, log_partition, log_offset, event_id, event_type, message_key, value, headers, stage, code, reason, "   \
    "record_time, dead_at"

enum { LF_SQL_LETTER_PARAMS_MAX = 8 };
struct lf_sql_letters {
    struct lf_buf text; /* initialised by the caller, and released */
    struct lf_value params[LF_SQL_LETTER_PARAMS_MAX];
    size_t param_count;
};
/* The whole SELECT. prefix: of the table; mark: what stands before the numbers of parameters. */
void lf_sql_letters_write(struct lf_sql_letters *sql, const struct lf_letter_query *query, const char *prefix,
                          char mark);

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
