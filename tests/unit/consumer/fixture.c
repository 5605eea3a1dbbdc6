#include "fixture.h"
#include "base/report.h"
#include "json/json.h"

#include <stdio.h>
#include <string.h>

const struct lf_bytes fixture_topic = {"business", 8};

static void
no_ack(void *ctx, const struct lf_log_ack *ack)
{
    (void)ctx, (void)ack;
}

static void
swallow_line(void *ctx, const char *line, size_t len)
{
    (void)ctx, (void)line, (void)len;
}

void
fixture_open(struct fixture *fixture)
{
    const struct lf_log_options log_options = {
        .url = "memory:", .create_topics = true, .partitions = ORACLE_PARTITIONS};
    const struct lf_store_options store_options = {.url = "memory:", .model = &bank};
    struct lf_store *store = NULL;
    struct lf_err err = {0};
    memset(fixture, 0, sizeof(*fixture));
    bank_init();
    lf_report_redirect(swallow_line, NULL);
    assert_int_equal(lf_log_open(&log_options, &fixture->log, &err), LF_OK);
    assert_int_equal(lf_store_open(&store_options, &store, &err), LF_OK);
    fixture->store = lf_store_fault_new(store);
    assert_non_null(fixture->store);
    oracle_open(&fixture->oracle, &bank, "group", fixture_topic, fixture->log);
    assert_int_equal(lf_log_writer_open(fixture->log, (struct lf_wake){0}, no_ack, NULL, &fixture->writer, &err),
                     LF_OK);
    fixture->options = (struct lf_consumer_options){
        .model = &bank,
        .log = fixture->log,
        .store = fixture->store,
        .codec = {.model = &bank, .source = LF_LIT("/test")},
        .topics = &fixture_topic,
        .topic_count = 1,
        .group = "group",
        .retry_min_ms = 1,
        .retry_max_ms = 2,
    };
}

void
fixture_start(struct fixture *fixture)
{
    struct lf_err err = {0};
    lf_consumer_free(fixture->consumer);
    fixture->consumer = NULL;
    assert_int_equal(lf_consumer_new(&fixture->options, &fixture->consumer, &err), LF_OK);
}

void
fixture_close(struct fixture *fixture)
{
    lf_consumer_free(fixture->consumer);
    lf_log_writer_close(fixture->writer);
    oracle_close(&fixture->oracle);
    lf_store_close(fixture->store);
    lf_log_close(fixture->log);
    lf_report_redirect(NULL, NULL);
    bank_release();
}

void
fixture_send_to(struct fixture *fixture, int32_t partition, const char *key, const char *value)
{
    const struct lf_header header = {LF_LIT("origin"), LF_LIT("test")};
    const struct lf_record record = {.topic = fixture_topic,
                                     .partition = partition,
                                     .key = lf_bytes_of(key),
                                     .value = lf_bytes_of(value),
                                     .headers = &header,
                                     .header_count = 1};
    struct lf_log_ack ack;
    struct lf_err err = {0};
    assert_int_equal(lf_log_append_wait(fixture->writer, &record, &ack, &err), LF_OK);
}

void
fixture_send(struct fixture *fixture, const char *key, const char *value)
{
    fixture_send_to(fixture, 0, key, value);
}

void
fixture_open_account(struct fixture *fixture, const char *id, const char *account)
{
    char text[256];
    snprintf(text, sizeof(text),
             "{\"eventId\":\"%s\",\"eventType\":\"Opened\",\"payload\":{\"id\":\"%s\",\"owner\":\"o\"}}", id, account);
    fixture_send(fixture, account, text);
}

void
fixture_deposit(struct fixture *fixture, const char *id, const char *account, int amount)
{
    char text[256];
    snprintf(text, sizeof(text),
             "{\"eventId\":\"%s\",\"eventType\":\"Deposited\",\"payload\":{\"id\":\"%s\",\"amount\":%d}}", id, account,
             amount);
    fixture_send(fixture, account, text);
}

void
fixture_step(struct fixture *fixture)
{
    struct lf_err err = {0};
    assert_int_equal(lf_consumer_step(fixture->consumer, 0, true, &err), LF_OK);
}

static bool
at_the_end(struct fixture *fixture)
{
    struct lf_log_range ranges[ORACLE_PARTITIONS];
    struct lf_err err = {0};
    size_t count = 0;
    assert_int_equal(lf_log_ranges(fixture->log, fixture_topic, ranges, ORACLE_PARTITIONS, &count, 1000, &err), LF_OK);
    for (size_t i = 0; i < count; i++) {
        int64_t position = fixture_position(fixture, ranges[i].partition);
        if ((position < 0 ? 0 : position) != ranges[i].next)
            return false;
    }
    return true;
}

void
fixture_settle(struct fixture *fixture)
{
    for (int i = 0; i < 1000 && !at_the_end(fixture); i++) {
        struct lf_err err = {0};
        /* what is left alone for a while needs a little time */
        enum lf_status st = lf_consumer_step(fixture->consumer, i < 100 ? 0 : 1, true, &err);
        if (st != LF_OK && lf_status_fate(st) != LF_FATE_RETRY)
            fail_msg("the consumer stopped: %s", err.text);
    }
    assert_true(at_the_end(fixture));
}

void
fixture_check(struct fixture *fixture)
{
    char why[1024] = "";
    if (!oracle_check(&fixture->oracle, lf_store_fault_inner(fixture->store), true, why, sizeof(why)))
        fail_msg("%s", why);
}

static struct lf_store_session *
session_of(struct fixture *fixture)
{
    struct lf_store_session *session = NULL;
    struct lf_err err = {0};
    assert_int_equal(lf_store_session_open(lf_store_fault_inner(fixture->store), false, &session, &err), LF_OK);
    return session;
}

int64_t
fixture_position(struct fixture *fixture, int32_t partition)
{
    struct lf_store_session *session = session_of(fixture);
    struct lf_err err = {0};
    int64_t next = -1;
    assert_int_equal(lf_store_position(session, LF_LIT("group"), fixture_topic, partition, &next, &err), LF_OK);
    lf_store_session_close(session);
    return next;
}

static void
outcome_of(struct lf_store_session *session, struct lf_arena *arena, int64_t offset, char out[64])
{
    const struct lf_list_query query = {.first = 1000};
    struct lf_list_result result = {0};
    struct lf_dead_letter *letters = NULL;
    struct lf_err err = {0};
    size_t count = 0;
    snprintf(out, 64, "none");
    assert_int_equal(lf_store_list(session, &query, arena, &result, &err), LF_OK);
    for (size_t i = 0; i < result.count; i++) {
        if (result.events[i].event.place.partition == 0 && result.events[i].event.place.offset == offset)
            snprintf(out, 64, "stored");
    }
    assert_int_equal(
        lf_store_dead_letters(session, &(struct lf_letter_query){.max = 1000}, arena, &letters, &count, &err), LF_OK);
    for (size_t i = 0; i < count; i++) {
        if (letters[i].place.partition == 0 && letters[i].place.offset == offset)
            snprintf(out, 64, "dead %.*s", LF_FMT(letters[i].code));
    }
}

void
fixture_assert_outcomes(struct fixture *fixture, const char *const *outcomes, size_t count)
{
    struct lf_store_session *session = session_of(fixture);
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < count; i++) {
        char outcome[64];
        outcome_of(session, &arena, (int64_t)i, outcome);
        if (strcmp(outcome, outcomes[i]) != 0)
            fail_msg("record %zu: %s, not %s", i, outcome, outcomes[i]);
    }
    lf_arena_release(&arena);
    lf_store_session_close(session);
}

void
fixture_assert_account(struct fixture *fixture, const char *account, const char *json)
{
    struct lf_store_session *session = session_of(fixture);
    struct lf_value value = LF_VALUE_NULL;
    struct lf_err err = {0};
    struct lf_arena arena;
    struct lf_buf buf;
    lf_arena_init(&arena, 0, 0);
    lf_buf_init(&buf, 4096);
    enum lf_status st = lf_store_get(session, &bank.entities[0], lf_bytes_of(account), &arena, &value, &err);
    assert_true(st == LF_OK || st == LF_NOT_FOUND);
    lf_json_write(&buf, &value);
    lf_buf_add_char(&buf, '\0');
    assert_string_equal(buf.ptr, json);
    lf_buf_release(&buf);
    lf_arena_release(&arena);
    lf_store_session_close(session);
}
