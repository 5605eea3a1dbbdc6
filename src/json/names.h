/* Member names of one object: repetitions, matching with another object's. For the files of this room. */
#ifndef LF_JSON_NAMES_H
#define LF_JSON_NAMES_H

#include "json/value.h"

/* Sets *ret to a member whose name an earlier one has, if there is one. False out of memory. */
bool lf_names_find_repeated(const struct lf_member *members, size_t count, const struct lf_member **ret);

/* Finds members of an object that has no repeated names, in any order. */
struct lf_names_index {
    const struct lf_member *members;
    size_t count;
    uint32_t *slots; /* NULL: the object is small, or memory ran out: searched one by one */
    size_t mask;
};

void lf_names_index_init(struct lf_names_index *index, const struct lf_member *members, size_t count);
void lf_names_index_release(struct lf_names_index *index);
/* The member called name, or NULL; guess is where it probably is. */
const struct lf_member *lf_names_index_find(const struct lf_names_index *index, struct lf_bytes name, size_t guess);

#endif
