/* UUID versions 5 and 7. */
#include "base/uuid.h"
#include "base/clock.h"
#include "base/rand.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

static void
set_version(struct lf_uuid *uuid, unsigned version)
{
    uuid->bytes[6] = (uint8_t)((uuid->bytes[6] & 0x0f) | (version << 4));
    uuid->bytes[8] = (uint8_t)((uuid->bytes[8] & 0x3f) | 0x80);
}

struct lf_uuid
lf_uuid_v7(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static uint64_t last; /* milliseconds << 12 | counter */
    uint64_t now = (uint64_t)(lf_clock_real_us() / 1000) << 12;
    struct lf_uuid uuid = {{0}};
    lf_rand_bytes(uuid.bytes + 6, 10);
    /* The counter starts in the lower half, so that it has room before it must borrow from the clock. */
    now |= (uint64_t)(uuid.bytes[6] & 0x07) << 8 | uuid.bytes[7];
    pthread_mutex_lock(&lock);
    if (now <= last)
        now = last + 1;
    last = now;
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 6; i++)
        uuid.bytes[i] = (uint8_t)(now >> (52 - 8 * i));
    uuid.bytes[6] = (uint8_t)((now >> 8) & 0x0f);
    uuid.bytes[7] = (uint8_t)now;
    set_version(&uuid, 7);
    return uuid;
}

struct lf_uuid
lf_uuid_v5(const struct lf_uuid *name_space, struct lf_bytes name)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    LF_ASSERT(ctx != NULL);
    int ok = EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) && EVP_DigestUpdate(ctx, name_space->bytes, 16) &&
             EVP_DigestUpdate(ctx, name.ptr, name.len) && EVP_DigestFinal_ex(ctx, digest, NULL);
    EVP_MD_CTX_free(ctx);
    LF_ASSERT(ok);
    struct lf_uuid uuid;
    memcpy(uuid.bytes, digest, 16);
    set_version(&uuid, 5);
    return uuid;
}

void
lf_uuid_format(const struct lf_uuid *uuid, char out[LF_UUID_TEXT_LEN + 1])
{
    static const char hex[] = "0123456789abcdef";
    char *at = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = hex[uuid->bytes[i] >> 4];
        *at++ = hex[uuid->bytes[i] & 15];
    }
    *at = '\0';
}

bool
lf_uuid_parse(struct lf_bytes text, struct lf_uuid *ret)
{
    struct lf_uuid uuid;
    if (text.len != LF_UUID_TEXT_LEN)
        return false;
    size_t at = 0;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            if (text.ptr[at++] != '-')
                return false;
        }
        int high = lf_hex_digit(text.ptr[at]);
        int low = lf_hex_digit(text.ptr[at + 1]);
        if (high < 0 || low < 0)
            return false;
        uuid.bytes[i] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    *ret = uuid;
    return true;
}
