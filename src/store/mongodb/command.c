/* Write commands of many parts. */
#include "store/mongodb/command.h"

static void
begin_command(struct lf_mongo_parts *command)
{
    struct lf_buf *out = &command->session->command;
    lf_buf_clear(out);
    command->parts = 0;
    command->start = lf_bson_begin(out);
    lf_bson_text(out, lf_bytes_of(command->verb), lf_bytes_of(command->collection));
    lf_bson_bool(out, LF_LIT("ordered"), command->ordered);
    command->list_start = lf_bson_open(out, LF_BSON_ARRAY, lf_bytes_of(command->list));
}

enum lf_status
lf_mongo_overtaken(struct lf_mongo_session *session, const char *doing, struct lf_err *err)
{
    session->smooth = 0;
    return lf_fail(err, LF_AGAIN, "%s: another has written there meanwhile, or a commit was cut short", doing);
}

enum lf_status
lf_mongo_parts_send(struct lf_mongo_parts *command, struct lf_err *err)
{
    struct lf_buf *out = &command->session->command;
    struct lf_mongo_done done = {0};
    if (command->parts == 0)
        return LF_OK;
    lf_bson_end(out, command->list_start);
    lf_bson_end(out, command->start);
    enum lf_status st = lf_buf_status(out, err);
    if (st == LF_OK)
        st = lf_mongo_write(&command->session->link, lf_buf_view(out), command->doing, &done, err);
    command->done += done.n;
    command->parts = 0;
    return st == LF_OK && done.duplicate ? lf_mongo_overtaken(command->session, command->doing, err) : st;
}

enum lf_status
lf_mongo_parts_next(struct lf_mongo_parts *command, size_t len, char index[24], struct lf_bytes *ret_key,
                    struct lf_err *err)
{
    enum lf_status st = LF_OK;
    bool two_steps = command->session->store->two_steps;
    size_t most = two_steps ? LF_MONGO_TWO_STEPS_MAX : LF_MONGO_COMMAND_DOCUMENTS;
    if (command->parts != 0 && (command->parts == most || command->session->command.len + len > LF_MONGO_COMMAND_BYTES))
        st = lf_mongo_parts_send(command, err);
    if (command->parts == 0)
        begin_command(command);
    *ret_key = lf_bson_index(command->parts++, index);
    command->expected++;
    return st;
}

enum lf_status
lf_mongo_parts_add(struct lf_mongo_parts *command, struct lf_bytes document, struct lf_err *err)
{
    char index[24];
    struct lf_bytes key;
    enum lf_status st = lf_mongo_parts_next(command, document.len, index, &key, err);
    if (st == LF_OK)
        lf_bson_embed(&command->session->command, LF_BSON_DOCUMENT, key, document);
    return st;
}

struct lf_mongo_parts
lf_mongo_insertion(struct lf_mongo_session *session, const char *collection, const char *doing, bool ordered)
{
    return (struct lf_mongo_parts){.session = session,
                                   .verb = "insert",
                                   .list = "documents",
                                   .collection = collection,
                                   .doing = doing,
                                   .ordered = ordered};
}
