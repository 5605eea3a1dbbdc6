/* Content negotiation, row by row. */
#include "gateway/accept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define GRAPHQL "application/graphql-response+json"
#define JSON "application/json"

static void
the_best_media_type_is_chosen(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        enum lf_media media;
    } rows[] = {
        {NULL, LF_MEDIA_JSON},
        {"", LF_MEDIA_JSON},
        {"*/*", LF_MEDIA_JSON},
        {"application/*", LF_MEDIA_JSON},
        {JSON, LF_MEDIA_JSON},
        {GRAPHQL, LF_MEDIA_GRAPHQL},
        {GRAPHQL ", " JSON, LF_MEDIA_GRAPHQL},
        {JSON ", " GRAPHQL, LF_MEDIA_GRAPHQL},
        {GRAPHQL "; charset=utf-8, " JSON "; charset=utf-8", LF_MEDIA_GRAPHQL},
        {GRAPHQL ";q=0.5, " JSON, LF_MEDIA_JSON},
        {GRAPHQL ";q=0.9, " JSON ";q=0.8", LF_MEDIA_GRAPHQL},
        {GRAPHQL ";q=0, " JSON, LF_MEDIA_JSON},
        {GRAPHQL ";q=0, */*", LF_MEDIA_JSON},
        {JSON ";q=0", LF_MEDIA_NONE},
        {"Application/JSON", LF_MEDIA_JSON},
        {"text/html, application/xhtml+xml, */*;q=0.8", LF_MEDIA_JSON},
        {"text/html", LF_MEDIA_NONE},
        {"text/event-stream", LF_MEDIA_NONE},
        {"nonsense", LF_MEDIA_NONE},
        {"text/plain; a=\"x,application/json\"", LF_MEDIA_NONE},
        {GRAPHQL ";q=7", LF_MEDIA_GRAPHQL}, /* no weight: as if it were not there */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(lf_accept_choose(lf_bytes_of(rows[i].accept)), rows[i].media);
}

static void
a_body_must_say_that_it_is_json(void **state)
{
    (void)state;
    static const char *const good[] = {JSON, "application/json; charset=utf-8", "application/json;charset=\"UTF-8\"",
                                       "APPLICATION/JSON"};
    static const char *const bad[] = {"text/plain",
                                      "application/jsonx",
                                      "application/json; charset=latin1",
                                      "application/x-www-form-urlencoded",
                                      "application/graphql",
                                      ""};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(lf_content_type_is_json(lf_bytes_of(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(lf_content_type_is_json(lf_bytes_of(bad[i])));
    assert_false(lf_content_type_is_json(LF_BYTES_NONE));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_media_type_is_chosen),
        cmocka_unit_test(a_body_must_say_that_it_is_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
