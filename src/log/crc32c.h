/* CRC-32C (Castagnoli; RFC 3720 appendix B.4), by the processor's own instruction where there is one. */
#ifndef LF_LOG_CRC32C_H
#define LF_LOG_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of what gave crc (0: nothing) followed by len bytes. Thread-safe. */
uint32_t lf_crc32c(uint32_t crc, const void *bytes, size_t len);

#endif
