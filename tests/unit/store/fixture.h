/* What the tests of the store share: a small model, events, a temporary folder, stores to run the contract on. */
#ifndef LF_TESTS_STORE_FIXTURE_H
#define LF_TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/store.h"

/* The error of the last call within OK() or FAILS(). */
extern struct lf_err err;
#define CALL_ENDS(STATUS, CALL)                                                                                        \
    do {                                                                                                               \
        err = (struct lf_err){0};                                                                                      \
        enum lf_status ended = (CALL);                                                                                 \
        if (ended != (STATUS))                                                                                         \
            fail_msg("%s:%d: %s: %s instead of %s: %s", __FILE__, __LINE__, #CALL, lf_status_name(ended),              \
                     lf_status_name(STATUS), err.text);                                                                \
    } while (0)
/* Fails the test, with the error's words, unless the call (which is given &err) succeeds, or ends with that status. */
#define OK(CALL) CALL_ENDS(LF_OK, CALL)
#define FAILS(STATUS, CALL) CALL_ENDS(STATUS, CALL)

/* A model of three entities: Thing with a field of every type (key id: ID!), Quote (customerId: ID!, amount: Float!),
 * Counter (number: Int!, value: BigInt!); events ThingChanged, QuoteCreated, CounterMoved, Noted (no entity). Free with
 * lf_model_free(). */
struct lf_model *fixture_model(void);
enum { THING, QUOTE, COUNTER };
/* Gives an entity other fields: "name:Type", with ! for non-null and [] around for a list, as in SDL. */
void fixture_redefine(struct lf_model *model, size_t entity, const char *const *fields, size_t count);
const struct lf_field *fixture_field(const struct lf_entity *entity, const char *name);

/* JSON text as a value, in arena. */
struct lf_value fixture_json(struct lf_arena *arena, const char *text);
/* A state as JSON text, in arena. */
const char *fixture_text(struct lf_arena *arena, const struct lf_value *value);
/* An event of that type at offset n of partition 0 of topic "t", with an id made of n. */
struct lf_event *fixture_event(const struct lf_model *model, struct lf_arena *arena, int n, const char *type,
                               const char *payload);
struct lf_dead_letter fixture_letter(int n);

/* A fresh folder below TMPDIR, as text to be released with fixture_remove(), which deletes it with its files. */
char *fixture_folder(void);
void fixture_remove(char *folder);

/* A pseudo-random number below a bound, from a seed: the same in every run. */
uint32_t fixture_random(uint64_t *seed, uint32_t below);

/*
 * A back end under test. open() opens the same store again and again until reset() makes it empty. The store must be
 * closed before either.
 */
struct backend {
    const char *name; /* as lf_store_backend_name() says */
    bool durable;     /* what was committed is there after closing and opening */
    bool concurrent;  /* a transaction may begin while another is open */
    bool fixed;       /* states cannot be computed anew */
    bool gathers;     /* lists show what a transaction has written once it has committed, also to itself */
    struct lf_store *(*open)(void *ctx, const struct lf_model *model);
    void (*reset)(void *ctx);
    void *ctx;
};

/* Runs the whole contract on a back end; the exit status of the test program. */
int contract_run(const struct backend *backend);

/* Makes every call fail once, at every place, in every way; then many in a row. Assertions of the running test. */
void faults_run(const struct backend *backend);
void faults_run_away(const struct backend *backend);

/* For each test of the contract. */
struct contract {
    const struct backend *backend;
    struct lf_model *model;
    struct lf_store *store;
    struct lf_store_session *session; /* a writer */
    bool in_tx;                       /* it is asked for what it has not committed */
    struct lf_arena arena;
};
int contract_setup(void **state);
int contract_teardown(void **state);
/* The tests of lists, and of what a rebuild asks, are in files of their own. */
extern const struct CMUnitTest contract_list_tests[];
extern const size_t contract_list_test_count;
extern const struct CMUnitTest contract_anew_tests[];
extern const size_t contract_anew_test_count;

#endif
