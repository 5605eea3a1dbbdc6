/* CRC-32C: a table of half bytes, small enough to be written down, and SSE 4.2 or ARMv8 instructions. */
#include "log/crc32c.h"

#include <string.h>

static uint32_t
by_table(uint32_t crc, const unsigned char *at, size_t len)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
        0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    for (size_t i = 0; i < len; i++) {
        crc ^= at[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t
by_instruction(uint32_t crc, const unsigned char *at, size_t len)
{
    uint64_t wide = crc;
    for (; len >= 8; at += 8, len -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        wide = _mm_crc32_u64(wide, word);
    }
    crc = (uint32_t)wide;
    for (; len != 0; at++, len--)
        crc = _mm_crc32_u8(crc, *at);
    return crc;
}
#define HAS_INSTRUCTION() __builtin_cpu_supports("sse4.2")
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>

static uint32_t
by_instruction(uint32_t crc, const unsigned char *at, size_t len)
{
    for (; len >= 8; at += 8, len -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        crc = __crc32cd(crc, word);
    }
    for (; len != 0; at++, len--)
        crc = __crc32cb(crc, *at);
    return crc;
}
#define HAS_INSTRUCTION() 1
#else
#define HAS_INSTRUCTION() 0
#define by_instruction by_table
#endif

uint32_t
lf_crc32c(uint32_t crc, const void *bytes, size_t len)
{
    crc = ~crc;
    crc = HAS_INSTRUCTION() ? by_instruction(crc, bytes, len) : by_table(crc, bytes, len);
    return ~crc;
}
