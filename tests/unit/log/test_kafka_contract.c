/*
 * The contract on Kafka, against librdkafka's mock cluster of one broker; or against a real one, four partitions a
 * topic, with LOGFIRST_TEST_KAFKA=HOST:PORT.
 */
#include "base/limits.h"
#include "log_contract.h"
#include "mock_cluster.h"

#include <stdlib.h>
#include <unistd.h>

static struct mock_cluster cluster;

static struct lf_log *
open_kafka(const struct lf_log_options *options)
{
    return open_on_cluster(&cluster, options, NULL, 0);
}

int
main(void)
{
    struct log_contract contract = {.name = "kafka",
                                    .open = open_kafka,
                                    .partitions = MOCK_PARTITIONS,
                                    .record_bytes_max = LF_RECORD_BYTES_MAX,
                                    .creates_by_itself = true};
    const char *broker = getenv("LOGFIRST_TEST_KAFKA");
    if (broker != NULL) {
        contract.name = "kafka, a real broker";
        contract.told_late = true;
        contract.creates_by_itself = false;
        contract.topic_prefix = (int64_t)getpid();
        snprintf(cluster.url, sizeof(cluster.url), "kafka://%s", broker);
        return run_log_contract(&contract);
    }
    mock_cluster_start(&cluster, 1);
    int failed = run_log_contract(&contract);
    mock_cluster_stop(&cluster);
    return failed;
}
