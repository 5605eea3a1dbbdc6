/* Events as lines and back: nothing is lost of an event; what is none is refused with its number. */
#include "fixture.h"
#include "json/json.h"
#include "log/fault.h"
#include "server/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 16384, SEEN_MAX = 4000 };

/* ---- a log to import into ---- */

struct target {
    struct lf_log *log;
    struct lf_store *store;
    struct lf_import_result result;
    int64_t invalid[8];
    size_t invalid_count;
    bool skip_invalid;
    int64_t after;
    int calls, stop_at;
};

static void
open_target(struct target *target)
{
    const struct lf_log_options options = {.url = "memory:", .create_topics = true};
    struct lf_err err = {0};
    *target = (struct target){0};
    assert_int_equal(lf_log_open(&options, &target->log, &err), LF_OK);
}

static void
take_invalid(void *ctx, int64_t line, const char *why)
{
    struct target *target = ctx;
    assert_true(target->invalid_count < 8 && why[0] != '\0');
    target->invalid[target->invalid_count++] = line;
}

static bool
take_progress(void *ctx, const char *what, int64_t done, int64_t total)
{
    struct target *target = ctx;
    assert_non_null(what);
    assert_true(done <= total);
    return ++target->calls != target->stop_at;
}

static enum lf_status
import_text(struct target *target, const char *text, size_t len)
{
    FILE *file = fmemopen((void *)(uintptr_t)text, len, "r");
    assert_non_null(file);
    const struct lf_import_options options = {.file = file,
                                              .file_bytes = (int64_t)len,
                                              .log = target->log,
                                              .topic = LF_LIT("events"),
                                              .store = target->store,
                                              .after = target->after,
                                              .skip_invalid = target->skip_invalid,
                                              .invalid = take_invalid,
                                              .ctx = target,
                                              .progress = {take_progress, target}};
    struct lf_err err = {0};
    target->calls = 0;
    target->invalid_count = 0;
    enum lf_status st = lf_import(&options, &target->result, &err);
    assert_int_equal(st, err.status);
    fclose(file);
    return st;
}

/* The records of a topic, each as text: "time key value name=value …", binary bytes as they are. */
struct seen {
    char texts[SEEN_MAX][512];
    size_t lens[SEEN_MAX];
    size_t count;
};

static void
add_bytes(struct lf_buf *out, const char *before, struct lf_bytes bytes)
{
    lf_buf_add_text(out, before);
    lf_buf_add(out, bytes.ptr != NULL ? bytes : LF_LIT("NULL"));
}

static void
see(struct seen *seen, const struct lf_record *record)
{
    struct lf_buf out;
    lf_buf_init(&out, sizeof(seen->texts[0]));
    lf_buf_add_i64(&out, record->timestamp_ms);
    add_bytes(&out, " ", record->key);
    add_bytes(&out, " ", record->value);
    for (size_t i = 0; i < record->header_count; i++) {
        add_bytes(&out, " ", record->headers[i].name);
        add_bytes(&out, "=", record->headers[i].value);
    }
    assert_int_equal(out.failed, LF_OK);
    assert_true(seen->count < SEEN_MAX);
    memcpy(seen->texts[seen->count], out.ptr, out.len);
    seen->lens[seen->count++] = out.len;
    lf_buf_release(&out);
}

static void
look_at(struct lf_log *log, struct lf_bytes topic, struct seen *seen)
{
    const struct lf_log_reader_options options = {.topics = &topic, .topic_count = 1};
    struct lf_log_reader *reader = NULL;
    struct lf_log_batch batch = {0};
    struct lf_err err = {0};
    seen->count = 0;
    assert_int_equal(lf_log_reader_open(log, &options, &reader, &err), LF_OK);
    do {
        assert_int_equal(lf_log_read(reader, 1000, 1000000, 0, &batch, &err), LF_OK);
        for (size_t i = 0; i < batch.count; i++)
            see(seen, &batch.records[i]);
    } while (batch.count != 0);
    lf_log_reader_close(reader);
}

static void
assert_seen(const struct seen *seen, size_t index, struct lf_bytes text)
{
    assert_true(index < seen->count);
    if (seen->lens[index] != text.len || memcmp(seen->texts[index], text.ptr, text.len) != 0)
        fail_msg("%.*s", (int)seen->lens[index], seen->texts[index]); /* up to its first NUL */
}

static struct seen seen;

/* ---- tests ---- */

static size_t
export_text(struct fixture *fixture, char out[TEXT_SIZE], int64_t count)
{
    FILE *file = fmemopen(out, TEXT_SIZE, "w");
    const struct lf_progress nobody = {NULL, NULL};
    struct lf_err err = {0};
    int64_t exported = 0;
    assert_non_null(file);
    assert_int_equal(lf_export(fixture->store, file, &nobody, &exported, &err), LF_OK);
    assert_int_equal(exported, count);
    long len = ftell(file);
    fclose(file);
    return (size_t)len;
}

static const char foreign[] = "{\"eventType\":\"Foreign\",\"v\":[1],\"eventId\":\"x\",\"payload\":"
                              "{\"n\":123456789012345678901234567890.10,\"t\":\"\\u00fc\\n\"}}";

static void
send_foreign(struct fixture *fixture)
{
    const struct lf_header headers[] = {{LF_LIT("h"), LF_LIT("1")},
                                        {LF_LIT("h"), LF_BYTES_NONE},
                                        {LF_LIT("b"), LF_LIT("\xff\x00")},
                                        {LF_LIT("\xfe"), LF_LIT("")},
                                        {LF_LIT("logfirst_copied_from"), LF_LIT("business/0/1")}};
    const struct lf_record record = {.topic = fixture_topic,
                                     .partition = 0,
                                     .timestamp_ms = 1234567890123,
                                     .key = LF_LIT("\x80key"),
                                     .value = LF_LIT(""),
                                     .headers = headers,
                                     .header_count = 5};
    struct lf_record copy = record;
    struct lf_log_ack ack;
    struct lf_err err = {0};
    copy.value = lf_bytes_of(foreign);
    assert_int_equal(lf_log_append_wait(fixture->writer, &copy, &ack, &err), LF_OK);
}

static void
send_structured(struct fixture *fixture)
{
    static const char value[] = "{\"specversion\":\"1.0\",\"id\":\"s\",\"type\":\"T\",\"source\":\"/x\",\"data\":{}}";
    const struct lf_header header = {LF_LIT("content-type"), LF_LIT("application/cloudevents+json; charset=UTF-8")};
    const struct lf_record record = {.topic = fixture_topic,
                                     .partition = 0,
                                     .timestamp_ms = 5,
                                     .value = lf_bytes_of(value),
                                     .headers = &header,
                                     .header_count = 1};
    struct lf_log_ack ack;
    struct lf_err err = {0};
    assert_int_equal(lf_log_append_wait(fixture->writer, &record, &ack, &err), LF_OK);
}

static void
what_is_exported_comes_back(void **state)
{
    (void)state;
    static char text[TEXT_SIZE], again[TEXT_SIZE];
    struct fixture fixture;
    struct target target;
    fixture_open(&fixture);
    fixture_start(&fixture);
    send_foreign(&fixture);
    fixture_send(&fixture, NULL, "no event");
    fixture_open_account(&fixture, "e1", "a");
    send_structured(&fixture);
    fixture_settle(&fixture);
    size_t len = export_text(&fixture, text, 3);
    open_target(&target);
    assert_int_equal(import_text(&target, text, len), LF_OK);
    assert_int_equal(target.result.imported, 3);
    assert_int_equal(target.result.after, 3);
    look_at(target.log, fixture_topic, &seen);
    assert_int_equal(seen.count, 3);
    assert_seen(&seen, 0,
                LF_LIT("1234567890123 \x80key {\"eventId\":\"x\",\"eventType\":\"Foreign\",\"payload\":"
                       "{\"n\":123456789012345678901234567890.10,\"t\":\"\xc3\xbc\\n\"},\"v\":[1]}"
                       " b=\xff\0 h=1 h=NULL \xfe=")); /* names in the store's order, values of one name in theirs */
    assert_true(strstr(seen.texts[2], "{\"eventId\":\"s\",\"eventType\":\"T\",\"payload\":{}") != NULL);
    assert_true(strstr(seen.texts[2], "content-type=application/json") != NULL);
    /* and once more: consumers of the new log store the same */
    struct lf_log *old = fixture.log;
    fixture.log = fixture.options.log = target.log;
    struct lf_store *old_store = fixture.store, *fresh = NULL;
    struct lf_err err = {0};
    assert_int_equal(lf_store_open(&(struct lf_store_options){.url = "memory:", .model = &bank}, &fresh, &err), LF_OK);
    fixture.store = fixture.options.store = lf_store_fault_new(fresh);
    fixture_start(&fixture);
    fixture_settle(&fixture);
    size_t len_again = export_text(&fixture, again, 3);
    assert_true(len_again > 0 && strncmp(text, again, (size_t)(strchr(text, '}') - text)) == 0);
    lf_consumer_free(fixture.consumer);
    fixture.consumer = NULL;
    lf_store_close(fixture.store);
    fixture.store = old_store;
    fixture.log = old;
    fixture_close(&fixture);
    lf_log_close(target.log);
}

static void
a_line_needs_little(void **state)
{
    (void)state;
    static const char text[] =
        "\n{\"eventId\":\"a\",\"eventType\":\"T\",\"payload\":1}\r\n   \n"
        "{\"payload\":{},\"eventType\":\"T\",\"eventId\":\"b\",\"time\":\"1960-01-01T00:00:00Z\","
        "\"topic\":\"other\",\"key\":\"\",\"unknown\":7}";
    struct target target;
    open_target(&target);
    assert_int_equal(import_text(&target, text, sizeof(text) - 1), LF_OK);
    assert_int_equal(target.result.imported, 2);
    assert_int_equal(target.result.after, 4);
    look_at(target.log, LF_LIT("events"), &seen);
    assert_int_equal(seen.count, 1);
    look_at(target.log, LF_LIT("other"), &seen);
    assert_seen(&seen, 0, LF_LIT("1  {\"eventId\":\"b\",\"eventType\":\"T\",\"payload\":{}}"));
    lf_log_close(target.log);
}

#define GOOD "{\"eventId\":\"a\",\"eventType\":\"T\",\"payload\":{}"

static void
lines_that_are_no_events_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "x",
        "[]",
        "{}",
        "{\"eventId\":\"a\",\"eventType\":\"T\"}",
        "{\"eventId\":7,\"eventType\":\"T\",\"payload\":{}}",
        "{\"eventId\":\"\",\"eventType\":\"T\",\"payload\":{}}",
        GOOD ",\"payload\":{}}",
        GOOD ",\"key\":1}",
        GOOD ",\"key\":{\"base64\":\"*\"}}",
        GOOD ",\"key\":{\"base64\":\"YQ==\",\"more\":1}}",
        GOOD ",\"headers\":[]}",
        GOOD ",\"headers\":{\"a\":1}}",
        GOOD ",\"headers\":{\"a\":[{}]}}",
        GOOD ",\"headers\":{\"base64:*\":\"\"}}",
        GOOD ",\"headers\":{\"ce_id\":\"b\",\"ce_specversion\":\"1.0\",\"ce_type\":\"T\"}}",
        GOOD ",\"time\":\"yesterday\"}",
        GOOD ",\"time\":5}",
        GOOD ",\"topic\":5}",
        GOOD ",\"topic\":\"no/topic\"}",
        GOOD ",\"extra\":5}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[512];
        struct target target;
        open_target(&target);
        snprintf(text, sizeof(text), GOOD "}\n%s\n" GOOD "}\n", bad[i]);
        if (import_text(&target, text, strlen(text)) != LF_INVALID)
            fail_msg("%s", bad[i]);
        assert_int_equal(target.result.imported, 1);
        assert_int_equal(target.result.after, 1);
        assert_int_equal(target.invalid_count, 1);
        assert_int_equal(target.invalid[0], 2);
        target.skip_invalid = true;
        target.after = 1;
        assert_int_equal(import_text(&target, text, strlen(text)), LF_OK);
        assert_int_equal(target.result.imported, 1);
        assert_int_equal(target.result.invalid, 1);
        assert_int_equal(target.result.after, 3);
        lf_log_close(target.log);
    }
}

/* 3,500 lines; the result is to be freed. */
static char *
many_lines(void)
{
    char *text = malloc(3500 * 64);
    size_t len = 0;
    assert_non_null(text);
    for (int i = 0; i < 3500; i++)
        len += (size_t)snprintf(text + len, 64, "{\"eventId\":\"%d\",\"eventType\":\"T\",\"payload\":{}}\n", i);
    return text;
}

static void
what_was_stopped_goes_on(void **state)
{
    (void)state;
    char *text = many_lines();
    struct target target;
    open_target(&target);
    target.stop_at = 2;
    assert_int_equal(import_text(&target, text, strlen(text)), LF_CLOSED);
    assert_int_equal(target.result.after, 2000);
    target.after = target.result.after;
    target.stop_at = 0;
    assert_int_equal(import_text(&target, text, strlen(text)), LF_OK);
    assert_int_equal(target.result.imported, 1500);
    look_at(target.log, LF_LIT("events"), &seen);
    assert_int_equal(seen.count, 3500);
    lf_log_close(target.log);
    free(text);
}

static void
a_log_that_fails_loses_no_line(void **state)
{
    (void)state;
    char *text = many_lines();
    struct target target;
    struct lf_err err = {0};
    open_target(&target);
    const struct lf_log_fault_plan plan = {.ops = LF_LOG_FAULT_ACK, .at = 1500};
    struct lf_log *faulty = NULL;
    assert_int_equal(lf_log_fault_open(target.log, &plan, &faulty, &err), LF_OK);
    target.log = faulty;
    assert_int_equal(import_text(&target, text, strlen(text)), LF_UNAVAILABLE);
    assert_int_equal(target.result.after, 1000);
    target.after = target.result.after;
    assert_int_equal(import_text(&target, text, strlen(text)), LF_OK);
    assert_int_equal(target.result.imported, 2500);
    lf_log_close(target.log);
    free(text);
}

static void
events_that_are_there_can_be_left_out(void **state)
{
    (void)state;
    static char text[TEXT_SIZE];
    struct fixture fixture;
    struct target target;
    fixture_open(&fixture);
    fixture_start(&fixture);
    fixture_open_account(&fixture, "e0", "a");
    fixture_deposit(&fixture, "e1", "a", 1);
    fixture_settle(&fixture);
    size_t len = export_text(&fixture, text, 2);
    len += (size_t)snprintf(text + len, sizeof(text) - len, GOOD "}\n");
    open_target(&target);
    target.store = fixture.store;
    assert_int_equal(import_text(&target, text, len), LF_OK);
    assert_int_equal(target.result.present, 2);
    assert_int_equal(target.result.imported, 1);
    lf_log_close(target.log);
    fixture_close(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_exported_comes_back),          cmocka_unit_test(a_line_needs_little),
        cmocka_unit_test(lines_that_are_no_events_are_refused), cmocka_unit_test(what_was_stopped_goes_on),
        cmocka_unit_test(a_log_that_fails_loses_no_line),       cmocka_unit_test(events_that_are_there_can_be_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
