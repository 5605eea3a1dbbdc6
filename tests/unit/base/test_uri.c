/* Addresses and URIs. What formats say of them is in tests/unit/model and tests/unit/codec too. */
#include "base/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { URI = 1, REFERENCE = 2, IRI = 4, IRI_REFERENCE = 8, ALL = 15, REFERENCES = REFERENCE | IRI_REFERENCE };

static void
test_uris(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned kinds; /* that it is of */
    } rows[] = {
        {"https://user:pw@example.com:8080/a/b?c=d#e", ALL},
        {"urn:isbn:0451450523", ALL},
        {"a:", ALL},
        {"http://[2001:db8::1]/", ALL},
        {"http://[v1.x:y]/", ALL},
        {"http://[v1.]/", 0},
        {"http://[v.x]/", 0},
        {"http://[1]/", 0},
        {"http://[::1", 0},
        {"http://a:80x/", 0},
        {"http://a/%2", 0},
        {"http://a b", 0},
        {"http://a/#b#c", 0},
        {"1a:b", 0},
        {":a", 0},
        {"", REFERENCES},
        {"/a/b", REFERENCES},
        {"//host/a", REFERENCES},
        {"a/b:c", REFERENCES},
        {"?q", REFERENCES},
        {"#f", REFERENCES},
        {"http://\u00e4/\u00f6", IRI | IRI_REFERENCE},
        {"\u00e4", IRI_REFERENCE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_bytes text = lf_bytes_of(rows[i].text);
        unsigned kinds =
            (lf_uri_valid(text, false) ? URI : 0u) | (lf_uri_reference_valid(text, false) ? REFERENCE : 0u) |
            (lf_uri_valid(text, true) ? IRI : 0u) | (lf_uri_reference_valid(text, true) ? IRI_REFERENCE : 0u);
        if (kinds != rows[i].kinds)
            fail_msg("%s: %u", rows[i].text, kinds);
    }
    assert_false(lf_uri_valid(lf_bytes("a:b\0", 4), false));
}

static void
test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ipv4, ipv6, literal;
    } rows[] = {
        {"192.0.2.1", true, false, false},
        {"192.0.2.256", false, false, false},
        {"192.0.2.01", false, false, false},
        {"", false, false, false},
        {"::", false, true, false},
        {"2001:db8::1", false, true, false},
        {"fe80::1%eth0", false, false, false},
        {"[192.0.2.1]", false, false, true},
        {"[::1]", false, false, false},
        {"[ipv6:::1]", false, false, true},
        {"[IPv6:1]", false, false, false},
        {"[", false, false, false},
        {"[]", false, false, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_bytes text = lf_bytes_of(rows[i].text);
        assert_int_equal(lf_ipv4_valid(text), rows[i].ipv4);
        assert_int_equal(lf_ipv6_valid(text), rows[i].ipv6);
        assert_int_equal(lf_address_literal_valid(text), rows[i].literal);
    }
    assert_false(lf_ipv4_valid(lf_bytes("192.0.2.1\0", 10)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_uris), cmocka_unit_test(test_addresses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
