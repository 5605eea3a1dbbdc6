/* The contract on Kafka, against librdkafka's mock cluster of one broker. */
#include "log_contract.h"
#include "mock_cluster.h"

static struct mock_cluster cluster;

static struct lf_log *
open_kafka(const struct lf_log_options *options)
{
    return open_on_cluster(&cluster, options, NULL, 0);
}

int
main(void)
{
    const struct log_contract contract = {.name = "kafka",
                                          .open = open_kafka,
                                          .partitions = MOCK_PARTITIONS,
                                          .record_bytes_max = 1048576,
                                          .creates_by_itself = true};
    mock_cluster_start(&cluster, 1);
    int failed = run_log_contract(&contract);
    mock_cluster_stop(&cluster);
    return failed;
}
