/* Matchers of label sets: name = != =~ !~ value. A missing label has the value "". */
#ifndef LABELS_MATCHER_H
#define LABELS_MATCHER_H

#include "labels/labels.h"

struct regex;

enum match_op { MATCH_EQ, MATCH_NE, MATCH_RE, MATCH_NRE };

struct matcher {
	enum match_op op;
	struct bytes name, value;
	struct regex *re; /* owned; for MATCH_RE, MATCH_NRE, set by matcher_init; NULL: .* or .+ */
};

/* Compiles the regex if there is one; how is its language: REGEX_PCRE, or 0 for RE2's. name and
 * value are borrowed. Errors: ERR_QUERY. */
MUST_CHECK int matcher_init(struct matcher *m, enum match_op op, struct bytes name,
			    struct bytes value, unsigned how, struct err *e);
void matcher_release(struct matcher *m);

bool matcher_match_value(const struct matcher *m, struct bytes value);
/* True when every matcher fits. */
bool matcher_match_labels(const struct matcher *m, size_t n, const struct labels *l);

#endif
