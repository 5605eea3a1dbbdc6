/* SELECTs of dead letters: only the conditions that are asked for, so that an index can serve them. */
#include "store/sql.h"

struct writing {
    struct lf_sql_letters *sql;
    char mark;
};

/* Appends a condition on a column and its parameter. */
static void
add_condition(struct writing *writing, const char *column, const char *compare, struct lf_value value)
{
    struct lf_sql_letters *sql = writing->sql;
    sql->params[sql->param_count++] = value;
    lf_buf_printf(&sql->text, "%s%s %s %c%zu", sql->param_count == 1 ? " WHERE " : " AND ", column, compare,
                  writing->mark, sql->param_count);
}

static void
add_text(struct writing *writing, const char *column, struct lf_bytes text)
{
    if (text.ptr != NULL)
        add_condition(writing, column, "=", lf_value_string(text));
}

void
lf_sql_letters_write(struct lf_sql_letters *sql, const struct lf_letter_query *query, const char *prefix, char mark)
{
    struct writing writing = {sql, mark};
    const struct lf_place *place = &query->place;
    int64_t after = query->newest && query->after == 0 ? INT64_MAX : query->after;
    lf_buf_printf(&sql->text, "SELECT " LF_SQL_LETTER_COLUMNS " FROM %sdead_letters", prefix);
    add_condition(&writing, "id", query->newest ? "<" : ">", lf_value_int(after));
    add_text(&writing, "event_id", query->event_id);
    add_text(&writing, "event_type", query->event_type);
    add_text(&writing, "code", query->code);
    add_text(&writing, "topic", place->topic);
    if (place->topic.ptr != NULL) {
        add_condition(&writing, "log_partition", "=", lf_value_int(place->partition));
        add_condition(&writing, "log_offset", "=", lf_value_int(place->offset));
    }
    sql->params[sql->param_count++] = lf_value_int((int64_t)query->max);
    lf_buf_printf(&sql->text, " ORDER BY id%s LIMIT %c%zu", query->newest ? " DESC" : "", mark, sql->param_count);
}
