/* Deleted entities leave their place behind where there are no transactions: swept away when nobody can need it. */
#include "store/mongodb/mongodb.h"

#include "base/clock.h"

enum { EVERY_MS = 60 * 60 * 1000 };

static enum lf_status
sweep(struct lf_mongo_session *session, struct lf_bytes collection, int64_t before_ms, struct lf_err *err)
{
    struct lf_buf *out = &session->command;
    struct lf_mongo_done done;
    lf_buf_clear(out);
    size_t start = lf_bson_begin(out);
    lf_bson_text(out, LF_LIT("delete"), collection);
    size_t list = lf_bson_open(out, LF_BSON_ARRAY, LF_LIT("deletes"));
    size_t one = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("0"));
    size_t query = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("q"));
    size_t gone = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("_lf.gone"));
    lf_bson_date(out, LF_LIT("$lt"), before_ms);
    lf_bson_end(out, gone);
    lf_bson_end(out, query);
    lf_bson_int32(out, LF_LIT("limit"), 0);
    lf_bson_end(out, one);
    lf_bson_end(out, list);
    lf_bson_end(out, start);
    enum lf_status st = lf_buf_status(out, err);
    return st == LF_OK ? lf_mongo_write(&session->link, lf_buf_view(out), "sweeping deleted entities away", &done, err)
                       : st;
}

enum lf_status
lf_mongo_sweep(struct lf_mongo_session *session, struct lf_err *err)
{
    const struct lf_model *model = session->store->base.model;
    int64_t now_ms = lf_clock_mono_ms();
    enum lf_status st = LF_OK;
    if (session->swept_ms != 0 && now_ms - session->swept_ms < EVERY_MS)
        return LF_OK;
    int64_t before_ms = lf_clock_real_us() / 1000 - (int64_t)LF_MONGO_GONE_S * 1000;
    for (size_t i = 0; st == LF_OK && i < model->entity_count; i++)
        st = sweep(session, model->entities[i].collection, before_ms, err);
    if (st == LF_OK)
        session->swept_ms = now_ms;
    return st;
}
