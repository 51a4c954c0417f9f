/*
 * Regular expressions in RE2's language, as Go has it: regex(7) of neither POSIX nor Perl. What RE2
 * has not (lookaround, backreferences) is refused in Go's words.
 *
 * A match is found by PCRE2's JIT. PCRE2 backtracks where RE2 does not, so its work is counted;
 * when it gets out of hand, a machine of linear time (prog.h) answers the same. So a match can take
 * long only because the text is long. Text need not be UTF-8: each byte that is not part of a
 * character is U+FFFD.
 *
 * A compiled regex is for any thread; what matching needs per thread is kept inside, and nothing is
 * allocated per match once it has grown.
 */
#ifndef REGEX_REGEX_H
#define REGEX_REGEX_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

struct regex;

/* One of the first four; and REGEX_PCRE. */
enum regex_how {
	REGEX_UNANCHORED = 0,
	REGEX_ANCHORED = 1, /* the whole text, and . is any character: as matchers of streams */
	REGEX_WHOLE = 2,    /* the whole text, as label_replace and filters of labels */
	REGEX_LINE = 3,	    /* unanchored, as line filters: (?i)text as Loki searches for it */
	REGEX_PCRE = 8,	    /* PCRE2's own language; a match may be given up */
};

/* how is of enum regex_how. NULL on error: ERR_QUERY with what is wrong, in Go's words ("error
 * parsing regexp: ..."); ERR_LIMIT. */
struct regex *regex_new(struct bytes pattern, unsigned how, struct err *e);
void regex_free(struct regex *r);

/* 1 match, 0 none, -1 error: only with REGEX_PCRE, ERR_LIMIT: the match was given up. ret_at, when
 * not NULL, gets where the leftmost match begins and ends, as offsets into text. */
MUST_CHECK int regex_match(const struct regex *r, struct bytes text, size_t ret_at[2],
			   struct err *e);

/* How many groups it captures; the name of group i (from 1), or an empty one. Valid as long as r.
 */
size_t regex_n_groups(const struct regex *r);
struct bytes regex_group_name(const struct regex *r, size_t i);

enum { REGEX_GROUPS_MAX = 255 };

/* As regex_match, and *ret[0..n] get the text of the match and of its n groups, at most n =
 * REGEX_GROUPS_MAX; p is NULL for a group that took no part. */
MUST_CHECK int regex_match_groups(const struct regex *r, struct bytes text, struct bytes *ret,
				  size_t n, struct err *e);

/* The same for the leftmost match that begins at `from` or behind it. What stands before counts for
 * ^ and \b. from is at most text.n. */
MUST_CHECK int regex_match_from(const struct regex *r, struct bytes text, size_t from,
				struct bytes *ret, size_t n, struct err *e);

/* The pattern's own text. Valid as long as r. */
struct bytes regex_pattern(const struct regex *r);

/* Whether something that begins at `from` or behind it matches; as regex_match. from is at most
 * text.n, and begins a character. */
MUST_CHECK int regex_match_behind(const struct regex *r, struct bytes text, size_t from,
				  struct err *e);

/*
 * Texts of which every match holds one: how many go to ret, at most REGEX_NEEDED_MAX; 0 when none
 * are known. With one it is the longest there is. *ret_fold: they are in lower case and meant
 * without regard to the case of ASCII letters. Valid as long as r.
 */
enum { REGEX_NEEDED_MAX = 8 };
size_t regex_needed(const struct regex *r, struct bytes ret[REGEX_NEEDED_MAX], bool *ret_fold);
/* Whether there is one such text, and every match begins with it. */
bool regex_begins_with_needed(const struct regex *r);

/*
 * The texts of REGEX_REQUIRED_LENGTH bytes and more that every match holds, each of them: how many
 * go to ret, at most REGEX_REQUIRED_MAX; more there may be. What stands in some of its alternatives
 * is none. Of a text with .fold, letters of ASCII match in both cases; of REGEX_LETTERS_OF_ALL also
 * what is the same to Unicode, U+017F for s and U+212A for k, of REGEX_LETTERS_OF_ASCII nothing
 * else, so there are more or longer texts of the first. Valid as long as r.
 */
enum { REGEX_REQUIRED_MAX = 8, REGEX_REQUIRED_LENGTH = 4 };
enum regex_letters { REGEX_LETTERS_OF_ASCII, REGEX_LETTERS_OF_ALL };
struct regex_required {
	struct bytes text; /* in lower case, with .fold */
	bool fold;
};
size_t regex_required(const struct regex *r, enum regex_letters letters,
		      struct regex_required ret[REGEX_REQUIRED_MAX]);

/*
 * The texts of a regex that is nothing but alternatives of literal texts, with .* around them or
 * not: how many, at most max, go to ret; 0 when it is another one. *ret_fold is as above. Valid as
 * long as r.
 *
 * Of REGEX_WHOLE only what Loki takes for text: one that is put together of groups or of repeats is
 * none.
 */
struct regex_text {
	struct bytes text;
	bool around; /* .* stands before or behind it */
};
size_t regex_texts(const struct regex *r, struct regex_text *ret, size_t max, bool *ret_fold);

/* What a text is as a regex, without compiling it. Errors: as regex_new. */
struct regex_facts {
	bool matches_empty; /* anchored; false when only a match could tell (REGEX_PCRE) */
	size_t n_groups;
};
MUST_CHECK int regex_check(struct bytes pattern, unsigned how, struct regex_facts *ret,
			   struct err *e);

#endif
