/* A registry in memory for tests: answers what the test says, and can be told to fail. */
#ifndef LF_TEST_CODEC_FAKE_REGISTRY_H
#define LF_TEST_CODEC_FAKE_REGISTRY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "codec/registry/backend.h"

enum { FAKE_IDS_MAX = 64 };

struct fake_registry {
    struct lf_registry base;
    pthread_mutex_t lock;
    struct lf_schema_text schemas[FAKE_IDS_MAX]; /* by id; text.ptr NULL: there is none */
    struct lf_bytes subjects[FAKE_IDS_MAX];
    enum lf_status failure; /* of all questions; LF_OK: none */
    uint32_t garbage_id;    /* asking for this one fails */
    atomic_int asked;
    uint32_t next_id;
};

static inline enum lf_status
fake_by_id(struct lf_registry *base, uint32_t id, struct lf_arena *arena, struct lf_schema_text *ret,
           struct lf_err *err)
{
    struct fake_registry *fake = (struct fake_registry *)base;
    (void)arena;
    atomic_fetch_add(&fake->asked, 1);
    pthread_mutex_lock(&fake->lock);
    enum lf_status st = fake->failure;
    struct lf_schema_text schema = id < FAKE_IDS_MAX ? fake->schemas[id] : (struct lf_schema_text){0};
    bool garbage = id == fake->garbage_id;
    pthread_mutex_unlock(&fake->lock);
    if (st != LF_OK)
        return lf_fail(err, st, "the registry is away");
    if (garbage)
        return lf_fail(err, LF_UNAVAILABLE, "the answer is none of a registry");
    if (schema.text.ptr == NULL)
        return lf_fail(err, LF_NOT_FOUND, "there is no schema of this id (40403)");
    *ret = schema;
    return LF_OK;
}

static inline enum lf_status
fake_by_guid(struct lf_registry *base, const char *guid, struct lf_arena *arena, struct lf_schema_text *ret,
             struct lf_err *err)
{
    return fake_by_id(base, guid[0] == '0' && guid[1] == '7' ? 7 : 0, arena, ret, err);
}

static inline enum lf_status
fake_enroll(struct lf_registry *base, struct lf_bytes subject, const struct lf_schema_text *schema, uint32_t *ret_id,
            struct lf_err *err)
{
    struct fake_registry *fake = (struct fake_registry *)base;
    if (fake->failure != LF_OK)
        return lf_fail(err, fake->failure, "the registry is away");
    uint32_t id = fake->next_id++;
    fake->schemas[id] = *schema;
    fake->subjects[id] = lf_bytes(lf_strndup(subject.ptr, subject.len), subject.len);
    *ret_id = id;
    return LF_OK;
}

static inline enum lf_status
fake_lookup(struct lf_registry *base, struct lf_bytes subject, const struct lf_schema_text *schema, uint32_t *ret_id,
            int32_t *ret_version, struct lf_err *err)
{
    struct fake_registry *fake = (struct fake_registry *)base;
    for (uint32_t id = 0; id < FAKE_IDS_MAX; id++) {
        if (fake->subjects[id].ptr != NULL && lf_bytes_equal(fake->subjects[id], subject) &&
            lf_bytes_equal(fake->schemas[id].text, schema->text)) {
            *ret_id = id;
            *ret_version = 1;
            return LF_OK;
        }
    }
    return lf_fail(err, LF_NOT_FOUND, "no such subject (40401)");
}

static inline void
fake_init(struct fake_registry *fake)
{
    static const struct lf_registry_ops ops = {
        .by_id = fake_by_id, .by_guid = fake_by_guid, .enroll = fake_enroll, .lookup = fake_lookup};
    static char name[] = "fake:";
    *fake = (struct fake_registry){.base = {.ops = &ops, .name = name}, .next_id = 40, .garbage_id = UINT32_MAX};
    pthread_mutex_init(&fake->lock, NULL);
    if (lf_gate_init(&fake->base.gate, NULL) != LF_OK)
        abort();
}

static inline void
fake_release(struct fake_registry *fake)
{
    for (size_t i = 0; i < FAKE_IDS_MAX; i++)
        lf_free((void *)(uintptr_t)fake->subjects[i].ptr);
    lf_gate_release(&fake->base.gate);
    pthread_mutex_destroy(&fake->lock);
}

static inline void
fake_fail(struct fake_registry *fake, enum lf_status failure)
{
    pthread_mutex_lock(&fake->lock);
    fake->failure = failure;
    pthread_mutex_unlock(&fake->lock);
}

static inline void
fake_put(struct fake_registry *fake, uint32_t id, enum lf_schema_type type, const char *text)
{
    pthread_mutex_lock(&fake->lock);
    fake->schemas[id] = (struct lf_schema_text){type, lf_bytes_of(text), NULL, 0};
    pthread_mutex_unlock(&fake->lock);
}

#endif
