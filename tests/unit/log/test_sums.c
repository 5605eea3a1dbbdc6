/* The checksum of rows and the hash that chooses partitions, against published values. */
#include "log_contract.h"

#include "log/crc32c.h"
#include "log/log_backend.h"

static void
crc32c_gives_the_published_values(void **state)
{
    (void)state;
    unsigned char bytes[32] = {0};
    assert_int_equal(lf_crc32c(0, "", 0), 0);
    assert_int_equal(lf_crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(lf_crc32c(0, bytes, 32), 0x8a9136aa); /* RFC 3720, B.4 */
    for (size_t i = 0; i < 32; i++)
        bytes[i] = (unsigned char)i;
    assert_int_equal(lf_crc32c(0, bytes, 32), 0x46dd794e);
}

static uint32_t
bit_by_bit(const unsigned char *at, size_t len)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < len; i++) {
        crc ^= at[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

static void
crc32c_may_be_taken_in_pieces_of_any_length(void **state)
{
    (void)state;
    unsigned char bytes[70];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 37 + 11);
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        uint32_t expected = bit_by_bit(bytes, len);
        for (size_t cut = 0; cut <= len; cut++)
            assert_int_equal(lf_crc32c(lf_crc32c(0, bytes, cut), bytes + cut, len - cut), expected);
    }
}

/* org.apache.kafka.common.utils.UtilsTest; a count of 2^31 - 1 shows the hash itself, without its sign. */
static void
keys_are_hashed_as_java_clients_do(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int32_t hash;
    } cases[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(lf_log_partition_of(lf_bytes_of(cases[i].key), INT32_MAX), cases[i].hash & 0x7fffffff);
    assert_in_range(lf_log_partition_of(LF_LIT(""), 3), 0, 2);
    assert_int_equal(lf_log_partition_of(LF_LIT("any"), 1), 0);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(crc32c_gives_the_published_values),
        cmocka_unit_test(crc32c_may_be_taken_in_pieces_of_any_length),
        cmocka_unit_test(keys_are_hashed_as_java_clients_do),
    };
    return cmocka_run_group_tests_name("log, sums", cases, NULL, NULL);
}
