/* The partition of a key, as the Java client chooses it (org.apache.kafka.common.utils.Utils.murmur2, seed
 * 0x9747b28c). */
#include "log/log_backend.h"

static uint32_t
murmur2(const unsigned char *data, size_t len)
{
    const uint32_t m = 0x5bd1e995;
    uint32_t h = 0x9747b28cU ^ (uint32_t)len;
    size_t whole = len & ~(size_t)3;
    for (size_t i = 0; i < whole; i += 4) {
        uint32_t k = data[i] | (uint32_t)data[i + 1] << 8 | (uint32_t)data[i + 2] << 16 | (uint32_t)data[i + 3] << 24;
        k *= m;
        k ^= k >> 24;
        k *= m;
        h = (h * m) ^ k;
    }
    if (len % 4 == 3)
        h ^= (uint32_t)data[whole + 2] << 16;
    if (len % 4 >= 2)
        h ^= (uint32_t)data[whole + 1] << 8;
    if (len % 4 >= 1)
        h = (h ^ data[whole]) * m;
    h = (h ^ h >> 13) * m;
    return h ^ h >> 15;
}

int32_t
lf_log_partition_of(struct lf_bytes key, int32_t count)
{
    LF_ASSERT(count > 0);
    return (int32_t)(murmur2((const unsigned char *)key.ptr, key.len) & 0x7fffffff) % count;
}
