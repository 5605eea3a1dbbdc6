/* librdkafka's mock cluster, shared by all instances of a test. Topics come into being when they are asked for. */
#ifndef LF_TESTS_LOG_MOCK_CLUSTER_H
#define LF_TESTS_LOG_MOCK_CLUSTER_H

#include "log_contract.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>

enum { MOCK_PARTITIONS = 4 }; /* the mock's own default */

struct mock_cluster {
    rd_kafka_t *owner;
    rd_kafka_mock_cluster_t *mock;
    char url[256];
};

static inline void
no_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    (void)level;
    (void)facility;
    (void)text;
}

static inline void
mock_cluster_start(struct mock_cluster *cluster, int brokers)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, no_log);
    cluster->owner = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    cluster->mock = rd_kafka_mock_cluster_new(cluster->owner, brokers);
    snprintf(cluster->url, sizeof(cluster->url), "kafka://%s", rd_kafka_mock_cluster_bootstraps(cluster->mock));
}

static inline void
mock_cluster_stop(struct mock_cluster *cluster)
{
    rd_kafka_mock_cluster_destroy(cluster->mock);
    rd_kafka_destroy(cluster->owner);
}

static inline struct lf_log *
open_on_cluster(const struct mock_cluster *cluster, const struct lf_log_options *options,
                const struct lf_log_property *properties, size_t property_count)
{
    struct lf_err err = {0};
    struct lf_log_options mine = *options;
    struct lf_log *log = NULL;
    mine.url = cluster->url;
    mine.properties = properties;
    mine.property_count = property_count;
    assert_ok(lf_log_open(&mine, &log, &err));
    return log;
}

#endif
