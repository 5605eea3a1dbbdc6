/* Topics that are missing are created; one that is to take what another holds is made as wide. */
#include "log/kafka/kafka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADROOM = 64 * 1024, TEXT_SIZE = 256 }; /* what headers may add to a record */

/* ---- requests ---- */

struct request {
    rd_kafka_queue_t *queue;
    rd_kafka_AdminOptions_t *options;
};

static struct request
begin(struct lf_kafka_log *log, rd_kafka_admin_op_t op, int64_t deadline_ms)
{
    char text[TEXT_SIZE];
    struct request request = {.queue = rd_kafka_queue_new(log->client),
                              .options = rd_kafka_AdminOptions_new(log->client, op)};
    (void)rd_kafka_AdminOptions_set_request_timeout(request.options, lf_kafka_left_ms(deadline_ms), text, sizeof(text));
    if (op == RD_KAFKA_ADMIN_OP_CREATETOPICS)
        (void)rd_kafka_AdminOptions_set_operation_timeout(request.options, lf_kafka_left_ms(deadline_ms), text,
                                                          sizeof(text));
    return request;
}

/* The answer, NULL if none came in time; it times out by itself. */
static rd_kafka_event_t *
await(const struct request *request, int64_t deadline_ms)
{
    return rd_kafka_queue_poll(request->queue, lf_kafka_left_ms(deadline_ms) + 1000);
}

static void
end(struct request *request, rd_kafka_event_t *event)
{
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(request->options);
    rd_kafka_queue_destroy(request->queue);
}

/* ---- how wide a topic is ---- */

static long long
number_of(const rd_kafka_ConfigResource_t *resource, const char *name)
{
    size_t count = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; i < count; i++) {
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);
        if (value != NULL && strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0)
            return strtoll(value, NULL, 10);
    }
    return 0;
}

/* max.message.bytes of a topic; 0: it cannot be asked (the right to may be missing). */
static long long
width_of(struct lf_kafka_log *log, const char *topic, int64_t deadline_ms)
{
    long long width = 0;
    struct request request = begin(log, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, deadline_ms);
    rd_kafka_ConfigResource_t *asked = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_DescribeConfigs(log->client, &asked, 1, request.options, request.queue);
    rd_kafka_event_t *event = await(&request, deadline_ms);
    const rd_kafka_DescribeConfigs_result_t *result =
        event != NULL ? rd_kafka_event_DescribeConfigs_result(event) : NULL;
    if (result != NULL && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        size_t count = 0;
        const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(result, &count);
        if (count == 1 && rd_kafka_ConfigResource_error(resources[0]) == RD_KAFKA_RESP_ERR_NO_ERROR)
            width = number_of(resources[0], "max.message.bytes");
    }
    rd_kafka_ConfigResource_destroy(asked);
    end(&request, event);
    return width;
}

static void
widen(struct lf_kafka_log *log, rd_kafka_NewTopic_t *topic, const char *like, int64_t deadline_ms)
{
    char text[32];
    long long width = width_of(log, like, deadline_ms);
    if (width <= 0)
        return; /* as wide as the broker makes them */
    width = width < INT32_MAX - HEADROOM ? width + HEADROOM : INT32_MAX;
    snprintf(text, sizeof(text), "%lld", width);
    (void)rd_kafka_NewTopic_set_config(topic, "max.message.bytes", text);
}

/* ---- creating ---- */

static enum lf_status
creation_result(struct lf_kafka_log *log, rd_kafka_event_t *event, const char *name, struct lf_err *err)
{
    const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(event);
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    const char *text = rd_kafka_event_error_string(event);
    size_t count = 0;
    const rd_kafka_topic_result_t **topics =
        result != NULL ? rd_kafka_CreateTopics_result_topics(result, &count) : NULL;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && count == 1) {
        code = rd_kafka_topic_result_error(topics[0]);
        text = rd_kafka_topic_result_error_string(topics[0]);
    }
    enum lf_status st = lf_kafka_status(code);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return LF_OK;
    if (st == LF_UNAVAILABLE)
        return lf_kafka_fail(log, err, code, "creating the topic");
    if (st == LF_DENIED && code != RD_KAFKA_RESP_ERR_POLICY_VIOLATION)
        return lf_fail(err, LF_NOT_FOUND,
                       "topic '%s' is missing and this client may not create it (%s): create it, or grant CREATE", name,
                       text != NULL ? text : rd_kafka_err2str(code));
    return lf_fail(err, st, "topic '%s' cannot be created: %s", name, text != NULL ? text : rd_kafka_err2str(code));
}

static enum lf_status
request_creation(struct lf_kafka_log *log, rd_kafka_NewTopic_t *topic, const char *name, int64_t deadline_ms,
                 struct lf_err *err)
{
    struct request request = begin(log, RD_KAFKA_ADMIN_OP_CREATETOPICS, deadline_ms);
    rd_kafka_CreateTopics(log->client, &topic, 1, request.options, request.queue);
    rd_kafka_event_t *event = await(&request, deadline_ms);
    enum lf_status st = event != NULL
                            ? creation_result(log, event, name, err)
                            : lf_fail(err, LF_TIMEOUT, "topic '%s': creating it was not answered in time", name);
    end(&request, event);
    return st;
}

enum lf_status
lf_kafka_create_topic(struct lf_kafka_log *log, const char *name, const char *like, int64_t deadline_ms,
                      struct lf_err *err)
{
    char text[TEXT_SIZE] = "";
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(name, log->partitions, log->replication_factor, text, sizeof(text));
    if (topic == NULL)
        return lf_fail(err, LF_INVALID, "topic '%s' cannot be created: %s", name, text);
    if (like[0] != '\0')
        widen(log, topic, like, deadline_ms);
    enum lf_status st = request_creation(log, topic, name, deadline_ms, err);
    rd_kafka_NewTopic_destroy(topic);
    return st;
}
